"""Sounds that never change: mains hum, and every other line of the long-term spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording, as_float
from stages.health.activity import Mask
from stages.health.levels import to_db
from stages.health.survey import LOWEST, Floats, Survey, hann

TOP_HZ = 4000
"""Lines are sought up to here; bins are 1 Hz wide."""
MOST = 200
LEAST = 5
"""Windows of one second that a median spectrum is made of, half of each shared with the next."""
LINE_DB = 13.0
"""A line stands this far above the median of the 60 Hz around it."""
HARMONICS = 10


@dataclass(frozen=True, slots=True)
class Hum:
    """Mains hum of one channel: frequency in Hz, dB over the neighbouring floor, level in dBFS without that floor.

    The level is absent when nothing stands out.
    """

    hz: float
    over_db: float
    level_dbfs: float | None


def steady_spectrum(recording: Recording, survey: Survey, channel: int, active: Mask) -> Floats | None:
    """Median power spectrum [bins of 1 Hz] over the quietest of the seconds of a channel; absent below 3 s.

    A median over windows keeps what is always there and drops what comes and goes. Values are mean squares per bin.
    """
    from scipy import fft

    rate = recording.rate
    starts = np.arange(0, recording.length - rate + 1, max(1, rate // 2))
    at = starts // survey.hop
    wide = max(1, round(survey.frame_rate))
    talk = _window_sums(active.astype(np.float64), at, wide)
    heard = _window_sums(survey.power[channel] > LOWEST, at, wide)
    starts, talk = starts[heard > 0.9 * wide], talk[heard > 0.9 * wide]
    if len(starts) < LEAST:
        return None
    quiet = np.argsort(talk, kind="stable")[: max(LEAST, len(starts) // 2)]
    starts = np.sort(starts[quiet])[:: max(1, len(quiet) // MOST)]
    window = hann(rate)
    bins = min(TOP_HZ, rate // 2 - 1) + 1
    spectra = np.empty((len(starts), bins), np.float32)
    for row, start in enumerate(starts):
        piece = as_float(recording.samples[channel, start : start + rate], recording.bits)
        spectra[row] = np.abs(fft.rfft((piece - piece.mean()) * window)[:bins]) ** 2
    steady: Floats = np.median(spectra, axis=0) * np.float32(2.0 / (rate * float(np.sum(window**2))))
    return steady


def mains_hum(steady: Floats) -> Hum | None:
    """The mains frequency that stands out more, over its first ten harmonics.

    Each harmonic is the power within 2 Hz of it; its neighbouring floor is the median within 20 Hz but not within 4, times as many bins.
    Absent when the channel has no floor there at all.
    """
    found: list[Hum] = []
    for mains in (50, 60):
        line = floor = 0.0
        for centre in range(mains, min(mains * HARMONICS, len(steady) - 21) + 1, mains):
            beside = np.concatenate((steady[centre - 20 : centre - 4], steady[centre + 5 : centre + 21]))
            line += float(steady[centre - 2 : centre + 3].sum())
            floor += 5 * float(np.median(beside))
        over, level = to_db(line / floor) if floor else None, to_db(line - floor)
        if over is not None:
            found.append(Hum(float(mains), over, level))
    return max(found, key=lambda hum: hum.over_db, default=None)


def lines(steady: Floats | None) -> NDArray[np.bool_]:
    """[bins of 1 Hz up to TOP_HZ]: true on and beside steady spectral lines, which say nothing of speech that leaks or is copied."""
    from scipy import ndimage

    if steady is None:
        return np.zeros(TOP_HZ + 1, np.bool_)
    around = ndimage.median_filter(steady, 61, mode="nearest")
    standing = steady > np.maximum(around, 1e-16) * 10 ** (LINE_DB / 10)
    mask: NDArray[np.bool_] = ndimage.binary_dilation(standing, iterations=3)
    return np.pad(mask, (0, TOP_HZ + 1 - len(mask)))


def _window_sums(values: NDArray[np.generic], at: NDArray[np.int64], wide: int) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return total[np.minimum(at + wide, len(values))] - total[np.minimum(at, len(values))]
