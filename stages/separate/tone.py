"""Room tone: steady noise with the spectrum and level of a recording's own background."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.recording import as_float, full_scale
from schemas.span import Span, Spans, complement, union
from stages.health.survey import LOWEST, hann
from stages.separate.render import Source

Floats = NDArray[np.float64]

FRAME_S = 0.064
LOWEST_HZ = 60.0
"""Below lie DC and handling noise: not background, and not counted in its level."""
GUARD_S = 0.1
"""This near to speech or another sound is no background: breaths, and the room still ringing."""
MOST = 2000
"""Frames looked at, spread evenly."""
FEWEST = 8
"""Frames of background (half a second) below which the quietest twentieth of the whole recording stands in, as in channel health."""
GROUP = 64
"""Frames of noise drawn from one seed."""


@dataclass(frozen=True, slots=True)
class Background:
    """A recording's own noise."""

    spectrum: Floats
    """Power of each bin of a real Fourier transform of `n` samples; they add up to the mean square, with full scale 1."""
    n: int

    @property
    def level_dbfs(self) -> float:
        """RMS, where 0 dBFS is a constant of full scale."""
        return 10 * math.log10(float(self.spectrum.sum()))


def background(samples: Source, bits: int, rate: int, heard: Spans) -> Background | None:
    """The noise of a channel [n] where nothing is heard; None where that is digital silence.

    `heard` are speech and other sounds, sorted and disjoint. The shape is that of the quieter half of the frames of background, the level
    their median, so that a cough or a click counts for little.
    """
    n = 2 * max(2, round(rate * FRAME_S / 2))
    guard = round(GUARD_S * rate)
    near = union(Span(max(0, span.start - guard), min(len(samples), span.end + guard)) for span in heard)
    starts = _starts(complement(near, len(samples)), n)
    thin = len(starts) < FEWEST
    if thin:
        starts = _starts((Span(0, len(samples)),), n)
    if not len(starts):
        return None
    power = _spectra(samples, bits, rate, starts, n)
    total = power.sum(axis=1)
    live = total > LOWEST
    if not live.any() or (not thin and np.count_nonzero(live) * 2 < len(total)):
        return None
    level = float(np.quantile(total[live], 0.05 if thin else 0.5))
    shape = power[live & (total <= level * (1 + 1e-9))].mean(axis=0)
    return Background(shape * (level / shape.sum()), n)


def _starts(spans: Spans, n: int) -> NDArray[np.int64]:
    """First samples of at most `MOST` frames that lie inside `spans`, evenly spread."""
    found = np.concatenate([np.zeros(0, np.int64), *(np.arange(span.start, span.end - n + 1, n) for span in spans)])
    return found if len(found) <= MOST else found[np.linspace(0, len(found) - 1, MOST).round().astype(np.int64)]


def _spectra(samples: Source, bits: int, rate: int, starts: NDArray[np.int64], n: int) -> Floats:
    """Power [frames, n / 2 + 1] of Hann frames above `LOWEST_HZ`, scaled so that a frame's sum is its mean square (Parseval)."""
    from scipy import fft

    window = hann(n).astype(np.float64)
    frames = np.stack([as_float(samples[start : start + n], bits) for start in starts.tolist()])
    power: Floats = np.abs(fft.rfft(frames * window, axis=1)) ** 2 * (2 / (n * float((window**2).sum())))
    power[:, -1] /= 2
    power[:, : math.ceil(LOWEST_HZ * n / rate)] = 0
    return power


class RoomTone:
    """Endless noise of a background for two channels, independent of each other; any window of it can be asked for, and is always equal.

    Overlapping frames of Gaussian noise are shaped in the frequency domain and added with sine windows, whose squares add up to one, so
    the level does not move. Memory: a few groups of `GROUP` frames.
    """

    def __init__(self, found: Background, bits: int, seed: int) -> None:
        self.n, self.hop, self.seed = found.n, found.n // 2, seed
        scale = full_scale(bits)
        deviation = math.sqrt(float(found.spectrum.sum())) * scale
        # Real and imaginary part of each bin have half its power; the last bin is real and has all of it.
        self.amplitude = np.sqrt(found.spectrum) * (self.n / 2 * scale * before_rounding(deviation) / deviation)
        self.amplitude[-1] *= 2
        self.window = np.sin(np.pi * (np.arange(self.n) + 0.5) / self.n)
        self.groups: dict[tuple[int, int], Floats] = {}

    def __call__(self, channel: int, window: Span) -> Floats:
        """[len(window)] in integer units, not rounded."""
        first, last = window.start // self.hop, (window.end - 1) // self.hop + 1
        frames = np.concatenate([self._group(channel, group) for group in range(first // GROUP, last // GROUP + 1)])
        frames = frames[first - first // GROUP * GROUP :][: last - first + 1]
        # Frame i lies over samples (i - 1) * hop to (i + 1) * hop.
        whole: Floats = frames[:-1, self.hop :].ravel() + frames[1:, : self.hop].ravel()
        return whole[window.start - first * self.hop :][: len(window)]

    def _group(self, channel: int, group: int) -> Floats:
        key = (channel, group)
        if key not in self.groups:
            from scipy import fft

            draw = np.random.default_rng([self.seed, channel, group]).standard_normal((GROUP, 2, len(self.amplitude)))
            noise: Floats = fft.irfft((draw[:, 0] + 1j * draw[:, 1]) * self.amplitude, self.n, axis=1) * self.window
            # Windows come in order, and only the last group of one is needed again.
            for old in [known for known in self.groups if known[0] == channel and known[1] < group - 1]:
                del self.groups[old]
            self.groups[key] = noise
        return self.groups[key]


def seed_of(id: str) -> int:
    """A seed that depends on the source's id alone."""
    return int.from_bytes(hashlib.blake2b(f"room tone {id}".encode(errors="backslashreplace"), digest_size=8).digest(), "little")


def before_rounding(deviation: float) -> float:
    """Standard deviation of Gaussian noise that has `deviation` once it is rounded to whole numbers.

    Rounding adds 1/12 to the variance of noise of some units, and takes most of it from noise of a fraction of one; the variance of the
    rounded value is the sum of (2k - 1) P(|x| > k - 1/2) over k from 1.
    """
    if deviation > 2:
        return math.sqrt(deviation**2 - 1 / 12)
    low, high = 0.05, 2.5
    for _ in range(50):
        middle = (low + high) / 2
        variance = sum((2 * k - 1) * math.erfc((k - 0.5) / (middle * math.sqrt(2))) for k in range(1, 30))
        low, high = (middle, high) if variance < deviation**2 else (low, middle)
    return (low + high) / 2
