"""The words and events of the few rows that are drawn, read for those rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.place import Place
from pipeline.report.reading import arrow
from schemas.row import RowEvent, RowWord

COLUMNS = ("id", "words", "events")


@dataclass(frozen=True, slots=True)
class Said:
    """One row's words and events, in order of time."""

    words: tuple[RowWord, ...] = ()
    events: tuple[RowEvent, ...] = ()


def said(out: Place, names: Sequence[str], ids: Sequence[str], seconds: float) -> dict[str, Said]:
    """For each of `ids`, what begins in the first `seconds` of its row; stops at the shard that holds the last of them.

    Of Parquet shards only row groups whose ids reach around a wanted one are read.
    """
    return {row["id"]: _of(row, seconds) for row in rows_with(out, names, ids, COLUMNS)}


def rows_with(out: Place, names: Sequence[str], ids: Sequence[str], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of `ids`, each once, with some columns, `id` among them; stops at the shard that holds the last of them."""
    missing = set(ids)
    for name in names:
        if not missing:
            break
        wanted = sorted(missing)
        for table in _parquet(out, name, wanted, columns) if name.endswith(".parquet") else arrow(out, name, columns):
            mine = table.filter(pc.is_in(table.column("id"), pa.array(wanted, pa.string())))
            for row in mine.to_pylist():
                missing.discard(row["id"])
                yield row


def _of(row: dict[str, Any], seconds: float) -> Said:
    words = tuple(RowWord(**word) for word in row["words"] if word["start"] < seconds)
    return Said(words, tuple(RowEvent(**event) for event in row["events"] if event["start"] < seconds))


def _parquet(out: Place, name: str, wanted: Sequence[str], columns: Sequence[str]) -> Iterator[pa.Table]:
    with out.opened(name) as source:
        file = pq.ParquetFile(source, pre_buffer=True)
        for index in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(index)
            column = next(i for i in range(group.num_columns) if group.column(i).path_in_schema == "id")
            known: Any = group.column(column).statistics
            if known is None or not known.has_min_max or any(known.min <= id <= known.max for id in wanted):
                yield file.read_row_group(index, columns=list(columns))
