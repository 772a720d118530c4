"""Voices at the recording's own rate and over its full band, which add up to the mixture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.separate.network.carry import divide, hop_of, shared

RATE = 16000


def noise(n: int, seed: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float32]:
    """White between two shares of the band."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n) * 0.1)
    at = np.linspace(0, 1, len(spectrum))
    return np.asarray(np.fft.irfft(spectrum * ((low <= at) & (at < high)), n), np.float32)


def gain_db(truth: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.square(truth, dtype=np.float64).sum() / max(1e-12, np.square(truth - made, dtype=np.float64).sum())))


@given(st.integers(1, 3000), st.integers(2, 4), st.booleans(), st.sampled_from([2000.0, 4000.0, 8000.0]), st.integers(0, 9))
def test_parts_add_up_whatever_the_outputs_are(n: int, outputs: int, adds_up: bool, band: float, seed: int) -> None:
    window = noise(n, seed) if seed else np.zeros(n, np.float32)
    given_ = np.stack([noise(n, 20 + k) * 10.0 ** (k - 2) for k in range(outputs)]).astype(np.float32)
    given_[0] *= seed % 3  # an output may be silent
    made = divide(window, given_, RATE, band, adds_up)
    assert made.parts.shape == (outputs, n)
    assert np.abs(made.parts.sum(axis=0) - window).max() < 2e-6 * max(1.0, float(np.abs(made.parts).max()))
    assert np.allclose(made.masks.sum(axis=0), 1.0, atol=1e-4)
    assert np.allclose(made.power.sum(axis=0), made.spectrum.sum(axis=-1), rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.01, 0.01), (3.0, -0.5)])
def test_waveforms_come_back_whatever_their_factors(factors: tuple[float, float]) -> None:
    voices = np.stack([noise(20000, 1), noise(20000, 2)])
    made = divide(voices.sum(axis=0), voices * np.asarray(factors, np.float32)[:, None], RATE, RATE / 2, True)
    assert min(gain_db(voice, part) for voice, part in zip(voices, made.parts, strict=True)) > 50


def test_what_is_remade_only_divides_the_mixture() -> None:
    """Two voices that never share a frequency, remade with other noise of the same bands."""
    voices = np.stack([noise(20000, 1, 0.05, 0.3), noise(20000, 2, 0.35, 0.7)])
    remade = np.stack([noise(20000, 3, 0.05, 0.3), noise(20000, 4, 0.35, 0.7)]) * 2
    made = divide(voices.sum(axis=0), remade, RATE, RATE / 2, False)
    assert min(gain_db(voice, part) for voice, part in zip(voices, made.parts, strict=True)) > 15


def test_above_the_networks_band_the_mixture_goes_where_the_octave_below_does() -> None:
    """One voice speaks in the first half and the other in the second; the network hears nothing above 4 kHz."""
    n = 32000
    low, high = noise(n, 1, 0.0, 0.45), noise(n, 2, 0.5, 1.0)
    turn = (np.arange(n) < n // 2).astype(np.float32)
    mixture = low + high
    made = divide(mixture, np.stack([low * turn, low * (1 - turn)]), RATE, 4000.0, True)
    middle = slice(n // 2 - 800, n // 2 + 800)
    for part, truth in zip(made.parts, (mixture * turn, mixture * (1 - turn)), strict=True):
        error = part - truth
        error[middle] = 0
        assert gain_db(truth, truth - error) > 20


def test_shared_parts_tell_which_outputs_go_together() -> None:
    hop = hop_of(RATE)
    voices = np.stack([noise(30000, 1, 0.05, 0.4), noise(30000, 2, 0.5, 0.9)])
    windows = [
        divide(voices.sum(axis=0)[at : at + 12000], voices[order, at : at + 12000], RATE, RATE / 2, True)
        for at, order in ((0, [0, 1]), (50 * hop, [1, 0]))
    ]
    link = shared(windows[0], windows[1], 50 * hop)
    assert link.sum() == pytest.approx(1.0)
    assert link[0, 1] + link[1, 0] > 0.95
    silent = divide(np.zeros(4000, np.float32), np.zeros((2, 4000), np.float32), RATE, RATE / 2, True)
    assert np.allclose(shared(silent, silent, 0), 0.25)
