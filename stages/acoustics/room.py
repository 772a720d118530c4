"""Rooms as statistics: a direct path and an exponentially decaying tail of noise."""

from __future__ import annotations

import math

import numpy as np

from schemas.errors import UsageError
from stages.acoustics.levels import Signal


def room_response(rate: int, rt60: float, rng: np.random.Generator, direct_to_reverb_db: float = 6.0) -> Signal:
    """Impulse response [m]: 1 at sample 0, so nothing is delayed, then Gaussian noise that decays by 60 dB in `rt60` seconds.

    The tail ends there, and its energy lies `direct_to_reverb_db` below that of the direct path. The model is Polack's: diffuse sound
    without single early reflections. An `rt60` of 0 is the direct path alone. Raises `UsageError` for one that is negative or no number.
    """
    if not 0 <= rt60 < math.inf:
        raise UsageError(f"room: rt60 is {rt60} s; wanted 0 or more")
    tail = rng.standard_normal(round(rt60 * rate)) * 10.0 ** (-3 * np.arange(1, round(rt60 * rate) + 1) / max(rt60 * rate, 1))
    energy = float(np.dot(tail, tail))
    if energy > 0:
        tail *= math.sqrt(10.0 ** (-direct_to_reverb_db / 10) / energy)
    return np.concatenate(([1.0], tail)).astype(np.float32)


def reverberate(samples: Signal, response: Signal) -> Signal:
    """`samples` [n] heard through `response` [m], the first n samples of it: what rings on after the end is cut off."""
    from scipy.signal import oaconvolve

    if len(response) == 1 or not len(samples):
        return np.asarray(samples * response[:1], np.float32)
    return np.asarray(oaconvolve(samples, response)[: len(samples)], np.float32)
