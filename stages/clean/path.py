"""The path of an echo as a finite impulse response: least squares over long stretches, protected against what else is heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.health.activity import Mask
from stages.health.survey import Floats, hann

STEPS = 10
"""Conjugate gradient steps per round, at most."""
CLOSE = 1e-2
"""A round ends when the gradient, in the preconditioner's norm, has become this small beside what it was."""
SMOOTH = 5
"""Frames over which the power that is left is averaged into a weight."""
FLOOR_QUANTILE = 0.1
PRIOR = 4.0
"""The path's power before anything is known of its shape, over the measured power of the leak."""
NEIGHBOURS = 32
"""The power of a path's taps is smoothed over this part of its length to tell where it has any."""
LEAST_SHARE = 1e-2
"""Taps where it has none are expected to have this share of the mean."""

OVERLAID = 0.75
"""Sum of the squares of half overlapping Hann windows."""

Spectra = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Path:
    """What was estimated over one stretch."""

    taps: Floats
    echo: Floats
    """[n]: the source through the path."""
    weights: Floats
    """[n]: one over the power of what else was heard; 0 where the stretch was not used."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a path may be."""

    count: int
    """Taps."""
    strongest: int
    """The tap around which most of its power is expected."""
    level: float
    """The leak's power over its source's."""


def fit(source: Floats, near: Floats, used: Mask, hop: int, shape: Shape, first: Floats | None, rounds: int) -> Path:
    """The path from `source` [taps - 1 + n], aligned, into `near` [n].

    The most probable path under Gaussian assumptions: least squares over the samples of `used` [n], each weighted by one over the power
    of what the path so far leaves around it (frames of `hop` samples), so that the near side's own speech, where it was not known to be
    there, counts little (iteratively reweighted least squares, as the Kalman filter of Enzner and Vary 2006 weights in time); and with
    each tap small as its neighbourhood (empirical Bayes, Tipping 2001), which keeps noise out of the taps that are not needed.
    `first` is a path to begin with, and `rounds` how often it is solved for, each time with new weights. Solved by conjugate gradients
    on convolutions by FFT, with the weighted spectrum of the source as preconditioner.
    """
    count, level = shape.count, shape.level
    blocks = _Blocks(source, shape, len(near), used)
    taps = np.zeros(count, np.float32) if first is None else first
    prior = np.full(count, PRIOR * level / count) if first is None else _expected(first, level)
    weights = np.zeros(len(near), np.float32)
    for turn in range(rounds):
        left = near - blocks.through(taps)
        weights = _weights(left, used, hop)
        if not weights.any():
            break
        taps = taps + _solve(blocks, weights, left, taps, 1 / prior)
        if turn < rounds - 1:
            prior = _expected(taps, level)
    return Path(taps, convolved(source, taps, len(near)), weights)


def _expected(taps: Floats, level: float) -> NDArray[np.float64]:
    """Variance expected of each tap, from the power of its neighbours."""
    from scipy import ndimage

    square = taps.astype(np.float64) ** 2
    near: NDArray[np.float64] = ndimage.uniform_filter1d(square, max(3, len(taps) // NEIGHBOURS), mode="nearest")
    return np.maximum(near, LEAST_SHARE * max(float(square.mean()), LEAST_SHARE * level / len(taps)))


def _weights(left: Floats, used: Mask, hop: int) -> Floats:
    """[n]: one over the power left around each sample, for samples that are used."""
    from scipy import ndimage

    frames = -(-len(left) // hop)
    spare = frames * hop - len(left)
    counted = np.pad(used, (0, spare)).reshape(frames, hop).sum(axis=1)
    power = (np.pad(np.where(used, left, np.float32(0)), (0, spare)).reshape(frames, hop).astype(np.float64) ** 2).sum(axis=1)
    mean = ndimage.uniform_filter1d(power, SMOOTH, mode="constant")
    share = ndimage.uniform_filter1d(counted.astype(np.float64), SMOOTH, mode="constant")
    there = share > 1e-9
    variance = np.where(there, mean / np.where(there, share, 1.0), 0.0)
    live = there & (variance > 1e-14)
    if not live.any():
        return np.zeros(len(left), np.float32)
    floor = float(np.quantile(variance[live], FLOOR_QUANTILE))
    found = np.repeat((1 / np.maximum(variance, floor)).astype(np.float32), hop)[: len(left)]
    return np.where(used, found, np.float32(0))


def _solve(blocks: _Blocks, weights: Floats, left: Floats, taps: Floats, penalty: NDArray[np.float64]) -> Floats:
    """What is to be added to `taps`, which leave `left`: preconditioned conjugate gradients on the normal equations."""
    ready = blocks.preconditioner(weights, float(np.exp(np.log(penalty).mean())))
    rest = blocks.back(weights * left) - penalty * taps
    found = np.zeros(len(taps))
    turned = ready(rest)
    along, size = turned.copy(), float(rest @ turned)
    start = size
    for _ in range(STEPS):
        if size <= CLOSE**2 * start or size <= 0:
            break
        image = blocks.back(weights * blocks.through(along.astype(np.float32))) + penalty * along
        step = size / float(along @ image)
        found += step * along
        rest = rest - step * image
        turned = ready(rest)
        size, before = float(rest @ turned), size
        along = turned + size / before * along
    return found.astype(np.float32)


class _Blocks:
    """The source in spectra of overlapping blocks (overlap-save), of those blocks in which any sample is used."""

    def __init__(self, source: Floats, shape: Shape, length: int, used: Mask) -> None:
        from scipy import fft

        count = shape.count
        self.count, self.length = count, length
        self.main = source[count - 1 - shape.strongest :][:length]
        self.size = int(fft.next_fast_len(4 * count, real=True))
        self.step = self.size - count + 1
        starts = np.arange(0, length, self.step)
        padded = np.pad(used, (0, len(starts) * self.step - length)).reshape(len(starts), self.step)
        self.chosen = np.flatnonzero(padded.any(axis=1))
        spare = len(starts) * self.step + count - 1 - len(source)
        framed = np.lib.stride_tricks.sliding_window_view(np.pad(source, (0, max(0, spare))), self.size)[:: self.step]
        self.spectra: Spectra = fft.rfft(framed[self.chosen], axis=1)
        self.blocks = len(starts)

    def through(self, taps: Floats) -> Floats:
        """[n]: the source through taps, in the chosen blocks; zero in others."""
        from scipy import fft

        made = fft.irfft(self.spectra * fft.rfft(taps, self.size), self.size, axis=1)[:, self.count - 1 :]
        found = np.zeros((self.blocks, self.step), np.float32)
        found[self.chosen] = made
        return found.ravel()[: self.length]

    def back(self, signal: Floats) -> NDArray[np.float64]:
        """[taps]: the correlation of a signal [n] with the source."""
        from scipy import fft

        padded = np.pad(signal, (0, self.blocks * self.step - self.length)).reshape(self.blocks, self.step)[self.chosen]
        there = fft.rfft(np.pad(padded, ((0, 0), (self.count - 1, 0))), axis=1)
        found: NDArray[np.float64] = fft.irfft(np.einsum("ij,ij->j", np.conj(self.spectra), there), self.size)[: self.count]
        return found.astype(np.float64)

    def preconditioner(self, weights: Floats, penalty: float) -> _Preconditioner:
        """Made of the spectrum of the source with the weights of where its strongest path arrives (Welch, Hann, half overlapping)."""
        from scipy import fft

        weighted = np.pad(self.main * np.sqrt(weights), (self.size // 2, self.size))
        framed = np.lib.stride_tricks.sliding_window_view(weighted, self.size)[:: self.size // 2]
        framed = framed[framed.any(axis=1)]
        spectra = fft.rfft(framed * hann(self.size), axis=1)
        power = np.einsum("ij,ij->j", spectra, np.conj(spectra)).real / OVERLAID
        return _Preconditioner(power.astype(np.float64) + penalty, self.size, self.count)


class _Preconditioner:
    """The inverse of the source's weighted spectrum, between the taps."""

    def __init__(self, power: NDArray[np.float64], size: int, count: int) -> None:
        self.inverse, self.size, self.count = 1 / power, size, count

    def __call__(self, taps: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy import fft

        found: NDArray[np.float64] = fft.irfft(fft.rfft(taps, self.size) * self.inverse, self.size)[: self.count]
        return found


def convolved(source: Floats, taps: Floats, length: int) -> Floats:
    """[length]: `source` [len(taps) - 1 + length] through the taps, where all of them see it."""
    from scipy import signal

    found: Floats = signal.oaconvolve(source, taps, mode="valid")[:length]
    return found.astype(np.float32)
