"""How loudly each side is heard in the other side's channel, from the stretches where only that side speaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from schemas.health import Leak
from schemas.recording import Recording, as_float
from stages.health.activity import Mask
from stages.health.levels import to_db
from stages.health.survey import Floats, Survey, hann

FRAME_S = 0.256
"""Hann frames, half overlapping, laid over the aligned channels: paths spread over some 60 ms around the delay are seen whole."""
LOWEST_HZ = 100
TOP_HZ = 4000
GRID = 2 * TOP_HZ
EARLY_S = 0.1
LATE_S = 0.4
"""Delays searched: from this much before the source to this much after it."""
PIECES = 4000
"""Frames used at most per direction, in groups spread evenly over the recording: eight minutes of one side speaking alone."""
GROUP = 8
"""Neighbouring frames that make one group; estimates multiply only different groups."""
LEAST_GROUPS = 3
LEAST_S = 1.0
TALKING = 0.3
"""A frame counts for a side that is active in this share of it."""
PEAK_SIGMA = 7.0
"""The path's peak stands this far above the spread of the cross-correlation at all other lags."""
SURE_SIGMA = 4.0
"""A leak is reported when its power is this many standard deviations above none."""
FINE = 4

Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over groups of frames, per bin, of a group's cross-spectrum C, of its source's power P, and of their products."""

    cross: Complex
    cross_squares: NDArray[np.float64]
    cross_source: Complex
    source: NDArray[np.float64]
    source_squares: NDArray[np.float64]
    groups: int


def leak(recording: Recording, survey: Survey, active: Mask, own: Mask, source: int, blank: Mask, delay_ms: float | None = None) -> Leak:
    """The leak of channel `source` into the other one; `blank` [1 Hz bins] are steady lines to leave out.

    `delay_ms` is its delay where known.

    Where only the source speaks, its path H into the other channel is the Wiener transfer estimate S_xy / S_xx. |H|^2 is taken
    without the bias that noise gives it: only products of different groups of frames enter, and those of independent noise average to
    zero (a U-statistic), so a leak well below the noise is measured by averaging. The level is sum |H|^2 S_xx over sum S_xx.
    """
    into = 1 - source
    starts = _alone(survey, active[source], own[into], 0.0)
    evidence = len(starts) * FRAME_S / 2
    excess = _excess(survey, active, own, source)
    if evidence < LEAST_S:
        return Leak(source=source, into=into, evidence_s=evidence)
    delay = delay_ms / 1000 if delay_ms is not None else _delay(recording, _thin(starts), survey, own[into], source, blank)
    shift = delay or 0.0
    starts = _alone(survey, active[source], own[into], shift)
    evidence = len(starts) * FRAME_S / 2
    sums = _gather(recording, _thin(starts), source, round(shift * recording.rate), blank)
    if evidence < LEAST_S or sums is None or sums.groups < LEAST_GROUPS:
        return Leak(source=source, into=into, evidence_s=evidence, excess_db=excess)
    power, error = _power(sums)
    total = float(sums.source.sum())
    sure = power > SURE_SIGMA * error
    return Leak(
        source=source,
        into=into,
        evidence_s=evidence,
        level_db=to_db(power / total) if sure else None,
        delay_ms=1000 * delay if sure and delay is not None else None,
        detectable_db=to_db(SURE_SIGMA * error / total),
        excess_db=excess,
    )


def _power(sums: _Sums) -> tuple[float, float]:
    """Power of the leak summed over bins, in the units of `sums.source`, and its standard deviation if there were none.

    What the path does not explain of each group's cross-spectrum, C - H P, is noise. Its sum is circular Gaussian, so the square of that
    deviates by its own mean; a Hann frame makes neighbouring bins share noise, which widens the sum over bins by 1.9 (the sum of the
    squared correlations of bins).
    """
    pairs = np.maximum(sums.source**2 - sums.source_squares, 1e-30)
    square = (np.abs(sums.cross) ** 2 - sums.cross_squares) / pairs
    path = sums.cross / np.maximum(sums.source, 1e-30)
    left = sums.cross_squares - 2 * (np.conj(path) * sums.cross_source).real + np.abs(path) ** 2 * sums.source_squares
    noise = np.maximum(left, 0.0) * sums.groups / (sums.groups - 1) / pairs
    return float(np.sum(square * sums.source)), float(np.sqrt(1.9 * np.sum((noise * sums.source) ** 2)))


def _alone(survey: Survey, talking: Mask, other: Mask, shift: float) -> NDArray[np.int64]:
    """Starts (samples of the source) of the frames in which the source speaks and the other side, `shift` seconds later, does not."""
    wide = round(FRAME_S * survey.frame_rate)
    moved = round(shift * survey.frame_rate)
    talk, noise = (np.concatenate(([0], np.cumsum(mask))) for mask in (talking, other))
    first = np.arange(0, survey.frames - wide, max(1, wide // 2))
    later = np.clip(first + moved, 0, survey.frames)
    until = np.clip(first + moved + wide, 0, survey.frames)
    kept = (talk[first + wide] - talk[first] >= TALKING * wide) & (noise[until] == noise[later]) & (until - later == wide)
    starts: NDArray[np.int64] = first[kept] * survey.hop
    return starts


def _thin(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `PIECES` frames, whole groups of neighbours spread evenly."""
    groups = len(starts) // GROUP
    most = PIECES // GROUP
    if groups <= most:
        return starts
    chosen = np.linspace(0, groups - 1, most).astype(np.int64)
    thinned: NDArray[np.int64] = starts[(chosen[:, None] * GROUP + np.arange(GROUP)).ravel()]
    return thinned


def _gather(recording: Recording, starts: NDArray[np.int64], source: int, shift: int, blank: Mask) -> _Sums | None:
    """Sums over the frames at `starts` in the source and `shift` samples later in the other channel."""
    from scipy import fft

    n = round(FRAME_S * recording.rate)
    starts = starts[(starts + min(shift, 0) >= 0) & (starts + max(shift, 0) + n <= recording.length)]
    window, bins = hann(n), _bins(n, recording.rate, blank)
    sums: _Sums | None = None
    for at in range(0, len(starts), GROUP):
        frames = starts[at : at + GROUP]
        x, y = (
            fft.rfft(np.stack([_read(recording, channel, s + move, n) for s in frames]) * window, axis=1)[:, bins]
            for channel, move in ((source, 0), (1 - source, shift))
        )
        sums = _add(sums, (np.conj(x) * y).sum(axis=0, dtype=np.complex128), (np.abs(x) ** 2).sum(axis=0, dtype=np.float64))
    return sums


def _add(sums: _Sums | None, cross: Complex, power: NDArray[np.float64]) -> _Sums:
    group = _Sums(cross, np.abs(cross) ** 2, cross * power, power, power**2, 1)
    if sums is None:
        return group
    return _Sums(*(getattr(sums, f.name) + getattr(group, f.name) for f in fields(_Sums)))


def _delay(recording: Recording, starts: NDArray[np.int64], survey: Survey, other: Mask, source: int, blank: Mask) -> float | None:
    """Seconds by which the strongest path arrives later, by the smoothed coherence transform (SCOT, Carter et al. 1973).

    Frames of the source against one second of the other channel, its own speech muted, so that late echoes lie inside.
    Absent without a clear peak.
    """
    from scipy import fft

    rate = recording.rate
    n, before = round(FRAME_S * rate), round(EARLY_S * rate)
    wide = before + n + round(LATE_S * rate)
    size = int(fft.next_fast_len(n + wide, real=True))
    hz = np.fft.rfftfreq(size, 1 / rate)
    keep = (hz >= LOWEST_HZ) & (hz <= TOP_HZ)
    keep[keep] = ~blank[np.minimum(hz[keep].round().astype(np.int64), len(blank) - 1)]
    cross, power, heard = np.zeros(len(hz), np.complex128), np.zeros(len(hz)), np.zeros(len(hz))
    window = hann(n)
    for x, y in _pairs(recording, starts, survey, other, source, (n, before, wide)):
        far, near = fft.rfft(x * window, size), fft.rfft(y, size)
        cross += np.conj(far) * near
        power += np.abs(far) ** 2
        heard += np.abs(near) ** 2
    weight = np.where(keep, 1 / np.sqrt(np.maximum(power * heard, 1e-30)), 0.0)
    response = fft.irfft(cross * weight, size * FINE)[: (wide - n + 1) * FINE]
    peak = int(np.argmax(np.abs(response)))
    spread = float(np.median(np.abs(response))) / 0.6745
    if not spread or abs(response[peak]) < PEAK_SIGMA * spread:
        return None
    return peak / FINE / rate - before / rate


def _pairs(
    recording: Recording, starts: NDArray[np.int64], survey: Survey, other: Mask, source: int, sizes: tuple[int, int, int]
) -> Iterator[tuple[Floats, Floats]]:
    """Each frame of the source with the stretch of the other channel around it, in which that side's own speech is muted."""
    n, before, wide = sizes
    for start in starts[::2]:
        y = _read(recording, 1 - source, int(start) - before, wide)
        at = np.clip((int(start) - before + np.arange(wide)) // survey.hop, 0, survey.frames - 1)
        yield _read(recording, source, int(start), n), np.where(other[at], np.float32(0), y)


def _excess(survey: Survey, active: Mask, own: Mask, source: int) -> float | None:
    """Rise of the other channel's median level while only the source speaks, over the source's median level (dB); absent below 1 dB."""
    into = 1 - source
    alone, rest = active[source] & ~own[into], ~active[source] & ~own[into]
    if min(alone.sum(), rest.sum()) < survey.frame_rate:
        return None
    there = float(np.median(survey.band[into][alone]))
    calm = float(np.median(survey.band[into][rest]))
    here = float(np.median(survey.band[source][alone]))
    return to_db((there - calm) / here) if there > 1.26 * calm and here > 0 else None


def _bins(n: int, rate: int, blank: Mask) -> NDArray[np.int64]:
    """Bins of an `n`-point frame inside the band and clear of steady lines by the width of a Hann bin."""
    hz = np.fft.rfftfreq(n, 1 / rate)
    edge = np.concatenate(([0], np.cumsum(blank)))
    reach = 2 * rate / n
    low = np.clip(np.floor(hz - reach), 0, len(blank)).astype(np.int64)
    high = np.clip(np.ceil(hz + reach), 0, len(blank)).astype(np.int64)
    return np.flatnonzero((hz >= LOWEST_HZ) & (hz <= TOP_HZ) & (edge[high] == edge[low]))


def _read(recording: Recording, channel: int, start: int, n: int) -> Floats:
    """Samples `start .. start + n` of a channel, zero outside the recording."""
    first, last = max(start, 0), min(start + n, recording.length)
    piece = as_float(recording.samples[channel, first : max(first, last)], recording.bits)
    return piece if len(piece) == n else np.pad(piece, (first - start, n - (first - start) - len(piece)))
