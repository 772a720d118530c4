"""The J-Moshi trainer: Parquet with a [9, frames] matrix per side (its text, its 8 codebooks), and each dialogue's words as JSON.

Contract: nu-dialogue/moshi-finetune. A is the left channel, B the right; the trainer builds both directions and the delays by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from pipeline.exports.format import Format, Options, Sink
from pipeline.exports.item import Item
from pipeline.exports.text import pieces_for, stream_of
from pipeline.exports.tokens import CODEBOOKS, unfit

SIDES = ("A", "B")
ROWS_AT_ONCE = 32
"""Rows in one row group."""


class JMoshi(Format):
    """One Parquet file per shard; words in `text/`."""

    serves: ClassVar[str] = "J-Moshi"
    reads: ClassVar[tuple[str, ...]] = ("codes",)
    carries: ClassVar[tuple[str, ...]] = ("words", "frames")
    understands: ClassVar[tuple[str, ...]] = ("tokenizer", "text")

    def check(self, options: Options) -> None:
        pieces_for(options)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        matrix = pa.list_(pa.list_(pa.int32()))
        schema = pa.schema([("dialogue_id", pa.string()), *((side, matrix) for side in SIDES)])
        name = f"{sink.split}-{sink.index + 1:03d}-of-{sink.count:03d}.parquet"
        with sink.file(name) as path, pq.ParquetWriter(path, schema, compression="zstd") as writer:
            held: list[dict[str, Any]] = []
            for row in self._rows(items, sink):
                held.append(row)
                if len(held) == ROWS_AT_ONCE:
                    writer.write_table(pa.Table.from_pylist(held, schema=schema))
                    held = []
            writer.write_table(pa.Table.from_pylist(held, schema=schema))

    def _rows(self, items: Iterable[Item], sink: Sink) -> Iterator[dict[str, Any]]:
        for item in items:
            reason = unfit(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
                continue
            row: dict[str, Any] = {"dialogue_id": item.stem}
            rates = {}
            for channel, side in enumerate(SIDES):
                stream = stream_of(item, channel, item.frames, item.codes.frame_rate, sink.options, "shift", sink)
                rates[side] = stream.drop_rate
                row[side] = list(np.concatenate([stream.tokens[None], item.codes.codes[channel, :CODEBOOKS].astype(np.int32)]))
            words = word_list(item)
            sink.put(f"text/{sink.folder}/{item.stem}.json", json.dumps(words, ensure_ascii=False))
            sink.line("ids.jsonl", {"dialogue_id": item.stem, "id": item.id, "token_drop_rate": rates})
            sink.wrote(item, words=len(words), frames=min(len(stream) for side in SIDES for stream in row[side]))
            yield row


def word_list(item: Item) -> list[dict[str, Any]]:
    """The words of both sides in order of time."""
    return [{"speaker": SIDES[word.channel], "word": word.text, "start": word.start, "end": word.end} for word in item.words]
