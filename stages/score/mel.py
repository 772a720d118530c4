"""The picture of sound that the P.808 network of DNSMOS sees: power in mel bands, in decibels below the loudest."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 16000
SIZE, HOP, BANDS = 321, 160, 120
"""Samples of a frame, samples from frame to frame, and mel bands."""
DEPTH_DB, SPAN_DB = 80.0, 40.0
"""What lies deeper than the first below the loudest is raised to there; decibels are shifted and divided by the second."""
LEAST = 1e-10
"""Power below which all is the same."""
KNEE_HZ, LINEAR_HZ, LOG_STEP = 1000.0, 200.0 / 3, np.log(6.4) / 27
"""Slaney's mel scale (Auditory Toolbox, 1998): straight up to 1 kHz with 200/3 Hz to the mel, then 27 mels for a factor of 6.4."""


def log_mel(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of `audio` [n] at 16 kHz, [1 + n // 160, 120]: 0 dB below the loudest band is 1, 40 dB is 0, 80 dB and more is -1."""
    padded = np.pad(audio, SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP]
    power = np.abs(np.fft.rfft(frames * _hann())) ** 2
    bands = np.maximum(power @ _triangles().T, LEAST)
    decibels = 10 * np.log10(bands / bands.max())
    return np.asarray((np.maximum(decibels, -DEPTH_DB) + SPAN_DB) / SPAN_DB, np.float32)


@cache
def _hann() -> NDArray[np.float64]:
    """The periodic window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE))


@cache
def _triangles() -> NDArray[np.float64]:
    """Weights [bands, bins] of triangles that are even on the mel scale and have equal area (2 over their width in Hz)."""
    top = KNEE_HZ / LINEAR_HZ + np.log(RATE / 2 / KNEE_HZ) / LOG_STEP
    corners = _hertz(np.linspace(0, top, BANDS + 2))
    bins = np.arange(SIZE // 2 + 1) * (RATE / SIZE)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = KNEE_HZ / LINEAR_HZ
    return np.where(mels < knee, mels * LINEAR_HZ, KNEE_HZ * np.exp(LOG_STEP * (mels - knee)))
