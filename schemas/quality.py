"""Scores of a recording, its channels and regions, each with its unit and method."""

from __future__ import annotations

import math
from dataclasses import dataclass

from schemas.errors import LawError
from schemas.span import Span


@dataclass(frozen=True, slots=True)
class Score:
    """One number. Unknown is absent: a score that could not be measured is not there."""

    name: str
    """Words joined by dots, such as `dnsmos.ovrl`: the name by which a gate asks for it."""
    value: float
    unit: str
    """`MOS`, `dB`, `Hz`, `share`, `words/s`, …"""
    method: str
    channel: int | None = None
    """Absent for the whole recording."""
    span: Span | None = None
    """Absent for all of the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Laws: finite values; at most one score of a name for a channel and span; spans inside `[0, length)`."""

    scores: tuple[Score, ...]
    length: int
    """Samples per channel."""
    rate: int
    """Hz."""

    def __post_init__(self) -> None:
        places = [(s.name, s.channel, s.span) for s in self.scores]
        if len(set(places)) != len(places):
            raise LawError("Quality: a score stands twice")
        for score in self.scores:
            if not math.isfinite(score.value):
                raise LawError(f"Quality: {score.name} is {score.value}; leave an unknown score out")
            if score.channel not in (None, 0, 1) or (score.span is not None and score.span.end > self.length):
                raise LawError(f"Quality: {score.name} is of channel {score.channel} at {score.span}, outside the recording")


@dataclass(frozen=True, slots=True)
class Held:
    """One term of a gate that held for a dialogue, with what it was asked of."""

    term: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a term names."""

    name: str
    channels: tuple[float | None, ...]
    """One number for the recording, or one for each channel; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a gate let pass, and on which numbers: every term of `keep` held, or there is none."""

    keep: str
    """The whole expression."""
    terms: tuple[Held, ...]
    """Its parts that are joined by `and`, in order."""
