"""The text stream against the trainers' rules, run frame by frame."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given

from schemas.errors import UsageError
from schemas.row import RowWord
from stages.text_stream.frames import FRAME_RATE, MODES, text_stream
from stages.text_stream.pieces import EPAD, PAD
from stages.text_stream.utterances import utterances
from tests.stages.text_stream.letters import Letters, talks

LETTERS = Letters()


def word(start: float, end: float, text: str, channel: int = 0) -> RowWord:
    return RowWord(channel, start, end, text, None, "given")


def frame_by_frame(words: Sequence[RowWord], channel: int, frames: int) -> list[int]:
    """moshi-finetune's rule as formats.md 4.4 tells it: a queue that each new word replaces, one token a frame, EPAD where text begins."""
    waiting = deque(sorted((w for w in words if w.channel == channel and w.start < w.end), key=lambda w: w.start))
    queue: deque[int] = deque()
    row = []
    for frame in range(frames):
        while waiting and waiting[0].start * FRAME_RATE < frame + 1:
            queue = deque(piece.id for piece in LETTERS(waiting.popleft().text))
        if not queue:
            row.append(PAD)
            continue
        if row and row[-1] == PAD:
            row[-1] = EPAD
        row.append(queue.popleft())
    return row


def next_free(words: Sequence[RowWord], channel: int, frames: int) -> list[int]:
    """J-Moshi's rule: letters share a word's time, each token goes to its first letter's frame or the next one that holds padding."""
    mine = sorted((w for w in words if w.channel == channel and w.start < w.end), key=lambda w: w.start)
    text, times = "", []
    for index, each in enumerate(mine):
        said = each.text if index == 0 else f" {each.text}"
        times += [each.start + i * (each.end - each.start) / len(said) for i in range(len(said))]
        text += said
    row = [PAD] * frames
    for piece in LETTERS(text):
        at = max(0, math.floor(times[piece.at] * FRAME_RATE))
        while at < frames and row[at] != PAD:
            at += 1
        if at >= frames:
            break
        row[at] = piece.id
        if at and row[at - 1] == PAD:
            row[at - 1] = EPAD
    return row


@given(talks())
def test_drop_is_the_interleavers_rule(talk: tuple[list[RowWord], int]) -> None:
    words, frames = talk
    for channel in (0, 1):
        stream = text_stream(words, channel, frames, "drop", LETTERS)
        assert stream.tokens.tolist() == frame_by_frame(words, channel, frames)


@given(talks())
def test_shift_is_j_moshis_rule(talk: tuple[list[RowWord], int]) -> None:
    words, frames = talk
    for channel in (0, 1):
        stream = text_stream(words, channel, frames, "shift", LETTERS)
        assert stream.tokens.tolist() == next_free(words, channel, frames)


@given(talks())
def test_every_token_is_written_or_counted_and_text_never_follows_bare_padding(talk: tuple[list[RowWord], int]) -> None:
    words, frames = talk
    for mode in MODES:
        for channel in (0, 1):
            stream = text_stream(words, channel, frames, mode, LETTERS)
            standing = int(((stream.tokens != PAD) & (stream.tokens != EPAD)).sum())
            assert stream.tokens.shape == (frames,)
            assert stream.written == standing
            assert stream.written + stream.dropped >= len([w for w in words if w.channel == channel])
            begins = (stream.tokens[1:] != PAD) & (stream.tokens[1:] != EPAD) & (stream.tokens[:-1] == PAD)
            assert not begins.any()
            assert stream.drop_rate is None or 0 <= stream.drop_rate <= 1


@given(talks())
def test_with_room_at_the_end_only_drop_drops(talk: tuple[list[RowWord], int]) -> None:
    words, _ = talk
    lost = sum(len(LETTERS(w.text)) for w in words if w.channel == 0 and w.start >= w.end)
    for mode in ("shift", "segment"):
        stream = text_stream(words, 0, 400, mode, LETTERS)
        assert stream.dropped == lost
        said = [piece for w in sorted(words, key=lambda w: w.start) if w.channel == 0 and w.start < w.end for piece in w.text]
        told = [int(token) for token in stream.tokens if token not in (PAD, EPAD)]
        assert told == [4 + ord(letter) % 300 for letter in said]


@given(talks())
def test_segments_are_contiguous(talk: tuple[list[RowWord], int]) -> None:
    words, _ = talk
    timed = [w for w in words if w.start < w.end]
    stream = text_stream(words, 0, 400, "segment", LETTERS)
    row, at = stream.tokens.tolist(), 0
    for utterance in utterances(timed, 0):
        at = max(at, math.floor(utterance.start * FRAME_RATE))
        pieces = [piece.id for piece in LETTERS(utterance.text)]
        assert row[at : at + len(pieces)] == pieces
        at += len(pieces)


def test_two_words_in_one_frame_leave_the_last_and_a_new_word_cuts_the_one_before() -> None:
    words = [word(0.0, 0.03, "ab"), word(0.04, 0.08, "c"), word(0.40, 0.60, "defg"), word(0.60, 0.70, "a")]
    stream = text_stream(words, 0, 12, "drop", LETTERS)
    a, c, d, e = (4 + ord(letter) % 300 for letter in "acde")
    f = 4 + ord("f") % 300
    assert stream.tokens.tolist() == [c, PAD, PAD, PAD, EPAD, d, e, a, PAD, PAD, PAD, PAD]
    assert f not in stream.tokens
    assert (stream.written, stream.dropped) == (4, 4)


def test_a_word_on_the_edge_of_a_frame_belongs_to_the_frame_that_begins_there() -> None:
    assert text_stream([word(0.16, 0.3, "a")], 0, 5, "drop", LETTERS).tokens.tolist() == [PAD, EPAD, 4 + ord("a") % 300, PAD, PAD]


def test_text_in_the_first_frame_has_no_room_for_epad() -> None:
    stream = text_stream([word(-0.5, 0.3, "ab")], 0, 4, "drop", LETTERS)
    assert stream.tokens.tolist() == [4 + ord("a") % 300, 4 + ord("b") % 300, PAD, PAD]
    assert stream.tokens.dtype == np.int32


def test_languages_without_spaces_are_joined_without_them() -> None:
    words = [word(0.0, 0.5, "ab"), word(0.5, 1.0, "cd")]
    spaced = text_stream(words, 0, 20, "shift", LETTERS)
    closed = text_stream(words, 0, 20, "shift", LETTERS, between="")
    assert spaced.written == closed.written == 4
    assert np.flatnonzero(closed.tokens > PAD).tolist() == [0, 3, 6, 9]
    assert np.flatnonzero(spaced.tokens > PAD).tolist() == [0, 3, 6, 10]


def test_how_late_the_latest_token_is() -> None:
    stream = text_stream([word(0.0, 0.08, "abcd")], 0, 10, "shift", LETTERS)
    assert stream.latest == 3


def test_a_mode_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no mode 'later'"):
        text_stream([], 0, 4, "later", LETTERS)


def test_no_words_is_no_drop_rate() -> None:
    assert text_stream([], 0, 4, "drop", LETTERS).drop_rate is None
