"""Cells of tables by row and column: what Parquet (`parquet_rows`) and Arrow IPC files (`arrow_rows`) have in common.

Audio lies as Hugging Face `datasets` stores its `Audio` feature: a struct `{bytes: binary, path: string}`. An address is
`row/<number>/<column>`, counted from 0 over the whole file, with `<column>/<field>` for a field of a struct.
"""

from __future__ import annotations

import datetime
import decimal
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from stages.decode.json_members import in_said_form

if TYPE_CHECKING:
    import pyarrow as pa

_ADDRESS = re.compile(r"row/([0-9]{1,15})/(.+)", re.DOTALL)
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


def sums(counts: Sequence[int]) -> list[int]:
    """The sum of all counts before each."""
    starts, total = [], 0
    for count in counts:
        starts.append(total)
        total += count
    return starts


def field_of(scalar: Any, names: Sequence[str]) -> Any:
    """The field that was asked for, of the column that holds only it."""
    value = scalar.as_py()
    for name in names[1:]:
        value = None if value is None else value[name]
    return value


def walk(batch: Any, names: Sequence[str]) -> Any:
    """The array of a column or of a field in it; null where the column is."""
    import pyarrow.compute as pc

    column = batch.column(names[0])
    for name in names[1:]:
        column = pc.struct_field(column, name)
    return column


def checked(array: Any) -> Any:
    """`array`, when its parts lie where they say. Raises `ValueError` (Arrow's)."""
    array.validate(full=True)
    return array
