"""Edges of words beside pauses: tones over noise at known places, and laws for any times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.align.edges import GROW, RATE, SHRINK, edges, sound

SECONDS = 4.0
TRUTH = ((0.7, 1.1), (1.1, 1.5), (2.2, 2.9))
"""Seconds of three tones; the first two touch."""


def tone(noise_db: float = -50.0, hiss: bool = False) -> np.ndarray:
    t = np.arange(round(SECONDS * RATE)) / RATE
    rng = np.random.default_rng(0)
    x = rng.standard_normal(len(t)) * 10 ** (noise_db / 20)
    for start, end in TRUTH:
        inside = (t >= start) & (t < end)
        x += inside * (np.diff(rng.standard_normal(len(t) + 1)) * 0.05 if hiss else 0.2 * np.sin(2 * np.pi * 440 * t))
    return x.astype(np.float32)


def moved(x: np.ndarray, words: list[tuple[float, float]]) -> list[tuple[float, float]]:
    pairs = [(round(a * RATE), round(b * RATE)) for a, b in words]
    heard = sound(x, 7600.0, pairs)
    assert heard is not None
    return [(a / RATE, b / RATE) for a, b in edges(heard, pairs, len(x))]


def close(start: float, end: float) -> Any:
    return pytest.approx((start, end), abs=0.014)


@pytest.mark.parametrize("hiss", [False, True])
@pytest.mark.parametrize("wrong", [-0.12, -0.04, 0.0, 0.05, 0.15])
def test_edges_beside_pauses_are_found_and_others_kept(hiss: bool, wrong: float) -> None:
    found = moved(tone(hiss=hiss), [(0.7 - wrong, 1.12), (1.12, 1.5 + wrong), (2.2 - wrong, 2.9 + wrong)])
    assert found[0] == close(0.7, 1.12)
    assert found[1] == close(1.12, 1.5)
    assert found[2] == close(2.2, 2.9)


def test_a_word_stretched_over_a_pause_keeps_the_side_with_sound() -> None:
    found = moved(tone(), [(0.7, 1.1), (1.1, 1.5), (1.52, 2.9)])
    assert found[2] == close(2.2, 2.9)


def test_nothing_is_told_without_noise_to_tell_it_from() -> None:
    assert sound(tone(), 7600.0, [(0, round(SECONDS * RATE))]) is None
    assert sound(tone(), 7600.0, [(round(0.7 * RATE), round(1.5 * RATE))]) is not None


@settings(max_examples=30)
@given(st.lists(st.integers(0, round(SECONDS * RATE)), min_size=2, max_size=14, unique=True).map(sorted), st.sampled_from([-80.0, -30.0]))
def test_words_stay_in_order_and_near(marks: list[int], noise_db: float) -> None:
    x = tone(noise_db)
    words = list(zip(marks[::2], marks[1::2], strict=False))
    heard = sound(x, 7600.0, words)
    if heard is None:
        return
    found = edges(heard, words, len(x))
    at = 0
    for (start, end), (old_start, old_end) in zip(found, words, strict=True):
        assert at <= start < end <= len(x)
        assert start >= old_start - round(GROW * RATE)
        assert end <= old_end + round(GROW * RATE)
        at = end
    assert SHRINK > GROW
