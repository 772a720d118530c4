"""How much of a sound is voiced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16000
WIDTH = 640
"""Samples of one window: 40 ms, two periods of a low voice."""
HOP = 160
"""Samples from window to window."""
LAGS = (40, 230)
"""Samples of the shortest and longest period that is looked for: 400 to 70 Hz."""
PERIODIC = 0.5
"""Autocorrelation from which a window counts as voiced."""


def voiced_share(x: NDArray[np.float32]) -> float:
    """Share of the windows of a sound [n] at `RATE` Hz that repeat themselves at the rate of a voice; 0 for less than one window."""
    if len(x) < WIDTH:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), WIDTH)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(frames, 2 * WIDTH, axis=1)) ** 2
    lags = np.fft.irfft(power, axis=1)[:, : LAGS[1]]
    # What a window has in common with its delayed self gets shorter with the lag; the mean over that part is what counts.
    even = lags * (WIDTH / (WIDTH - np.arange(LAGS[1]))) / np.maximum(lags[:, :1], 1e-12)
    return float(np.mean(even[:, LAGS[0] :].max(axis=1) > PERIODIC))
