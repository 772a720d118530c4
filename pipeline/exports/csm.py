"""Sesame CSM: each utterance as frames of 33 columns (32 Mimi codebooks, text) with a mask, text first, then audio and an end frame.

The text is `[speaker]text`, the speaker 0 or 1 by channel, between the tokenizer's own begin and end tokens; a frame of zeros in all
codebooks ends the audio. `--tokenizer` names the `tokenizer.json` of Llama 3.2. A dialogue's utterances stand in order of time under one
`dialogue`, so that a trainer can put those before in context; the model takes 2,048 frames in all.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Format, Options, Sink
from pipeline.exports.item import Item, ItemCodes
from pipeline.exports.text import FRAME_RATE, NO_WORDS, utterances_of
from pipeline.exports.valle import cut
from schemas.errors import UsageError

CODEBOOKS = 32
COLUMNS = CODEBOOKS + 1
MOST_FRAMES = 2048
"""The model's context."""
BEGIN, END = "<|begin_of_text|>", "<|end_of_text|>"
TOO_LONG = f"the utterance has more than {MOST_FRAMES} frames"


class Csm(Format):
    """One safetensors file per shard with `<key>` int32 [frames, 33] and `<key>.mask` uint8 [frames, 33]."""

    serves: ClassVar[str] = "Sesame CSM"
    reads: ClassVar[tuple[str, ...]] = ("codes",)
    carries: ClassVar[tuple[str, ...]] = ("words",)
    understands: ClassVar[tuple[str, ...]] = ("tokenizer",)

    def check(self, options: Options) -> None:
        if options.tokenizer is None:
            raise UsageError("export: csm holds text tokens; name the tokenizer.json of Llama 3.2 with --tokenizer PATH")
        tokenizer_at(options.tokenizer)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        from safetensors.numpy import save

        tensors: dict[str, NDArray[Any]] = {}
        for item in items:
            reason = unfit(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
                continue
            said = sorted((each for channel in (0, 1) for each in utterances_of(item, channel)), key=lambda u: (u.start, u.channel))
            written, words, long = 0, 0, 0
            for order, utterance in enumerate(said):
                codes = cut(item.codes, utterance.channel, utterance.start, utterance.end)[:CODEBOOKS]
                tokens, mask = frames(text_ids(str(sink.options.tokenizer), utterance.channel, utterance.text), codes)
                if len(tokens) > MOST_FRAMES:
                    long += len(utterance.words)
                    continue
                key = f"{item.stem}-{order:05d}"
                tensors[key], tensors[f"{key}.mask"] = tokens, mask
                line = {"file": sink.shard("safetensors"), "key": key, "dialogue": item.stem, "order": order, "id": item.id}
                times = {"speaker": utterance.channel, "text": utterance.text, "start": utterance.start, "end": utterance.end}
                sink.line(f"{sink.split}.jsonl", {**line, **times, "frames": len(tokens)})
                written, words = written + 1, words + len(utterance.words)
            if not written:
                sink.leave_out(item, TOO_LONG if long else NO_WORDS)
                continue
            if long:
                sink.lose(TOO_LONG, words=long)
            sink.wrote(item, written, words=words)
        if tensors:
            sink.put(sink.shard("safetensors"), save(tensors))


def frames(text: list[int], codes: NDArray[np.int16]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Tokens and mask [frames, 33] of one utterance: its text in the last column, then its codes [32, t], then a frame of zeros."""
    length = codes.shape[1]
    tokens = np.zeros((len(text) + length + 1, COLUMNS), dtype=np.int32)
    mask = np.zeros_like(tokens, dtype=np.uint8)
    tokens[: len(text), -1], mask[: len(text), -1] = text, 1
    tokens[len(text) : len(text) + length, :-1] = codes.T
    mask[len(text) :, :-1] = 1
    return tokens, mask


@cache
def tokenizer_at(path: str) -> Any:
    """The text tokenizer of a file; raises `UsageError` when it is none with Llama's begin and end of text."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # the library raises bare exceptions of its own making
        raise UsageError(f"{path}: not a tokenizer.json that can be read: {error}") from error
    for name in (BEGIN, END):
        if tokenizer.token_to_id(name) is None:
            raise UsageError(f"{path}: has no token {name}; wanted the tokenizer.json of Llama 3.2, which CSM speaks")
    return tokenizer


def text_ids(path: str, speaker: int, text: str) -> list[int]:
    """Token ids of `[speaker]text` between begin and end."""
    tokenizer = tokenizer_at(path)
    ids: list[int] = tokenizer.encode(f"[{speaker}]{text}", add_special_tokens=False).ids
    return [tokenizer.token_to_id(BEGIN), *ids, tokenizer.token_to_id(END)]


def unfit(codes: ItemCodes | None) -> str:
    """Why codes are not of CSM's depth, as the end of a sentence; empty when they are."""
    if codes is None:
        return "no codes; add tokenize with 32 codebooks to the chain"
    if codes.codebooks < CODEBOOKS or codes.frame_rate != FRAME_RATE:
        found = f"{codes.codebooks} codebooks of {codes.codec} at {codes.frame_rate:g} Hz"
        return f"{found}; wanted {CODEBOOKS} at {FRAME_RATE} Hz, of mimi"
    return ""
