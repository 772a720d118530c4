"""A folder for `datasets.load_dataset` and for the Hugging Face hub: the rows as they are in Parquet shards, and a data set card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pipeline.exports.card import card_text
from pipeline.exports.format import Account, Format, Sink
from pipeline.exports.item import WHOLE, Item

GROUP_BYTES = 64_000_000
"""Arrow bytes in one row group, at most, unless one row has more: the hub's viewer reads one at a time and wants no more than 100 MB."""


class Hub(Format):
    """`data/<split>-00000-of-00042.parquet` and `README.md`."""

    version: ClassVar[int] = 3
    serves: ClassVar[str] = "datasets, the Hugging Face hub"
    reads: ClassVar[tuple[str, ...]] = (WHOLE,)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words", "frames")

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        writer: Any = None
        held: list[Any] = []
        with sink.file(f"data/{sink.shard('parquet')}") as path:
            for item in items:
                record = item.record
                if writer is None:
                    writer = _writer(pq, path, record.schema)
                if held and sum(each.nbytes for each in (*held, record)) > GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(held))
                    held = []
                held.append(record)
                spoken = {language for language in item.languages if language is not None} or {"unknown"}
                sink.count_up(**{f"language {language}": 1 for language in spoken}, **{f"corpus {item.source.corpus or 'unnamed'}": 1})
                sink.count_up(**{"consent stated": int(item.source.consent is not None)})
                sink.wrote(item, words=len(record.column("words")[0]), frames=item.frames)
            if writer is None:
                from schemas.row import row_schema

                writer = _writer(pq, path, row_schema())
            if held:
                writer.write_table(pa.Table.from_batches(held))
            writer.close()

    def finish(self, sink: Sink, account: Account, about: dict[str, Any]) -> None:
        splits = ["train", *(name for name, _ in sink.options.splits)]
        sink.put("README.md", card_text(account, about, splits))


def _writer(pq: Any, path: Any, schema: Any) -> Any:
    # No dictionaries for audio would save a little; naming every other leaf column for that is not worth it.
    options = {"compression": "zstd", "write_page_index": True, "write_page_checksum": True, "use_content_defined_chunking": True}
    return pq.ParquetWriter(path, schema, store_schema=True, **options)
