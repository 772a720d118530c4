"""Half-open stretches of time in integer samples, and the algebra of sorted sets of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.errors import LawError


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Samples `start` (included) to `end` (excluded) of a recording, at the recording's own rate."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if type(self.start) is not int or type(self.end) is not int:
            raise LawError(f"Span({self.start!r}, {self.end!r}): both ends must be Python integers (samples)")
        if not 0 <= self.start <= self.end:
            raise LawError(f"Span({self.start}, {self.end}): wanted 0 <= start <= end")

    def __len__(self) -> int:
        return self.end - self.start

    def seconds(self, rate: int) -> tuple[float, float]:
        """Start and end in seconds at `rate` Hz."""
        return self.start / rate, self.end / rate


Spans = tuple[Span, ...]
"""A sorted, disjoint, non-touching set of non-empty spans, as `union` makes it."""


def total(spans: Iterable[Span]) -> int:
    """Number of samples in `spans`; samples in two of them count twice."""
    return sum(len(span) for span in spans)


def union(spans: Iterable[Span], gap: int = 0) -> Spans:
    """The least sorted disjoint set that covers `spans`; neighbours at most `gap` samples apart are joined."""
    merged: list[Span] = []
    for span in sorted(s for s in spans if len(s)):
        if merged and span.start - merged[-1].end <= gap:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def intersect(left: Sequence[Span], right: Sequence[Span]) -> Spans:
    """Samples that are in both of two sorted disjoint sets."""
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            found.append(Span(start, end))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return union(found)


def complement(spans: Sequence[Span], length: int) -> Spans:
    """Samples of `[0, length)` that are in none of a sorted disjoint set."""
    holes: list[Span] = []
    at = 0
    for span in spans:
        if span.start > at:
            holes.append(Span(at, min(span.start, length)))
        at = max(at, span.end)
        if at >= length:
            break
    if at < length:
        holes.append(Span(at, length))
    return union(holes)


def subtract(left: Sequence[Span], right: Sequence[Span]) -> Spans:
    """Samples of one sorted disjoint set that are not in another."""
    if not left:
        return ()
    return intersect(left, complement(right, left[-1].end))


def check_disjoint(spans: Sequence[Span], length: int, what: str) -> None:
    """Raise `LawError` unless `spans` are sorted, disjoint, non-empty and inside `[0, length)`."""
    at = 0
    for span in spans:
        if not len(span):
            raise LawError(f"{what}: {span} is empty")
        if span.start < at:
            raise LawError(f"{what}: {span} starts before sample {at}, where the one before it ends")
        at = span.end
    if at > length:
        raise LawError(f"{what}: ends at sample {at}, beyond the recording's {length}")
