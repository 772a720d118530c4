"""Turn-taking of the whole set, pooled from its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import Floats, as_floats, column, matrix
from schemas.tally import Counts
from stages.turns.pooled import MEASURES as MEASURES
from stages.turns.pooled import OVERLAPS as OVERLAPS
from stages.turns.pooled import Pooled


class Taking(Pooled):
    """Sums over the rows that have statistics."""

    __slots__ = ()

    def add(self, table: pa.Table) -> None:
        """Take in some rows; those without statistics count as absent."""
        stats = column(table, "stats")
        known = stats.filter(pc.is_valid(stats))
        self.fold(_Columns(known), len(stats) - len(known))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The column `stats` where it is known: `stages.turns.pooled.Columns`."""

    stats: Any

    def __len__(self) -> int:
        return len(self.stats)

    def number(self, *path: str) -> Floats:
        return as_floats(pc.struct_field(self.stats, list(path)))

    def sides(self, name: str) -> Floats:
        return matrix(pc.struct_field(self.stats, "channels"), name)

    def bins(self) -> Counts:
        flat = pc.list_flatten(pc.struct_field(self.stats, ["transfers", "counts"]))
        return np.asarray(flat.to_numpy(zero_copy_only=False), np.int64)

    def constants(self) -> dict[str, Any]:
        found: dict[str, Any] = pc.struct_field(self.stats, "constants")[0].as_py()
        return found
