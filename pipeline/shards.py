"""Shard files: Parquet with page index and checksums, or Arrow IPC streams, with the byte range of each group of rows."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.left_out import NOTHING, LeftOut
from schemas.row import AUDIO_COLUMNS, Row, row_schema

MAX_GROUP = 96_000_000
"""Encoded audio in one row group, at most."""
MAX_GROUP_ROWS = 2000
AUDIO_BYTES = {f"{column}.bytes" for column in AUDIO_COLUMNS}
"""Parquet's names of the columns that a dictionary would only swell."""
WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One row group (Parquet) or record batch (Arrow): where its bytes lie and what they hash to."""

    rows: int
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """One shard as the manifest lists it."""

    name: str
    rows: int
    recordings: int
    seconds: float
    bytes: int
    sha256: str
    fingerprint: str
    """Hash of everything the shard was made from; equal fingerprints mean equal shards."""
    groups: tuple[GroupRecord, ...]
    left_out: LeftOut = NOTHING
    """What became no row of its recordings."""


def write_shard(path: Path, rows: Iterable[Row], format: Literal["parquet", "arrow"], group_bytes: int) -> tuple[GroupRecord, ...]:
    """Write rows in groups of about `group_bytes` of audio and return the groups; the same rows always give the same file."""
    groups = _grouped(rows, min(group_bytes, MAX_GROUP))
    ranges = _write_parquet(path, groups) if format == "parquet" else _write_arrow(path, groups)
    return tuple(GroupRecord(count, offset, length, hash_range(path, offset, length)) for count, offset, length in ranges)


def hash_range(path: Path, offset: int = 0, length: int | None = None) -> str:
    """SHA-256 of a stretch of a file, the whole of it by default."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(offset)
        left = length
        while left is None or left > 0:
            data = file.read(WINDOW if left is None else min(WINDOW, left))
            if not data:
                break
            digest.update(data)
            left = None if left is None else left - len(data)
    return digest.hexdigest()


def group_ranges(path: Path) -> list[tuple[int, int, int]]:
    """Rows, offset and length in bytes of each row group of a Parquet file."""
    metadata = pq.ParquetFile(path).metadata
    found = []
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        columns = [group.column(i) for i in range(group.num_columns)]
        starts = [c.data_page_offset if c.dictionary_page_offset is None else c.dictionary_page_offset for c in columns]
        ends = [start + c.total_compressed_size for start, c in zip(starts, columns, strict=True)]
        found.append((group.num_rows, min(starts), max(ends) - min(starts)))
    return found


def _grouped(rows: Iterable[Row], limit: int) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for row in rows:
        weight = sum(len(audio.bytes) for audio in (row.audio, row.residual) if audio is not None)
        if group and (size + weight > limit or len(group) >= MAX_GROUP_ROWS):
            yield group
            group, size = [], 0
        group.append(row)
        size += weight
    if group:
        yield group


def _tables(groups: Iterable[list[Row]], schema: pa.Schema) -> Iterator[pa.Table]:
    """A table of each group, one at a time: audio is heavy, so nothing of a group stays when the next is gathered."""
    for group in groups:
        plain = [_plain(row) for row in group]
        group.clear()
        yield pa.Table.from_pylist(plain, schema=schema)
        plain.clear()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _write_parquet(path: Path, groups: Iterable[list[Row]]) -> list[tuple[int, int, int]]:
    schema = row_schema()
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[  # type: ignore[arg-type]
            name for name in _leaves(schema) if name not in AUDIO_BYTES
        ],
        write_page_index=True,
        write_page_checksum=True,
        write_batch_size=1,
        use_content_defined_chunking=True,
        store_schema=True,
    ) as writer:
        for table in _tables(groups, schema):
            writer.write_table(table, row_group_size=table.num_rows)
            del table
    return group_ranges(path)


def _leaves(schema: pa.Schema) -> list[str]:
    """Parquet's own names of the leaf columns."""
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [columns.column(i).path for i in range(len(columns))]


def _write_arrow(path: Path, groups: Iterable[list[Row]]) -> list[tuple[int, int, int]]:
    schema, found = row_schema(), []
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for table in _tables(groups, schema):
            start = sink.tell()
            writer.write_table(table.combine_chunks(), max_chunksize=table.num_rows)
            found.append((table.num_rows, start, sink.tell() - start))
            del table
    return found
