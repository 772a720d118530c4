"""Lowest and highest samples of short steps of a recording, for drawing it."""

from __future__ import annotations

import base64
import math

import numpy as np
from numpy.typing import NDArray

from schemas.outline import Outline
from schemas.recording import Recording, full_scale

PER_SECOND = 20
MOST = 24_000
"""Points of a channel; a recording of more than 20 minutes has longer steps."""
BLOCK = 1 << 20
"""Samples looked at in one go, so that a memory-mapped recording is never held whole."""


def outline(recording: Recording) -> Outline:
    """At most `PER_SECOND` pairs a second and `MOST` in all for each channel; about 1/10,000 of real time at 8 kHz."""
    step = max(1, math.ceil(recording.rate / PER_SECOND), math.ceil(recording.length / MOST))
    full = full_scale(recording.bits)
    peaks = tuple(base64.b64encode(_companded(_extremes(channel, step) / full).tobytes()).decode() for channel in recording.samples)
    return Outline(seconds=recording.duration, step=step / recording.rate, peaks=peaks)


def _extremes(channel: NDArray[np.signedinteger], step: int) -> NDArray[np.float64]:
    """Lowest and highest sample [points, 2] of one channel [n]."""
    found = []
    size = max(1, BLOCK // step) * step
    for start in range(0, len(channel), size):
        block = channel[start : start + size]
        whole = len(block) // step * step
        steps = block[:whole].reshape(-1, step)
        found.append(np.stack([steps.min(axis=1), steps.max(axis=1)], axis=1))
        if whole < len(block):
            found.append(np.array([[block[whole:].min(), block[whole:].max()]], channel.dtype))
    return np.concatenate(found).astype(np.float64)


def _companded(shares: NDArray[np.float64]) -> NDArray[np.int8]:
    return np.round(np.sign(shares) * np.sqrt(np.abs(shares)) * 127).astype(np.int8)
