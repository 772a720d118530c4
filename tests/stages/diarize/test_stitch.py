"""Windows whose speakers come in any order make one activity, and joins at which nobody is heard are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.diarize.stitch import Stitch, longest_sure, runs

FRAMES, HOP = 20, 8


def windows_of(activity: NDArray[np.float32], orders: list[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
    return [activity[k * HOP : k * HOP + FRAMES][:, order] for k, order in enumerate(orders)]


@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(1, 12))
def test_any_order_of_speakers_in_windows_gives_the_first_one_back(seed: int, speakers: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    frames = (count - 1) * HOP + FRAMES
    # Each speaker has a pattern of its own in every shared part: turn by turn, one at a time.
    activity = np.eye(speakers, dtype=np.float32)[np.arange(frames) % speakers] * 0.9 + 0.02
    orders = [rng.permutation(speakers) for _ in range(count)]
    stitch = Stitch(HOP, 0.5, 2)
    for window in windows_of(activity, orders):
        stitch.add(window)
    found = stitch.done(frames)
    np.testing.assert_allclose(found.activity, activity[:, orders[0]], atol=1e-6)
    assert found.blind == ()


def test_one_who_talks_throughout_is_told_from_one_who_is_silent_throughout() -> None:
    activity = np.zeros((HOP + FRAMES, 2), np.float32)
    activity[:, 1] = 1.0
    stitch = Stitch(HOP, 0.5, 2)
    for window in windows_of(activity, [np.array([0, 1]), np.array([1, 0])]):
        stitch.add(window)
    np.testing.assert_allclose(stitch.done(HOP + FRAMES).activity, activity, atol=1e-6)


def test_overlapping_windows_are_averaged_and_edges_count_less() -> None:
    low, high = np.full((FRAMES, 2), 0.2, np.float32), np.full((FRAMES, 2), 0.8, np.float32)
    stitch = Stitch(HOP, 0.5, 0)
    stitch.add(low)
    stitch.add(high)
    found = stitch.done(HOP + FRAMES).activity[:, 0]
    np.testing.assert_allclose(found[:HOP], 0.2, atol=1e-6)
    np.testing.assert_allclose(found[FRAMES:], 0.8, atol=1e-6)
    shared = found[HOP:FRAMES]
    assert (np.diff(shared) > 0).all()
    assert shared[0] < 0.3
    assert shared[-1] > 0.7


def test_a_join_at_which_nobody_is_heard_is_blind_and_the_side_with_more_speech_is_sure() -> None:
    activity = np.zeros((2 * HOP + FRAMES, 2), np.float32)
    activity[:6, 0] = 1.0
    activity[28:, 1] = 1.0
    stitch = Stitch(HOP, 0.5, 2)
    for window in windows_of(activity, [np.array([0, 1])] * 3):
        stitch.add(window)
    found = stitch.done(len(activity))
    assert found.blind == (HOP, 2 * HOP)
    speech = activity.max(axis=1) > 0.5
    assert np.flatnonzero(longest_sure(found, speech)).tolist() == list(range(2 * HOP, len(activity)))


def test_a_single_window_is_itself() -> None:
    activity = np.random.default_rng(1).random((FRAMES, 3)).astype(np.float32)
    stitch = Stitch(HOP, 0.5, 2)
    stitch.add(activity)
    np.testing.assert_allclose(stitch.done(7).activity, activity[:7], atol=1e-6)


@pytest.mark.parametrize(
    ("frames", "gap", "least", "wanted"),
    [
        ([], 1, 1, []),
        ([0, 1, 1, 0], 1, 1, [(1, 3)]),
        ([1, 0, 1], 1, 1, [(0, 1), (2, 3)]),
        ([1, 0, 1], 2, 1, [(0, 3)]),
        ([1, 0, 0, 1, 1], 2, 2, [(3, 5)]),
        ([1, 1, 1], 5, 4, []),
    ],
)
def test_runs(frames: list[int], gap: int, least: int, wanted: list[tuple[int, int]]) -> None:
    assert runs(np.array(frames, bool), gap, least) == wanted
