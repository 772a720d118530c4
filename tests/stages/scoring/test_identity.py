"""Swaps at places known by construction, and the search for them against trying every set of stretches."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from schemas.span import Span
from stages.scoring.identity import SUSTAINED, swaps
from stages.scoring.speakers import Pair

RATE = 100


def turns(*owners: int, size: int = 300) -> Pair:
    """Speech in turn by the named speakers, each `size` samples and 50 of silence."""
    spans: tuple[list[Span], list[Span]] = ([], [])
    for place, owner in enumerate(owners):
        spans[owner].append(Span(place * (size + 50), place * (size + 50) + size))
    return tuple(spans[0]), tuple(spans[1])


TRUE = turns(*[0, 1] * 6)


def test_a_perfect_call_has_none() -> None:
    assert swaps(TRUE, TRUE, RATE) == ()


def test_the_second_half_the_other_way_round_is_exactly_one() -> None:
    found = turns(*[0, 1] * 3, *[1, 0] * 3)
    assert swaps(TRUE, found, RATE) == (Span(6 * 350, 11 * 350 + 300),)


def test_a_stretch_in_the_middle_is_one_and_two_are_two() -> None:
    assert swaps(TRUE, turns(0, 1, 0, 1, *[1, 0] * 2, 0, 1, 0, 1), RATE) == (Span(4 * 350, 7 * 350 + 300),)
    assert len(swaps(TRUE, turns(1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0), RATE)) == 2


def test_one_turn_of_three_seconds_is_confusion_and_no_swap() -> None:
    assert swaps(TRUE, turns(0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1), RATE) == ()


@pytest.mark.parametrize(("size", "found"), [(499, 0), (500, 1)])
def test_sustained_means_five_seconds(size: int, found: int) -> None:
    assert SUSTAINED == 5.0
    assert len(swaps(((Span(0, size), Span(2000, 6000)), ()), ((Span(2000, 6000),), (Span(0, size),)), RATE)) == found


def test_a_right_word_inside_does_not_make_two_of_it() -> None:
    true: Pair = ((Span(0, 3000), Span(4000, 9000)), ())
    found: Pair = ((Span(1000, 1100), Span(4000, 9000)), (Span(0, 1000), Span(1100, 3000)))
    assert swaps(true, found, RATE) == (Span(0, 3000),)


def test_what_is_on_both_channels_says_nothing() -> None:
    both: Pair = ((Span(0, 3000),), (Span(0, 3000),))
    assert swaps(((Span(0, 3000),), ()), both, RATE) == ()
    assert swaps(both, ((Span(0, 3000),), ()), RATE) == ()
    assert swaps(((), ()), ((), ()), RATE) == ()


def best(values: list[int], price: int) -> int:
    """Greatest sum over disjoint stretches of their values less the price of each, by trying all ends."""
    found = 0
    for count in range(1, len(values) // 2 + 2):
        for ends in combinations(range(len(values) + 1), 2 * count):
            stretches = zip(ends[::2], ends[1::2], strict=True)
            found = max(found, sum(sum(values[a:b]) - price for a, b in stretches))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_the_stretches_are_the_best_of_all(seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = [int(v) for v in draw.choice([-1, 1], 9) * draw.integers(50, 600, 9)]
    edges = np.concatenate(([0], np.cumsum(np.abs(values)))).tolist()
    pieces = [(Span(a, b), v > 0) for a, b, v in zip(edges[:-1], edges[1:], values, strict=True)]
    true: Pair = ((Span(0, edges[-1]),), ())
    found: Pair = (tuple(s for s, wrong in pieces if not wrong), tuple(s for s, wrong in pieces if wrong))
    price = round(SUSTAINED * RATE)
    signed = np.repeat(np.sign(values), np.abs(values))
    gained = sum(int(signed[span.start : span.end].sum()) - price for span in swaps(true, found, RATE))
    assert gained == best(values, price)
