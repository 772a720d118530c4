"""Whether two channels are one signal: cross-correlation at the best lag, over windows of two seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.health import CopyKind, Likeness
from schemas.recording import Recording, as_float
from stages.health.activity import Mask, smooth
from stages.health.survey import Floats, Survey, decibels, hann

WINDOW_S = 2
MOST = 512
"""Windows at most, spread evenly over the loud ones."""
LAG_S = 0.5
"""Lags searched, to either side."""
LOWEST_HZ = 150
TOP_HZ = 4000
"""Band that is correlated: bins of half a hertz, so the correlation comes out on a grid of 8 kHz whatever the rate."""
GRID = 2 * TOP_HZ
LOUD_DB = 10.0
"""A window is loud when its level is at most this far below its channel's active speech level."""
NEAR_S = 0.001
"""Lags this near to the best one are taken as the same."""
FINE = 8
"""Interpolation of the grid around the best lag, by zero padding of the spectrum: 1/64 ms."""
LAG_LEAST = 0.25
"""Below this correlation the best lag is chance."""
ALIGN_S = 0.01
ALIGN = 0.2
"""A correlation beyond this at a lag beyond that is measured again with the channels aligned, so that windows hold the same sound."""
COPY = 0.95
"""Similarity from which one channel is a copy of the other: a copy with independent noise 13 dB below it."""
COPY_GAIN_DB = 20.0
"""A copy further below the other channel than this is a leak into a channel without speech."""
COPY_SHARE = 0.8
"""A copy is loud where its original is, in at least this share of the loud windows: one side mixed into the other side's channel is not."""
STEADY_DB = 3.0
"""A copy's gain stays within this spread (10th to 90th percentile)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """Correlations [windows, lags] of the loud windows, and what goes with each window."""

    cross: Floats
    """Cross-correlation, not normalised, free of the window's taper."""
    spectrum: NDArray[np.complex64]
    """Sum of the normalised cross-spectra, for interpolation."""
    energy: NDArray[np.float64]
    """[2, windows]"""
    both: Mask
    """Windows that are loud in both channels."""

    @property
    def reach(self) -> int:
        return int(self.cross.shape[1]) // 2

    def normal(self) -> Floats:
        """Correlation coefficients [windows, lags]."""
        normal: Floats = self.cross / np.sqrt(self.energy.prod(axis=0))[:, None].astype(np.float32)
        return normal

    def best(self) -> int:
        """The lag, in steps of the grid, at which the windows' mean coefficient is largest; those loud in both when there are any."""
        chosen = self.both if self.both.any() else np.ones_like(self.both)
        return int(np.argmax(np.abs(self.normal()[chosen].sum(axis=0)))) - self.reach

    def pooled(self, lag: int) -> float:
        """Correlation coefficient of all windows together at one lag."""
        return float(self.cross[:, lag + self.reach].sum(dtype=np.float64) / np.sqrt(self.energy.sum(axis=1).prod()))


def likeness(recording: Recording, survey: Survey, active: Mask, level: tuple[float | None, float | None], blank: Mask) -> Likeness:
    """How far the channels are one signal; `blank` [1 Hz bins] are steady lines to leave out, so that shared hum is no likeness.

    The best lag is where the sum of the windows' normalised cross-correlations is largest in magnitude. Absent numbers: no loud window.
    """
    separation = _separation(survey, active)
    windows = _correlate(recording, survey, level, blank, 0)
    if windows is None:
        return Likeness(separation_db=separation, same_samples=survey.same_samples)
    best, shift = windows.best(), 0
    if abs(best) > ALIGN_S * GRID and abs(windows.pooled(best)) > ALIGN:
        shift = round(best / GRID * recording.rate)
        windows = _correlate(recording, survey, level, blank, shift) or windows
        best = windows.best()
    lag = shift / recording.rate + best / GRID + _refine(windows.spectrum, best)
    pooled = windows.pooled(best)
    similarity = gain = wobble = copy = None
    both_loud = float(windows.both.mean())
    if windows.both.any():
        similarity = _similarity(windows.normal()[windows.both], best + windows.reach)
        ratios = 10 * np.log10(windows.energy[1] / windows.energy[0])[windows.both]
        gain = float(np.median(ratios))
        wobble = float(np.diff(np.quantile(ratios, (0.1, 0.9)))[0])
        if abs(similarity) >= COPY and both_loud >= COPY_SHARE and wobble <= STEADY_DB and abs(gain) <= COPY_GAIN_DB:
            copy = _kind(similarity, gain, lag, recording.rate)
    return Likeness(
        correlation=min(1.0, max(-1.0, pooled)),
        lag_ms=1000 * lag if abs(pooled) >= LAG_LEAST else None,
        similarity=similarity,
        gain_db=gain,
        gain_spread_db=wobble,
        both_loud=both_loud,
        separation_db=separation,
        same_samples=survey.same_samples,
        copy="identical" if survey.same_samples else copy,
    )


def _correlate(recording: Recording, survey: Survey, level: tuple[float | None, float | None], blank: Mask, shift: int) -> _Windows | None:
    """Windows of channel 0 against those `shift` samples later in channel 1."""
    from scipy import fft

    rate, length = recording.rate, recording.length
    n, size = WINDOW_S * rate, min(WINDOW_S * rate, length)
    size = min(size, max(1, length - abs(shift)))
    starts, both = _loud(survey, np.arange(max(0, -shift), length - size - max(0, shift) + 1, max(1, size // 2)), shift, size, level)
    if not len(starts):
        return None
    pick = np.unique(np.linspace(0, len(starts) - 1, min(MOST, len(starts))).round().astype(np.int64))
    starts, both = starts[pick], both[pick]
    taper = hann(size)
    keep = ~np.repeat(blank, WINDOW_S)[: WINDOW_S * TOP_HZ + 1]
    keep[: WINDOW_S * LOWEST_HZ] = False
    reach = min(round(LAG_S * GRID), round(size / rate * GRID / 4))
    bins = min(n // 2 + 1, len(keep))
    lost = _taper_loss(reach, size / rate * GRID)
    cross = np.empty((len(starts), 2 * reach + 1), np.float32)
    energy = np.empty((2, len(starts)))
    total = np.zeros(len(keep), np.complex64)
    for row, start in enumerate(starts):
        window = [recording.samples[channel, start + move : start + move + size] for channel, move in ((0, 0), (1, shift))]
        pair = np.stack([as_float(side, recording.bits) for side in window]) * taper
        spectrum = np.zeros((2, len(keep)), np.complex64)
        spectrum[:, :bins] = fft.rfft(pair, n, axis=1)[:, :bins] * keep[:bins]
        product = spectrum[1] * np.conj(spectrum[0])
        energy[:, row] = 2 * np.sum(np.abs(spectrum) ** 2, axis=1, dtype=np.float64)
        around = fft.irfft(product, WINDOW_S * GRID) * np.float32(WINDOW_S * GRID)
        cross[row] = np.concatenate((around[-reach:], around[: reach + 1])) / lost
        total += product / np.float32(max(np.sqrt(energy[:, row].prod()), 1e-30))
    sound = energy.min(axis=0) > 0
    if not sound.any():
        return None
    return _Windows(cross=cross[sound], spectrum=total, energy=energy[:, sound], both=both[sound])


def _loud(
    survey: Survey, starts: NDArray[np.int64], shift: int, size: int, level: tuple[float | None, float | None]
) -> tuple[NDArray[np.int64], Mask]:
    """The windows that are loud in a channel, and which of them are loud in both."""
    loud = []
    for channel, move in ((0, 0), (1, shift)):
        total = np.concatenate(([0.0], np.cumsum(survey.power[channel], dtype=np.float64)))
        first, last = (np.minimum((starts + move + end) // survey.hop, survey.frames) for end in (0, size))
        mean = decibels((total[last] - total[first]) / np.maximum(last - first, 1))
        reference = level[channel]
        loud.append(np.zeros(len(starts), np.bool_) if reference is None else mean >= reference - LOUD_DB)
    either = loud[0] | loud[1]
    return starts[either], (loud[0] & loud[1])[either]


def _similarity(normal: Floats, best: int) -> float:
    """Median over windows of the correlation near the best lag; of each window's own peak where that shows clearly drifting copies."""
    near = round(NEAR_S * GRID)
    close = normal[:, max(0, best - near) : best + near + 1]
    common, free = (float(np.median(_signed_peak(part))) for part in (close, normal))
    chosen = free if abs(free) >= 0.7 and abs(free) > abs(common) + 0.1 else common
    return min(1.0, max(-1.0, chosen))


def _signed_peak(rows: Floats) -> Floats:
    peaks: Floats = rows[np.arange(len(rows)), np.argmax(np.abs(rows), axis=1)]
    return peaks


def _refine(spectrum: NDArray[np.complex64], best: int) -> float:
    """Seconds from grid lag `best` to the largest magnitude of the pooled correlation within one grid step, at `1 / FINE` step."""
    steps = np.arange(-FINE, FINE + 1) / FINE
    phase = np.exp(2j * np.pi * np.arange(len(spectrum)) / (WINDOW_S * GRID) * (best + steps)[:, None])
    values = np.abs((phase * spectrum).real.sum(axis=1))
    return float(steps[int(np.argmax(values))] / GRID)


def _taper_loss(reach: int, size: float) -> Floats:
    """What a Hann window of `size` samples leaves of a correlation at each lag in -reach .. reach: its own autocorrelation."""
    x = np.abs(np.arange(-reach, reach + 1)) / size
    kept: Floats = ((1 - x) * (2 + np.cos(2 * np.pi * x)) / 3 + np.sin(2 * np.pi * x) / (2 * np.pi)).astype(np.float32)
    return kept


def _separation(survey: Survey, active: Mask) -> float | None:
    """10th to 90th percentile of the level difference (dB, 80 ms) over frames in which either channel is active; absent below 1 s."""
    either = active[0] | active[1]
    if either.sum() < survey.frame_rate:
        return None
    difference = smooth(decibels(survey.band[0]) - decibels(survey.band[1]), 5)[either]
    low, high = np.quantile(difference, (0.1, 0.9))
    return float(high - low)


def _kind(similarity: float, gain: float, lag: float, rate: int) -> CopyKind:
    if similarity < 0:
        return "inverted"
    if abs(lag) >= 0.5 / rate:
        return "delayed"
    return "scaled" if abs(gain) > 0.5 else "identical"
