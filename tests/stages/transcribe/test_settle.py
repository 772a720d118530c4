"""Utterances set side by side: nothing overlaps, nothing is lost, nothing moves without need."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from schemas.transcript import Transcript
from stages.transcribe.settle import Uttered, as_pieces, settle, spread, worded

LENGTH = 200

UTTERED = st.builds(
    lambda pair, texts, timed: Uttered(Span(min(pair), max(pair)), tuple(texts[:1] if timed else texts), timed),
    st.tuples(st.integers(0, LENGTH + 30), st.integers(0, LENGTH + 30)),
    st.lists(st.text("abc", min_size=1, max_size=6), max_size=5),
    st.booleans(),
)


@given(st.lists(UTTERED, max_size=12), st.integers(0, 20))
def test_every_word_is_settled_or_counted_and_a_transcript_can_be_made(said: list[Uttered], join: int) -> None:
    settled, without = settle(said, LENGTH)
    kept = Counter(text for each in settled for text in each.texts)
    lost = Counter(text for each in without for text in each.texts)
    assert kept + lost == Counter(text for each in said for text in each.texts)
    assert all(a.span.end <= b.span.start for a, b in pairwise(settled))
    pieces = as_pieces(0, settled, join)
    made = Transcript(pieces=tuple(pieces), length=LENGTH, rate=8000)
    assert Counter(word.text for word in made.words(0)) == kept


@given(st.lists(UTTERED, max_size=12))
def test_what_overlaps_nothing_stays_as_it_is(said: list[Uttered]) -> None:
    settled, _ = settle(said, LENGTH)
    assert settle(settled, LENGTH) == (settled, ())


@given(st.lists(st.text("ab1-", min_size=1, max_size=9), min_size=1, max_size=9), st.integers(0, 50), st.integers(9, 90))
def test_words_tile_their_stretch_by_their_letters(texts: list[str], start: int, length: int) -> None:
    span = Span(start, start + length)
    found = spread(texts, span)
    assert [word.text for word in found] == texts
    assert (found[0].span.start, found[-1].span.end) == (span.start, span.end)
    assert all(a.span.end == b.span.start for a, b in pairwise(found))
    assert all(len(word.span) >= 1 and word.method == "spread" for word in found)


def test_letters_give_the_times() -> None:
    assert [word.span for word in spread(("a", "bcd", "ef!"), Span(10, 73))] == [Span(10, 21), Span(21, 52), Span(52, 73)]


def test_partial_overlap_is_halved_and_what_lies_inside_is_joined() -> None:
    first, second = Uttered(Span(0, 100), ("a", "b")), Uttered(Span(80, 150), ("c",))
    assert settle([second, first], LENGTH)[0] == (Uttered(Span(0, 90), ("a", "b")), Uttered(Span(90, 150), ("c",)))
    inside = Uttered(Span(20, 40), ("c",))
    assert settle([first, inside], LENGTH)[0] == (Uttered(Span(0, 100), ("a", "b", "c")),)


def test_text_outside_the_recording_is_counted() -> None:
    late, over = Uttered(Span(LENGTH + 5, LENGTH + 9), ("x",)), Uttered(Span(LENGTH - 10, LENGTH + 9), ("y",))
    settled, without = settle([late, over], LENGTH)
    assert settled == (Uttered(Span(LENGTH - 10, LENGTH), ("y",)),)
    assert without == (late,)


def test_a_timed_word_keeps_its_times_and_neighbours_share_a_piece() -> None:
    said = [Uttered(Span(10, 20), ("a",), True, 0.5), Uttered(Span(25, 30), ("b",), True), Uttered(Span(60, 70), ("c",), True)]
    pieces = as_pieces(1, said, 5)
    assert [(piece.span, [word.text for word in piece.words]) for piece in pieces] == [(Span(10, 30), ["a", "b"]), (Span(60, 70), ["c"])]
    assert pieces[0].words[0].span == Span(10, 20)
    assert (pieces[0].words[0].method, pieces[0].words[0].confidence) == ("given", 0.5)
    # An utterance is a piece of its own, however near.
    assert len(as_pieces(1, [Uttered(Span(0, 5), ("a",)), Uttered(Span(5, 9), ("b",))], 50)) == 2
    assert worded(Uttered(Span(0, 9), ("a", "b"), True))[0].method == "spread"
