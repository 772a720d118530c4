"""Single-speaker utterances: which there are, who speaks them, and reading one."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.commands import listed
from pipeline.config import load_config
from schemas.errors import Reject, RejectRecord, UsageError
from schemas.recording import as_float
from schemas.source import Source
from schemas.span import Span
from stages.decode.fetch import open_uri, resolve
from stages.decode.file import FileDecode
from stages.decode.stream import Header
from stages.simulate.material import SaidWord, Utterance, pieces
from stages.simulate.settings import Simulation
from stages.sources import SourceSettings
from stages.sources.rows import manifest_kind

STEP = "simulate"
"""Name of the stage in reject records."""
LONGEST_TEXT = 1 << 20
"""Bytes read of a text beside an utterance, at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One utterance that can be used, by its header."""

    source: Source
    speaker: str
    seconds: float
    """By the header; 0 when it gives no length."""
    rate: int

    @property
    def name(self) -> str:
        return self.source.uris[0]


@dataclass(frozen=True, slots=True)
class Utterances:
    """What a folder or manifest holds for a simulation."""

    entries: tuple[Entry, ...]
    """Sorted by speaker and name."""
    rejects: tuple[RejectRecord, ...]
    problems: tuple[str, ...]

    @property
    def rate(self) -> int:
        """The sampling rate of most of them, the higher one of two."""
        counts = Counter(entry.rate for entry in self.entries)
        return max(counts, key=lambda rate: (counts[rate], rate))


def list_utterances(src: str, settings: Simulation) -> Utterances:
    """The utterances of a folder (one speaker per first folder, or by `settings.pattern`) or of a manifest whose lines give a `speaker`.

    Every header is read. Raises `UsageError` when there are not two speakers.
    """
    in_folder = manifest_kind(src) is None
    if settings.pattern is not None and not in_folder:
        raise UsageError(f"pattern: {src} is a manifest, whose lines name their speakers; leave the pattern out")
    source = SourceSettings(pattern="{id}") if in_folder else SourceSettings()
    listing = listed(src, dataclasses.replace(load_config(None, ()), source=source), probe_all=True)
    speaker_of = _by_path(settings.pattern) if in_folder else _by_field
    entries: list[Entry] = []
    rejects = list(listing.rejects)
    nameless = 0
    for found, headers in zip(listing.sources, listing.headers, strict=True):
        speaker = speaker_of(found)
        if speaker is None:
            nameless += 1
            continue
        try:
            entries.append(_entry(found, headers[0], speaker, settings))
        except Reject as reject:
            rejects.append(RejectRecord.of(reject, found.id, found.key, STEP, found.uris))
    speakers = {entry.speaker for entry in entries}
    if len(speakers) < 2:
        where = "lie in a folder of their own" if in_folder else "have a field 'speaker'"
        hint = f" ({nameless} files name no speaker: utterances {where}{', or give pattern' if in_folder else ''})" if nameless else ""
        raise UsageError(f"{src}: utterances of {len(speakers)} speakers can be used; a dialogue needs two{hint}")
    problems = [*listing.problems, *([f"{nameless} files name no speaker and were ignored."] if nameless else [])]
    ordered = sorted(entries, key=lambda entry: (entry.speaker, entry.name))
    return Utterances(tuple(ordered), tuple(rejects), tuple(problems))


def _entry(source: Source, header: Header | None, speaker: str, settings: Simulation) -> Entry:
    if header is None or len(source.uris) != 1 or header.channels != 1:
        count = len(source.uris) if header is None or len(source.uris) != 1 else header.channels
        raise Reject("too_many_channels", f"an utterance is one file of one channel; this has {count}", channels=count)
    seconds = (header.frames or 0) / header.rate
    if header.frames and seconds < settings.shortest:
        raise Reject("too_short", f"{seconds:.3f} s; the shortest accepted is {settings.shortest:g} s", seconds=seconds)
    if seconds > settings.longest:
        raise Reject("too_long", f"{seconds:.1f} s; the longest accepted is {settings.longest:g} s", seconds=seconds)
    return Entry(source, speaker, seconds, header.rate)


def _by_path(pattern: str | None) -> Callable[[Source], str | None]:
    if pattern is None:
        return lambda source: source.uris[0].partition("/")[0] if "/" in source.uris[0] else None
    meaning = {"{speaker}": "(?P<speaker>[^/]+?)", "**/": r"(?:[^/]+/)*", "*": "[^/]*"}
    parts = re.findall(r"\{speaker\}|\*\*/|\*|[^{*]+|.", pattern, re.DOTALL)
    compiled = re.compile("".join(meaning.get(part) or re.escape(part) for part in parts), re.DOTALL)

    def speaker(source: Source) -> str | None:
        match = compiled.fullmatch(source.uris[0])
        return match["speaker"] if match else None

    return speaker


def _by_field(source: Source) -> str | None:
    given = json.loads(source.extra).get("speaker")
    return str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) and str(given) else None


class Reader:
    """Reads utterances at one rate: decoded in the sandbox, cut at their pauses, with the text that lies beside them."""

    def __init__(self, rate: int, settings: Simulation) -> None:
        self.rate = rate
        self.decode = FileDecode(min_seconds=settings.shortest, max_hours=settings.longest / 3600).load("cpu")

    def read(self, entry: Entry) -> Utterance:
        """Raises `Reject` for a file that gives no speech, `UsageError` for words beside it that cannot be read."""
        import soxr

        recording = self.decode(entry.source)
        if recording.channels != 1:
            raise Reject("too_many_channels", "an utterance is one file of one channel", channels=recording.channels)
        samples = as_float(recording.samples[0], recording.bits)
        if recording.rate != self.rate:
            samples = np.asarray(soxr.resample(samples, recording.rate, self.rate), np.float32)
        text, words = self._said(entry.source, len(samples))
        return Utterance(entry.name, entry.speaker, samples, pieces(samples, self.rate), text, words)

    def _said(self, source: Source, length: int) -> tuple[str | None, tuple[SaidWord, ...]]:
        """Text and timed words: of the manifest line, or of `<name>.json` or `<name>.txt` beside the file."""
        extra = json.loads(source.extra)
        if "text" in extra or "words" in extra:
            return self._read_json(extra, source.uris[0], length)
        stem = source.uris[0].rpartition(".")[0]
        if (raw := _beside(f"{stem}.json", source.base)) is not None:
            try:
                data = json.loads(raw)
            except ValueError as error:
                raise UsageError(f"{stem}.json: cannot be read as JSON: {error}") from error
            return self._read_json(data, f"{stem}.json", length)
        raw = _beside(f"{stem}.txt", source.base)
        return (None if raw is None else raw.decode("utf-8", "replace").strip() or None), ()

    def _read_json(self, data: Any, where: str, length: int) -> tuple[str | None, tuple[SaidWord, ...]]:
        said = data.get("words", []) if isinstance(data, dict) else data
        text = data.get("text") if isinstance(data, dict) else None
        try:
            words = tuple(self._word(each, length) for each in said)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{where}: the words cannot be read ({error}); wanted a list of objects with text, start and end in seconds"
            ) from error
        return (text if isinstance(text, str) else " ".join(word.text for word in words) or None), words

    def _word(self, data: Any, length: int) -> SaidWord:
        start, end = (min(max(0, round(float(data[name]) * self.rate)), length) for name in ("start", "end"))
        return SaidWord(Span(start, end), str(data["text"] if "text" in data else data["word"]))


def _beside(uri: str, base: str) -> bytes | None:
    try:
        with open_uri(resolve(uri, base)) as file:
            return file.read(LONGEST_TEXT)
    except Reject as reject:
        if reject.reason == "missing":
            return None
        raise UsageError(f"{uri}: {reject.detail}") from reject
