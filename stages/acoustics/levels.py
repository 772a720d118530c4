"""Gain, and the level of speech without its pauses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]
"""Samples in [-1, 1], usually; full scale is 1."""

TIME_CONSTANT = 0.03
"""Seconds of each of the envelope's two smoothing filters (P.56)."""
HANGOVER = 0.2
"""Seconds for which a threshold counts as passed after the envelope fell below it (P.56)."""
MARGIN_DB = 15.9
"""How far the threshold of activity lies below the active level (P.56)."""
THRESHOLDS = 2.0 ** np.arange(-30, 1)
BLOCK = 1 << 20
"""Samples worked on at a time, so that hours cost no memory."""
ENVELOPE_HZ = 2000
"""The envelope is looked at this often at least; P.56 asks for 600 Hz."""


def gain(samples: Signal, db: float) -> Signal:
    """`samples` of any shape, louder by `db` decibels; nothing is limited to full scale."""
    return (samples * np.float32(10.0 ** (db / 20))).astype(np.float32, copy=False)


def active_level(samples: Signal, rate: int) -> float | None:
    """Level of the speech in `samples` [n] without its pauses, in dB re full scale (RMS, so a full-scale square wave has 0).

    The active speech level of ITU-T P.56, method B: energy over the time in which the envelope, held for 0.2 s, is above a threshold
    that lies 15.9 dB under the result. None where nothing is above -164 dBFS, as in digital silence.
    """
    energy, above = 0.0, np.zeros(len(THRESHOLDS), np.int64)
    step = max(1, rate // ENVELOPE_HZ)
    for block, envelope in _envelope(samples, rate, step):
        energy += float(np.dot(block, block))
        above += len(envelope) - np.searchsorted(np.sort(envelope), THRESHOLDS, side="left")
    passed = above > 0
    if energy <= 0.0 or not passed.any():
        return None
    level = 10 * np.log10(energy / (above[passed] * step))
    over = level - 20 * np.log10(THRESHOLDS[passed])
    # `over` falls as thresholds rise: the level is where it crosses the margin, linear in dB between two thresholds.
    below = np.flatnonzero(over <= MARGIN_DB)
    if not len(below):
        return float(level[-1])
    at = int(below[0])
    if at == 0:
        return None
    share = (over[at - 1] - MARGIN_DB) / (over[at - 1] - over[at])
    return float(level[at - 1] + share * (level[at] - level[at - 1]))


def _envelope(samples: Signal, rate: int, step: int) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Blocks of the samples, each with every `step`th value of its envelope, held: the greatest of the last 0.2 s."""
    from scipy.ndimage import maximum_filter1d
    from scipy.signal import lfilter

    pole = float(np.exp(-1 / (TIME_CONSTANT * rate)))
    hold = max(1, round(HANGOVER * rate / step))
    once = twice = np.zeros(1)
    tail = np.zeros(hold)
    size = BLOCK // step * step
    for start in range(0, len(samples), size):
        block = samples[start : start + size].astype(np.float64)
        smooth, once = lfilter([1 - pole], [1, -pole], np.abs(block), zi=once)
        smooth, twice = lfilter([1 - pole], [1, -pole], smooth, zi=twice)
        joined = np.concatenate((tail, smooth[::step]))
        # The filter's window is centred; with its origin at its right end it looks back only.
        held = maximum_filter1d(joined, hold + 1, mode="nearest", origin=hold // 2)
        tail = joined[-hold:]
        yield block, held[hold:]
