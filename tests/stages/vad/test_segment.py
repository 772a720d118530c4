from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.vad.segment import FRAME, RATE, Rule, segments

Stock = Callable[..., list[dict[str, int]]]


@pytest.fixture(scope="module")
def stock() -> Stock:
    import torch

    threads = torch.get_num_threads()
    from silero_vad import get_speech_timestamps_from_probs

    torch.set_num_threads(threads)
    found: Stock = get_speech_timestamps_from_probs
    return found


# Values at, just beside and between the thresholds, in runs long enough to cross every duration.
LEVELS = st.sampled_from([0.0, 0.01, 0.2, 0.34999, 0.35, 0.36, 0.4, 0.49999997, 0.5, 0.7, 1.0]) | st.floats(0, 1, width=32)
RUNS = st.lists(st.tuples(LEVELS, st.integers(1, 14)), max_size=40)


@given(
    runs=RUNS,
    short=st.integers(0, FRAME - 1),
    threshold=st.sampled_from([0.1, 0.3, 0.5, 0.7]),
    below=st.sampled_from([0.0, 0.05, 0.15, 0.35]),
    min_speech=st.sampled_from([0, 32, 64, 100, 250, 500]),
    min_silence=st.sampled_from([0, 32, 64, 100, 200, 640]),
    pad=st.sampled_from([0, 1, 30, 70, 200]),
    longest=st.sampled_from([None, 0.5, 1.0, 1.5, 3.0]),
)
def test_equal_to_the_package(
    stock: Stock,
    runs: list[tuple[float, int]],
    short: int,
    threshold: float,
    below: float,
    min_speech: int,
    min_silence: int,
    pad: int,
    longest: float | None,
) -> None:
    probs = np.array([value for value, count in runs for _ in range(count)], np.float32)
    length = max(0, len(probs) * FRAME - short)
    neg = max(threshold - below, 0.01)
    wanted = stock(
        probs.tolist(),
        threshold=threshold,
        neg_threshold=neg,
        min_speech_duration_ms=min_speech,
        min_silence_duration_ms=min_silence,
        speech_pad_ms=pad,
        max_speech_duration_s=float("inf") if longest is None else longest,
        audio_length_samples=length,
    )
    rule = Rule(
        threshold=threshold,
        neg_threshold=neg,
        min_speech=min_speech * RATE // 1000,
        min_silence=min_silence * RATE // 1000,
        pad=pad * RATE // 1000,
        **({} if longest is None else {"longest": longest * RATE}),
    )
    assert segments(probs, length, rule) == [(each["start"], each["end"]) for each in wanted]


def plain(**changes: Any) -> Rule:
    return Rule(**({"threshold": 0.5, "neg_threshold": 0.35, "min_speech": 1600, "min_silence": 1600, "pad": 480} | changes))


def test_one_segment_by_hand() -> None:
    probs = np.array([0.1] * 4 + [0.9] * 10 + [0.1] * 10, np.float32)
    assert segments(probs, 24 * FRAME, plain()) == [(4 * FRAME - 480, 14 * FRAME + 480)]


def test_between_the_thresholds_nothing_changes() -> None:
    held = np.array([0.9] + [0.4] * 20 + [0.1] * 5, np.float32)
    assert segments(held, 26 * FRAME, plain(pad=0)) == [(0, 21 * FRAME)]
    assert segments(held[1:], 25 * FRAME, plain()) == []


def test_long_speech_is_cut_at_its_longest_silence() -> None:
    probs = np.array([0.9] * 10 + [0.1] * 4 + [0.9] * 10 + [0.1] * 6 + [0.9] * 30, np.float32)
    found = segments(probs, 60 * FRAME, plain(min_silence=8 * FRAME, pad=0, longest=40 * FRAME))
    assert found == [(0, 24 * FRAME), (30 * FRAME, 60 * FRAME)]
    assert segments(probs, 60 * FRAME, plain(min_silence=8 * FRAME, pad=0)) == [(0, 60 * FRAME)]


def test_no_frames() -> None:
    assert segments(np.zeros(0, np.float32), 0, plain()) == []
