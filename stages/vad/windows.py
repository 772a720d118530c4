"""Channels of a recording as a stream of float32 windows at one rate, at bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples, as_float
from schemas.span import Span, Spans

WINDOW = 16.0
"""Seconds of audio in one window."""


def windows(samples: Samples, bits: int, rate: int, wanted: int) -> Iterator[NDArray[np.float32]]:
    """`samples` [channels, n] at `rate` Hz as float32 blocks [channels, m] at `wanted` Hz.

    Equal to one pass over the whole whatever the windows, because the resampler (soxr, high quality) carries its state.
    """
    step = max(1, round(WINDOW * rate))
    length = samples.shape[1]
    if rate == wanted:
        for at in range(0, length, step):
            yield as_float(samples[:, at : at + step], bits)
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, samples.shape[0], dtype="float32", quality="HQ")
    for at in range(0, length, step):
        block = np.ascontiguousarray(as_float(samples[:, at : at + step], bits).T)
        yield stream.resample_chunk(block, last=at + step >= length).T


def at_rate(pairs: list[tuple[int, int]], rate: int, wanted: int, length: int) -> Spans:
    """Pairs of samples at `rate` Hz as spans at `wanted` Hz inside `[0, length)`: each end rounded once, half up; empty ones dropped."""
    moved = ((_moved(start, rate, wanted, length), _moved(end, rate, wanted, length)) for start, end in pairs)
    return tuple(Span(start, end) for start, end in moved if start < end)


def _moved(at: int, rate: int, wanted: int, length: int) -> int:
    return min(length, (2 * at * wanted + rate) // (2 * rate))
