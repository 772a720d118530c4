"""Steady background noise at a given distance below the speech."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.acoustics.levels import BLOCK, Signal, active_level

Colour = Literal["pink", "white", "speech_shaped"]
"""`pink`: equal power per octave above 20 Hz. `white`: equal power per Hz. `speech_shaped`: from 100 to 500 Hz like white, above falling
by 6 dB and from 1 kHz on by 12 dB per octave, about the long-term spectrum of speech; it is steady, no babble of voices."""

PINK_LOWEST = 20.0
"""Hz below which pink noise is white."""


def add_noise(samples: Signal, rate: int, snr_db: float, rng: np.random.Generator, colour: Colour = "pink") -> Signal:
    """`samples` [n] with noise whose RMS lies `snr_db` below the active speech level of `samples` (ITU-T P.56).

    Where there is no speech to be below of, nothing is added. Raises `UsageError` for an unknown colour.
    """
    level = active_level(samples, rate)
    made = noise(len(samples), rate, rng, colour)
    if level is None:
        return samples.astype(np.float32, copy=True)
    made *= np.float32(10.0 ** ((level - snr_db) / 20))
    made += samples
    return made


def noise(n: int, rate: int, rng: np.random.Generator, colour: Colour = "pink") -> Signal:
    """Gaussian noise [n] of RMS 1. Raises `UsageError` for an unknown colour."""
    from scipy.signal import sosfilt

    if colour not in get_args(Colour):
        raise UsageError(f"noise: no such colour {colour!r}; valid are {', '.join(get_args(Colour))}")
    made = rng.standard_normal(n, dtype=np.float32)
    filters = None if colour == "white" else _sections(rate, colour)
    state = None if filters is None else np.zeros((len(filters), 2))
    energy = 0.0
    for start in range(0, n, BLOCK):
        block = made[start : start + BLOCK]
        if filters is not None:
            block[:], state = sosfilt(filters, block.astype(np.float64), zi=state)
        energy += float(np.dot(block, block))
    if energy > 0:
        made *= np.float32((n / energy) ** 0.5)
    return made


def _sections(rate: int, colour: Colour) -> NDArray[Any]:
    """Second-order sections of a filter that colours white noise, from real poles and zeros in Hz."""
    from scipy.signal import zpk2sos

    if colour == "pink":
        # A pole every two octaves with a zero one octave above it falls by 3 dB per octave on average, within 1 dB.
        count = max(1, int(np.log2(rate / 2 / PINK_LOWEST) // 2) + 1)
        poles = PINK_LOWEST * 4.0 ** np.arange(count)
        zeros = 2 * poles
    else:
        poles, zeros = np.array([100.0, 500.0, 1000.0]), np.array([0.0])
    # The matched z-transform: unlike the bilinear one it puts no zero at half the rate.
    z, p = (np.exp(-2 * np.pi * np.array([hz for hz in each if hz < rate / 2]) / rate) for each in (zeros, poles))
    return np.asarray(zpk2sos(z, p, 1.0))
