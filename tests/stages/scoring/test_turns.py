from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from stages.scoring.turns import TurnScore, fits, overlap_seconds, turn_score
from tests.stages.turns.talk_words import STEPS

EDGES = st.sampled_from(["start", "end", "both"])


def most_pairs(reference: tuple[Span, ...], found: tuple[Span, ...], tolerance: int, edges: str) -> int:
    """The largest matching, by augmenting paths."""
    taken: dict[int, int] = {}

    def augment(i: int, seen: set[int]) -> bool:
        for j, span in enumerate(found):
            if j not in seen and fits(reference[i], span, tolerance, edges):
                seen.add(j)
                if j not in taken or augment(taken[j], seen):
                    taken[j] = i
                    return True
        return False

    return sum(augment(i, set()) for i in range(len(reference)))


@given(STEPS, STEPS, st.integers(0, 30), EDGES)
def test_no_other_pairing_has_more_pairs(reference: tuple[Span, ...], found: tuple[Span, ...], tolerance: int, edges: str) -> None:
    score = turn_score(reference, found, tolerance, edges)
    assert score == TurnScore(len(reference), len(found), most_pairs(reference, found, tolerance, edges))
    turned = turn_score(found, reference, tolerance, edges)
    assert (turned.matched, turned.precision, turned.recall) == (score.matched, score.recall, score.precision)


@given(STEPS, STEPS, st.integers(0, 30))
def test_more_is_asked_or_less(reference: tuple[Span, ...], found: tuple[Span, ...], tolerance: int) -> None:
    both = turn_score(reference, found, tolerance).matched
    assert both <= min(turn_score(reference, found, tolerance, edge).matched for edge in ("start", "end"))
    assert both <= turn_score(reference, found, tolerance + 3).matched


@given(STEPS, st.integers(0, 10), EDGES)
def test_the_same_turns_a_little_late_are_the_same(spans: tuple[Span, ...], late: int, edges: str) -> None:
    moved = [Span(s.start + late, s.end + late) for s in spans]
    score = turn_score(spans, moved, late, edges)
    assert score.matched == len(spans)
    assert score.recall == (1.0 if spans else None)


def test_scores_of_two_channels_add_up() -> None:
    score = turn_score([Span(0, 10), Span(20, 30)], [Span(1, 9)], 1) + turn_score([Span(0, 10)], [Span(0, 10), Span(50, 60)], 1)
    assert score == TurnScore(3, 3, 2)
    assert score.precision == score.recall == pytest.approx(2 / 3)


def test_overlap_is_of_two_sides() -> None:
    assert overlap_seconds([[Span(0, 10), Span(20, 30)], [Span(5, 25)]], 10) == pytest.approx(1.0)
    assert overlap_seconds([[], [Span(5, 25)]], 10) == 0.0
