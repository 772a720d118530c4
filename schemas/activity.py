"""Speech spans of each channel, and who speaks when."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.span import Span, Spans, check_disjoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Where each channel holds speech. It marks speech; it never mutes anything.

    Laws: per channel sorted, disjoint, non-empty spans inside `[0, length)`.
    """

    channels: tuple[Spans, ...]
    length: int
    """Samples per channel."""
    rate: int
    """Hz."""

    def __post_init__(self) -> None:
        for index, spans in enumerate(self.channels):
            check_disjoint(spans, self.length, f"Activity of channel {index}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker holding forth over one stretch."""

    channel: int
    span: Span
    speaker: str
    confidence: float | None = None
    """In [0, 1]; absent when the method gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Who speaks when, overlap included.

    Laws: sorted by start, end, channel; inside `[0, length)`; a speaker never overlaps itself.
    """

    turns: tuple[Turn, ...]
    length: int
    rate: int

    def __post_init__(self) -> None:
        order = [(t.span.start, t.span.end, t.channel) for t in self.turns]
        if order != sorted(order):
            raise LawError("Turns: not sorted by start, end and channel")
        for speaker in {t.speaker for t in self.turns}:
            check_disjoint([t.span for t in self.turns if t.speaker == speaker], self.length, f"Turns of speaker {speaker!r}")

    def of(self, channel: int) -> Spans:
        """The spans of one channel, in order."""
        return tuple(t.span for t in self.turns if t.channel == channel)
