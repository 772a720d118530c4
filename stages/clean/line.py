"""Where in time an echo lies: its delay and how that drifts, along a stretch of two channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.health.activity import Mask
from stages.health.survey import Floats

EARLY_S = 0.02
"""An echo is looked for from this long before its source, for channels whose clocks or files are skewed."""
ROW_S = 1.0
"""Seconds of the source whose correlation is one row: 150 ppm of drift move its echo by one sample of 8 kHz and a bit."""
LEAST_TALK = 0.2
"""A row counts when the source is active in this share of it."""
MOST_PPM = 150.0
LOWEST_HZ = 100
TOP_HZ = 4000
PEAK_SIGMA = 7.0
"""The echo's peak stands this far above the spread of the response at all other delays and drifts."""
STILL = 0.9
"""The most likely drift is taken when a peak there is this high beside the highest: a short stretch cannot tell small ones apart."""
SAME_DRIFT = 8e-6
"""Drifts that are closer together than this may be one: a window tells them apart by some 4 ppm before they are refined."""
LEAST_KNOWN = 3
MOST_AGREE = 0.6
SMOOTH_HZ = 50.0
LEAST_DRIFT = 1e-7
"""Slower drifts are none: 3 microseconds in half a minute."""


@dataclass(frozen=True, slots=True)
class Line:
    """The delay of an echo, which may grow or shrink at a constant rate."""

    delay: float
    """Seconds by which the echo is later than its source, at the time `at`."""
    drift: float = 0.0
    """Seconds of delay per second: 1e-4 is 100 ppm."""
    at: float = 0.0
    """Seconds from the start of the stretch."""

    def turned(self, by: float, about: float) -> Line:
        """The line with `by` more drift, its delay at the time `about` unchanged; drifts too slow to matter become none."""
        drift = self.drift + by
        if abs(drift) < LEAST_DRIFT:
            drift = 0.0
        return Line(self.delay + self.drift * (about - self.at), drift, about)


def aligned(source: Floats, margin: int, count: int, rate: float, line: Line) -> Floats:
    """[count]: the source as late as its echo, so that the path that is left stands still; `line` is in the time of sample 0 here.

    Sample 0 of the result lies in time at sample `margin` of `source`; beyond its ends there are zeros. Without drift samples are
    only moved, by whole samples; with drift they are resampled by 1 - drift (soxr, HQ). A part of a sample is left to the path.
    """
    first = margin - (line.delay - line.drift * line.at) * rate
    start = math.floor(first + 0.5)
    if line.drift == 0.0:
        return _cut(source, start, count)
    import soxr

    piece = _cut(source, start, math.ceil(count * (1 - line.drift)) + 64)
    found: Floats = soxr.resample(piece, 1.0 - line.drift, 1.0, "HQ")[:count]
    return found if len(found) == count else np.pad(found, (0, count - len(found)))


def _cut(source: Floats, start: int, count: int) -> Floats:
    """`count` samples from `start`, zeros beyond the ends."""
    first, last = min(max(start, 0), len(source)), min(max(start + count, 0), len(source))
    piece = source[first:last]
    return piece if len(piece) == count else np.pad(piece, (max(0, first - start), count - len(piece) - max(0, first - start)))


@dataclass(frozen=True, slots=True)
class Drifts:
    """Which drifts are looked for."""

    middle: float = 0.0
    """Seconds per second: what is most likely."""
    width: float = MOST_PPM * 1e-6
    """How far from that, to either side."""


def agreed(drifts: Sequence[float | None]) -> float | None:
    """The drift that most windows of a stretch have, as two clocks would; absent when fewer than three know one, or they differ."""
    known = np.array([drift for drift in drifts if drift is not None])
    if len(known) < LEAST_KNOWN:
        return None
    middle = float(np.median(known))
    return middle if np.mean(np.abs(known - middle) <= SAME_DRIFT) >= MOST_AGREE else None


def find_line(
    source: Floats, margin: int, near: Floats, talking: Mask, rate: float, latest: float, blank: Mask, drifts: Drifts
) -> Line | None:
    """The delay and drift of the strongest path from `source` into `near`; absent when none stands out.

    `near` [n] is the hearing channel with its own speech muted; its sample 0 lies in time at sample `margin` of `source`, which reaches
    `margin` samples beyond both ends. `talking` [n] is where the source speaks. `latest` is the longest delay looked for (s), and
    `blank` [1 Hz bins] are steady lines to leave out.
    Each second of the source is correlated with what is near by the smoothed coherence transform (SCOT, Carter et al. 1973); the rows of
    all seconds are added along every drift in question (a Radon transform), and the highest peak is taken.
    """
    rows, times = _rows(source, margin, near, talking, rate, latest, blank)
    if not len(rows):
        return None
    middle = (times[0] + times[-1]) / 2
    reach = float(np.abs(times - middle).max()) * rate
    steps = math.ceil(drifts.width * reach)
    tried = drifts.middle + np.arange(-steps, steps + 1) / max(reach, 1.0)
    spare = math.ceil(float(np.abs(tried).max()) * reach) + 1
    wide = np.pad(rows, ((0, 0), (spare, spare)))
    summed = np.empty((len(tried), rows.shape[1]), np.float32)
    for index, drift in enumerate(tried):
        moved = np.rint((times - middle) * rate * drift).astype(np.int64) + spare
        summed[index] = sum(row[shift : shift + rows.shape[1]] for row, shift in zip(wide, moved, strict=True))
    np.abs(summed, out=summed)
    spread = float(np.median(summed)) / 0.6745
    best = int(np.argmax(summed))
    peak = float(summed.flat[best])
    if not spread or peak < PEAK_SIGMA * spread:
        return None
    if float(summed[steps].max()) >= STILL * peak:
        best = steps * rows.shape[1] + int(np.argmax(summed[steps]))
    step, lag = divmod(best, rows.shape[1])
    return Line(lag / rate - EARLY_S, float(tried[step]), float(middle))


def _rows(
    source: Floats, margin: int, near: Floats, talking: Mask, rate: float, latest: float, blank: Mask
) -> tuple[Floats, NDArray[np.float64]]:
    """[rows, lags]: the response of each second in which the source talks, from `EARLY_S` before it on; and those seconds' middles (s)."""
    from scipy import fft, ndimage

    n, before = round(ROW_S * rate), round(EARLY_S * rate)
    lags = before + round(latest * rate)
    starts = [s for s in range(0, len(near), n) if talking[s : s + n].sum() >= LEAST_TALK * n]
    if not starts:
        return np.zeros((0, lags), np.float32), np.zeros(0)
    size = int(fft.next_fast_len(n + lags, real=True))
    far = np.stack([_cut(source, s + margin, n) for s in starts])
    heard = np.stack([_cut(near, s - before, n + lags) for s in starts])
    there, here = fft.rfft(far, size, axis=1), fft.rfft(heard, size, axis=1)
    width = max(1, round(SMOOTH_HZ * size / rate))
    power, level = (ndimage.uniform_filter1d((np.abs(each) ** 2).sum(axis=0), width, mode="nearest") for each in (there, here))
    hz = np.fft.rfftfreq(size, 1 / rate)
    keep = (hz >= LOWEST_HZ) & (hz <= TOP_HZ)
    keep[keep] = ~blank[np.minimum(hz[keep].round().astype(np.int64), len(blank) - 1)]
    product = power * level
    weight = np.where(keep & (product > 0), 1 / np.sqrt(np.maximum(product, 1e-30)), 0.0).astype(np.float32)
    response: Floats = fft.irfft(np.conj(there) * here * weight, size, axis=1)[:, :lags]
    return response, (np.array(starts) + n / 2) / rate
