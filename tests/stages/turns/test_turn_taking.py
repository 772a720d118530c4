from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.span import Span, Spans
from schemas.stats import FTO_EDGES, Measure, Stats
from stages.stage import Stage
from stages.turns.stats import TurnTaking, floor_transfers, turn_taking
from tests.stages.turns.taking_reference import reference
from tests.stages.turns.talk_words import RATE, activities

TAKING = TurnTaking().load("cpu")


def constants_of(stage: TurnTaking) -> Any:
    return stage.load("cpu")(Activity(channels=((), ()), length=1, rate=1)).constants


CHANGES = st.sampled_from(
    [
        {},
        {"ipu_silence": 0.0},
        {"ipu_silence": 0.5, "barge_in": 0.0},
        {"backchannel_longest": 3.0, "backchannel_inside": 0.0},
        {"backchannel_inside": 1.0, "floor_window": 0.3},
        {"backchannel_longest": 0.0, "give_up": 0.0, "monologue_pause": 0.5},
        {"backchannel_longest": 0.0, "give_up": 5.0, "barge_in": 0.5},
        {"simultaneous_start": 0.0, "barge_in": 1.0},
    ]
)


@given(activity=activities(), changes=CHANGES)
@settings(max_examples=400)
def test_equal_to_counting_sample_by_sample(activity: Activity, changes: dict[str, Any]) -> None:
    stage = TurnTaking(**changes)
    found = stage.load("cpu")(activity)
    truth = reference(activity, found.constants)
    for measure, lengths in (
        (found.ipu, [b - a for side in truth["ipus"] for a, b in side]),
        (found.pause, truth["pauses"]),
        (found.gap, truth["gaps"]),
        (found.overlap, truth["overlaps"]),
    ):
        assert measure.count == len(lengths)
        assert measure.seconds == pytest.approx(sum(lengths) / RATE)
    assert found.edge_silence == pytest.approx(truth["edges"] / RATE)
    assert found.single == pytest.approx(truth["single"] / RATE)
    for channel, (kinds, longest) in enumerate(zip(truth["kinds"], truth["monologues"], strict=True)):
        side = found.channels[channel]
        for name in ("plain", "transitions", "backchannels", "interruptions", "failed_interruptions"):
            assert getattr(side, name) == kinds.count(name), name
        assert side.longest_monologue == pytest.approx(longest / RATE)
        assert side.floor == pytest.approx(truth["floors"][channel] / RATE)
        assert (side.words, side.speech_rate, side.unworded, side.fillers) == (None, None, None, None)
    for name in ("turn_final", "mid_turn", "simultaneous_start"):
        assert getattr(found.overlaps, name) == truth["overlap_kinds"].count(name)
    said = [sum(b - a for a, b in side) for side in truth["ipus"]]
    for share, parts in ((found.speech_dominance, said), (found.floor_dominance, truth["floors"])):
        assert share == (pytest.approx(max(parts) / sum(parts)) if sum(parts) else None)
    offsets = truth["offsets"]
    assert found.transfers == floor_transfers(np.array(offsets, np.int64), RATE)
    assert found.transfers.n == len(offsets)


@given(activity=activities())
def test_time_adds_up(activity: Activity) -> None:
    s = TAKING(activity)
    assert s.single + s.overlap.seconds + s.silence == pytest.approx(s.duration)
    assert s.pause.seconds + s.gap.seconds + s.edge_silence == pytest.approx(s.silence)
    assert s.ipu.seconds == pytest.approx(s.single + 2 * s.overlap.seconds)
    assert s.duration == activity.length / RATE


@given(activity=activities())
def test_swapping_channels_swaps_only_the_channels(activity: Activity) -> None:
    swapped = TAKING(replace(activity, channels=activity.channels[::-1]))
    assert replace(swapped, channels=swapped.channels[::-1]) == TAKING(activity)


@given(activity=activities(), factor=st.sampled_from([2, 16, 800]))
def test_the_rate_does_not_matter(activity: Activity, factor: int) -> None:
    scaled = Activity(
        channels=tuple(tuple(Span(s.start * factor, s.end * factor) for s in spans) for spans in activity.channels),
        length=activity.length * factor,
        rate=RATE * factor,
    )
    assert_close(TAKING(scaled), TAKING(activity))


def assert_close(left: Any, right: Any) -> None:
    from schemas.plain import to_plain

    def flat(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for key in value for leaf in flat(value[key])]
        return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]

    assert [pytest.approx(each) for each in flat(to_plain(left))] == flat(to_plain(right))


@given(first=activities(), second=activities())
def test_two_dialogues_far_apart_add_up(first: Activity, second: Activity) -> None:
    apart = first.length + 60
    both = Activity(
        channels=tuple(
            left + tuple(Span(s.start + apart, s.end + apart) for s in right)
            for left, right in zip(first.channels, second.channels, strict=True)
        ),
        length=apart + second.length,
        rate=RATE,
    )
    whole, parts = TAKING(both), [TAKING(first), TAKING(second)]
    assert whole.ipu.count == sum(p.ipu.count for p in parts)
    assert whole.ipu.seconds == pytest.approx(sum(p.ipu.seconds for p in parts))
    assert whole.overlap.seconds == pytest.approx(sum(p.overlap.seconds for p in parts))
    assert whole.silence == pytest.approx(sum(p.silence for p in parts) + 6)
    for channel in (0, 1):
        for kind in ("plain", "transitions", "backchannels", "interruptions", "failed_interruptions"):
            assert getattr(whole.channels[channel], kind) == sum(getattr(p.channels[channel], kind) for p in parts)
    assert 0 <= whole.transfers.n - sum(p.transfers.n for p in parts) <= 1
    assert whole.longest_monologue == max(p.longest_monologue for p in parts)


def spans(*pairs: tuple[float, float]) -> Spans:
    return tuple(Span(round(a * 100), round(b * 100)) for a, b in pairs)


def taken(left: Spans, right: Spans, seconds: float = 30.0) -> Stats:
    return TAKING(Activity(channels=(left, right), length=round(seconds * 100), rate=100))


def test_a_dialogue_by_hand() -> None:
    s = taken(spans((1, 4), (4.5, 6), (9, 12)), spans((5.1, 5.5), (6.3, 9.1), (14, 15)))
    assert (s.ipu.count, s.pause.count, s.gap.count, s.overlap.count) == (6, 1, 2, 2)
    assert s.pause.seconds == pytest.approx(0.5)
    assert s.gap.seconds == pytest.approx(0.3 + 2.0)
    assert s.overlap.seconds == pytest.approx(0.4 + 0.1)
    assert s.gap.seconds_per_minute == pytest.approx(4.6)
    assert s.edge_silence == pytest.approx(1 + 15)
    assert s.channels[1].backchannels == 1
    assert s.channels[0].transitions == 1
    assert s.transfers.n == 3
    assert s.transfers.median == pytest.approx(0.3)
    assert s.transfers.within_200ms == 0
    assert s.longest_monologue == pytest.approx(5.0)
    assert s.overlapped_speech == pytest.approx(0.5 / (s.duration - s.silence))


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (spans((0, 5)), spans((3, 8)), "interruptions"),
        (spans((0, 5), (6, 9)), spans((3, 5.5)), "failed_interruptions"),
        (spans((0, 5), (7, 9)), spans((3, 5.5)), "interruptions"),
        (spans((0, 9)), spans((3, 5)), "failed_interruptions"),
        (spans((0, 9)), spans((3, 4)), "backchannels"),
        (spans((0, 4), (4.3, 9)), spans((3.7, 4.2)), "backchannels"),
        (spans((0, 4)), spans((3.5, 4)), "failed_interruptions"),
        (spans((0, 5)), spans((4.9, 8)), "transitions"),
        (spans((0, 5)), spans((5, 8)), "plain"),
        (spans((0, 5)), spans((0, 8)), "plain"),
    ],
)
def test_what_the_second_side_does(left: Spans, right: Spans, kind: str) -> None:
    assert getattr(taken(left, right).channels[1], kind) == 1


def test_who_goes_on_over_a_backchannel_interrupts_nobody() -> None:
    s = taken(spans((0, 4), (4.5, 9)), spans((3.7, 4.8)))
    assert (s.channels[1].backchannels, s.channels[0].plain, s.channels[0].interruptions) == (1, 2, 0)


def test_the_silence_after_an_overlap_belongs_to_whoever_stopped_last() -> None:
    held = taken(spans((0, 5), (7, 9)), spans((2, 4)))
    assert (held.pause.count, held.gap.count) == (1, 0)
    lost = taken(spans((0, 5), (7, 9)), spans((2, 6)))
    assert (lost.pause.count, lost.gap.count) == (0, 1)
    together = taken(spans((0, 5)), spans((2, 5), (7, 9)))
    assert (together.pause.count, together.gap.count) == (1, 0)


def test_no_speech_is_all_edge() -> None:
    s = taken((), ())
    assert s.edge_silence == s.silence == s.duration == 30
    assert s.overlapped_speech is None
    assert s.transfers.median is None
    assert s.ipu == Measure(count=0, seconds=0, per_minute=0, seconds_per_minute=0, mean=None)


@given(st.lists(st.integers(-100000, 100000), max_size=50), st.sampled_from([8000, 11025]))
def test_offsets_are_summed_up(offsets: list[int], rate: int) -> None:
    found = floor_transfers(np.array(offsets, np.int64), rate)
    counts = [0] * (len(FTO_EDGES) + 1)
    for offset in offsets:
        # Tenths of a second in whole numbers: the float edge 0.3 is not 0.3.
        counts[sum(offset * 10 >= round(edge * 10) * rate for edge in FTO_EDGES)] += 1
    assert found.counts == tuple(counts)
    if offsets:
        assert found.median == pytest.approx(float(np.median(np.array(offsets) / rate)))
        assert found.within_200ms == pytest.approx(np.mean([0 <= o <= 0.2 * rate for o in offsets]))
        assert found.lower_quartile is not None
        assert found.upper_quartile is not None
        assert found.lower_quartile <= found.upper_quartile


def test_ten_hours_take_well_under_a_second() -> None:
    rng = np.random.default_rng(0)
    rate, length = 8000, 8000 * 36000
    sides = []
    for _ in range(2):
        edges = np.cumsum(rng.integers(1000, 24000, 22000))
        sides.append(tuple(Span(int(a), int(b)) for a, b in edges.reshape(-1, 2)))
    activity = Activity(channels=(sides[0], sides[1]), length=length, rate=rate)
    began = time.process_time()
    found = TAKING(activity)
    assert time.process_time() - began < 1.0
    assert found.ipu.count > 10000


def test_is_a_stage_that_publishes_its_constants() -> None:
    stage = TurnTaking(barge_in=0.3)
    assert isinstance(stage, Stage)
    assert constants_of(stage).barge_in == 0.3


def test_one_channel_has_no_turn_taking() -> None:
    with pytest.raises(LawError, match="1 channels"):
        turn_taking(Activity(channels=((),), length=5, rate=8000), constants_of(TurnTaking()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ipu_silence": -1.0},
        {"backchannel_inside": 1.5},
        {"give_up": float("nan")},
        {"filler_words": ("um", "")},
        {"backchannel_words": ("oh ...",)},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"stats: {next(iter(wrong))}"):
        TurnTaking(**wrong)
