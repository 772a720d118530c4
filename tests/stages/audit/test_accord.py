"""Transcript against sound: whole, crossed, moved, foreign, cut off, and with holes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.span import Span, total
from schemas.transcript import Piece, Transcript, Word
from stages.audit.accord import accord
from stages.audit.findings import fit
from tests.stages.audit.made import activity

TRUTH = activity(120, seed=5)


def transcript(channels: Sequence[Sequence[Span]], length: int, rate: int) -> Transcript:
    """One word for each span."""
    pieces = [Piece(channel, span, (Word(span, "word", "given"),)) for channel, spans in enumerate(channels) for span in spans]
    ordered = sorted(pieces, key=lambda piece: (piece.span.start, piece.span.end, piece.channel))
    return Transcript(pieces=tuple(ordered), length=length, rate=rate)


def of(channels: Sequence[Sequence[Span]]) -> Transcript:
    return transcript(channels, TRUTH.length, TRUTH.rate)


def moved(by: float) -> list[list[Span]]:
    step = round(by * TRUTH.rate)
    spans = [[Span(s.start + step, s.end + step) for s in each if s.start + step >= 0] for each in TRUTH.channels]
    return [[s for s in each if s.end <= TRUTH.length] for each in spans]


def test_a_true_transcript_fits_and_leaves_nothing_out() -> None:
    got = accord(of(TRUTH.channels), TRUTH, None)
    assert got.fit == pytest.approx(1)
    assert got.crossed is not None
    assert got.crossed < 0.2
    assert got.shift_s == 0
    assert [side.unworded_s for side in got.sides] == [0, 0]
    assert [side.unheard_words for side in got.sides] == [0, 0]
    assert (got.beyond_s, got.tail_s, got.unworded, got.unheard) == (0, 0, (), ())


def test_sides_the_other_way_round_fit_crossed() -> None:
    got = accord(of(TRUTH.channels[::-1]), TRUTH, None)
    assert got.crossed == pytest.approx(1)
    assert got.fit is not None
    assert got.fit < 0.2


@pytest.mark.parametrize("by", [-7.3, 2.0, 11.5])
def test_a_moved_transcript_says_by_how_much(by: float) -> None:
    got = accord(of(moved(by)), TRUTH, None)
    assert got.shift_s == pytest.approx(-by, abs=0.11)
    assert got.shifted is not None
    assert got.shifted > 0.85


def test_the_transcript_of_another_call_is_told_from_its_own() -> None:
    told = 0
    for seed in range(20, 44):
        other = activity(120, seed=seed)
        told += [each.name for each in fit(accord(of(other.channels), TRUTH, None))] == ["foreign_transcript"]
        own = transcript(other.channels, other.length, other.rate)
        assert fit(accord(own, other, None)) == []
    assert told >= 21


def test_findings_of_the_fit_name_what_is_wrong() -> None:
    assert [each.name for each in fit(accord(of(TRUTH.channels[::-1]), TRUTH, None))] == ["swapped_sides"]
    moving = fit(accord(of(moved(9.0)), TRUTH, None))
    assert [(each.name, round(each.value or 0)) for each in moving] == [("shifted_transcript", -9)]


def test_speech_without_words_is_measured_to_the_second() -> None:
    kept = (TRUTH.channels[0][:-6], TRUTH.channels[1])
    got = accord(of(kept), TRUTH, None)
    missing = total(TRUTH.channels[0][-6:]) / TRUTH.rate
    assert got.sides[0].unworded_s == pytest.approx(missing, abs=1.0)
    assert got.sides[1].unworded_s == 0
    assert {each.channel for each in got.unworded} == {0}


def test_words_where_nobody_is_heard_are_counted() -> None:
    quiet = Activity(channels=(TRUTH.channels[0][:-5], TRUTH.channels[1]), length=TRUTH.length, rate=TRUTH.rate)
    got = accord(of(TRUTH.channels), quiet, None)
    assert got.sides[0].unheard_words == 5
    assert len(got.unheard) == 5


def test_text_beyond_the_sound_and_speech_after_the_text() -> None:
    got = accord(of((TRUTH.channels[0][:4], TRUTH.channels[1][:4])), TRUTH, TRUTH.length / TRUTH.rate + 12.5)
    assert got.beyond_s == pytest.approx(12.5)
    last = max(span.end for spans in TRUTH.channels for span in spans[:4])
    after = sum(total([Span(max(s.start, last), s.end) for s in spans if s.end > last]) for spans in TRUTH.channels) / TRUTH.rate
    assert got.tail_s == pytest.approx(after, abs=0.01)


def test_too_little_talk_says_nothing_of_the_fit() -> None:
    little = Activity(channels=((Span(0, 800),), ()), length=80_000, rate=8000)
    assert accord(transcript(((Span(0, 800),), ()), 80_000, 8000), little, None).fit is None


spans = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=12).map(
    lambda pairs: tuple(Span(100 * a * 13 % 60_000, 100 * a * 13 % 60_000 + 20 * b) for a, b in pairs)
)


@settings(max_examples=60, deadline=None)
@given(st.tuples(spans, spans), st.tuples(spans, spans))
def test_nothing_is_more_than_there_is(said: tuple[tuple[Span, ...], ...], heard: tuple[tuple[Span, ...], ...]) -> None:
    from schemas.span import union

    said, heard = tuple(union(each) for each in said), tuple(union(each) for each in heard)
    speech = Activity(channels=heard, length=64_000, rate=8000)
    got = accord(transcript(said, 64_000, 8000), speech, None)
    for channel in (0, 1):
        side = got.sides[channel]
        assert 0 <= side.unworded_s <= side.speech_s + 1e-9
        assert 0 <= side.unheard_words <= side.words == len(said[channel])
    for value in (got.fit, got.crossed, got.shifted):
        assert value is None or -1 - 1e-9 <= value <= 1 + 1e-9
    if got.shifted is not None and got.fit is not None:
        assert got.shifted >= got.fit - 1e-9
