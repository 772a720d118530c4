"""The published shards a few thousand rows at a time, without their audio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.place import Place
from pipeline.report import codes

COLUMNS = (
    "id",
    "rate",
    "duration",
    "source.corpus",
    "source.licence",
    "source.consent",
    "source.language",
    "clip",
    "speakers",
    "speech",
    "origins",
    "others",
    "quality",
    "decoding.container",
    "decoding.encoding",
    "decoding.exact",
    "health",
    *(f"stats.{name}" for name in ("duration", "ipu", "pause", "gap", "overlap", "single", "silence", "edge_silence", "overlap_share")),
    *(f"stats.{name}" for name in ("backchannels_per_minute", "interruptions_per_minute", "speech_dominance", "floor_dominance")),
    *(f"stats.transfers.{name}" for name in ("n", "within_200ms", "counts")),
    "stats.overlaps",
    "stats.channels",
    "stats.constants",
    *codes.COLUMNS,
)
"""What the report needs of a row, in Parquet's own names."""
ROWS = 2048
"""Rows aggregated at once: row groups of long recordings hold a handful each, and a handful is slow to take alone."""


def batches(out: Place, names: Iterable[str], rows: int = ROWS, columns: Sequence[str] = COLUMNS) -> Iterator[pa.Table]:
    """Tables of at least `rows` rows (the last may have fewer), in the order of the shards; never empty.

    Of Parquet shards only the wanted columns are read, also from an object store. An Arrow stream has no index, so it is read through,
    one record batch in memory at a time.
    """
    held: list[pa.Table] = []
    for name in names:
        for piece in _parquet(out, name, rows, columns) if name.endswith(".parquet") else arrow(out, name, columns):
            held.append(piece)
            if sum(table.num_rows for table in held) >= rows:
                yield pa.concat_tables(held).combine_chunks()
                held = []
    if any(table.num_rows for table in held):
        yield pa.concat_tables(held).combine_chunks()


def _parquet(out: Place, name: str, rows: int, columns: Sequence[str]) -> Iterator[pa.Table]:
    with out.opened(name) as source:
        file = pq.ParquetFile(source, pre_buffer=True)
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        for run in runs(sizes, rows):
            yield file.read_row_groups(run, columns=list(columns))


def arrow(out: Place, name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Tables of the wanted columns, one for each record batch of an Arrow stream."""
    wanted = {column.partition(".")[0] for column in columns}
    with out.opened(name, in_order=True) as file:
        source = pa.PythonFile(file, "r")
        with pa.ipc.open_stream(source) as stream:
            fields = [i for i, field in enumerate(stream.schema) if field.name in wanted]
        source.seek(0)
        with pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(included_fields=fields)) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])


def runs(sizes: Sequence[int], limit: int) -> Iterator[list[int]]:
    """Consecutive indices in order, each run of at most `limit` in sum unless a single one is larger."""
    run: list[int] = []
    total = 0
    for index, size in enumerate(sizes):
        if run and total + size > limit:
            yield run
            run, total = [], 0
        run.append(index)
        total += size
    if run:
        yield run
