"""How a distribution is drawn: which of its fine bins are shown, and how many of them one drawn bin joins."""

from __future__ import annotations

import math

import numpy as np

from schemas.tally import Counts as Counts
from schemas.tally import Floats as Floats
from schemas.tally import Tally as Tally


def window(tallies: tuple[Tally, ...], fewest: int = 12, most: int = 32) -> tuple[int, int, int]:
    """First fine bin, last plus one, and fine bins per drawn bin, that show all of `tallies` (of equal edges).

    About twice the square root of the larger number of values, within limits: few values in many bins show nothing.
    """
    first = tallies[0]
    most = min(most, max(fewest, math.ceil(2 * math.sqrt(max(tally.n for tally in tallies)))))
    filled = np.flatnonzero(sum(tally.counts for tally in tallies))
    total = len(first.counts)
    low, high = (int(filled[0]), int(filled[-1])) if len(filled) else (0, 0)
    factor = next((f for f in first.factors if high // f - low // f + 1 <= most), first.factors[-1])
    start, end, last = low // factor, high // factor + 1, -(-total // factor)
    while end - start < min(fewest, last):
        start, end = max(start - 1, 0), min(end + 1, last)
    return start * factor, min(end * factor, total), factor


def drawn(tally: Tally, start: int, end: int, factor: int) -> tuple[Floats, Counts]:
    """Edges [bins + 1] and counts [bins] of one tally in a window."""
    cuts = np.arange(start, end, factor)
    return tally.edges[np.append(cuts, end)], np.add.reduceat(tally.counts[:end], cuts)
