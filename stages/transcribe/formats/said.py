"""What every transcript format is read into: who said what from when to when, in the file's own terms."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from schemas.errors import DuologueError

LONGEST_NAME = 200
"""Characters of a label; a longer one is no name of a side."""
MOST_SECONDS = 1e9
"""A time further from 0 than this is none."""

_CHANNEL = re.compile(r"([AB])\d")


class TranscriptError(DuologueError, ValueError):
    """A file that is no transcript; the text names the file, the place in it and what was wanted."""


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance, or one word."""

    label: str
    """Whose it is as the file says it: a channel, a speaker or a role; empty where the file names nobody."""
    start: float
    """Seconds."""
    end: float
    """Seconds, `start` or later."""
    text: str
    """As in the file, mark-up included."""
    word: bool
    """It is one word with times of its own."""
    confidence: float | None = None
    """In [0, 1]."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole file. `base` says how labels that are numbers count: from 0, from 1, or None where the format leaves it open."""

    said: tuple[Said, ...]
    base: int | None = None


def seconds(value: Any, what: str, place: str) -> float:
    """A number of seconds; Praat and hand-made files hold tiny negative ones for 0. Raises `TranscriptError`."""
    try:
        # float also reads digits grouped by underscores, and JSON's true counts as 1.
        number = math.nan if isinstance(value, bool) or (isinstance(value, str) and "_" in value) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not abs(number) <= MOST_SECONDS:
        raise TranscriptError(f"{place}: {what} is {short(value)}; wanted a number of seconds")
    return number


def said(label: str, start: float, end: float, text: str, place: str, word: bool = False, confidence: float | None = None) -> Said:
    """An utterance or word whose times are in order. Raises `TranscriptError`."""
    if end < start:
        raise TranscriptError(f"{place}: ends at {end:g} s, before it starts at {start:g} s")
    sure = None if confidence is None or not 0 <= confidence <= 1 else confidence
    return Said(label.strip()[:LONGEST_NAME], start, end, text, word, sure)


def channel_of(label: str) -> str:
    """The channel of a speaker: in CALLHOME, `A1` and `A2` are two people at the telephone of channel A."""
    match = _CHANNEL.fullmatch(label)
    return match[1] if match else label


def lines(text: str) -> list[tuple[int, str]]:
    """Lines that are not blank, stripped, with their numbers from 1. Only real line ends part lines."""
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def short(value: Any) -> str:
    """A value for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
