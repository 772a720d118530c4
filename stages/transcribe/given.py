"""The corpus's own transcript as the text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from schemas.activity import Activity
from schemas.errors import LawError, Reject, UsageError
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Language, Removed, Transcript
from stages.decode.fetch import open_uri, resolve
from stages.sources.places import refusal
from stages.stage import Weights
from stages.transcribe.formats.markup import words
from stages.transcribe.formats.read import FORMATS, MAX_BYTES, read_transcript
from stages.transcribe.formats.said import Reading, Said, TranscriptError
from stages.transcribe.settle import Uttered, as_pieces, settle
from stages.transcribe.sides import sides

PER_SIDE = ("{role}", "{speaker}", "{side}")
"""Fields of a path that differ from side to side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTranscribe:
    """Takes the text from the transcript that the source names, or from the file at `path`.

    An utterance is a piece; its words get times by their letters until something aligns them, and words that the file times keep theirs.
    Utterances of one channel that overlap are set side by side (`settle`); nothing is lost but text outside the recording, which is
    counted as removed. Rejects as `bad_transcript` a recording whose transcript is not named, missing, malformed, or about other sides.
    """

    name: ClassVar[str] = "transcribe"
    backend: ClassVar[str] = "given"
    version: ClassVar[int] = 3
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks)
    may_take: ClassVar[tuple[type, ...]] = (Activity,)
    gives: ClassVar[type] = Transcript

    path: str | None = None
    """Where transcripts lie that the source does not name: relative to the recording's base; `{id}` is the source id, `{name}` its last
    part. In this and in what the source names, `{role}`, `{speaker}` and `{side}` (A and B, as recorded) stand for one file a side."""
    format: str | None = None
    """A key of `stages.transcribe.formats.read.FORMATS`; by the file's name when null."""
    markup: str = "words"
    """`words` takes marks out that are no words (`stages.transcribe.formats.markup`); `keep` leaves the text as it is."""
    join: float = 0.5
    """Seconds; words that the file times and that lie no further apart are one piece."""
    language: str | None = None
    """BCP 47 tag; what the source claims when null."""

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise UsageError(f"transcribe.format: {self.format!r} is none of {', '.join(FORMATS)}")
        if self.markup not in ("words", "keep"):
            raise UsageError(f"transcribe.markup: {self.markup!r} is neither 'words' nor 'keep'")
        if not 0 <= self.join < math.inf:
            raise UsageError(f"transcribe.join: {self.join} s must be 0 or more")
        fields = set(re.findall(r"\{[^{}]*\}", self.path or ""))
        if self.path is not None and (not self.path.strip() or ".." in _parts(self.path) or fields - {"{id}", "{name}", *PER_SIDE}):
            wanted = "{id}, {name}, {role}, {speaker} and {side}"
            raise UsageError(f"transcribe.path: {self.path!r} is no pattern; use a path without '..' that may hold {wanted}")

    def weights(self) -> tuple[Weights, ...]:
        """None: no model is used."""
        return ()

    def load(self, device: str) -> Callable[[Source, Tracks, Activity | None], Transcript]:
        """The reading as a function; `device` does not matter."""

        def transcribe(source: Source, tracks: Tracks, activity: Activity | None = None) -> Transcript:
            if activity is not None and (activity.length, activity.rate) != (tracks.length, tracks.rate):
                raise LawError(f"Activity of {activity.length} samples does not belong to Tracks of {tracks.length}")
            reading = self.reading(source)
            try:
                channels = sides(reading.said, reading.base, source, tracks, activity) if reading.said else {}
            except Reject as unknown:
                raise Reject("bad_transcript", f"{self._where(source)}: {unknown.detail}", **unknown.facts) from unknown
            return self._transcript(reading.said, channels, source, tracks)

        return transcribe

    def files(self, source: Source) -> tuple[str, ...]:
        """The transcript of a recording, or one file a side; none where its name is refused."""
        try:
            return tuple(resolve(where, source.base) for _, where in self._paths(source))
        except Reject:
            # `transcribe` meets the same name again, and gives the verdict on it.
            return ()

    def _where(self, source: Source) -> str:
        if source.transcript is not None:
            if why := refusal(source.transcript):
                raise Reject("bad_transcript", f"the transcript named, {source.transcript!r}, {why}", id=source.id)
            return source.transcript
        if self.path is None:
            raise Reject("bad_transcript", "the source names no transcript, and transcribe.path no place where one would lie", id=source.id)
        if ("{id}" in self.path or "{name}" in self.path) and (".." in _parts(source.id) or source.id.startswith(("/", "\\"))):
            raise Reject("bad_transcript", f"the id {source.id!r} could lead out of the folder of transcripts", id=source.id)
        return self.path.replace("{name}", _parts(source.id)[-1]).replace("{id}", source.id)

    def _paths(self, source: Source) -> list[tuple[str | None, str]]:
        """The one file, or that of each side as recorded with the label that all in it gets."""
        where = self._where(source)
        if not any(field in where for field in PER_SIDE):
            return [(None, where)]
        names = source.speakers if source.speakers and source.speakers[0] != source.speakers[1] else ("A", "B")
        return [(names[side], _of_side(where, side, source)) for side in (0, 1)]

    def reading(self, source: Source) -> Reading:
        """What the transcript of a recording says, in its own terms; raises `Reject` bad_transcript."""
        found = [(label, self._read(where, source)) for label, where in self._paths(source)]
        if found[0][0] is None:
            return found[0][1]
        return Reading(tuple(replace(each, label=label or "") for label, reading in found for each in reading.said))

    def _read(self, where: str, source: Source) -> Reading:
        place = resolve(where, source.base)
        names = (source.id, _parts(source.id)[-1])
        try:
            with open_uri(where, source.base) as file:
                data = bytearray()
                # One byte more than a file may have, so that the reader sees that it is too long.
                while len(data) <= MAX_BYTES and (piece := file.read(min(1 << 20, MAX_BYTES + 1 - len(data)))):
                    data += piece
            return read_transcript(bytes(data), place, names, self.format)
        except Reject as absent:
            raise Reject("bad_transcript", absent.detail, file=place) from absent
        except TranscriptError as error:
            raise Reject("bad_transcript", str(error), file=place) from error

    def _transcript(self, said: Sequence[Said], channels: dict[str, int], source: Source, tracks: Tracks) -> Transcript:
        pieces, removed = [], []
        for channel in (0, 1):
            mine = [each for each in said if channels[each.label] == channel]
            early = [_uttered(each, tracks.rate, self.markup == "keep") for each in mine if each.start < 0 and each.end <= 0]
            inside = [_uttered(each, tracks.rate, self.markup == "keep") for each in mine if each.start >= 0 or each.end > 0]
            settled, late = settle(inside, tracks.length)
            pieces += as_pieces(channel, settled, round(self.join * tracks.rate))
            for where, without in ((Span(0, 1), early), (Span(tracks.length - 1, tracks.length), late)):
                removed += [Removed(channel, where, " ".join(each.texts), "no_time") for each in without if each.texts]
        tag = self.language or source.language
        language = None if tag is None else Language(tag, "fixed" if self.language else "claimed")
        return Transcript(
            pieces=tuple(sorted(pieces, key=lambda piece: (piece.span.start, piece.span.end, piece.channel))),
            length=tracks.length,
            rate=tracks.rate,
            languages=(language, language),
            removed=tuple(removed),
        )


def _uttered(each: Said, rate: int, keep: bool) -> Uttered:
    start, end = (max(0, math.floor(at * rate + 0.5)) for at in (each.start, each.end))
    texts = words(each.text, keep)
    return Uttered(Span(start, end), texts, each.word and len(texts) == 1, each.confidence)


def _of_side(where: str, side: int, source: Source) -> str:
    """The path with what is said of one side of the recording put in; nothing that a listing gave may lead out of its folder."""
    values = {
        "{role}": source.roles[side] if source.roles else "",
        "{speaker}": source.speakers[side] if source.speakers else "",
        "{side}": "AB"[side],
    }
    for field, value in values.items():
        if field in where and (not value or len(_parts(value)) > 1 or value in (".", "..")):
            what = f"{field[1:-1]} {value!r}, which names no file" if value else f"no {field[1:-1]}"
            raise Reject("bad_transcript", f"{where}: side {'AB'[side]} has {what}", id=source.id)
        where = where.replace(field, value)
    return where


def _parts(path: str) -> list[str]:
    return re.split(r"[/\\]", path)
