"""Speech without words, against a count sample by sample."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.span import Span, Spans, total
from schemas.transcript import Piece, Recovered, Transcript, Word
from stages.transcribe.unworded import REACH, unworded, unworded_spans

LENGTH, RATE = 200, 10


@st.composite
def disjoint(draw: st.DrawFn) -> Spans:
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=16)))
    return tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))


@given(disjoint(), disjoint(), disjoint())
def test_what_lies_further_than_the_reach_from_any_word_or_recovered_filler(speech: Spans, words: Spans, fillers: Spans) -> None:
    pieces = tuple(Piece(0, span, (Word(span, "w", "given"),)) for span in words)
    recovered = tuple(Recovered(0, span, "uh", None, "given") for span in fillers)
    transcript = Transcript(pieces=pieces, length=LENGTH, rate=RATE, recovered=recovered)
    activity = Activity(channels=(speech, speech), length=LENGTH, rate=RATE)
    reach = round(REACH * RATE)
    near = {t for span in (*words, *fillers) for t in range(span.start - reach, span.end + reach)}
    wanted = sum(t not in near for span in speech for t in range(span.start, span.end))
    assert unworded(transcript, activity) == (wanted, total(speech))
    assert total(unworded_spans(transcript, activity)[0]) == wanted
