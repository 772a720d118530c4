"""How the marks of two channels lie together in time: the offset and speed that most of them agree on, and what they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.prints import TICK_S, SidePrint

DRIFT = 0.0015
"""Greatest difference in speed."""
LOOSE = 10
"""Ticks between offsets that agree before the speed is known, beside what the drift makes."""
TIGHT = 3.0
"""Ticks about the common offset once it is: 48 ms."""
SPEEDS = 401
"""At most so many speeds are tried."""
OFTEN = 12
"""A mark that comes more often on a side than this says nothing: a beep, a loop."""
BRIDGE = 625
"""Ticks (10 s) between two agreeing marks that still belong to one stretch."""
MARK_TICKS = 50
"""What a mark reaches over from its first peak, on average."""
CELL = 312
"""Ticks (5 s) of a cell, in which many marks count as much as a few."""
FULL = 8
"""Marks from which a cell weighs no more."""

Ticks = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """One side's marks, ready to be compared: sorted by value, [n] each."""

    values: NDArray[np.uint32]
    ticks: Ticks

    @staticmethod
    def of(side: SidePrint) -> Heard:
        values, ticks = side.decoded()
        order = np.lexsort((ticks, values))
        values, ticks = values[order], ticks[order]
        _, which, count = np.unique(values, return_inverse=True, return_counts=True)
        rare = count[which] <= OFTEN
        return Heard(values[rare], ticks[rare])


@dataclass(frozen=True, slots=True)
class Aligned:
    """Marks of two sides that agree: ticks of each [n]; `first == offset + (1 + speed) * second`, nearly."""

    first: Ticks
    second: Ticks
    offset: float
    """Ticks at which the second's start lies in the first."""
    speed: float

    @property
    def distinct(self) -> int:
        """Different moments that agree."""
        return min(len(np.unique(self.first)), len(np.unique(self.second)))

    def among(self, first: Ticks, second: Ticks) -> Aligned:
        """Those of other pairs that lie on the same line."""
        near = np.abs(first - self.offset - (1 + self.speed) * second) <= TIGHT
        return Aligned(first[near], second[near], self.offset, self.speed)

    def seconds(self) -> float:
        """What the agreeing marks reach over in the first, without gaps longer than `BRIDGE`."""
        steps = np.diff(np.sort(self.first))
        return float(np.where(steps > BRIDGE, MARK_TICKS, steps).sum() + MARK_TICKS) * TICK_S if len(self.first) else 0.0

    def overlap(self, of_first: bool, length: float) -> tuple[float, float]:
        """Ticks of one side between which the other lies, which is `length` ticks long; may reach over the side's own ends."""
        slower = 1 + self.speed
        if of_first:
            return self.offset, self.offset + slower * length
        return -self.offset / slower, (length - self.offset) / slower

    def evenness(self, inside: Ticks, of_first: bool, cell: int = CELL) -> float:
        """How evenly agreeing marks lie among those of one side that are `inside` the overlap, about 1 where each mark agrees by the same
        chance: cells (of `cell` ticks) that hold one, over the cells expected to, each weighed by its marks."""
        hits = np.unique(self.first if of_first else self.second)
        moments = np.unique(inside)
        cells, count = np.unique(moments // cell, return_counts=True)
        if not len(cells):
            return 0.0
        weight = np.minimum(count, FULL)
        chance = min(1.0, len(hits) / len(moments))
        expected = float((weight * (1 - (1 - chance) ** count)).sum())
        return float(weight[np.isin(cells, hits // cell)].sum()) / expected if expected else 0.0


def common(first: Heard, second: Heard) -> tuple[Ticks, Ticks]:
    """Ticks of every pair of equal marks of two sides, [n] each."""
    low, high = np.searchsorted(first.values, second.values, "left"), np.searchsorted(first.values, second.values, "right")
    count = high - low
    row = np.repeat(np.arange(len(count)), count)
    at = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + low[row]
    return first.ticks[at], second.ticks[row]


def align(first: Ticks, second: Ticks) -> Aligned | None:
    """The offset and speed most of the pairs agree on; None without pairs. Ties go to the least offset and the least change of speed."""
    if not len(first):
        return None
    apart = first - second
    order = np.argsort(apart, kind="stable")
    apart, first, second = apart[order], first[order], second[order]
    loose = LOOSE + 2 * DRIFT * float(np.ptp(second))
    start, count = _densest(apart.astype(np.float64), loose)
    first, second = first[start : start + count], second[start : start + count]
    offset, speed = _line(first, second)
    near = np.abs(first - offset - (1 + speed) * second) <= TIGHT
    return Aligned(first[near], second[near], offset, speed)


def _densest(ordered: Floats, width: float) -> tuple[int, int]:
    """First place and number of the most values within `width`."""
    count = np.searchsorted(ordered, ordered + width, "right") - np.arange(len(ordered))
    start = int(count.argmax())
    return start, int(count[start])


def _line(first: Ticks, second: Ticks) -> tuple[float, float]:
    """Offset and speed of the line that holds the most pairs within twice `TIGHT`."""
    steps = min(SPEEDS // 2, int(np.ceil(DRIFT * float(np.ptp(second)) / TIGHT)))
    speeds = np.concatenate(([0.0], *((s, -s) for s in np.linspace(0, DRIFT, steps + 1)[1:])))
    best = (0, 0.0, 0.0)
    for speed in speeds.tolist():
        apart = np.sort(first - (1 + speed) * second)
        start, count = _densest(apart, 2 * TIGHT)
        if count > best[0]:
            best = (count, float(np.median(apart[start : start + count])), speed)
    return best[1], best[2]
