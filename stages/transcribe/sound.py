"""The samples of a block at the recogniser's rate, and where continuous speech can be cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.recording import as_float
from schemas.tracks import Tracks
from stages.transcribe.pack import Block

RATE = 16000
FADE = 0.005
"""Seconds over which a piece fades in and out, inside itself, so that its edges are no clicks."""
HOP = 0.02
"""Seconds over which loudness is measured to find the quietest place."""


def block_sound(tracks: Tracks, block: Block) -> NDArray[np.float32]:
    """The block [n] at 16 kHz in [-1, 1]: its pieces with zeros between, laid out at the recording's rate and then resampled as a whole."""
    laid = np.zeros(block.length, np.float32)
    fade = max(1, round(FADE * tracks.rate))
    for placed in block.placed:
        piece = as_float(tracks.samples[block.channel, placed.span.start : placed.span.end], tracks.bits)
        edge = min(fade, len(piece) // 2)
        ramp = (np.arange(edge, dtype=np.float32) + 0.5) / max(edge, 1)
        piece[:edge] *= ramp
        piece[len(piece) - edge :] *= ramp[::-1]
        laid[placed.at : placed.end] = piece
    if tracks.rate == RATE:
        return laid
    import soxr

    return np.asarray(soxr.resample(laid, tracks.rate, RATE, quality="HQ"), dtype=np.float32)


def quietest(tracks: Tracks, channel: int, start: int, end: int) -> int:
    """The middle of the quietest 20 ms of a channel in `[start, end)`; the latest of equal ones, which leaves the longer first part."""
    hop = max(1, round(HOP * tracks.rate))
    count = (end - start) // hop
    if count < 1:
        return end
    window = as_float(tracks.samples[channel, start : start + count * hop], tracks.bits).reshape(count, hop)
    power = np.square(window, dtype=np.float64).mean(axis=1)
    return start + (count - 1 - int(power[::-1].argmin())) * hop + hop // 2
