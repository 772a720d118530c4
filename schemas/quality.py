"""Scores of a recording, its channels and regions, each with its unit and method."""

from __future__ import annotations

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
    """Laws: at most one score of a name for a channel and span; spans inside `[0, length)`."""

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
            if score.channel not in (None, 0, 1) or (score.span is not None and score.span.end > self.length):
                raise LawError(f"Quality: {score.name} is of channel {score.channel} at {score.span}, outside the recording")
