"""Choosing clips: the same whatever their order, nested by hours, inside the ranges wherever that can be."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import LawError
from stages.shape.choose import Candidate, Choice, choose
from stages.shape.targets import LEFT_OUT, Range, Targets

MINUTE = 60_000_000

CANDIDATES = st.lists(
    st.builds(
        lambda minutes, share, backchannels: (minutes * MINUTE, round(minutes * MINUTE * share), backchannels),
        st.integers(1, 5),
        st.sampled_from((0.0, 0.01, 0.04, 0.08, 0.2)),
        st.integers(0, 20),
    ),
    max_size=9,
).map(lambda made: [Candidate(f"c{index}", *each) for index, each in enumerate(made)])

RANGES = st.none() | st.sampled_from(((0.03, 0.1), (0.05, None), (None, 0.02), (0.1, 0.15))).map(
    lambda ends: Range(low=ends[0], high=ends[1])
)
RATES = st.none() | st.sampled_from(((2.0, 8.0), (3.0, None), (None, 1.0))).map(lambda ends: Range(low=ends[0], high=ends[1]))
TARGETS = st.builds(
    lambda share, rate, hours, seed: Targets(overlap_share=share, backchannels=rate, hours=hours, seed=seed),
    RANGES,
    RATES,
    st.none() | st.sampled_from((0.02, 0.1, 0.2, 9.0)),
    st.integers(0, 3),
)


def kept(candidates: list[Candidate], choice: Choice) -> list[Candidate]:
    return [each for each, reason in zip(candidates, choice.reasons, strict=True) if reason is None]


def rates(some: list[Candidate]) -> dict[str, float]:
    length = sum(each.length for each in some)
    return {
        "overlap_share": sum(each.overlap for each in some) / length,
        "backchannels": sum(each.backchannels for each in some) * MINUTE / length,
        "hours": length / MINUTE / 60,
    }


@given(CANDIDATES, TARGETS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_the_clips_does_not_matter_and_goals_are_told_as_they_are(
    candidates: list[Candidate], targets: Targets, draw: random.Random
) -> None:
    choice = choose(candidates, targets)
    shuffled = draw.sample(candidates, len(candidates))
    again = choose(shuffled, targets)
    assert dict(zip((c.id for c in candidates), choice.reasons, strict=True)) == dict(
        zip((c.id for c in shuffled), again.reasons, strict=True)
    )
    assert again.goals == choice.goals
    assert set(choice.reasons) - {None} <= set(LEFT_OUT)
    some = kept(candidates, choice)
    for goal in choice.goals:
        assert goal.achieved == (pytest.approx(rates(some)[goal.name]) if some else (0 if goal.name == "hours" else None))
        assert goal.met or goal.remark or not some
        held = getattr(targets, goal.name)
        if isinstance(held, Range):
            assert goal.met == held.holds(goal.achieved)
        else:
            assert goal.achieved is not None
            assert goal.achieved <= held + 1e-9
            longest = max((c.length for c in candidates), default=0) / MINUTE / 60
            assert not goal.met or goal.achieved > held - longest
    if targets.overlap_share is None and targets.backchannels is None and targets.hours is None:
        assert some == candidates


@given(CANDIDATES, TARGETS, st.sampled_from((0.01, 0.05, 0.1)), st.sampled_from((0.15, 0.3)))
@settings(max_examples=40)
def test_a_smaller_set_is_part_of_a_larger_one(candidates: list[Candidate], targets: Targets, less: float, more: float) -> None:
    def ids(hours: float | None) -> set[str]:
        wanted = Targets(overlap_share=targets.overlap_share, backchannels=targets.backchannels, hours=hours, seed=targets.seed)
        return {each.id for each in kept(candidates, choose(candidates, wanted))}

    assert ids(less) <= ids(more) <= ids(None)


@given(CANDIDATES, TARGETS)
@settings(max_examples=40)
def test_one_range_is_met_exactly_when_some_choice_meets_it(candidates: list[Candidate], targets: Targets) -> None:
    for name in ("overlap_share", "backchannels"):
        held = getattr(targets, name)
        if held is None or (held.low is not None and held.high is not None):
            continue
        only = Targets(overlap_share=held) if name == "overlap_share" else Targets(backchannels=held)
        possible = any(
            some and held.holds(rates(some)[name])
            for picked in product((False, True), repeat=len(candidates))
            for some in [[each for each, yes in zip(candidates, picked, strict=True) if yes]]
        )
        (goal,) = choose(candidates, only).goals
        assert goal.met == possible


def test_the_worst_clips_go_first_and_no_more_of_them_than_needed() -> None:
    clips = [Candidate(f"c{share}", 10 * MINUTE, share * MINUTE // 10, 0) for share in range(10)]
    choice = choose(clips, Targets(overlap_share=Range(high=0.03)))
    assert [reason is None for reason in choice.reasons] == [True] * 7 + [False] * 3
    assert set(choice.reasons[7:]) == {"overlap_share"}
    (goal,) = choice.goals
    assert goal.before == pytest.approx(0.045)
    assert goal.achieved == pytest.approx(0.03)
    assert goal.met


def test_clips_beside_the_range_may_make_up_for_each_other() -> None:
    low, high = Candidate("low", MINUTE, 0, 0), Candidate("high", MINUTE, MINUTE // 5, 0)
    assert choose([low, high], Targets(overlap_share=Range(low=0.09, high=0.11))).reasons == (None, None)


def test_ranges_that_exclude_each_other_leave_the_first() -> None:
    quiet, lively = Candidate("quiet", MINUTE, 0, 0), Candidate("lively", MINUTE, MINUTE // 5, 9)
    choice = choose([quiet, lively], Targets(overlap_share=Range(high=0.05), backchannels=Range(low=5.0)))
    assert choice.reasons == (None, "overlap_share")
    assert [(goal.name, goal.met) for goal in choice.goals] == [("overlap_share", True), ("backchannels", False)]
    assert choice.goals[1].remark == "not together with the targets before it; it was set aside"
    choice = choose([quiet, lively], Targets(overlap_share=Range(low=0.5)))
    assert choice.reasons == (None, None)
    assert "no clip lies in this range" in choice.goals[0].remark


def test_seeds_choose_differently_only_among_equals() -> None:
    equal = [Candidate(f"c{index}", MINUTE, 0, 0) for index in range(40)]
    chosen = [choose(equal, Targets(hours=0.25, seed=seed)).reasons for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]
    assert [reasons.count(None) for reasons in chosen] == [15, 15, 15]


def bound(clips: list[Candidate], ranges: dict[str, Range]) -> float:
    """Hours that no choice can exceed, because clips may be kept in part here."""
    from scipy.optimize import linprog

    length = np.array([each.length for each in clips]) / MINUTE
    counts = {
        "overlap_share": np.array([each.overlap for each in clips]) / MINUTE,
        "backchannels": np.array([each.backchannels for each in clips]),
    }
    above = [counts[name] - held.high * length for name, held in ranges.items() if held.high is not None]
    below = [held.low * length - counts[name] for name, held in ranges.items() if held.low is not None]
    found = linprog(-length, A_ub=np.array(above + below), b_ub=np.zeros(len(above + below)), bounds=(0, 1))
    return float(-found.fun) / 60


@pytest.mark.parametrize(
    ("ranges", "share"),
    [
        ({"overlap_share": Range(low=0.03, high=0.06)}, 0.995),
        ({"backchannels": Range(high=2.0)}, 0.995),
        ({"overlap_share": Range(low=0.03, high=0.06), "backchannels": Range(low=4.0, high=8.0)}, 0.97),
        ({"overlap_share": Range(low=0.12, high=0.15), "backchannels": Range(low=4.0, high=8.0)}, 0.97),
    ],
)
def test_little_more_than_needed_is_left_out(ranges: dict[str, Range], share: float) -> None:
    clips = drawn(300)
    choice = choose(clips, Targets(overlap_share=ranges.get("overlap_share"), backchannels=ranges.get("backchannels")))
    assert all(goal.met for goal in choice.goals)
    assert rates(kept(clips, choice))["hours"] > share * bound(clips, ranges)


def drawn(count: int) -> list[Candidate]:
    draw = random.Random(2)
    lengths = [draw.randrange(MINUTE, 20 * MINUTE) for _ in range(count)]
    return [Candidate(f"c{i}", length, int(length * draw.uniform(0, 0.2)), draw.randrange(60)) for i, length in enumerate(lengths)]


def test_many_clips_come_into_their_ranges() -> None:
    clips = drawn(2000)
    choice = choose(clips, Targets(overlap_share=Range(low=0.03, high=0.06), backchannels=Range(low=4.0, high=8.0), hours=100))
    assert [goal.met for goal in choice.goals] == [True, True, True]


def test_clips_have_ids_of_their_own_and_a_length() -> None:
    for wrong in ([Candidate("a", 1, 0, 0)] * 2, [Candidate("a", 0, 0, 0)]):
        with pytest.raises(LawError, match="stands twice, or a clip is empty"):
            choose(wrong, Targets())
    assert choose([], Targets(hours=1.0)).goals[0].met is False
