"""Cells of a Parquet file, without reading a row group again for each of its rows."""

from __future__ import annotations

import bisect
import io
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from stages.decode.tables import Rows, field_of, sums, walk

_COLUMNS = 4
"""Columns of one file of which a row group is kept, for the rows that are asked for next."""
_BATCH = 16


class ParquetRows(Rows):
    """A Parquet file; of the columns read last, the row group read last is kept."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the footer. Raises `ValueError` (Arrow's) when there is none."""
        import pyarrow.parquet as pq

        self.file = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
        self.table = pq.ParquetFile(self.file, page_checksum_verification=True)
        self.schema = self.table.schema_arrow
        counts = [self.table.metadata.row_group(index).num_rows for index in range(self.table.metadata.num_row_groups)]
        self.starts, self.rows = sums(counts), sum(counts)
        self._kept: dict[str, tuple[int, _Column]] = {}
        """The row group and its values by column, the one used last at the end."""

    def small(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows with some columns only; `audio.path` is a field of a column."""
        if not columns:
            yield from ({} for _ in range(self.rows))
            return
        for batch in self.table.iter_batches(1024, columns=list(columns)):
            yield from batch.to_pylist()

    def present(self, column: str) -> list[bool]:
        """Whether each row's audio holds bytes; told by the file's statistics, and read only where those leave it open."""
        found: list[bool] = []
        for index in range(self.table.metadata.num_row_groups):
            group = self.table.metadata.row_group(index)
            statistics = next(group.column(at).statistics for at in self._leaves(f"{column}.bytes"))
            nulls = statistics.null_count if statistics is not None and statistics.has_null_count else None  # type: ignore[attr-defined]
            if nulls in (0, group.num_rows):
                found += [nulls == 0] * group.num_rows
            else:
                for batch in self.table.iter_batches(_BATCH, row_groups=[index], columns=[f"{column}.bytes"]):
                    found += walk(batch, [column, "bytes"]).is_valid().to_pylist()
        return found

    def lengths(self, column: str) -> list[int]:
        """Number of entries of a list in each row, by the lightest of its fields."""
        import pyarrow.compute as pc

        metadata = self.table.metadata
        weigh = {
            at: sum(metadata.row_group(i).column(at).total_compressed_size for i in range(metadata.num_row_groups))
            for at in self._leaves(column)
        }
        lightest = self.table.schema.column(min(weigh, key=lambda at: weigh[at])).path
        lengths: list[int] = []
        for batch in self.table.iter_batches(1024, columns=[lightest]):
            lengths += pc.fill_null(pc.list_value_length(batch.column(0)), 0).to_pylist()
        return lengths

    def cell_bytes(self, row: int, names: list[str]) -> int:
        """An equal share of what the column takes in the row's group, compressed."""
        group = bisect.bisect_right(self.starts, row) - 1
        held = self.table.metadata.row_group(group)
        return sum(held.column(at).total_compressed_size for at in self._leaves(".".join(names))) // held.num_rows

    def close(self) -> None:
        for _, column in self._kept.values():
            column.close()
        self._kept.clear()
        self.file.close()

    def _leaves(self, column: str) -> list[int]:
        paths = [self.table.schema.column(index).path for index in range(len(self.table.schema))]
        return [index for index, path in enumerate(paths) if path == column or path.startswith(f"{column}.")]

    def _cell(self, row: int, names: list[str]) -> Any:
        group = bisect.bisect_right(self.starts, row) - 1
        column = ".".join(names)
        known = self._kept.pop(column, None)
        if known is None or known[0] != group:
            if known is not None:
                known[1].close()
            known = group, _Column(self.table.iter_batches(_BATCH, row_groups=[group], columns=[column]), names)
        self._kept[column] = known
        if len(self._kept) > _COLUMNS:
            self._kept.pop(next(iter(self._kept)))[1].close()
        return known[1].value(row - self.starts[group])


class _Column:
    """The values of one column in one row group, read once and as far as they are asked for.

    Bytes lie in a temporary file: Parquet is read from a group's start, a group may hold hours of audio, and rows are asked for by id.
    """

    def __init__(self, batches: Iterator[Any], names: list[str]) -> None:
        self.batches, self.names = batches, names
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="duologue-")
        self.end = 0
        self.values: list[Any] = []
        """Of bytes where they lie in the file; any other value itself."""

    def value(self, at: int) -> Any:
        """The value in a row of the group. Raises `EOFError` when the group has fewer."""
        while len(self.values) <= at:
            batch = next(self.batches, None)
            if batch is None:
                raise EOFError(f"a row group has fewer rows than it says, {len(self.values)}")
            for scalar in batch.column(0):
                self._take(field_of(scalar, self.names))
        value = self.values[at]
        if not isinstance(value, _Place):
            return value
        self.file.seek(value.start)
        return self.file.read(value.length)

    def close(self) -> None:
        """Give back the file."""
        self.file.close()

    def _take(self, value: Any) -> None:
        if isinstance(value, bytes):
            self.file.seek(self.end)
            self.file.write(value)
            value = _Place(self.end, len(value))
            self.end += value.length
        self.values.append(value)


class _Place(NamedTuple):
    start: int
    length: int
