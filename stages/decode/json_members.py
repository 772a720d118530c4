"""Values of a JSON object by their keys, and lines of a JSON lines file by the recording they are about.

Each is indexed once by where its bytes lie, so that one of many thousand transcripts is read without the others.

Lines are those of Lhotse's manifests (lhotse.readthedocs.io, `SupervisionSegment`, `MonoCut`, `MultiCut`): supervisions with
`recording_id`, `start`, `duration`, `channel`, `text`, and in `alignment` a list `word` of `[symbol, start, duration, score]`; cuts with a
`recording` and `supervisions` whose times count from the cut's `start`. When Lhotse cuts a part out, it leaves the times of alignments as
they were (1.33, `SupervisionSegment.with_offset`); alignments that lie outside their supervision either way are left out. Other lines with
a `recording_id` are given as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import IO, Any

MAX_JSON = 1 << 30
"""Bytes of a JSON object that are read."""
OUTSIDE = 0.5
"""Seconds by which aligned words may reach out of their supervision."""
_LONGEST_LINE = 1 << 26
_SPACE = re.compile(r"[ \t\n\r]*")
_PIECE = 1 << 20

Place = tuple[int, int]
"""First byte and number of bytes."""


class JsonObject:
    """The members of one JSON object; where a key stands twice, the last counts, as it does for every JSON reader."""

    def __init__(self, file: IO[bytes]) -> None:
        """Index all keys. Raises `ValueError` for what is no JSON object."""
        self.file = file
        self.places = _members(_whole(file))

    def read(self, inner: str) -> Iterator[bytes]:
        """The value at a key, as JSON. Raises `KeyError`."""
        key = inner if inner in self.places else inner.removesuffix(".json")
        held = _bytes_at(self.file, self.places[key])
        yield in_said_form(json.loads(held), key) if key == "words" else held

    def close(self) -> None:
        self.file.close()


class JsonLines:
    """Lines by recording. Those that are no JSON objects are left out; whoever lists the manifest tells of them."""

    def __init__(self, file: IO[bytes]) -> None:
        """Index all lines. Raises `ValueError` for one without end."""
        self.file = file
        self.places: dict[str, list[Place]] = {}
        file.seek(0)
        at = 0
        for number, line in enumerate(_lines(file), 1):
            if len(line) >= _LONGEST_LINE:
                raise ValueError(f"line {number} is longer than {_LONGEST_LINE} bytes")
            if line.strip():
                for id in recordings_of(_object(line)):
                    self.places.setdefault(id, []).append((at, len(line)))
            at += len(line)

    def read(self, inner: str) -> Iterator[bytes]:
        """All that the lines say of one recording, as a JSON list sorted by time. Raises `KeyError`."""
        key = inner if inner in self.places else inner.removesuffix(".json")
        lines = [json.loads(_bytes_at(self.file, place)) for place in self.places[key]]
        try:
            yield _json(utterances(lines))
        except TypeError as error:
            raise ValueError(f"a line about {key!r} is no supervision or cut ({error})") from error

    def close(self) -> None:
        self.file.close()


def recordings_of(line: Mapping[str, Any]) -> list[str]:
    """The ids of the recordings that a line is about: one or none. In Lhotse Shar each cut has audio of its own, called by the cut's id."""
    if isinstance(id := line.get("recording_id"), str):
        return [id]
    recording = line.get("recording")
    if not isinstance(recording, dict) or not isinstance(recording.get("id"), str):
        return []
    return [line["id"]] if is_shar(recording) and isinstance(line.get("id"), str) else [recording["id"]]


def is_shar(recording: Mapping[str, Any]) -> bool:
    """Whether a recording of a cut stands for audio in a tar file beside it."""
    sources = recording.get("sources")
    return isinstance(sources, list) and any(isinstance(each, dict) and each.get("type") == "shar" for each in sources)


def utterances(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What supervisions and cuts say of one recording, in the form that `stages.transcribe.formats.json_file` reads.

    Times count from the recording's start, and one supervision in several cuts stands once. Channels 0 and 1 become A and B, for a list
    that only knows 1 would else be taken to count from 1. Supervisions without text or words are left out.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        cut = isinstance(line.get("supervisions"), list)
        for index, each in enumerate(line["supervisions"] if cut else [line]):
            if not isinstance(each, dict):
                continue
            said = _supervision(each, float(line.get("start") or 0) if cut else 0.0)
            if isinstance(said.get("text"), str) or said.get("words"):
                found.setdefault(_named(said, len(found), index), said)
    settled = sorted(found.values(), key=_start)
    return _lettered(settled)


def _named(said: Mapping[str, Any], number: int, index: int) -> str:
    id = said.get("id")
    return json.dumps([id, round(_start(said), 3)]) if isinstance(id, str) else f"{number}/{index}"


def _start(said: Mapping[str, Any]) -> float:
    start = said.get("start")
    return float(start) if isinstance(start, (int, float)) else 0.0


def _supervision(each: Mapping[str, Any], shift: float) -> dict[str, Any]:
    said = dict(each)
    if isinstance(start := said.get("start"), (int, float)):
        said["start"] = start + shift
    if isinstance(channel := said.get("channel"), list):
        said["channel"] = channel[0] if len(channel) == 1 else None
    alignment = said.pop("alignment", None)
    items = alignment.get("word") if isinstance(alignment, dict) else None
    if isinstance(items, list) and items and (words := _words(items, said, shift)):
        said["words"] = words
    return said


def _words(items: list[Any], said: Mapping[str, Any], shift: float) -> list[dict[str, Any]] | None:
    """Lhotse's `AlignmentItem`s, in the recording's time or the cut's, whichever lies in the supervision; None where neither does."""
    start = _start(said)
    end = start + float(said.get("duration") or 0)
    best: tuple[float, list[dict[str, Any]]] | None = None
    for offset in dict.fromkeys((0.0, shift)):
        words = []
        for symbol, at, length, *score in items:
            words.append({"word": symbol, "start": at + offset, "end": at + offset + length, "confidence": score[0] if score else None})
        outside = max(0.0, start - words[0]["start"]) + max(0.0, words[-1]["end"] - end)
        if outside <= OUTSIDE and (best is None or outside < best[0] - 1e-6):
            best = outside, words
    return None if best is None else best[1]


def in_said_form(value: Any, name: str) -> bytes:
    """A value as JSON. Of a list called `words`, whose entries are words with times of their own, `text` becomes `word`, and channels 0 and
    1 become A and B, as `stages.transcribe.formats.json_file` wants them; any other value stays as it is."""
    if name != "words" or not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return _json(value)
    return _json(_lettered([{"word" if key == "text" else key: item for key, item in entry.items()} for entry in value]))


def _lettered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {entry.get("channel") for entry in entries if isinstance(entry.get("channel"), int)}
    return [
        {**entry, "channel": "AB"[entry["channel"]]} if isinstance(entry.get("channel"), int) and known <= {0, 1} else entry
        for entry in entries
    ]


def _members(data: bytes) -> dict[str, Place]:
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    text = data[start:].decode("utf-8")
    decode = json.JSONDecoder().raw_decode
    spans: list[tuple[str, int, int]] = []
    at = _after(text, 0)
    try:
        if text[at] != "{":
            raise ValueError("it is no JSON object, whose keys could be named")
        at = _after(text, at + 1)
        while text[at] != "}":
            if text[at] != '"':
                raise ValueError(f"wanted a key in quotes at character {at}")
            key, at = scanstring(text, at + 1)
            at = _after(text, at)
            if text[at] != ":":
                raise ValueError(f"wanted a colon at character {at}")
            begin = _after(text, at + 1)
            _, at = decode(text, begin)
            spans.append((key, begin, at))
            at = _after(text, at)
            at = _after(text, at + 1) if text[at] == "," else at
    except IndexError as error:
        raise ValueError(f"it breaks off after {len(spans)} keys") from error
    return dict(_in_bytes(text, spans, start))


def _in_bytes(text: str, spans: list[tuple[str, int, int]], start: int) -> Iterator[tuple[str, Place]]:
    """Spans of characters as spans of bytes."""
    last = 0
    for key, begin, end in spans:
        start += len(text[last:begin].encode())
        length = len(text[begin:end].encode())
        yield key, (start, length)
        start, last = start + length, end


def _after(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _whole(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    if size > MAX_JSON:
        raise ValueError(f"it has {size} bytes; at most {MAX_JSON} are read")
    return _bytes_at(file, (0, size))


def _bytes_at(file: IO[bytes], place: Place) -> bytes:
    file.seek(place[0])
    held = bytearray()
    while len(held) < place[1] and (piece := file.read(place[1] - len(held))):
        held += piece
    if len(held) < place[1]:
        raise EOFError("it has become shorter since it was indexed")
    return bytes(held)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := file.read(_PIECE):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) >= _LONGEST_LINE:
            break
    if rest:
        yield rest


def _object(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
