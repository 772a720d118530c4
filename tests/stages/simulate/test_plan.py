"""Laws of a plan, and its statistics over an hour against the shape that was asked for."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.span import Span, union
from schemas.stats import CANDOR_MEDIAN_FTO, Stats, TurnTakingConstants
from stages.simulate.dialogue import EVENTS, events
from stages.simulate.plan import Placed, plan
from stages.simulate.shape import SHAPES, Shape, budget, shape_named
from stages.stage import what_fields
from stages.turns.floor import Kind
from stages.turns.stats import TurnTaking, turn_taking
from tests.stages.simulate.bursts import Bursts

CONSTANTS = TurnTakingConstants(**what_fields(TurnTaking()))


def activity(placed: tuple[Placed, ...], length: int, rate: int) -> Activity:
    spans = [
        [Span(each.start + part.at, each.start + part.end) for each in placed if each.ipu.channel == channel for part in each.ipu.fragments]
        for channel in (0, 1)
    ]
    return Activity(channels=(union(spans[0]), union(spans[1])), length=length, rate=rate)


def set_of(shape: Shape, minutes: float, count: int, mean: float, rate: int = 8000, seed: int = 0, spread: float = 0.15) -> list[Stats]:
    found = []
    for index in range(count):
        asked = budget(shape, minutes * 60, 1.0, spread, index, count, rate, seed)
        placed = plan(asked, Bursts(rate, 100 * seed + index, mean), rate, 1000 * seed + index)
        found.append(turn_taking(activity(placed, asked.length, rate), CONSTANTS))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(SHAPES)),
    st.floats(0.2, 3.0),
    st.floats(0.2, 8.0),
    st.sampled_from([8000, 11025, 16000]),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_laws_of_placement(name: str, minutes: float, mean: float, rate: int, brief: bool, seed: int) -> None:
    asked = budget(shape_named(name), minutes * 60, 1.0, 0.15, 0, 2, rate, seed)
    placed = plan(asked, Bursts(rate, seed, mean, brief), rate, seed)
    assert placed == tuple(sorted(placed, key=lambda each: (each.start, each.end, each.ipu.channel)))
    for channel in (0, 1):
        own = [each for each in placed if each.ipu.channel == channel]
        assert all(later.start - earlier.end >= round(0.2 * rate) for earlier, later in pairwise(own))
    assert all(asked.edge <= each.start < each.end <= asked.length - asked.edge for each in placed)
    for each in placed:
        for before, after in pairwise(each.ipu.fragments):
            assert 0 <= after.at - before.end < round(0.2 * rate)
        for part in each.ipu.fragments:
            assert any(piece.start <= part.span.start < part.span.end <= piece.end for piece in part.utterance.pieces)
    meant = [(EVENTS[each.kind], each.ipu.channel, Span(each.start, each.end)) for each in placed if each.kind != Kind.PLAIN]
    found = [(each.kind, each.channel, each.span) for each in events(activity(placed, asked.length, rate), CONSTANTS)]
    assert found == meant


@pytest.mark.parametrize("name", sorted(SHAPES))
@pytest.mark.parametrize(("minutes", "count", "mean"), [(5, 12, 2.4), (5, 12, 1.2), (5, 12, 4.0), (2, 30, 2.4), (20, 3, 2.4)])
def test_an_hour_keeps_to_its_shape(name: str, minutes: float, count: int, mean: float) -> None:
    shape = shape_named(name)
    hour = set_of(shape, minutes, count, mean)
    assert sum(stats.duration for stats in hour) == pytest.approx(3600)
    for what in ("ipu", "pause", "gap", "overlap"):
        achieved = sum(getattr(stats, what).seconds for stats in hour) / 60
        assert achieved == pytest.approx(getattr(shape, what), rel=0.05)
    counts: Counter[str] = Counter()
    for stats in hour:
        for side in stats.channels:
            counts.update({kind: getattr(side, kind) for kind in ("backchannels", "interruptions", "failed_interruptions", "transitions")})
    for kind, found in counts.items():
        assert found == pytest.approx(60 * getattr(shape, kind), rel=0.05, abs=1)


def test_floor_transfers_are_as_quick_as_the_shape_is_named_for() -> None:
    def median(name: str) -> float:
        return float(np.median([stats.transfers.median for stats in set_of(shape_named(name), 5, 12, 2.4) if stats.transfers.median]))

    assert median("candor") == pytest.approx(CANDOR_MEDIAN_FTO, abs=0.08)
    assert 0.15 < median("fisher") < 0.35
    assert 0.5 < median("spokenwoz") < 0.9


def test_dialogues_differ_from_each_other_and_even_out() -> None:
    pauses = [stats.pause.seconds for stats in set_of(SHAPES["fisher"], 5, 8, 2.4)]
    assert np.std(pauses) > 0.02 * np.mean(pauses)
    for first, second in zip(pauses[::2], pauses[1::2], strict=True):
        assert (first + second) / 2 == pytest.approx(np.mean(pauses), rel=0.01)
    assert np.std([stats.pause.seconds for stats in set_of(SHAPES["fisher"], 5, 4, 2.4, spread=0.0)]) < 0.01


@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0, 0.5), st.sampled_from(sorted(SHAPES)))
def test_counts_are_within_one_of_the_shape_after_every_pair(seed: int, count: int, spread: float, name: str) -> None:
    shape = shape_named(name)
    budgets = [budget(shape, 120, 1.0, spread, index, count, 8000, seed) for index in range(count)]
    for kind in ("backchannels", "interruptions", "failed_interruptions", "transitions"):
        for done in {count, *range(2, count, 2)}:
            total = sum(getattr(each, kind) for each in budgets[:done])
            assert abs(total - 2 * done * getattr(shape, kind)) <= 1 + 1e-6


def test_the_same_seed_gives_the_same_plan() -> None:
    def starts(seed: int) -> list[tuple[int, int, int]]:
        asked = budget(SHAPES["fisher"], 60, 1.0, 0.1, 0, 2, 8000, 1)
        return [(each.start, each.end, each.ipu.channel) for each in plan(asked, Bursts(8000, 1), 8000, seed)]

    assert starts(4) == starts(4)
    assert starts(4) != starts(5)


def test_shapes_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(UsageError, match=r"shape\.ipu=none"):
        budget(dataclasses.replace(SHAPES["fisher"], pause=20.0), 300, 1.0, 0.1, 0, 2, 8000, 0)
    asked = budget(dataclasses.replace(SHAPES["fisher"], pause=20.0, ipu=None), 300, 1.0, 0.0, 0, 1, 8000, 0)
    assert asked.pause == 20 * 5 * 8000
    with pytest.raises(UsageError, match="did you mean 'fisher'"):
        shape_named("fischer")
    with pytest.raises(UsageError, match="0 or more"):
        dataclasses.replace(SHAPES["fisher"], gap=-1.0)
