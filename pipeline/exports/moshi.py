"""moshi-finetune: stereo WAV files with the model's voice on the left, a manifest per split, and each file's words beside it.

Contract: kyutai-labs/moshi-finetune at commit 2acc879. Run the trainer from the export's folder, for its tools take the manifest's paths
from there. Precomputed codes have no way into that trainer; the format `tokens` and its loader are for those.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from pipeline.exports.format import Format, Options, Sink
from pipeline.exports.item import Item
from pipeline.exports.sound import main_first, write_wav
from pipeline.exports.text import FRAME_RATE, pieces_for, stream_of

MAIN, OTHER = "SPEAKER_MAIN", "SPEAKER_OTHER"
"""Labels in the alignments. The trainer keeps the first and ignores every other."""


class Moshi(Format):
    """One stereo WAV and one JSON file for each row and main speaker."""

    serves: ClassVar[str] = "moshi-finetune"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")
    understands: ClassVar[tuple[str, ...]] = ("main", "tokenizer", "text")

    def check(self, options: Options) -> None:
        if options.tokenizer is not None:
            pieces_for(options)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            words = [self._one(item, main, sink) for main in sink.options.main]
            sink.wrote(item, len(words), words=min(words))

    def _one(self, item: Item, main: int, sink: Sink) -> int:
        """Write one item; the words in it."""
        stem = f"{sink.folder}/{item.stem}-{main}"
        samples = main_first(item, main)
        with sink.file(f"{stem}.wav") as path:
            write_wav(path, samples, item.rate, item.subtype)
        words = alignments(item, main)
        sink.put(f"{stem}.json", json.dumps({"alignments": words}, ensure_ascii=False))
        duration = samples.shape[1] / item.rate
        line: dict[str, Any] = {"path": f"{stem}.wav", "duration": duration, "id": item.id, "main": main}
        if sink.options.tokenizer is not None:
            frames = -(-samples.shape[1] * 25 // (item.rate * 2))
            stream = stream_of(item, main, frames, FRAME_RATE, sink.options, "drop", sink)
            line["token_drop_rate"] = stream.drop_rate
        sink.line(f"{sink.split}.jsonl", line)
        return len(words)


def alignments(item: Item, main: int) -> list[list[Any]]:
    """Words of both sides as the trainer reads them: sorted by start, for it looks for a window's words by bisection."""
    ordered = sorted(item.words, key=lambda word: (word.start, word.end, word.channel))
    return [[word.text, [word.start, word.end], MAIN if word.channel == main else OTHER] for word in ordered]
