"""Distributions in memory that does not grow: counts in fine fixed bins, from which quantiles are read and charts are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(slots=True)
class Tally:
    """How many values fell in `[edges[i], edges[i + 1])`, below and above all, and how many were absent."""

    edges: Floats
    factors: tuple[int, ...] = (1, 2, 4, 10, 20, 40)
    """How many fine bins a drawn bin may join, ascending, so that drawn bins have round widths."""
    logarithmic: bool = False
    counts: Counts = field(init=False)
    below: int = 0
    above: int = 0
    absent: int = 0
    least: float = float("inf")
    most: float = float("-inf")

    def __post_init__(self) -> None:
        self.counts = np.zeros(len(self.edges) - 1, np.int64)

    @property
    def n(self) -> int:
        """Known values."""
        return int(self.counts.sum()) + self.below + self.above

    def add(self, values: NDArray[Any]) -> None:
        """Count values of any shape; NaN is absent. A value at the very last edge belongs to the last bin."""
        known = np.asarray(values, np.float64).ravel()
        self.absent += int(np.isnan(known).sum())
        known = known[~np.isnan(known)]
        if not len(known):
            return
        self.least, self.most = min(self.least, float(known.min())), max(self.most, float(known.max()))
        self.below += int((known < self.edges[0]).sum())
        self.above += int((known > self.edges[-1]).sum())
        self.counts += np.histogram(known, self.edges)[0]

    def quantile(self, q: float) -> float | None:
        """The value below which a share `q` lies, linear inside its bin and never outside what was seen; None when nothing was."""
        if not self.n:
            return None
        limits = np.concatenate(([min(self.least, self.edges[0])], self.edges, [max(self.most, self.edges[-1])]))
        cumulative = np.concatenate(([0], np.cumsum(np.concatenate(([self.below], self.counts, [self.above])))))
        filled = np.flatnonzero(np.diff(cumulative))
        inside = filled[np.searchsorted(cumulative[filled + 1], q * self.n, "left").clip(0, len(filled) - 1)]
        part = (q * self.n - cumulative[inside]) / (cumulative[inside + 1] - cumulative[inside])
        value = limits[inside] + part * (limits[inside + 1] - limits[inside])
        return float(np.clip(value, self.least, self.most))
