"""The algebra of ticks, against a slow reading of each rule."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.diarize.ticks import Mask, long_runs, mask_of, runs, span_of, ticks_of, touching, widened

MASKS = st.lists(st.booleans(), min_size=1, max_size=60).map(lambda values: np.array(values, bool))


@given(MASKS)
def test_runs_rebuild_the_mask(mask: Mask) -> None:
    again = np.zeros_like(mask)
    for start, end in runs(mask):
        assert start < end
        again[start:end] = True
    assert np.array_equal(again, mask)


@given(MASKS, st.integers(0, 9))
def test_widened_is_true_near_a_true_tick(mask: Mask, by: int) -> None:
    wanted = [mask[max(0, at - by) : at + by + 1].any() for at in range(len(mask))]
    assert np.array_equal(widened(mask, by), wanted)


@given(MASKS, MASKS, st.integers(1, 5))
def test_whole_runs_stay_or_go(mask: Mask, seeds: Mask, least: int) -> None:
    seeds = np.resize(seeds, len(mask))
    for found, rule in ((long_runs(mask, least), lambda s, e: e - s >= least), (touching(mask, seeds), lambda s, e: seeds[s:e].any())):
        assert not (found & ~mask).any()
        for start, end in runs(mask):
            assert found[start:end].all() == found[start:end].any() == bool(rule(start, end))


@given(st.integers(1, 48000), st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000]))
def test_ticks_cover_the_recording_and_spans_stay_inside(length: int, rate: int) -> None:
    ticks = ticks_of(length, rate)
    assert (ticks - 1) * rate < length * 100 <= ticks * rate or ticks == 1
    assert span_of(0, ticks, rate, length).end == length
    assert span_of(ticks - 1, ticks, rate, length).start <= length


def test_a_mask_of_samples_takes_the_nearest_ticks() -> None:
    assert mask_of([(79, 161), (201, 202)], 8000, 5).tolist() == [False, True, False, False, False]
    assert mask_of([(0, 400)], 8000, 5).all()
