"""VALL-E and its like: each utterance's residual codes beside its text, with three seconds of the same speaker as enrolment prompt.

The prompt is the start of the speaker's longest other utterance in the row. An utterance whose speaker says nothing else of a second or
more has none, and is left out; so is a row in which all are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item, ItemCodes
from pipeline.exports.text import NO_WORDS, Utterance, utterances_of

CODEBOOKS, BINS, RATE = 8, 1024, 75.0
"""Of EnCodec at 24 kHz and 6 kbit/s."""
PROMPT = 3.0
"""Seconds of the prompt, at most."""
SHORTEST_PROMPT = 1.0
"""Seconds."""
NO_PROMPT = "the speaker says nothing else of a second or more, so there is no prompt"


class Valle(Format):
    """One safetensors file per shard with `<key>` int16 [8, frames] and `<key>.prompt`, and a line with the text of each."""

    serves: ClassVar[str] = "VALL-E, AudioLM"
    reads: ClassVar[tuple[str, ...]] = ("codes",)
    carries: ClassVar[tuple[str, ...]] = ("words",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        from safetensors.numpy import save

        tensors: dict[str, NDArray[np.int16]] = {}
        for item in items:
            reason = unfit(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
                continue
            examples, words, alone = 0, 0, 0
            for said in (utterances_of(item, channel) for channel in (0, 1)):
                for index, utterance in enumerate(said):
                    other = prompt_for(said, index)
                    if other is None:
                        alone += len(utterance.words)
                        continue
                    line, codes, prompt = example(item, item.codes, utterance, index, other)
                    tensors[line["key"]], tensors[f"{line['key']}.prompt"] = codes, prompt
                    sink.line(f"{sink.split}.jsonl", {"file": sink.shard("safetensors"), **line})
                    examples, words = examples + 1, words + len(utterance.words)
            if not examples:
                sink.leave_out(item, NO_PROMPT if alone else NO_WORDS)
                continue
            if alone:
                sink.lose(NO_PROMPT, words=alone)
            sink.wrote(item, examples, words=words)
        if tensors:
            sink.put(sink.shard("safetensors"), save(tensors))


def example(
    item: Item, codes: ItemCodes, utterance: Utterance, index: int, other: Utterance
) -> tuple[dict[str, Any], NDArray[np.int16], NDArray[np.int16]]:
    """What is told of the utterance of this index on its side, its codes, and those of its prompt."""
    channel = utterance.channel
    who = item.speaker(channel)
    own = cut(codes, channel, utterance.start, utterance.end)
    prompt = cut(codes, channel, other.start, min(other.end, other.start + PROMPT))
    about = {"key": f"{item.stem}-{channel}-{index:05d}", "id": item.id, "channel": channel}
    times = {"start": utterance.start, "end": utterance.end, "prompt_start": other.start, "prompt_text": other.text}
    return {**about, "speaker": who.name if who is not None else "", "text": utterance.text, **times}, own, prompt


def prompt_for(said: Sequence[Utterance], index: int) -> Utterance | None:
    """The longest other utterance of a speaker, the first of equals; None where all are too short."""
    others = [each for at, each in enumerate(said) if at != index]
    longest = max(others, key=lambda each: each.end - each.start, default=None)
    return longest if longest is not None and longest.end - longest.start >= SHORTEST_PROMPT else None


def cut(codes: ItemCodes, channel: int, start: float, end: float) -> NDArray[np.int16]:
    """The frames [codebooks, t] of a stretch in seconds, at least one."""
    first = min(int((start + codes.lead) * codes.frame_rate), codes.frames - 1)
    last = max(first + 1, round((end + codes.lead) * codes.frame_rate))
    return np.ascontiguousarray(codes.codes[channel, :, first:last])


def unfit(codes: ItemCodes | None) -> str:
    """Why codes are none of EnCodec's, as the end of a sentence; empty when they are."""
    if codes is None:
        return "no codes; add tokenize with the backend encodec to the chain"
    if (codes.codebooks, codes.bins, codes.frame_rate) != (CODEBOOKS, BINS, RATE):
        found = f"{codes.codebooks} codebooks of {codes.bins} at {codes.frame_rate:g} Hz of {codes.codec}"
        return f"{found}; wanted {CODEBOOKS} of {BINS} at {RATE:g} Hz, of encodec"
    return ""
