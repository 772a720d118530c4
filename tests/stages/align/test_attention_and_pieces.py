"""The recogniser's own times mended, and what all aligners share: spreading, words that are not said."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from stages.align.attention import AttentionAlign
from stages.align.pieces import filled, otherwise, spread
from stages.stage import Stage
from tests.stages.align.speech import piece, tracks, transcript

RATE = 8000


def test_times_are_kept_but_for_edges_beside_pauses() -> None:
    t = np.arange(4 * RATE) / RATE
    x = np.random.default_rng(0).standard_normal(len(t)) * 0.002
    x += 0.2 * np.sin(2 * np.pi * 300 * t) * ((t >= 1) & (t < 2))
    both = tracks(x, rate=RATE)
    words = piece(["two", "words"], 0, round(0.8 * RATE), round(2.2 * RATE), "attention")
    stage = AttentionAlign()
    assert isinstance(stage, Stage)
    found = stage.load("cpu")(both, transcript(both, [words], "fr")).pieces[0]
    assert [word.method for word in found.words] == ["attention", "attention"]
    assert abs(found.words[0].span.start / RATE - 1.0) < 0.015
    assert abs(found.words[1].span.end / RATE - 2.0) < 0.015
    assert found.words[0].span.end == words.words[0].span.end
    plain = AttentionAlign(refine=False).load("cpu")
    assert plain(both, transcript(both, [words])) == transcript(both, [words])


def test_times_that_nobody_speaks_in_are_spread() -> None:
    both = tracks(np.random.default_rng(0).standard_normal(8 * RATE) * 0.1, rate=RATE)
    found = AttentionAlign().load("cpu")(both, transcript(both, [piece(["one", "seven"], 0, 0, 8 * RATE, "attention")])).pieces[0]
    assert [(word.method, word.span) for word in found.words] == [("spread", Span(0, 24000)), ("spread", Span(24000, 64000))]


@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_what_is_not_said_takes_a_little_of_its_neighbour(said: list[bool]) -> None:
    spans = [(100.0 * i, 100.0 * i + 80) if each else None for i, each in enumerate(said)]
    found = filled(spans, (0, 1000))
    if not any(said):
        assert found is None
        return
    assert found is not None
    assert len(found) == len(said)
    ends = [edge for pair in found for edge in pair]
    assert ends == sorted(ends)
    assert all(end - start > 0.9 for start, end in found)


def test_believable_times_are_kept_and_others_spread() -> None:
    given_times = piece(["some", "words"], 0, 0, RATE, "given")
    assert otherwise(given_times, RATE) == given_times
    assert {word.method for word in otherwise(piece(["some", "words"], 0, 0, 8 * RATE, "given"), RATE).words} == {"spread"}
    tight = spread(piece(list("abcde"), 0, 5, 10))
    assert [len(word.span) for word in tight.words] == [1] * 5
