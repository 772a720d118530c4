"""The inner monologue: one text token or padding for each frame of a codec, from the words of one speaker.

`PAD` fills frames without text, and the last padded frame before text is `EPAD`. Where more tokens are wanted than there are frames, the
three modes differ: see `MODES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.row import RowWord
from stages.text_stream.pieces import EPAD, PAD, Piece, Pieces
from stages.text_stream.utterances import Utterance, utterances

FRAME_RATE = 12.5
"""Hz, of Mimi."""
MODES: dict[str, str] = {
    "drop": "a word's tokens follow from its start until the next word begins, and what is not written by then is dropped: the rule of "
    "moshi-finetune's interleaver, which loses text in fast speech",
    "shift": "each token stands where its first letter is said, or in the next free frame: the rule of J-Moshi",
    "segment": "an utterance's tokens follow one another from its start: the rule of FLM-Audio",
}
"""What becomes of tokens that have no frame of their own."""


@dataclass(frozen=True, slots=True)
class TextStream:
    """One speaker's text tokens."""

    tokens: NDArray[np.int32]
    """[frames]; `PAD`, `EPAD` or a piece's id."""
    written: int
    """Pieces that stand in `tokens`."""
    dropped: int
    """Pieces that do not."""
    unknown: int
    """Written pieces with the id of `EPAD`, which a model cannot tell from it: text that the SentencePiece model does not know."""
    latest: int
    """Frames between where a token belongs and where it stands, at most."""

    @property
    def drop_rate(self) -> float | None:
        """Share of the pieces that are not in the stream; absent when there are none at all."""
        total = self.written + self.dropped
        return self.dropped / total if total else None


def text_stream(
    words: Sequence[RowWord], channel: int, frames: int, mode: str, pieces: Pieces, between: str = " ", rate: float = FRAME_RATE
) -> TextStream:
    """The text stream of one channel over `frames` frames at `rate` Hz.

    `between` stands between two words. Words without duration are dropped, as they are in training. Raises `UsageError` for a mode that
    is not in `MODES`.
    """
    if mode not in MODES:
        raise UsageError(f"text stream: no mode {mode!r}; wanted one of {', '.join(MODES)}")
    mine = sorted((word for word in words if word.channel == channel), key=lambda word: word.start)
    timed = [word for word in mine if word.start < word.end]
    lost = sum(len(pieces(word.text.strip())) for word in mine if not word.start < word.end)
    rule: Callable[[], Iterable[_Placed]]
    if mode == "drop":
        rule = lambda: _drop(timed, frames, pieces, rate)  # noqa: E731
    elif mode == "shift":
        rule = lambda: _next_free(_spread(timed, pieces, between, rate))  # noqa: E731
    else:
        rule = lambda: _next_free(_contiguous(utterances(timed, channel, between), pieces, rate))  # noqa: E731
    return _written(rule(), frames, lost)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A piece and its frame; without one it is dropped."""

    id: int
    frame: int | None
    late: int = 0


def _written(placed: Iterable[_Placed], frames: int, lost: int) -> TextStream:
    tokens = np.full(frames, PAD, dtype=np.int32)
    written, dropped, unknown, latest = 0, lost, 0, 0
    for each in placed:
        if each.frame is None or each.frame >= frames:
            dropped += 1
            continue
        tokens[each.frame] = each.id
        if each.frame and tokens[each.frame - 1] == PAD:
            tokens[each.frame - 1] = EPAD
        written, unknown, latest = written + 1, unknown + (each.id == EPAD), max(latest, each.late)
    return TextStream(tokens, written, dropped, unknown, latest)


def _frame(seconds: float, rate: float) -> int:
    """The first frame that ends after this time."""
    return max(0, math.floor(seconds * rate))


def _drop(words: Sequence[RowWord], frames: int, pieces: Pieces, rate: float) -> Iterable[_Placed]:
    starts = [_frame(word.start, rate) for word in words]
    for word, start, stop in zip(words, starts, [*starts, frames][1:], strict=True):
        for index, piece in enumerate(pieces(word.text.strip())):
            yield _Placed(piece.id, start + index if start + index < stop else None)


def _next_free(wanted: Iterable[tuple[Piece, int]]) -> Iterable[_Placed]:
    """Pieces, in order, each in the frame where it is wanted or the first one after the piece before."""
    free = 0
    for piece, frame in wanted:
        at = max(frame, free)
        free = at + 1
        yield _Placed(piece.id, at, at - frame)


def _spread(words: Sequence[RowWord], pieces: Pieces, between: str, rate: float) -> Iterable[tuple[Piece, int]]:
    """Pieces of all words as one text, with the frame in which each one's first letter is said if letters take equal time."""
    texts = [(between if index else "") + word.text.strip() for index, word in enumerate(words)]
    times = [
        word.start + i * (word.end - word.start) / len(text) for word, text in zip(words, texts, strict=True) for i in range(len(text))
    ]
    for index, piece in enumerate(pieces("".join(texts))):
        if index or not piece.bare:
            yield piece, _frame(times[piece.at], rate)


def _contiguous(found: Sequence[Utterance], pieces: Pieces, rate: float) -> Iterable[tuple[Piece, int]]:
    for utterance in found:
        start = _frame(utterance.start, rate)
        for index, piece in enumerate(pieces(utterance.text)):
            yield piece, start + index
