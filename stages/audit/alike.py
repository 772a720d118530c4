"""Whether two recordings hold one sound, side by side, by how the marks that they share are spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.prints import TICK_S
from stages.audit.aligned import Aligned, Heard, Ticks, align, common

FEWEST = 6
"""Agreeing moments without which nothing is claimed."""
SPREAD_S = 8.0
"""Seconds they reach over at least."""
PHRASE_S = 4.0
"""Seconds of a phrase: what agrees within the densest so many could be one piece of sound that two calls share."""
BEYOND, BEYOND_TWO, INSIDE_BEYOND = 4, 2, 2
"""Agreeing moments outside it, outside the two densest, and outside it in a stretch anywhere inside."""
EVEN = 0.65
"""How evenly they lie over the overlap in one of the two: an announcement at the start of two calls covers its cells and no others."""
OVERLAP = 0.2
"""Share of the shorter recording that the overlap is at least."""
REACH = 0.4
"""Share of the time in which either recording has marks in the overlap, on whatever side, that the middle eight in ten of the agreeing ones
reach over: a side that only rings and plays a greeting is like many others' while the call goes on."""
INSIDE_S, INSIDE_FEWEST, INSIDE_WINDOW_S = 4.5, 5, 20.0
"""Anywhere inside: so many agreeing moments over so many seconds, within a window."""
EXCERPT_S, EXCERPT_FEWEST, EXCERPT_CELL = 8.0, 4, 125
"""Or so few, lying evenly in cells of 2 s over all of an overlap of so many seconds: the pauses of an excerpt tell as much as its words."""
EXCERPT_REACH_S, EXCERPT_SHARE = 2.4, 0.25
"""Then they reach over so many seconds, and are this share of the marks there, or some lie outside the densest phrase."""
OF_A_SIDE = 3
"""Agreeing moments that two sides have at least to be named."""
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


Judge = Callable[[Aligned, tuple[Ticks, Ticks]], bool]
"""Whether agreeing marks are evidence, given the marks of each side inside the overlap."""
Shared = dict[tuple[int, int], tuple[Ticks, Ticks]]
"""By sides, the ticks of marks that they share."""


def throughout(one: Sound, two: Sound) -> tuple[SideMatch, ...]:
    """Sides that hold one sound in all that the two have in common in time, best first."""

    def holds(found: Aligned, inside: tuple[Ticks, Ticks]) -> bool:
        if found.distinct < FEWEST or found.seconds() < SPREAD_S or _beyond(found.first) < BEYOND or _beyond(found.first, 2) < BEYOND_TWO:
            return False
        low, high = found.overlap(True, two.length)
        if min(one.length, high) - max(0.0, low) < OVERLAP * min(one.length, two.length):
            return False
        if max(found.evenness(inside[0], True), found.evenness(inside[1], False)) < EVEN:
            return False
        spoken = (_within(one.sides, low, high), _within(two.sides, *found.overlap(False, one.length)))
        early, late = np.quantile(np.unique(found.first), (0.1, 0.9))
        return float(late - early) >= REACH * max(float(np.ptp(each)) for each in spoken)

    return _matches(one, two, holds)


def somewhere(one: Sound, two: Sound) -> tuple[SideMatch, ...]:
    """Sides that share a stretch of some ten seconds of speech, wherever it lies in each, best first."""

    def holds(found: Aligned, inside: tuple[Ticks, Ticks]) -> bool:
        if _stretch(found.first):
            return True
        low, high = found.overlap(True, two.length)
        if found.distinct < EXCERPT_FEWEST or (min(one.length, high) - max(0.0, low)) * TICK_S < EXCERPT_S:
            return False
        if float(np.ptp(found.first)) * TICK_S < EXCERPT_REACH_S:
            return False
        share = found.distinct / max(1, min(len(np.unique(inside[0])), len(np.unique(inside[1]))))
        if share < EXCERPT_SHARE and not _beyond(found.first):
            return False
        return min(found.evenness(inside[0], True, EXCERPT_CELL), found.evenness(inside[1], False, EXCERPT_CELL)) >= EVEN

    return _matches(one, two, holds)


def _stretch(ticks: Ticks) -> bool:
    """Whether agreeing marks are dense and spread enough in some window."""
    ordered = np.unique(ticks)
    ends = np.searchsorted(ordered, ordered + INSIDE_WINDOW_S / TICK_S, "right")
    for start, end in enumerate(ends.tolist()):
        inside = ordered[start:end]
        if len(inside) >= INSIDE_FEWEST and (inside[-1] - inside[0]) * TICK_S >= INSIDE_S and _beyond(inside) >= INSIDE_BEYOND:
            return True
    return False


def _beyond(ticks: Ticks, phrases: int = 1) -> int:
    """Different moments outside the stretches of `PHRASE_S` that hold the most, so many of them."""
    left = np.unique(ticks)
    for _ in range(phrases):
        ends = np.searchsorted(left, left + PHRASE_S / TICK_S, "right")
        if len(left):
            start = int((ends - np.arange(len(left))).argmax())
            left = np.delete(left, slice(start, int(ends[start])))
    return len(left)


def _matches(one: Sound, two: Sound, holds: Judge) -> tuple[SideMatch, ...]:
    """All sides of the two are one body of evidence; only where that fails is each pair of sides, which may have an offset of its own."""
    shared = {(a, b): common(left, right) for a, left in enumerate(one.sides) for b, right in enumerate(two.sides)}
    first, second = (np.concatenate(each) for each in zip(*shared.values(), strict=True))
    together = align(first, second)
    if together is not None and _held(together, one.sides, two.sides, one, two, holds):
        return _named(together, shared, one, two)
    if len(shared) == 1:
        return ()
    made: list[SideMatch] = []
    for (a, b), pairs in shared.items():
        alone = align(*pairs)
        if alone is not None and _held(alone, one.sides[a : a + 1], two.sides[b : b + 1], one, two, holds):
            made += _named(alone, {(a, b): pairs}, one, two)
    return tuple(sorted(made, key=lambda match: (-match.similarity, match.first, match.second)))


def _held(found: Aligned, left: Sequence[Heard], right: Sequence[Heard], one: Sound, two: Sound, holds: Judge) -> bool:
    return holds(found, (_within(left, *found.overlap(True, two.length)), _within(right, *found.overlap(False, one.length))))


def _within(sides: Sequence[Heard], low: float, high: float) -> Ticks:
    ticks = np.concatenate([side.ticks for side in sides])
    return ticks[(ticks >= low) & (ticks < high)]


def _named(line: Aligned, shared: Shared, one: Sound, two: Sound) -> tuple[SideMatch, ...]:
    """The sides that have marks on the line, the most first. Where two share a side and mostly its moments too, the weaker is crosstalk."""
    found = [(line.among(*pairs), a, b) for (a, b), pairs in shared.items()]
    found.sort(key=lambda each: (-each[0].distinct, each[1], each[2]))
    kept: list[tuple[Aligned, int, int]] = []
    for each in found:
        if not kept or (each[0].distinct >= OF_A_SIDE and not any(_heard_again(each, stronger) for stronger in kept)):
            kept.append(each)
    return tuple(_match(aligned, a, b, one, two) for aligned, a, b in kept)


def _match(aligned: Aligned, a: int, b: int, one: Sound, two: Sound) -> SideMatch:
    left = _within(one.sides[a : a + 1], *aligned.overlap(True, two.length))
    right = _within(two.sides[b : b + 1], *aligned.overlap(False, one.length))
    fewer = max(1, min(len(np.unique(left)), len(np.unique(right))))
    similarity = min(1.0, aligned.distinct / fewer)
    return SideMatch(a, b, False, aligned.offset * TICK_S, aligned.speed, similarity, aligned.seconds())


def _heard_again(weaker: tuple[Aligned, int, int], stronger: tuple[Aligned, int, int]) -> bool:
    """Whether the two share a side and mostly the same moments of it."""
    pairs = []
    if weaker[1] == stronger[1]:
        pairs.append((weaker[0].first, stronger[0].first))
    if weaker[2] == stronger[2]:
        pairs.append((weaker[0].second, stronger[0].second))
    return any(float(np.isin(ours, theirs).mean()) >= SAME_MOMENTS for ours, theirs in pairs)
