"""PersonaPlex: the 17 rows of `tokens` after a prefix that sets voice and role.

The prefix is, frame by frame: the voice prompt (the main speaker's longest utterance, at most 10 s), half a second of silence, the role as
`<system> … <system>` with one text token a frame, half a second of silence. The user's side holds the codes of a 440 Hz tone throughout,
the main side those of silence outside the voice prompt. The role is `role_prompt` of the source's manifest line where it is there, or else
said with the speaker's role. `prefix` in the list says how many frames carry no loss. `dataset.py` is that of `tokens`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Options, Sink
from pipeline.exports.item import Item, ItemCodes
from pipeline.exports.text import PAD, ids_of, pieces_for, utterances_of
from pipeline.exports.tokens import CODEBOOKS, Tokens, rows, unfit
from pipeline.exports.valle import cut

SILENCE = (948, 243, 1178, 546, 1736, 1030, 1978, 2008)
"""Mimi's codes of silence."""
TONE = (430, 1268, 381, 1611, 1095, 1495, 56, 472)
"""Mimi's codes of a 440 Hz sine."""
HALF_A_SECOND = 6
"""Frames, rounded down."""
LONGEST_VOICE = 10.0
"""Seconds of the voice prompt, at most."""
DEFAULT_ROLE = "You enjoy having a good conversation."


class PersonaPlex(Tokens):
    """The files of `tokens`, each tensor with its prefix."""

    serves: ClassVar[str] = "PersonaPlex"

    def check(self, options: Options) -> None:
        pieces_for(options)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        from safetensors.numpy import save

        kind = np.int16 if pieces_for(sink.options).size <= 2**15 else np.int32
        tensors: dict[str, NDArray[Any]] = {}
        for item in items:
            reason = unfit(item.codes) or unknown_codec(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
                continue
            for main in sink.options.main:
                key = f"{item.stem}-{main}"
                body, rate = rows(item, item.codes, main, sink)
                before = prefix(item, item.codes, main, ids_of(f"<system> {role_of(item, main)} <system>", sink.options))
                tensors[key] = np.concatenate([before, body], axis=1).astype(kind)
                line = {"file": sink.shard("safetensors"), "key": key, "frames": tensors[key].shape[1], "prefix": before.shape[1]}
                sink.line(f"{sink.split}.jsonl", {**line, "id": item.id, "main": main, "token_drop_rate": rate})
            sink.wrote(item, len(sink.options.main))
        if tensors:
            sink.put(sink.shard("safetensors"), save(tensors))


def unknown_codec(codes: ItemCodes | None) -> str:
    """Why the prefix cannot be written with codes of this codec; empty when it can."""
    if codes is not None and codes.codec != "mimi":
        return f"codes of {codes.codec}; the codes of silence and of the tone are known for mimi alone"
    return ""


def role_of(item: Item, main: int) -> str:
    """The role that the main speaker plays, as a prompt."""
    given = json.loads(item.source.extra).get("role_prompt")
    if isinstance(given, str) and given.strip():
        return " ".join(given.split())
    who = item.speaker(main)
    return f"You are the {who.role} in this conversation." if who is not None and who.role else DEFAULT_ROLE


def prefix(item: Item, codes: ItemCodes, main: int, text: list[int]) -> NDArray[np.int32]:
    """The frames before the dialogue: int32 [17, t]."""
    said = utterances_of(item, main)
    voice = np.zeros((CODEBOOKS, 0), dtype=np.int16)
    if said:
        longest = max(said, key=lambda each: each.end - each.start)
        voice = cut(codes, main, longest.start, min(longest.end, longest.start + LONGEST_VOICE))[:CODEBOOKS]
    quiet = np.repeat(np.array(SILENCE)[:, None], 2 * HALF_A_SECOND + len(text), axis=1)
    spoken = np.concatenate([voice, quiet], axis=1)
    length = spoken.shape[1]
    words = np.full((1, length), PAD)
    start = voice.shape[1] + HALF_A_SECOND
    words[0, start : start + len(text)] = text
    return np.concatenate([words, spoken, np.repeat(np.array(TONE)[:, None], length, axis=1)]).astype(np.int32)
