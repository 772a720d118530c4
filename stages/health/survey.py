"""One pass over a recording: sample counts, and the level and shape of every short frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording, as_float, full_scale

Floats = NDArray[np.float32]

BLOCKS = 500
"""Of a recording longer than this many batches some are taken together, so that their spectra stay few."""
FRAME_S = 0.032
"""Length of a Hann frame in seconds; frames advance by half of it."""
BATCH = 256
"""Frames taken at once: the arrays of a batch stay inside a processor's cache."""
SPEECH_BAND = (200.0, 3800.0)
"""Hz: above mains hum and below the edge of a telephone channel."""
LOWEST = 1e-12
"""Mean square below which a frame is digital silence (-120 dBFS): constant samples, of any value, end up here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the pass saw. Arrays are [channels] or [channels, frames]; powers are mean squares with full scale 1.

    Frame `i` is centred on sample `i * hop + n / 2`; the last is padded with zeros.
    """

    n: int
    """Samples in a frame."""
    hop: int
    rate: int
    power: Floats
    """Power from the third bin up, above 60 Hz: free of DC."""
    band: Floats
    """Power inside `SPEECH_BAND`."""
    breadth: NDArray[np.float16]
    """Effective number of bins in `SPEECH_BAND`, (sum P)^2 / sum P^2: 2 for a tone, 4 for two tones, many for noise."""
    centre: NDArray[np.float16]
    """Mean frequency inside `SPEECH_BAND`, weighted by power, in Hz: still for tones, moving for voices."""
    spectra: Floats
    """[channels, blocks, bins]: mean power spectrum of the frames of each batch that are not digital silence; the greatest of
    neighbouring batches in long recordings."""
    mean: NDArray[np.float64]
    zeros: NDArray[np.int64]
    low: NDArray[np.int64]
    """Least sample, in integers."""
    high: NDArray[np.int64]
    clipped: NDArray[np.int64]
    """Samples at full scale, or in flat tops of at least three samples at the channel's own extreme."""
    same_samples: bool

    @property
    def frames(self) -> int:
        return int(self.power.shape[1])

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.rate / self.hop


def survey(recording: Recording) -> Survey:
    """Everything of `Survey`, reading each sample once, in batches of a few seconds."""
    rate, length, channels = recording.rate, recording.length, recording.channels
    hop = max(1, round(rate * FRAME_S / 2))
    n = 2 * hop
    frames = max(1, -(-(length - hop) // hop))
    counts = [_Counts(full_scale(recording.bits)) for _ in range(channels)]
    power, band = (np.zeros((channels, frames), np.float32) for _ in range(2))
    breadth, centre = (np.zeros((channels, frames), np.float16) for _ in range(2))
    spectra: list[Floats] = []
    same = channels == 2
    for first in range(0, frames, BATCH):
        last = min(first + BATCH, frames)
        fresh = slice(first * hop if first else 0, length if last == frames else last * hop)
        block = np.ascontiguousarray(recording.samples[:, first * hop : min((last + 1) * hop, length)])
        new = block[:, fresh.start - first * hop : fresh.stop - first * hop]
        same = same and np.array_equal(new[0], new[-1])
        means = np.zeros((channels, hop + 1), np.float32)
        for channel in range(channels):
            counts[channel].add(new[channel])
            frame_power = _frames(as_float(block[channel], recording.bits), n, hop, last - first)
            at = (channel, slice(first, last))
            power[at], band[at], breadth[at], centre[at], means[channel] = _shape(frame_power, rate / n)
        together = BATCH * max(1, frames // (BATCH * BLOCKS))
        if first % together == 0:
            spectra.append(means)
        else:
            spectra[-1] = np.maximum(spectra[-1], means)
    return Survey(
        n=n,
        hop=hop,
        rate=rate,
        power=power,
        band=band,
        breadth=breadth,
        centre=centre,
        spectra=np.stack(spectra, axis=1),
        mean=np.array([c.total / length / full_scale(recording.bits) for c in counts]),
        zeros=np.array([c.zeros for c in counts]),
        low=np.array([c.low for c in counts]),
        high=np.array([c.high for c in counts]),
        clipped=np.array([c.clipped() for c in counts]),
        same_samples=same and bool(counts[0].low or counts[0].high),
    )


def _frames(signal: Floats, n: int, hop: int, count: int) -> Floats:
    """Power spectra [count, n / 2 + 1] of Hann frames, scaled so that their sum is the mean square (Parseval)."""
    from scipy import fft

    window = hann(n)
    padded = signal if len(signal) >= (count + 1) * hop else np.pad(signal, (0, (count + 1) * hop - len(signal)))
    framed = np.lib.stride_tricks.sliding_window_view(padded, n)[::hop][:count] * window
    spectrum = fft.rfft(framed, axis=1)
    square: Floats = spectrum.real**2
    square += spectrum.imag**2
    square *= np.float32(2.0 / (n * float(np.sum(window.astype(np.float64) ** 2))))
    return square


def _shape(square: Floats, bin_hz: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Power, band power, breadth and centre of each frame, and the mean spectrum of those that are not digital silence."""
    first, last = int(np.ceil(SPEECH_BAND[0] / bin_hz)), int(SPEECH_BAND[1] / bin_hz) + 1
    inside = square[:, first:last]
    power = square[:, 2:].sum(axis=1)
    band = inside.sum(axis=1)
    breadth = band**2 / np.maximum(np.einsum("ij,ij->i", inside, inside), np.float32(1e-30))
    hz = (np.arange(first, first + inside.shape[1]) * bin_hz).astype(np.float32)
    centre = inside @ hz / np.maximum(band, np.float32(1e-30))
    live = power > LOWEST
    mean = square[live].mean(axis=0) if live.any() else np.zeros(square.shape[1], np.float32)
    return power, band, breadth, centre, mean


class _Counts:
    """Running counts of one channel's integer samples."""

    def __init__(self, scale: float) -> None:
        self.total = 0
        self.zeros = 0
        self.low = self.high = 0
        self.full = (-int(scale), int(scale) - 1)
        self.tops = {False: 0, True: 0}

    def add(self, samples: NDArray[np.integer]) -> None:
        self.total += int(samples.sum(dtype=np.int64))
        self.zeros += len(samples) - int(np.count_nonzero(samples))
        for high in (False, True):
            extreme = int(samples.max() if high else samples.min())
            known = self.high if high else self.low
            if extreme == known or (extreme > known) == high:
                count = _count_flat(samples, extreme, extreme in self.full)
                self.tops[high] = count + (self.tops[high] if extreme == known else 0)
                if high:
                    self.high = extreme
                else:
                    self.low = extreme

    def clipped(self) -> int:
        return (self.tops[False] if self.low < 0 else 0) + (self.tops[True] if self.high > 0 else 0)


def _count_flat(samples: NDArray[np.integer], extreme: int, full: bool) -> int:
    """Samples equal to `extreme`: all of them at full scale, else only those in runs of three or more."""
    at = np.flatnonzero(samples == extreme)
    if full or len(at) < 3:
        return len(at) if full else 0
    starts = np.flatnonzero(np.diff(at, prepend=-2) > 1)
    lengths = np.diff(np.append(starts, len(at)))
    return int(lengths[lengths >= 3].sum())


def hann(n: int) -> Floats:
    """The periodic Hann window of `n` samples."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


def decibels(power: NDArray[np.floating]) -> Floats:
    """10 log10 of mean squares, not below -140."""
    level: Floats = (10 * np.log10(np.maximum(power, 1e-14))).astype(np.float32)
    return level
