"""Cells of an Arrow IPC file, mapped into memory: a stream (as `datasets` and duologue write them) or a file with a footer."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import IO, Any

from stages.decode.fetch import copy_of
from stages.decode.tables import Rows, checked, sums, walk

_PIECE = 1 << 20


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
        for batch in self.batches:
            # of a damaged file lengths may be negative, on which Arrow ends the process when it follows them
            batch.validate()
        self.schema = reader.schema
        counts = [batch.num_rows for batch in self.batches]
        self.starts, self.rows = sums(counts), sum(counts)

    def small(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows with some columns only; `audio.path` is a field of a column."""
        for batch in self.batches:
            held = {name: checked(walk(batch, name.split("."))).to_pylist() for name in columns}
            for index in range(batch.num_rows):
                row: dict[str, Any] = {}
                for name in columns:
                    column, _, inner = name.partition(".")
                    row[column] = {inner: held[name][index]} if inner else held[name][index]
                yield row

    def present(self, column: str) -> list[bool]:
        """Whether each row's audio holds bytes."""
        return [valid for batch in self.batches for valid in walk(batch, [column, "bytes"]).is_valid().to_pylist()]

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
        return checked(walk(self.batches[batch], names).slice(row - self.starts[batch], 1))[0]

    def _cell(self, row: int, names: list[str]) -> Any:
        return self._at(row, names).as_py()


def _has_descriptor(file: IO[bytes]) -> bool:
    try:
        file.fileno()
    except (AttributeError, OSError):
        return False
    return True
