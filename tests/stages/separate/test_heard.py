"""From when to when two voices are heard at once, told from their levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.span import Span
from stages.separate.guided.heard import AROUND_S, both_heard, levels
from stages.separate.guided.solos import Solos

Floats = NDArray[np.float64]
USUAL = (0.01, 0.01)


def voices(rate: int, *spoken: tuple[int, float, float, float]) -> tuple[Floats, Floats]:
    """Two of 2 s: noise of a power of 0.01 where either speaks (speaker, start, end, gain in dB), and 40 dB less elsewhere."""
    rng = np.random.default_rng(0)
    made = rng.normal(0, 0.001, (2, 2 * rate))
    for speaker, start, end, gain in spoken:
        a, b = round(start * rate), round(end * rate)
        made[speaker, a:b] = rng.normal(0, 0.1 * 10 ** (gain / 20), b - a)
    return made[0], made[1]


@pytest.mark.parametrize("rate", [6000, 8000, 16000, 44100])
def test_both_are_heard_from_the_second_voice_to_the_end_of_the_first(rate: int) -> None:
    found = both_heard(*voices(rate, (0, 0.0, 1.3, 0.0), (1, 0.8, 2.0, 0.0)), USUAL, rate)
    assert found is not None
    assert found.start / rate == pytest.approx(0.8 - AROUND_S, abs=0.05)
    assert found.end / rate == pytest.approx(1.3 + AROUND_S, abs=0.05)


def test_one_after_the_other_is_never_both() -> None:
    assert both_heard(*voices(8000, (0, 0.0, 0.9, 0.0), (1, 1.1, 2.0, 0.0)), USUAL, 8000) is None


@pytest.mark.parametrize(("gain", "heard"), [(-8.0, True), (-16.0, False)])
def test_what_is_far_softer_than_the_other_is_what_masks_let_through(gain: float, heard: bool) -> None:
    found = both_heard(*voices(8000, (0, 0.0, 2.0, 0.0), (1, 0.5, 1.5, gain)), USUAL, 8000)
    assert (found is not None) == heard


def test_a_voice_far_below_its_own_level_is_not_speech() -> None:
    soft = voices(8000, (0, 0.0, 2.0, -24.0), (1, 0.0, 2.0, -24.0))
    assert both_heard(*soft, USUAL, 8000) is None
    assert both_heard(*soft, (0.0001, 0.0001), 8000) == Span(0, 16000)


@given(n=st.integers(1, 700), rate=st.sampled_from([6000, 8000, 48000]))
def test_it_lies_inside_whatever_the_length(n: int, rate: int) -> None:
    loud = np.full(n, 0.1)
    found = both_heard(loud, loud, USUAL, rate)
    assert found is not None
    assert 0 <= found.start < found.end <= n


def test_pauses_say_nothing_of_a_level() -> None:
    speech = np.concatenate([np.full(8000, 0.1), np.zeros(2000)]).astype(np.float32)
    assert levels(Solos(8000, (speech, 2 * speech))) == pytest.approx((0.01, 0.04), rel=1e-4)
