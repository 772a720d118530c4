"""Ticks into segments: the order of speakers, each piece's own two, and everybody else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.span import Span, total, union
from stages.diarize.assemble import Scene, diarization, expected_right, ordered, paired, spans, talk_of
from stages.diarize.conversations import Piece
from stages.diarize.segmentation import Heard


def scene(text: str) -> Scene:
    """A tick a letter: `a`, `b`, `c` alone, `+` two at once, `.` nobody."""
    voice = np.array(["abc".find(letter) for letter in text], np.int64)
    overlap = np.array([letter == "+" for letter in text])
    sure = np.full(len(text), 0.9)
    return Scene(voice >= 0, overlap, np.maximum(voice, 0), sure, np.where(overlap, 0.8, 0.1), np.where(voice < 0, 0.05, 0.0) * ~overlap)


def made(of: Scene, rate: int = 800) -> list[tuple[int, int, int]]:
    """Segments as speaker, start and end in ticks."""
    ticks = len(of.solo)
    found = diarization(
        of,
        (),
        channel=0,
        length=ticks * rate // 100,
        rate=rate,
        least_sure=0.5,
        confidence=1.0,
        similarity=0.1,
    )
    per = rate // 100
    return [(s.speaker, s.span.start // per, s.span.end // per) for s in found.segments]


def test_who_is_heard_alone_first_is_speaker_0() -> None:
    assert made(ordered(scene("aab.b"))) == [(0, 0, 2), (1, 2, 3), (1, 4, 5)]
    assert made(ordered(scene("bba.a"))) == [(0, 0, 2), (1, 2, 3), (1, 4, 5)]
    assert made(ordered(scene("+b.a"))) == [(0, 0, 1), (1, 0, 1), (0, 1, 2), (1, 3, 4)]


def test_other_people_stay_other_people() -> None:
    found = diarization(ordered(scene("cba")), (), channel=0, length=24, rate=800, least_sure=0.5, confidence=1.0, similarity=0.1)
    assert [(other.kind, other.span) for other in found.others] == [("third_voice", Span(0, 8))]
    assert [s.speaker for s in found.segments] == [0, 1]


def test_each_piece_has_its_own_speakers() -> None:
    pieces = [
        Piece(Span(0, 5), Span(0, 4), (0, 1), False, None),
        Piece(Span(5, 10), Span(6, 10), (0, 2), False, None),
        Piece(Span(11, 15), Span(12, 15), (1, 2), True, "one_speaker"),
    ]
    of = scene("ab+a..cab+..cc+")
    assert made(paired(of, pieces)) == [
        *((0, 0, 1), (1, 1, 2), (0, 2, 3), (1, 2, 3), (0, 3, 4)),
        *((1, 6, 7), (0, 7, 8), (0, 9, 10), (1, 9, 10)),
        *((1, 12, 14), (0, 14, 15), (1, 14, 15)),
    ]
    found = diarization(paired(of, pieces), (), channel=0, length=120, rate=800, least_sure=0.5, confidence=1.0, similarity=0.1)
    assert [(other.kind, other.span) for other in found.others] == [("third_voice", Span(64, 72))], "voice b is a stranger there"


@given(st.text("abc+.", min_size=1, max_size=60))
def test_the_talk_of_a_scene_is_all_of_its_speech(text: str) -> None:
    of = scene(text)
    talk = talk_of(of, 3)
    assert (talk.length, talk.rate) == (len(text), 100)
    assert sum(total(voice) for voice in talk.voices) + total(talk.both) == sum(letter != "." for letter in text)
    assert talk.speech == union(spans(of.solo | of.overlap))
    for voice, letter in enumerate("abc"):
        assert total(talk.voices[voice]) == text.count(letter)


def test_the_expected_share_of_a_part_is_that_of_its_ticks() -> None:
    of = scene("aaaa....bb++")
    overlap: NDArray[np.float32] = np.array([0.1] * 4 + [0.0] * 4 + [0.3] * 4, np.float32)
    heard = Heard(np.ones(12, np.float32), overlap, np.zeros(0, np.int64), np.zeros((0, 1, 3), np.float16))
    assert expected_right(of, heard, slice(0, 4)) == pytest.approx(0.8)
    assert expected_right(of, heard, slice(8, 12)) == pytest.approx(1 - (2 * (0.1 + 0.3) + 2 * 0.7) / 6)
    assert expected_right(of, heard) == pytest.approx(1 - (4 * 0.2 + 2 * 0.4 + 2 * 0.7 + 4 * 0.05) / 10)
    assert expected_right(of, heard, slice(4, 8)) == pytest.approx(1 - 4 * 0.05), "no speech at all"


@given(st.text("abc+.", min_size=1, max_size=40), st.integers(0, 39), st.floats(0, 1), st.floats(0, 1))
def test_more_doubt_anywhere_never_raises_the_expected_share(text: str, at: int, less: float, more: float) -> None:
    less, more = sorted((less, more))
    of, tick = scene(text), at % len(text)

    def expected(doubt: float) -> float:
        overlap = np.full(len(text), 0.2, np.float32)
        overlap[tick] = 1 - doubt if of.overlap[tick] else doubt
        heard = Heard(np.ones(len(text), np.float32), overlap, np.zeros(0, np.int64), np.zeros((0, 1, 3), np.float16))
        return expected_right(of, heard)

    assert 0.0 <= expected(more) <= expected(less) + 1e-6 <= 1.0 + 1e-6
