"""Log-mel spectra of 24 kHz audio on the grid of 12.5 Hz tokens, and the way back to audio without phases (Griffin and Lim)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 24_000
"""Hz."""
HOP = 1920
"""Samples of one token: 80 ms."""
FRAMES = 8
"""Spectra in one token."""
STEP = HOP // FRAMES
SIZE = 1024
"""Samples of one spectrum's window (Hann)."""
SIDE = (SIZE - STEP) // 2
"""Samples that a spectrum sees before and after its own step."""
BANDS = 80
FLOOR = 1e-9
"""Mean power of a band, for full scale 1, below which nothing is told apart: it keeps digital silence finite."""

Floats = NDArray[np.float32]


def log_mel(samples: Floats) -> Floats:
    """Natural logarithm of mel-band powers, [channels, 8 t, 80], of float32 [channels, 2 SIDE + 1920 t]: `SIDE` samples at each end are
    context alone, so blocks of any size give what one pass gives."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, SIZE, axis=1)[:, ::STEP]
    spectra = np.fft.rfft(frames * window(), axis=2)
    power = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    return np.asarray(np.log(np.maximum(power @ filters().T, np.float32(FLOOR))), np.float32)


@cache
def window() -> Floats:
    """Hann, scaled so that the power spectrum of a signal adds up to its mean power."""
    hann = np.hanning(SIZE + 1)[:-1]
    return np.asarray(hann / np.sqrt((hann**2).sum() * SIZE / 2), np.float32)


@cache
def filters() -> Floats:
    """Triangles [80, 513] of height 1, evenly spaced on the mel scale 2595 log10(1 + f / 700) from 20 Hz to 12 kHz."""
    lines = np.linspace(0, RATE / 2, SIZE // 2 + 1)
    edges = 700 * (10 ** (np.linspace(_mel(20.0), _mel(RATE / 2), BANDS + 2) / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise, fall = (lines - low) / (middle - low), (high - lines) / (high - middle)
    # The narrowest triangles may hold no line at all: each keeps the line nearest to its middle.
    found = np.maximum(np.minimum(rise, fall), 0)
    nearest = np.abs(lines - middle).argmin(axis=1)
    found[np.arange(BANDS), nearest] = np.maximum(found[np.arange(BANDS), nearest], 0.5)
    return found.astype(np.float32)


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def magnitudes(mel: Floats) -> Floats:
    """Spectra [frames, 513] whose band powers come near exp(`mel`) [frames, 80]: powers per line, interpolated between the bands' middles
    and then scaled band by band until they fit."""
    wanted = np.exp(mel.astype(np.float32))
    weight = filters()
    middles = weight @ np.arange(SIZE // 2 + 1, dtype=np.float32) / weight.sum(axis=1)
    lines = np.arange(SIZE // 2 + 1)
    right = np.clip(np.searchsorted(middles, lines), 1, BANDS - 1)
    part = np.clip((lines - middles[right - 1]) / (middles[right] - middles[right - 1]), 0, 1).astype(np.float32)
    level = mel - np.log(weight.sum(axis=1))
    power = np.exp(level[:, right - 1] * (1 - part) + level[:, right] * part)
    spread = weight / np.maximum(weight.sum(axis=0), np.float32(1e-6))
    for _ in range(8):
        power *= (wanted / np.maximum(power @ weight.T, np.float32(1e-20))) @ spread + (weight.sum(axis=0) <= 0)
    return np.asarray(np.sqrt(power), np.float32)


def invert(mel: Floats, rounds: int = 40) -> Floats:
    """Audio float32 [240 n] whose log-mel is near `mel` [n, 80]: phases found by the fast Griffin-Lim algorithm (Perraudin et al. 2013)
    from those of a fixed seed."""
    wanted = magnitudes(mel)
    count = len(wanted)
    draw = np.random.default_rng(0)
    phase = np.exp(2j * np.pi * draw.random(wanted.shape, dtype=np.float32)).astype(np.complex64)
    before = np.zeros_like(phase)
    hann = window()
    total = (count - 1) * STEP + SIZE
    weight = _added(np.broadcast_to(hann**2, (count, SIZE)), total)
    weight = np.maximum(weight, weight.max(initial=0) * np.float32(1e-3))
    sound = np.zeros(total, np.float32)
    for turn in range(rounds):
        frames = np.fft.irfft(wanted * phase, SIZE, axis=1).astype(np.float32)
        sound = _added(frames * hann, total) / weight
        if turn == rounds - 1:
            break
        again = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(sound, SIZE)[::STEP] * hann, axis=1)
        moved = again + np.float32(0.99) * (again - before)
        before = again
        phase = moved / np.maximum(np.abs(moved), np.float32(1e-12))
    return sound[SIDE : SIDE + count * STEP]


def _added(frames: NDArray[np.float32], total: int) -> Floats:
    """Frames [n, SIZE], each STEP after the one before, added up."""
    sound = np.zeros(-(-total // STEP) * STEP + SIZE, np.float32)
    parts = -(-SIZE // STEP)
    padded = np.pad(frames, ((0, 0), (0, parts * STEP - SIZE)))
    for part in range(parts):
        piece = padded[:, part * STEP : (part + 1) * STEP].reshape(-1)
        sound[part * STEP : part * STEP + len(piece)] += piece
    return sound[:total]
