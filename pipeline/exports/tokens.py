"""17 rows of tokens per dialogue for Moshi: the main speaker's text, its 8 codebooks, the other's 8; undelayed, as the model delays itself.

`dataset.py` is written beside them: a PyTorch data set that needs nothing of duologue, for trainers without a path for precomputed codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Account, Format, Options, Sink
from pipeline.exports.item import Item, ItemCodes
from pipeline.exports.text import FRAME_RATE, pieces_for, stream_of

CODEBOOKS = 8
"""Of each side, that Moshi models."""


class Tokens(Format):
    """One safetensors file per shard with a tensor [17, frames] for each row and main speaker, and a list of them per split."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "Moshi with precomputed codes"
    reads: ClassVar[tuple[str, ...]] = ("codes",)
    carries: ClassVar[tuple[str, ...]] = ("frames",)
    understands: ClassVar[tuple[str, ...]] = ("main", "tokenizer", "text")

    def check(self, options: Options) -> None:
        pieces_for(options)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        from safetensors.numpy import save

        kind = np.int16 if pieces_for(sink.options).size <= 2**15 else np.int32
        tensors: dict[str, NDArray[Any]] = {}
        for item in items:
            reason = self.unfit(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
                continue
            frames = []
            for main in sink.options.main:
                key = f"{item.stem}-{main}"
                body, rate = rows(item, item.codes, main, sink)
                before = self.before(item, item.codes, main, sink)
                tensors[key] = np.concatenate([before, body], axis=1).astype(kind)
                line = {"file": sink.shard("safetensors"), "key": key, "frames": tensors[key].shape[1], "prefix": before.shape[1]}
                told = {"id": item.id, "main": main, "token_drop_rate": rate, "codec": item.codes.codec}
                sink.line(f"{sink.split}.jsonl", {**line, **told})
                frames.append(body.shape[1])
            sink.wrote(item, len(frames), frames=min(frames))
        if tensors:
            sink.put(sink.shard("safetensors"), save(tensors))

    def unfit(self, codes: ItemCodes | None) -> str:
        """Why codes are none that this format holds, as the end of a sentence; empty when they are."""
        return unfit(codes)

    def before(self, item: Item, codes: ItemCodes, main: int, sink: Sink) -> NDArray[np.int32]:
        """Frames before the dialogue: int32 [17, t]."""
        return np.zeros((1 + 2 * CODEBOOKS, 0), dtype=np.int32)

    def finish(self, sink: Sink, account: Account, about: dict[str, Any]) -> None:
        sink.put("dataset.py", Path(__file__).with_name("tokens_dataset.py").read_bytes())


def unfit(codes: ItemCodes | None) -> str:
    """Why codes are not of Moshi's frame rate and depth, as the end of a sentence; empty when they are."""
    if codes is None:
        return "no codes; add tokenize to the chain"
    if codes.frame_rate != FRAME_RATE:
        return f"codes of {codes.codec} at {codes.frame_rate:g} Hz; wanted {FRAME_RATE} Hz"
    if codes.codebooks < CODEBOOKS:
        return f"{codes.codebooks} codebooks; wanted {CODEBOOKS}"
    return ""


def rows(item: Item, codes: ItemCodes, main: int, sink: Sink) -> tuple[NDArray[np.int32], float | None]:
    """Text of the main side and the codes of both [17, frames], and the share of text tokens dropped."""
    stream = stream_of(item, main, codes.frames, codes.frame_rate, sink.options, "drop", sink)
    sides = [codes.codes[channel, :CODEBOOKS].astype(np.int32) for channel in (main, 1 - main)]
    return np.concatenate([stream.tokens[None], *sides]), stream.drop_rate
