"""RTTM files, read strictly and written exactly.

The format is NIST's Rich Transcription Time Marked, as in the RT-09 evaluation plan, appendix A: fields parted by white space,
`SPEAKER <file> <channel> <start> <duration> <NA> <NA> <speaker> <confidence> <look-ahead>`, the last of which older files leave out;
`;` starts a comment line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.diarization import Segment
from schemas.errors import DuologueError

TYPES = frozenset(
    (
        *("SPEAKER", "SPKR-INFO", "LEXEME", "NON-LEX", "NON-SPEECH", "SEGMENT", "NOSCORE", "NO_RT_METADATA"),
        *("FILLER", "EDIT", "IP", "SU", "CB", "A/P"),
    )
)
"""The line types of the format; all but `SPEAKER` are skipped."""
ABSENT = "<NA>"
MAX_BYTES = 64 << 20
"""Longest file that is read: some million lines."""


class RttmError(DuologueError, ValueError):
    """A line that is no RTTM; the text names the file, the line and what was wanted."""


@dataclass(frozen=True, slots=True)
class RttmTurn:
    """One `SPEAKER` line."""

    file: str
    """The recording's name in the file; not a path."""
    channel: str
    """As written, by most tools `1` for the first."""
    start: float
    """Seconds."""
    duration: float
    """Seconds, 0 or more."""
    speaker: str
    confidence: float | None = None
    """In [0, 1]; absent when the file gives none."""


def read_rttm(data: bytes, where: str) -> tuple[RttmTurn, ...]:
    """The `SPEAKER` lines of a file in its order; `where` is what errors call it. Raises `RttmError`."""
    if len(data) > MAX_BYTES:
        raise RttmError(f"{where}: more than the {MAX_BYTES} bytes that an RTTM may have")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].count(b"\n")
        raise RttmError(f"{where}, line {before + 1}: wanted UTF-8 text, got byte 0x{data[error.start]:02x}") from error
    found = []
    # Only real line ends part lines: names may hold characters that str.splitlines takes for one.
    for number, line in enumerate(text.split("\n"), 1):
        turn = _turn(line.split(), f"{where}, line {number}")
        if turn is not None:
            found.append(turn)
    return tuple(found)


def _turn(fields: list[str], place: str) -> RttmTurn | None:
    if not fields or fields[0].startswith(";"):
        return None
    if fields[0] not in TYPES:
        raise RttmError(f"{place}: {_short(fields[0])} is no RTTM line type; wanted SPEAKER or another of {', '.join(sorted(TYPES))}")
    if fields[0] != "SPEAKER":
        return None
    if len(fields) not in (9, 10):
        raise RttmError(f"{place}: {len(fields)} fields; wanted 10 of SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>")
    _, file, channel, start, duration, _, _, speaker, confidence = fields[:9]
    for name, value in (("file", file), ("speaker", speaker)):
        if value == ABSENT:
            raise RttmError(f"{place}: {name} is {ABSENT}; wanted a name")
    sure = None if confidence == ABSENT else _number(confidence, "confidence", place)
    if sure is not None and sure > 1:
        raise RttmError(f"{place}: confidence {_short(confidence)}; wanted {ABSENT} or a number from 0 to 1")
    return RttmTurn(file, channel, _number(start, "start", place), _number(duration, "duration", place), speaker, sure)


def _number(text: str, name: str, place: str) -> float:
    try:
        # float also reads digits grouped by underscores, which no RTTM has.
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise RttmError(f"{place}: {name} {_short(text)}; wanted a number of 0 or more")
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def write_rttm(file: str, segments: Iterable[Segment], speakers: tuple[str, str], rate: int, channel: int = 0) -> str:
    """Segments as an RTTM's text, one line each, in their order.

    Times have six decimals, so that samples at any rate below 400 kHz come back as they were. White space in names becomes `_`, which the
    format cannot hold otherwise; `RttmError` when two speakers then have one name, or a name is empty.
    """
    names = [_one_word(name) for name in speakers]
    if names[0] == names[1]:
        raise RttmError(f"{file}: both speakers are called {names[0]!r} in an RTTM; wanted two names that differ")
    lines = []
    for segment in segments:
        start, length = segment.span.start / rate, len(segment.span) / rate
        sure = ABSENT if segment.confidence is None else f"{segment.confidence:.6f}"
        times = f"{start:.6f} {length:.6f}"
        lines.append(f"SPEAKER {_one_word(file)} {channel + 1} {times} {ABSENT} {ABSENT} {names[segment.speaker]} {sure} {ABSENT}\n")
    return "".join(lines)


def _one_word(name: str) -> str:
    word = "_".join(name.split())
    if not word or word == ABSENT:
        raise RttmError(f"{name!r} cannot be a name in an RTTM; wanted text other than {ABSENT}")
    return word
