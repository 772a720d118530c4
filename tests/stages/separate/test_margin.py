"""Stretches grow only where nobody speaks, by no more than they may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.diarization import Diarization, OtherSound
from schemas.span import Span, complement, intersect, subtract, total, union
from stages.separate.margin import widened
from tests.stages.separate.mixtures import diarizations, diarized


def test_each_takes_half_of_a_short_silence_and_its_margin_of_a_long_one() -> None:
    grown = widened(diarized(1000, (0, 100, 200), (1, 231, 300), (0, 600, 700)), 50, 10)
    assert grown.of(0) == (Span(50, 210), Span(550, 750))
    assert grown.of(1) == (Span(221, 350),)


def test_nothing_grows_beyond_the_recording_or_into_other_sound() -> None:
    other = (OtherSound("music", Span(210, 300)),)
    grown = widened(diarized(320, (0, 10, 200), (1, 305, 315), others=other), 50)
    assert grown.of(0) == (Span(0, 210),)
    assert grown.of(1) == (Span(300, 320),)


def test_where_both_stop_the_longer_stretch_has_the_silence() -> None:
    grown = widened(diarized(400, (0, 0, 100), (1, 80, 100)), 30)
    assert grown.of(0) == (Span(0, 130),)
    assert grown.of(1) == (Span(80, 100),)


@given(diarizations(), st.integers(0, 60), st.integers(0, 20))
def test_speech_is_as_it_was_and_silence_is_shared(diarization: Diarization, margin: int, between: int) -> None:
    grown = widened(diarization, margin, between)
    spoken = union(s.span for s in diarization.segments)
    assert grown.overlaps == diarization.overlaps
    for speaker in (0, 1):
        before, after = diarization.of(speaker), grown.of(speaker)
        assert subtract(before, after) == ()
        assert intersect(subtract(after, before), spoken) == ()
    for gap in complement(spoken, diarization.length):
        taken = [total(intersect(grown.of(speaker), (gap,))) for speaker in (0, 1)]
        assert sum(taken) <= min(len(gap), 2 * margin)
        ends = {s.span.end for s in diarization.segments}, {s.span.start for s in diarization.segments}
        if gap.start in ends[0] and gap.end in ends[1]:
            assert sum(taken) == min(2 * (max(0, len(gap) - between) // 2), 2 * margin)
