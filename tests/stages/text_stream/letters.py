"""A tokenizer of letters, and words to try it on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.row import RowWord
from stages.text_stream.pieces import Piece


class Letters:
    """One piece for each letter; a space is one piece with the letter after it, as in SentencePiece."""

    size = 400
    sha256 = "00" * 32

    def __call__(self, text: str) -> list[Piece]:
        found, at = [], 0
        while at < len(text):
            step = 2 if text[at] == " " and at + 1 < len(text) else 1
            found.append(Piece(4 + ord(text[at + step - 1]) % 300, at))
            at += step
        return found


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[RowWord], int]:
    """Words of both channels, some too fast for their tokens, in any order, some of no duration; and the number of frames."""
    frames = draw(st.integers(1, 60))
    words: list[RowWord] = []
    for channel in (0, 1):
        at = draw(st.floats(-0.1, 1.0))
        for _ in range(draw(st.integers(0, 12))):
            length = draw(st.sampled_from([0.0, 0.02, 0.08, 0.16, 0.3, 0.7]))
            text = draw(st.text("abcdefg", min_size=1, max_size=6))
            words.append(RowWord(channel, at, at + length, text, None, "given"))
            at += length + draw(st.sampled_from([0.0, 0.0, 0.08, 0.4]))
    order: Any = draw(st.permutations(range(len(words))))
    return [words[i] for i in order], frames
