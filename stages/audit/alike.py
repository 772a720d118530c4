"""Whether two recordings hold one sound, side by side, by how the marks that they share are spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from schemas.prints import TICK_S
from stages.audit.aligned import CELL, Aligned, Heard, Ticks, align, common

FEWEST = 6
"""Agreeing moments without which nothing is claimed."""
SPREAD_S = 8.0
"""Seconds they reach over at least."""
PLACES = 3
"""Cells of five seconds they lie in at least."""
COVERAGE = 0.5
"""Share of the marked cells of one of the sides, within the overlap, that hold one."""
OVERLAP = 0.2
"""Share of the shorter recording that the overlap is at least."""
INSIDE_S, INSIDE_FEWEST, INSIDE_PLACES, INSIDE_WINDOW_S = 6.0, 5, 4, 20.0
"""Anywhere inside: so many agreeing moments, in so many different seconds, over so many seconds, within a window."""
SAME_MOMENTS = 0.5
"""A side's second partner whose agreeing marks are its first's to this share only hears it: crosstalk."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording's marks by side, and its length in ticks."""

    sides: tuple[Heard, ...]
    length: float


@dataclass(frozen=True, slots=True)
class SideMatch:
    """A side of the first and a side of the second that hold one sound."""

    first: int
    second: int
    exact: bool
    offset: float
    """Seconds into the first at which the second starts; negative where the second starts earlier."""
    speed: float
    """How much slower the first runs: a stretch of one second in the second takes `1 + speed` in it."""
    similarity: float
    """Share of the marks of the side with fewer in the overlap that agree, in [0, 1]: 1 for equal samples, from 0.05 for a bad codec."""
    seconds: float
    """Matched seconds."""


def throughout(one: Sound, two: Sound) -> tuple[SideMatch, ...]:
    """Sides that hold one sound in all that the two have in common in time, best first."""

    def holds(found: Aligned, inside: tuple[Ticks, Ticks]) -> bool:
        if found.distinct < FEWEST or found.seconds() < SPREAD_S or len(np.unique(found.first // CELL)) < PLACES:
            return False
        low, high = found.overlap(True, two.length)
        if min(one.length, high) - max(0.0, low) < OVERLAP * min(one.length, two.length):
            return False
        return max(found.coverage(inside[0], True), found.coverage(inside[1], False)) >= COVERAGE

    return _matches(one, two, holds)


def somewhere(one: Sound, two: Sound) -> tuple[SideMatch, ...]:
    """Sides that share a stretch of some ten seconds of speech, wherever it lies in each, best first."""
    return _matches(one, two, lambda found, inside: _stretch(found.first))


def _stretch(ticks: Ticks) -> bool:
    """Whether agreeing marks are dense and spread enough in some window."""
    ordered = np.unique(ticks)
    ends = np.searchsorted(ordered, ordered + INSIDE_WINDOW_S / TICK_S, "right")
    for start, end in enumerate(ends.tolist()):
        inside = ordered[start:end]
        if (
            len(inside) >= INSIDE_FEWEST
            and (inside[-1] - inside[0]) * TICK_S >= INSIDE_S
            and len(np.unique((inside * TICK_S).astype(np.int64))) >= INSIDE_PLACES
        ):
            return True
    return False


def _matches(one: Sound, two: Sound, holds: Callable[[Aligned, tuple[Ticks, Ticks]], bool]) -> tuple[SideMatch, ...]:
    found: list[tuple[Aligned, int, int, SideMatch]] = []
    for a, left in enumerate(one.sides):
        for b, right in enumerate(two.sides):
            aligned = align(*common(left, right))
            if aligned is None:
                continue
            inside = (_within(left, *aligned.overlap(True, two.length)), _within(right, *aligned.overlap(False, one.length)))
            if holds(aligned, inside):
                found.append((aligned, a, b, _match(aligned, a, b, inside)))
    found.sort(key=lambda each: (-each[0].distinct, each[1], each[2]))
    kept: list[tuple[Aligned, int, int, SideMatch]] = []
    for each in found:
        if not any(_heard_again(each, stronger) for stronger in kept):
            kept.append(each)
    return tuple(match for *_, match in kept)


def _within(side: Heard, low: float, high: float) -> Ticks:
    return side.ticks[(side.ticks >= low) & (side.ticks < high)]


def _match(aligned: Aligned, a: int, b: int, inside: tuple[Ticks, Ticks]) -> SideMatch:
    fewer = max(1, min(len(np.unique(each)) for each in inside))
    similarity = min(1.0, aligned.distinct / fewer)
    return SideMatch(a, b, False, aligned.offset * TICK_S, aligned.speed, similarity, aligned.seconds())


def _heard_again(weaker: tuple[Aligned, int, int, SideMatch], stronger: tuple[Aligned, int, int, SideMatch]) -> bool:
    """Whether the two share a side and mostly the same moments of it."""
    pairs = []
    if weaker[1] == stronger[1]:
        pairs.append((weaker[0].first, stronger[0].first))
    if weaker[2] == stronger[2]:
        pairs.append((weaker[0].second, stronger[0].second))
    return any(float(np.isin(ours, theirs).mean()) >= SAME_MOMENTS for ours, theirs in pairs)
