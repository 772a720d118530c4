"""Cells of Parquet and Arrow IPC files by row and column, and their small columns without their bytes.

Audio lies as Hugging Face `datasets` stores its `Audio` feature: a struct `{bytes: binary, path: string}`. An address is
`row/<number>/<column>`, counted from 0 over the whole file, with `<column>/<field>` for a field of a struct. Arrow files may be streams (as
`datasets` and duologue write them) or files with a footer.
"""

from __future__ import annotations

import bisect
import datetime
import decimal
import io
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

from stages.decode.fetch import copy_of
from stages.decode.json_members import in_said_form

if TYPE_CHECKING:
    import pyarrow as pa

_ADDRESS = re.compile(r"row/([0-9]{1,15})/(.+)", re.DOTALL)
_HELD = 1 << 27
"""Bytes of one column of one row group that are kept in memory, for the rows that are asked for next."""
_BATCH = 16
_PIECE = 1 << 20


class Rows:
    """What the two kinds of file have in common."""

    schema: pa.Schema
    rows: int

    def read(self, inner: str) -> Iterator[bytes]:
        """The bytes of a cell: of a binary or text one as they are, of a list or struct as JSON. Raises `KeyError`."""
        row, names = self.address(inner)
        value = self._cell(row, names)
        if isinstance(value, dict) and "bytes" in value:
            value = value["bytes"]
        if value is None:
            raise KeyError(inner)
        if isinstance(value, str):
            yield value.encode("utf-8", "backslashreplace")
        elif isinstance(value, bytes):
            yield from (value[at : at + _PIECE] for at in range(0, len(value), _PIECE))
        else:
            yield in_said_form(plain(value), names[-1])

    def size(self, inner: str) -> int:
        """Bytes that a cell takes."""
        return self.cell_bytes(*self.address(inner))

    def address(self, inner: str) -> tuple[int, list[str]]:
        """Row and names of column and fields; an ending that is no part of the name says the format. Raises `KeyError`."""
        match = _ADDRESS.fullmatch(inner)
        if match is None or int(match[1]) >= self.rows:
            raise KeyError(inner)
        for path in (match[2], match[2].rpartition(".")[0]):
            names = [path] if path in self.schema.names else path.split("/")
            if path and (kind := kind_at(self.schema, names)) is not None:
                # of {bytes, path} only the bytes are read
                return int(match[1]), [*names, "bytes"] if is_audio(kind) else names
        raise KeyError(inner)

    def cell_bytes(self, row: int, names: list[str]) -> int:
        """Bytes that a cell takes, as far as that can be told without reading it."""
        raise KeyError(row)

    def _cell(self, row: int, names: list[str]) -> Any:
        raise KeyError(row)


class ParquetRows(Rows):
    """A Parquet file, whose last column read stays in memory row group by row group."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the footer. Raises `ValueError` (Arrow's) when there is none."""
        import pyarrow.parquet as pq

        self.file = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
        self.table = pq.ParquetFile(self.file, page_checksum_verification=True)
        self.schema = self.table.schema_arrow
        counts = [self.table.metadata.row_group(index).num_rows for index in range(self.table.metadata.num_row_groups)]
        self.starts, self.rows = _sums(counts), sum(counts)
        self._kept: tuple[tuple[int, str], Any] | None = None

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
                    found += _walk(batch, [column, "bytes"]).is_valid().to_pylist()
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
        self._kept = None
        self.file.close()

    def _leaves(self, column: str) -> list[int]:
        paths = [self.table.schema.column(index).path for index in range(len(self.table.schema))]
        return [index for index, path in enumerate(paths) if path == column or path.startswith(f"{column}.")]

    def _cell(self, row: int, names: list[str]) -> Any:
        group = bisect.bisect_right(self.starts, row) - 1
        at, column = row - self.starts[group], ".".join(names)
        leaves = self._leaves(column)
        if sum(self.table.metadata.row_group(group).column(each).total_uncompressed_size for each in leaves) > _HELD:
            for batch in self.table.iter_batches(_BATCH, row_groups=[group], columns=[column]):
                if at < batch.num_rows:
                    return _value(batch.column(0)[at], names)
                at -= batch.num_rows
            raise EOFError(f"row group {group} has fewer rows than it says")
        if self._kept is None or self._kept[0] != (group, column):
            self._kept = (group, column), self.table.read_row_group(group, columns=[column]).column(0)
        return _value(self._kept[1][at], names)


class ArrowRows(Rows):
    """An Arrow IPC file, mapped into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        """Find the record batches. Raises `ValueError` (Arrow's) when it is no such file or breaks off."""
        import pyarrow as pa

        self.file = file if _has_descriptor(file) else copy_of(iter(lambda: file.read(_PIECE), b""))
        self.map = pa.memory_map(f"/proc/self/fd/{self.file.fileno()}")
        if self.map.size() == 0:
            raise ValueError("it is empty")
        if self.map.read(6) == b"ARROW1":
            reader: Any = pa.ipc.open_file(self.map)
            self.batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
        else:
            self.map.seek(0)
            reader = pa.ipc.open_stream(self.map)
            self.batches = list(reader)
        self.schema = reader.schema
        counts = [batch.num_rows for batch in self.batches]
        self.starts, self.rows = _sums(counts), sum(counts)

    def small(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows with some columns only; `audio.path` is a field of a column."""
        for batch in self.batches:
            held = {name: _checked(_walk(batch, name.split("."))).to_pylist() for name in columns}
            for index in range(batch.num_rows):
                row: dict[str, Any] = {}
                for name in columns:
                    column, _, inner = name.partition(".")
                    row[column] = {inner: held[name][index]} if inner else held[name][index]
                yield row

    def present(self, column: str) -> list[bool]:
        """Whether each row's audio holds bytes."""
        return [valid for batch in self.batches for valid in _walk(batch, [column, "bytes"]).is_valid().to_pylist()]

    def lengths(self, column: str) -> list[int]:
        """Number of entries of a list in each row."""
        import pyarrow.compute as pc

        return [n for batch in self.batches for n in pc.fill_null(pc.list_value_length(batch.column(column)), 0).to_pylist()]

    def cell_bytes(self, row: int, names: list[str]) -> int:
        """Bytes of a binary cell, 0 for any other."""
        scalar = self._at(row, names)
        held = scalar.as_buffer() if hasattr(scalar, "as_buffer") else None
        return held.size if held is not None else 0

    def close(self) -> None:
        self.batches = []
        self.map.close()
        self.file.close()

    def _at(self, row: int, names: list[str]) -> Any:
        batch = bisect.bisect_right(self.starts, row) - 1
        # offsets of a damaged file could point anywhere, and they are followed without a look
        return _checked(_walk(self.batches[batch], names).slice(row - self.starts[batch], 1))[0]

    def _cell(self, row: int, names: list[str]) -> Any:
        return self._at(row, names).as_py()


def kind_at(schema: pa.Schema, names: Sequence[str]) -> Any:
    """The Arrow type of a column or of a field in it, None where there is none."""
    import pyarrow as pa

    if names[0] not in schema.names:
        return None
    kind = schema.field(names[0]).type
    for name in names[1:]:
        if not pa.types.is_struct(kind) or kind.get_field_index(name) < 0:
            return None
        kind = kind.field(name).type
    return kind


def is_audio(kind: Any) -> bool:
    """Whether a type is what `datasets` stores audio as: a struct of `bytes` and `path`."""
    import pyarrow as pa

    if not pa.types.is_struct(kind) or not {"bytes", "path"} <= {kind.field(index).name for index in range(kind.num_fields)}:
        return False
    held = kind.field("bytes").type
    return bool(pa.types.is_binary(held) or pa.types.is_large_binary(held))


def plain(value: Any) -> Any:
    """A cell's Python value as JSON can hold it; bytes become absent."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, datetime.timedelta, uuid.UUID)):
        return str(value)
    if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _sums(counts: Sequence[int]) -> list[int]:
    starts, total = [], 0
    for count in counts:
        starts.append(total)
        total += count
    return starts


def _value(scalar: Any, names: Sequence[str]) -> Any:
    """The field that was asked for, of the column that holds only it."""
    value = scalar.as_py()
    for name in names[1:]:
        value = None if value is None else value[name]
    return value


def _walk(batch: Any, names: Sequence[str]) -> Any:
    import pyarrow.compute as pc

    column = batch.column(names[0])
    for name in names[1:]:
        column = pc.struct_field(column, name)
    return column


def _checked(array: Any) -> Any:
    array.validate(full=True)
    return array


def _has_descriptor(file: IO[bytes]) -> bool:
    try:
        file.fileno()
    except (AttributeError, OSError):
        return False
    return True
