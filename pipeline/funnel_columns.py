"""The numbers that a gate asks for, out of the columns of published rows, as arrays [rows, 2] with NaN for what is not known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.report.columns import as_floats, column, matrix, numbers, owners
from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.errors import LawError
from schemas.quality import Quality
from schemas.stats import Stats
from schemas.transcript import Transcript
from stages.filter.evaluate import Floats
from stages.filter.names import LEAKAGE, Meaning, meaning

if TYPE_CHECKING:
    import pyarrow as pa

READ = (
    *("id", "duration", "clip.index", "health", "stats"),
    *(f"quality.list.element.{name}" for name in ("name", "channel", "value", "start")),
    *(f"words.list.element.{name}" for name in ("channel", "confidence")),
    *("transcript.removed.list.element.channel", "transcript.unworded"),
)
"""Columns in Parquet's own names; those that a data set lacks are left out. Words are read only where a term asks for them."""
IN_ROWS = {"confidence": "diarization_confidence", "similarity": "voice_similarity"}
"""What the diarization says of itself is among a row's scores."""


def wanted(said: bool) -> tuple[str, ...]:
    """The columns to read; with `said` those of the words too."""
    return tuple(name for name in READ if said or not name.startswith(("words", "transcript")))


class Columns:
    """Numbers by name, of one table of rows; a number that the rows do not hold is not known."""

    def __init__(self, table: pa.Table, more: tuple[str, ...] = ()) -> None:
        self.table = table
        self.more = more

    def __call__(self, name: str) -> Floats:
        """The numbers of a name, [rows, 2]; what is one number for the recording stands in both columns."""
        found = meaning(name, self.more)
        if found is None:
            raise LawError(f"funnel: {name} has no meaning")
        read: dict[type, Callable[[], Floats]] = {
            Quality: lambda: self.score(found.path[0]),
            Diarization: lambda: self.score(IN_ROWS[found.path[0]]),
            Transcript: lambda: self._said(found.path[0]),
            Activity: lambda: _both(numbers(self.table, "duration")),
        }
        return read.get(found.kind, lambda: self._field(found))()

    def _unknown(self) -> Floats:
        return np.full((self.table.num_rows, 2), np.nan)

    @cached_property
    def _scores(self) -> tuple[Any, Any, Floats, Floats]:
        """Of every score of no region: its name, row, channel and value."""
        import pyarrow.compute as pc

        lists = column(self.table, "quality")
        items = pc.list_flatten(lists)
        whole = pc.is_null(pc.struct_field(items, "start"))
        names, channel, value = (pc.filter(pc.struct_field(items, field), whole) for field in ("name", "channel", "value"))
        return names, owners(lists)[np.asarray(whole)], as_floats(channel), as_floats(value)

    def score_names(self) -> list[str]:
        """Names of all scores in the table, sorted."""
        import pyarrow.compute as pc

        return sorted(pc.unique(self._scores[0]).to_pylist())

    def score(self, name: str) -> Floats:
        """Of the channels where there is any of a channel, else of the recording."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names, row, channel, value = self._scores
        mine = np.asarray(pc.equal(names, pa.scalar(name)))
        row, channel, value = row[mine], channel[mine], value[mine]
        found = self._unknown()
        whole = np.isnan(channel)
        found[row[whole]] = value[whole, None]
        found[row[~whole]] = np.nan
        found[row[~whole], channel[~whole].astype(np.int64)] = value[~whole]
        return found

    def _holds(self, path: tuple[str, ...]) -> bool:
        """Whether the rows have such a field: data sets of an older version lack the newer ones."""
        import pyarrow as pa

        kind: Any = pa.struct(list(self.table.schema))
        for name in path:
            kind = kind.value_type if pa.types.is_list(kind) else kind
            if kind.get_field_index(name) < 0:
                return False
            kind = kind.field(name).type
        return True

    def _field(self, found: Meaning) -> Floats:
        head = "stats" if found.kind is Stats else "health"
        first = found.path[0]
        if not self._holds((head, "leaks", "detectable_db") if first == LEAKAGE else (head, *found.path)):
            return self._unknown()
        if first == LEAKAGE:
            level, seen = (matrix(column(self.table, "health.leaks"), field, key="into") for field in ("level_db", "detectable_db"))
            return np.where(np.isnan(level), seen, level)
        if not found.channels:
            return _both(numbers(self.table, ".".join((head, *found.path))))
        lists = column(self.table, f"{head}.{first}")
        both = matrix(lists, found.path[1], key="into" if first == "leaks" else None)
        alone = np.bincount(owners(lists), minlength=len(both)) == 1
        # Of a mixture there is one side, which is that of both channels; a leak is always of one channel.
        return both if first == "leaks" else np.where(alone[:, None], both[:, :1], both)

    def _said(self, what: str) -> Floats:
        """Numbers of the words, of the rows that have a transcript."""
        import pyarrow.compute as pc

        if not self._holds(("transcript", "unworded")):
            return self._unknown()
        there = np.asarray(pc.is_valid(column(self.table, "transcript")))
        if what == "unworded":
            lists = column(self.table, "transcript.unworded")
            found, row = self._unknown(), owners(lists)
            place = np.arange(len(row)) - np.searchsorted(row, row, "left")
            found[row, place] = as_floats(pc.list_flatten(lists))
            return found
        lists = column(self.table, "transcript.removed" if what == "removed" else "words")
        items = pc.list_flatten(lists)
        place = owners(lists) * 2 + as_floats(pc.struct_field(items, "channel")).astype(np.int64)
        size = 2 * self.table.num_rows
        if what == "confidence":
            sure = as_floats(pc.struct_field(items, "confidence"))
            known = ~np.isnan(sure)
            total, count = np.bincount(place[known], sure[known], size), np.bincount(place[known], minlength=size)
            found = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
        else:
            found = np.bincount(place, minlength=size).astype(np.float64)
        return np.where(there[:, None], found.reshape(-1, 2), np.nan)


def _both(values: Floats) -> Floats:
    return np.repeat(values[:, None], 2, axis=1)
