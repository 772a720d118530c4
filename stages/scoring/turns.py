"""Turns and overlap found in a recording against those of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.span import Span, intersect, total, union


@dataclass(frozen=True, slots=True)
class TurnScore:
    """Turns of one channel or several: how many there are, how many were found, and how many of them are the same."""

    reference: int
    found: int
    matched: int

    @property
    def precision(self) -> float | None:
        """Share of found turns that are in the reference; absent when none was found."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the reference's turns that were found; absent when it has none."""
        return self.matched / self.reference if self.reference else None

    def __add__(self, other: TurnScore) -> TurnScore:
        return TurnScore(self.reference + other.reference, self.found + other.found, self.matched + other.matched)


def turn_score(reference: Sequence[Span], found: Sequence[Span], tolerance: int, edges: str = "both") -> TurnScore:
    """The most pairs, one to one, whose edges differ by at most `tolerance` samples.

    `edges` names which must: `start`, `end` or `both`. Both sequences are the turns of one channel: disjoint and in order.
    """
    matched = at = 0
    for span in reference:
        # In order of time what fits one turn is a run, and runs move on with the turns: the earliest left over is always a best choice.
        while at < len(found) and _early(found[at], span, tolerance, edges):
            at += 1
        if at < len(found) and fits(found[at], span, tolerance, edges):
            matched += 1
            at += 1
    return TurnScore(len(reference), len(found), matched)


def fits(one: Span, other: Span, tolerance: int, edges: str = "both") -> bool:
    """Whether the edges that count differ by at most `tolerance` samples."""
    start, end = abs(one.start - other.start) <= tolerance, abs(one.end - other.end) <= tolerance
    return {"start": start, "end": end, "both": start and end}[edges]


def _early(found: Span, span: Span, tolerance: int, edges: str) -> bool:
    """Whether an edge that counts lies before all that fits, so that no later turn of the reference can have it either."""
    start, end = found.start < span.start - tolerance, found.end < span.end - tolerance
    return {"start": start, "end": end, "both": start or end}[edges]


def overlap_seconds(channels: Sequence[Sequence[Span]], rate: int) -> float:
    """Seconds in which both of two channels hold a span."""
    first, second = (union(spans) for spans in channels)
    return total(intersect(first, second)) / rate
