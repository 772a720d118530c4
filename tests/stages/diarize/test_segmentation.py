"""Windows, their average, and what they say of pairs of moments, with a network whose answers are known."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.diarize.segmentation import FRAMES, RATE, WINDOW, hear, same_voice, window_starts
from stages.diarize.ticks import ticks_of

HOP = 40000


@given(st.integers(1, 60 * RATE), st.integers(8000, WINDOW))
def test_windows_cover_everything_and_end_with_the_recording(length: int, hop: int) -> None:
    starts = window_starts(length, hop)
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert starts[-1] == max(0, length - WINDOW)
    assert all(second - first <= hop for first, second in pairwise(starts))


class Told:
    """A network that reads its answer off the samples: 0 silence, 1 to 6 the class of the powerset, halves of the range apart."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, waves: Any) -> Any:
        import torch

        self.shapes.append(tuple(waves.shape))
        centres = (torch.arange(FRAMES) * 270 + 495).clamp(max=WINDOW - 1)
        classes = (waves[:, 0, centres] * 10).round().long()
        return torch.log(torch.nn.functional.one_hot(classes, 7) * 0.94 + 0.01)


def told(classes: list[tuple[float, int]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Samples that say (seconds, class) one after the other."""
    return np.concatenate([np.full(round(seconds * RATE), kind / 10, np.float32) for seconds, kind in classes])


TALK = told([(3, 0), (4, 1), (2, 4), (5, 2), (3, 0), (6, 3), (2.345, 5)])


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_speech_and_overlap_are_found_where_they_are(batch: int) -> None:
    ticks = ticks_of(len(TALK), RATE)
    heard = hear(Told(), TALK, ticks, HOP, batch, "cpu")
    at = (np.arange(ticks) + 0.5) / 100
    speech = ((at > 3) & (at < 14)) | (at > 17)
    overlap = ((at > 7) & (at < 9)) | (at > 23)
    for found, truth in ((heard.speech > 0.5, speech), (heard.overlap > 0.5, overlap)):
        wrong = found != truth
        assert wrong.sum() <= 2 * 6, "edges are at most two ticks off"
    assert np.isfinite(heard.speech).all()


def test_batches_change_nothing() -> None:
    ticks = ticks_of(len(TALK), RATE)
    one, three = (hear(Told(), TALK, ticks, HOP, batch, "cpu") for batch in (1, 3))
    for name in ("speech", "overlap", "starts", "voices"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))


def test_a_recording_shorter_than_a_window_is_filled_up() -> None:
    short = told([(1, 0), (1.5, 2)])
    heard = hear(Told(), short, ticks_of(len(short), RATE), HOP, 8, "cpu")
    assert (heard.speech[110:] > 0.5).all()
    assert (heard.speech[:90] < 0.5).all()


def test_pairs_are_one_voice_or_two_and_unknown_beyond_a_window() -> None:
    heard = hear(Told(), TALK, ticks_of(len(TALK), RATE), HOP, 8, "cpu")
    first = np.array([350.0, 400.0, 600.0, 1000.0, 350.0])
    second = np.array([600.0, 450.0, 1000.0, 1300.0, 2200.0])
    order = np.argsort(first, kind="stable")
    odds = same_voice(heard, first[order], second[order])[np.argsort(order, kind="stable")]
    assert (odds[[0, 1, 3]] > 2).all(), "one voice"
    assert odds[2] < -2, "two voices"
    assert odds[4] == 0, "no window holds both"
