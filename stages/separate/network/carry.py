"""From a network's outputs to voices at the recording's own rate and over its full band that add up to the mixture.

Below the network's band limit its own waveforms are taken, each with the factor that brings their sum nearest to the mixture, and what is
left of the mixture is given to them in proportion to their power (mixture consistency, weighted: Wisdom et al., 2019, arXiv 1811.08521).
Above the limit the mixture itself is divided as the upper octave below it is. Outputs that are made anew give proportions only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]

HOP_S = 0.008
EDGE = 0.9
"""Share of a network's band in which a resampler leaves everything as it is."""
RIDGE = 1e-6
FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class Divided:
    """A window of the mixture, divided."""

    parts: Floats
    """[outputs, n]; they add up to the window."""
    power: NDArray[np.float64]
    """[outputs, frames]: the mixture's power in each frame, divided."""
    masks: Floats
    """[outputs, frames, bins]"""
    spectrum: Floats
    """Power of the mixture [frames, bins]."""
    hop: int


def hop_of(rate: int) -> int:
    """Samples from frame to frame; frame i is centred on sample `(i - 1) * hop`."""
    return max(2, round(rate * HOP_S))


def divide(window: Floats, outputs: Floats, rate: int, band: float, adds_up: bool) -> Divided:
    """Divide a window [n] as outputs [outputs, n] at the same rate say, which know nothing above `band` Hz."""
    hop = hop_of(rate)
    mixture = _stft(window, hop)
    heard = _stft(outputs, hop)
    bins = mixture.shape[-1]
    top = bins if 2 * band >= rate else min(bins, max(2, int(EDGE * band * 4 * hop / rate)))
    if adds_up:
        heard *= _factors(window, outputs)[:, None, None]
    power = np.abs(heard[..., :top]) ** 2
    total = power.sum(axis=0)
    spectrum = np.asarray(np.abs(mixture) ** 2, np.float32)
    masks = np.empty(heard.shape, np.float32)
    # Where no output has anything to speak of, all of them get the same.
    least = FLOOR + 1e-9 * spectrum[:, :top]
    masks[..., :top] = (power + least / len(power)) / (total + least)
    octave = slice(top // 2, top)
    weight = spectrum[:, octave] + FLOOR
    masks[..., top:] = ((masks[..., octave] * weight).sum(axis=-1) / weight.sum(axis=-1))[..., None]
    made = masks * mixture
    if adds_up:
        low = heard[..., :top]
        made[..., :top] = low + masks[..., :top] * (mixture[:, :top] - low.sum(axis=0))
    return Divided(
        parts=_istft(made, hop, len(window)),
        power=np.asarray((masks * spectrum).sum(axis=-1), np.float64),
        masks=masks,
        spectrum=spectrum,
        hop=hop,
    )


def shared(left: Divided, right: Divided, hop: int) -> NDArray[np.float64]:
    """How much energy two windows, the second `hop` samples after the first, have together in each pair of outputs; adds up to one.

    `hop` must be a multiple of the frames' hop.
    """
    first = hop // left.hop
    frames = left.masks.shape[1] - first
    # Frames at a window's very ends see silence beyond it.
    inner = slice(3, max(4, frames - 3))
    one, other = left.masks[:, first:][:, inner], right.masks[:, :frames][:, inner]
    found = np.einsum("ktf,ltf,tf->kl", one, other, left.spectrum[first:][inner], optimize=True).astype(np.float64)
    total = float(found.sum())
    return found / total if total > FLOOR else np.full(found.shape, 1 / found.size)


def _factors(window: Floats, outputs: Floats) -> Floats:
    """Of each output, so that their sum is nearest to the window; an output may come upside down."""
    products = np.asarray(outputs, np.float64) @ np.asarray(outputs, np.float64).T
    size = float(np.trace(products))
    if size <= FLOOR:
        return np.ones(len(outputs), np.float32)
    target = np.asarray(outputs, np.float64) @ np.asarray(window, np.float64)
    return np.asarray(np.linalg.solve(products + np.eye(len(outputs)) * RIDGE * size, target), np.float32)


@cache
def _window(hop: int) -> Floats:
    """Of 4 hops: the root of a Hann window, whose squares add up to two at a quarter's distance."""
    n = 4 * hop
    return np.asarray(np.sin(np.pi * (np.arange(n) + 0.5) / n), np.float32)


def _stft(x: Floats, hop: int) -> Any:
    """[..., frames, 2 * hop + 1] of [..., n > 0]; every sample is in four frames."""
    from scipy import fft

    n = x.shape[-1]
    frames = (n - 1) // hop + 4
    pad = [(0, 0)] * (x.ndim - 1) + [(3 * hop, frames * hop - n)]
    padded = np.pad(np.asarray(x, np.float32), pad)
    cut = np.lib.stride_tricks.sliding_window_view(padded, 4 * hop, axis=-1)[..., ::hop, :]
    return fft.rfft(cut * _window(hop), axis=-1)


def _istft(spectra: Spectra, hop: int, n: int) -> Floats:
    """[..., n]: the inverse of `_stft`."""
    from scipy import fft

    pieces = np.asarray(fft.irfft(spectra, 4 * hop, axis=-1), np.float32) * (_window(hop) / 2)
    frames = pieces.shape[-2]
    made = np.zeros((*pieces.shape[:-2], (frames + 3) * hop), np.float32)
    for quarter in range(4):
        piece = pieces[..., quarter * hop : (quarter + 1) * hop]
        made[..., quarter * hop : (quarter + frames) * hop] += piece.reshape(*piece.shape[:-2], -1)
    return made[..., 3 * hop : 3 * hop + n]
