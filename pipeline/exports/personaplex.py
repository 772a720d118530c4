"""PersonaPlex: the 17 rows of `tokens` after a prefix that sets voice and role.

The prefix is, frame by frame: the voice prompt (the main speaker's longest utterance, at most 10 s), half a second of silence, the role as
`<system> … <system>` with one text token a frame, half a second of silence. The user's side holds the codes of a 440 Hz tone throughout,
the main side those of silence outside the voice prompt. A speaker without words has no voice prompt; the manifest counts those as
`without_voice_prompt`. The role is `role_prompt` of the source's manifest line where it is there, or else
said with the speaker's role. `prefix` in the list says how many frames carry no loss. `dataset.py` is that of `tokens`.
"""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Sink
from pipeline.exports.item import Item, ItemCodes
from pipeline.exports.text import PAD, ids_of, utterances_of
from pipeline.exports.tokens import CODEBOOKS, Tokens, unfit
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

    def unfit(self, codes: ItemCodes | None) -> str:
        return unfit(codes) or unknown_codec(codes)

    def before(self, item: Item, codes: ItemCodes, main: int, sink: Sink) -> NDArray[np.int32]:
        if not utterances_of(item, main):
            sink.count_up(without_voice_prompt=1)
        return prefix(item, codes, main, ids_of(f"<system> {role_of(item, main)} <system>", sink.options))


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
