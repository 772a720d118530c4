"""Marks of a channel's sound: sparse hashes of where in time and frequency it peaks, which codecs, gains and noise leave in place.

After A. Wang, "An industrial-strength audio search algorithm", ISMIR 2003: peaks of the spectrogram, joined to constellations, hashed
without their absolute time. Here three peaks make a mark and not two, and only marks whose hash is small are kept: the hash alone decides,
so two versions of a sound keep the same ones. On the shared two-channel calls, within
0.8 s, three peaks survive mu-law at 0.74, noise at 15 dB at 0.35 and GSM at 0.20 (two peaks: 0.82, 0.45, 0.32) but are equal by chance
2**7.6 times more rarely, which keeps different calls apart and an index of a hundred thousand calls small. A side takes nine to twelve
bytes a second as text; the sub-fingerprints of Haitsma & Kalker, "A highly robust audio fingerprinting system", ISMIR 2002, are 32 bits
every 11.6 ms, 345 bytes a second, and were not tried for that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.prints import TICK_S

RATE = 8000
HOP = round(TICK_S * RATE)
SIZE = 4 * HOP
"""Samples of a frame, 64 ms: harmonics of a voice stand apart."""
BAND = (300.0, 3400.0)
"""Hz of a telephone channel."""
BLOCK = 500
"""Frames taken at once."""
NEAR_TICKS, NEAR_BINS = 15, 8
"""A peak is the highest within 240 ms and 125 Hz."""
RISE_TICKS, RISE = 13, 4.0
"""It stands 6 dB above what was in its bin 208 ms before and after, so steady tones have none."""
OVER_FLOOR = 100.0
"""And 20 dB above the floor of its bin, the 20th percentile of a block: noise alone stays below."""
OVER_LOUDEST = 1e-5
QUIETEST = 1e-6
"""Power below which there is nothing: a tone at -102 dBFS."""
REACH_TICKS = 75
"""A mark's three peaks lie within 1.2 s."""
APART_TICKS = 5.0
"""And at least 80 ms from each other."""
REACH_HZ = 1200.0
SPREAD_HZ = 60.0
"""Three peaks of one frequency are a beeping tone and no mark."""
STEP_HZ, STEP_TICKS = 48.0, 3.0
"""Steps in which frequencies and distances enter the hash."""
KEPT = 84
"""One in so many marks is kept, those with the least hashes."""
SPAN_TICKS, FEWEST, MOST = 250, 6, 20
"""But at least so many and at most so many in each 4 s where there are any: a lone word leaves a few, music not a hundred."""
BITS = 16
"""Of the hash that are stored: what one mark in `KEPT` can still tell apart."""

Floats = NDArray[np.float32]
Peaks = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Ticks and frequencies (Hz), both [n], with fractions, ascending by tick."""
Marks = tuple[NDArray[np.uint32], NDArray[np.int64]]
"""Values below 2**16 and ticks of the first peak, both [n], ascending by tick and value."""
Hashes = tuple[NDArray[np.uint64], NDArray[np.int64]]
"""Whole hashes, and ticks of the first peak, both [n]."""


class Marker:
    """Finds one channel's marks as its samples at `RATE` Hz come in; holds a few seconds of sound and the marks so far."""

    def __init__(self) -> None:
        self._audio: Floats = np.zeros(0, np.float32)
        self._power: Floats = np.zeros((NEAR_TICKS, _bins()), np.float32)
        self._done = -NEAR_TICKS
        self._peaks: Peaks = (np.zeros(0), np.zeros(0))
        self._open: Hashes = (np.zeros(0, np.uint64), np.zeros(0, np.int64))
        self._found: list[Marks] = []

    def add(self, samples: Floats) -> None:
        """The next samples, float32 [n] in [-1, 1]."""
        self._audio = np.concatenate((self._audio, samples))
        while len(self._audio) >= (BLOCK - 1) * HOP + SIZE:
            self._frames(spectra(self._audio[: (BLOCK - 1) * HOP + SIZE]))
            self._audio = self._audio[BLOCK * HOP :]

    def done(self) -> Marks:
        """All marks; nothing may be added afterwards."""
        if len(self._audio) >= SIZE:
            self._frames(spectra(self._audio))
        self._frames(np.zeros((NEAR_TICKS, _bins()), np.float32))
        self._marks(np.inf)
        values, ticks = (np.concatenate(each) for each in zip(*self._found, strict=True))
        return values, ticks

    def _frames(self, power: Floats) -> None:
        """Peaks of all frames that have enough neighbours on both sides."""
        self._power = np.concatenate((self._power, power))
        ticks, hertz = peaks(self._power)
        first = self._done
        self._peaks = (np.concatenate((self._peaks[0], ticks + first)), np.concatenate((self._peaks[1], hertz)))
        keep = min(len(self._power), 2 * NEAR_TICKS)
        self._done += len(self._power) - keep
        self._power = self._power[len(self._power) - keep :]
        self._marks(float(self._done + NEAR_TICKS - REACH_TICKS - 1))

    def _marks(self, upto: float) -> None:
        """Marks whose first peak lies before `upto`, whose neighbours are all known."""
        ticks, hertz = self._peaks
        ready = int(np.searchsorted(ticks, upto))
        hashes, when = constellations(ticks, hertz, ready)
        self._peaks = (ticks[ready:], hertz[ready:])
        hashes, when = np.concatenate((self._open[0], hashes)), np.concatenate((self._open[1], np.maximum(when, 0)))
        closed = when < (upto // SPAN_TICKS * SPAN_TICKS)
        self._found.append(_kept(hashes[closed], when[closed]))
        self._open = (hashes[~closed], when[~closed])


def spectra(samples: Floats) -> Floats:
    """Power of `BAND` with one bin more on each side, [frames, bins], of frames every tick; a sine at full scale has 16384."""
    from scipy import fft

    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(samples, SIZE)[::HOP] * window
    spectrum = fft.rfft(framed, axis=1)[:, _FIRST : _FIRST + _bins()]
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


_FIRST = int(np.ceil(BAND[0] * SIZE / RATE)) - 1


def _bins() -> int:
    return int(BAND[1] * SIZE / RATE) + 2 - _FIRST


def peaks(power: Floats) -> Peaks:
    """Peaks of `power` [frames, bins] that lie `NEAR_TICKS` from both ends at least; ticks count from the first frame."""
    loudest = float(power.max(initial=0.0))
    if len(power) <= 2 * NEAR_TICKS or loudest < QUIETEST:
        return np.zeros(0), np.zeros(0)
    floor = np.partition(power[::4], len(power[::4]) // 5, axis=0)[len(power[::4]) // 5]
    floor = np.convolve(np.pad(floor, 4, mode="edge"), np.full(9, 1 / 9, np.float32), "valid")
    least = np.maximum(OVER_FLOOR * floor, max(OVER_LOUDEST * loudest, QUIETEST)).astype(np.float32)
    inner = power[NEAR_TICKS:-NEAR_TICKS]
    around = np.maximum(power[NEAR_TICKS - RISE_TICKS :][: len(inner)], power[NEAR_TICKS + RISE_TICKS :][: len(inner)])
    high = _highest(_highest(power, NEAR_TICKS, 0), NEAR_BINS, 1)
    found = (inner == high) & (inner > least) & (inner > np.float32(RISE) * around)
    found[:, [0, -1]] = False
    tick, column = np.nonzero(found)
    tick += NEAR_TICKS
    log = [np.log(power[tick + dt, column + df] + 1e-20) for dt, df in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))]
    ticks = tick + _vertex(log[1], log[0], log[2])
    hertz = (column + _FIRST + _vertex(log[3], log[0], log[4])) * RATE / SIZE
    order = np.lexsort((hertz, ticks))
    return ticks[order], hertz[order]


def _highest(power: Floats, reach: int, axis: int) -> Floats:
    """The highest within `reach` on both sides, by doubling; along axis 0 only where all are known, along 1 with edges."""
    width = 2 * reach + 1
    if axis == 1:
        power = np.pad(power, ((0, 0), (reach, reach)))
    made, have = power, 1
    while have < width:
        step = min(have, width - have)
        made = np.maximum(made[:-step], made[step:]) if axis == 0 else np.maximum(made[:, :-step], made[:, step:])
        have += step
    return made


def _vertex(before: NDArray[np.floating], at: NDArray[np.floating], after: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a parabola through three points is highest, from -0.5 to 0.5."""
    bend = np.minimum(before - 2.0 * at + after, -1e-9)
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5), np.float64)


def constellations(ticks: NDArray[np.float64], hertz: NDArray[np.float64], ready: int) -> Hashes:
    """All marks whose first peak is one of the first `ready`."""
    made: list[Hashes] = [(np.zeros(0, np.uint64), np.zeros(0, np.int64))]
    for at in range(0, ready, 512):
        first, second = _ranges(np.arange(at, min(ready, at + 512)), ticks, ticks, APART_TICKS)
        close = np.abs(hertz[second] - hertz[first]) < REACH_HZ
        first, second = first[close], second[close]
        which, third = _ranges(second, ticks, ticks, APART_TICKS, ticks[first] + REACH_TICKS)
        first, second = first[which], second[which]
        notes = np.stack((hertz[first], hertz[second], hertz[third]))
        use = (np.abs(notes[2] - notes[0]) < REACH_HZ) & (np.ptp(notes, axis=0) > SPREAD_HZ)
        made.append(_hashed(ticks[first][use], ticks[second][use], ticks[third][use], notes[:, use]))
    values, when = (np.concatenate(each) for each in zip(*made, strict=True))
    return values, when


def _ranges(
    index: NDArray[np.int64], ticks: NDArray[np.float64], every: NDArray[np.float64], apart: float, upto: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All (row, later peak) at least `apart` after the row's peak and before `upto`. Rows are peaks, or positions where `upto` is given."""
    low = np.searchsorted(every, ticks[index] + apart)
    high = np.maximum(low, np.searchsorted(every, ticks[index] + REACH_TICKS if upto is None else upto))
    count = high - low
    row = np.repeat(np.arange(len(index)), count)
    later = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + low[row]
    return (index[row] if upto is None else row), later


def _hashed(first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64], notes: NDArray[np.float64]) -> Hashes:
    number = np.zeros(len(first), np.uint64)
    for part in (*np.floor(notes / STEP_HZ), np.rint((second - first) / STEP_TICKS), np.rint((third - second) / STEP_TICKS)):
        number = number * np.uint64(128) + part.astype(np.uint64)
    return mixed(number), np.floor(first).astype(np.int64)


def mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea & Flood, OOPSLA 2014): every bit hangs on every other."""
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def _kept(hashes: NDArray[np.uint64], ticks: NDArray[np.int64]) -> Marks:
    """Those of complete spans to be kept, without copies, ascending by tick and value."""
    span = ticks // SPAN_TICKS
    order = np.lexsort((ticks, hashes, span))
    hashes, ticks, span = hashes[order], ticks[order], span[order]
    fresh = np.concatenate(([True], (hashes[1:] != hashes[:-1]) | (ticks[1:] > ticks[:-1] + 1)))[: len(hashes)]
    hashes, ticks, span = hashes[fresh], ticks[fresh], span[fresh]
    place = np.arange(len(span)) - np.searchsorted(span, span)
    chosen = (place < FEWEST) | ((hashes < np.uint64((1 << 64) // KEPT)) & (place < MOST))
    values, ticks = (hashes[chosen] & np.uint64((1 << BITS) - 1)).astype(np.uint32), ticks[chosen]
    order = np.lexsort((values, ticks))
    return values[order], ticks[order]


def marks_of(blocks: Iterator[Floats], channels: int) -> list[Marks]:
    """The marks of each channel of float32 blocks [channels, n] at `RATE` Hz."""
    markers = [Marker() for _ in range(channels)]
    for block in blocks:
        for marker, samples in zip(markers, block, strict=True):
            marker.add(samples)
    return [marker.done() for marker in markers]
