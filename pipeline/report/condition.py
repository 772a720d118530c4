"""Channel health of the whole set: distributions of every side, counts of findings, and the recordings that need a look first."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import Floats, column, matrix, numbers, owners
from pipeline.report.tally import Tally


def decibels() -> Tally:
    """An empty distribution of levels, in half decibels."""
    return Tally(np.linspace(-140, 140, 561))


def per_side() -> tuple[Tally, Tally]:
    """One for each channel."""
    return decibels(), decibels()


@dataclass(frozen=True, slots=True)
class Line:
    """One recording's health as it was published."""

    rank: tuple[int, float, str]
    """Worst first: findings (negated), lowest signal-to-noise ratio of its sides in dB (infinite when unknown), id."""
    id: str
    health: dict[str, Any]


@dataclass(slots=True)
class Condition:
    """Sums over recordings; a recording in several rows counts once. Sides are the row's channels."""

    wanted: int = 200
    """Recordings kept for the table."""
    recordings: int = 0
    """With health."""
    unmeasured: int = 0
    flagged: int = 0
    """Recordings with a finding."""
    findings: Counter[str] = field(default_factory=Counter)
    """Recordings with a finding of each name."""
    limits: dict[str, tuple[float, str] | None] = field(default_factory=dict)
    """Limit and unit of each finding, None when recordings were judged by different ones."""
    level: tuple[Tally, Tally] = field(default_factory=per_side)
    noise: tuple[Tally, Tally] = field(default_factory=per_side)
    snr: tuple[Tally, Tally] = field(default_factory=per_side)
    leakage: tuple[Tally, Tally] = field(default_factory=per_side)
    """By the side that hears the other."""
    worst: list[Line] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Take in some rows."""
        first = table.filter(pa.array(numbers(table, "clip.index") == 0))
        if not first.num_rows:
            return
        known = first.filter(pc.is_valid(column(first, "health")))
        self.unmeasured += first.num_rows - known.num_rows
        self.recordings += known.num_rows
        if not known.num_rows:
            return
        sides, leaks = column(known, "health.sides"), column(known, "health.leaks")
        level, noise = matrix(sides, "level_dbfs"), matrix(sides, "noise_dbfs")
        heard = matrix(leaks, "level_db", key="into")
        for tallies, values in ((self.level, level), (self.noise, noise), (self.snr, level - noise), (self.leakage, heard)):
            for side in (0, 1):
                tallies[side].add(values[:, side])
        amounts = self._findings(column(known, "health.findings"))
        self._keep(known, amounts, level - noise)

    def _findings(self, lists: Any) -> Floats:
        items, owner = pc.list_flatten(lists), owners(lists)
        names = pc.struct_field(items, "name").to_pylist()
        self.findings.update(name for name, _ in set(zip(names, owner.tolist(), strict=True)))
        limits = zip(pc.struct_field(items, "limit").to_pylist(), pc.struct_field(items, "unit").to_pylist(), strict=True)
        for name, limit in zip(names, limits, strict=True):
            if self.limits.setdefault(name, limit) != limit:
                self.limits[name] = None
        amounts = np.bincount(owner, minlength=len(lists)).astype(np.float64)
        self.flagged += int((amounts > 0).sum())
        return amounts

    def _keep(self, known: pa.Table, amounts: Floats, snr: Floats) -> None:
        lowest = np.nanmin(np.where(np.isnan(snr), np.inf, snr), axis=1)
        ids = column(known, "clip.recording").to_pylist()
        ranks = list(zip((-amounts).astype(int).tolist(), lowest.tolist(), ids, strict=True))
        if len(self.worst) == self.wanted:
            limit = self.worst[-1].rank
            rows = [i for i, rank in enumerate(ranks) if rank < limit]
        else:
            rows = list(range(len(ranks)))
        rows = heapq.nsmallest(self.wanted, rows, key=ranks.__getitem__)
        health = column(known, "health").take(pa.array(rows, pa.int64())).to_pylist()
        found = [*self.worst, *(Line(ranks[i], ids[i], each) for i, each in zip(rows, health, strict=True))]
        self.worst = heapq.nsmallest(self.wanted, found, key=lambda line: line.rank)
