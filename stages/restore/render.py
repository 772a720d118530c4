"""Tracks with an enhancer's change in their touched stretches, written block by block: never in memory as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples
from schemas.span import Span, Spans
from schemas.tracks import Tracks
from stages.restore.enhancer import Enhancer
from stages.restore.hear import Reader
from stages.restore.stretches import pieces
from stages.separate.render import FULL, rising
from stages.spool import Spool
from stages.sureness import touching

BLOCK = 1 << 16
"""Samples written at a time."""


def render(tracks: Tracks, runs: tuple[Spans, Spans], enhancer: Enhancer, wet: float, fade: int) -> Samples:
    """Both channels [2, n], mapped from scratch disk: `wet` of the change inside `runs` of each channel, which fades over `fade` samples.

    What would be beyond full scale is held at it.
    """
    context = round(enhancer.context * tracks.rate)
    readers = [Reader(tracks, channel, pieces(runs[channel], context, tracks.length), enhancer) for channel in (0, 1)]
    low, high = -(1 << (tracks.bits - 1)), (1 << (tracks.bits - 1)) - 1
    spool = Spool(tracks.samples.dtype, 2)
    for start in range(0, tracks.length, BLOCK):
        window = Span(start, min(start + BLOCK, tracks.length))
        out = np.array(tracks.samples[:, start : window.end])
        for channel, reader in enumerate(readers):
            share = shares(runs[channel], fade, window, tracks.length)
            added = np.rint(reader.over(window) * (share * wet)).astype(np.int64)
            out[channel] = np.clip(out[channel] + added, low, high)
        spool.write(out.T)
    return spool.samples()


def shares(runs: Spans, fade: int, window: Span, length: int) -> NDArray[np.float64]:
    """[len(window)]: how much of a change is let through: 0 outside runs, 1 inside them but for raised cosines at their ends.

    A run that begins or ends with the recording has no ramp there; one shorter than two fades has ramps of half its length.
    """
    found = np.zeros(len(window))
    for index in touching(runs, window):
        run = runs[index]
        start, end = max(run.start, window.start), min(run.end, window.end)
        found[start - window.start : end - window.start] = 1.0
        ramp = rising(min(fade, len(run) // 2)) / FULL
        if run.start > 0:
            _lay(found, ramp, run.start, window)
        if run.end < length:
            _lay(found, ramp[::-1], run.end - len(ramp), window)
    return found


def _lay(found: NDArray[np.float64], ramp: NDArray[np.float64], at: int, window: Span) -> None:
    """Put the part of a ramp that begins at sample `at` and lies in the window in its place."""
    start, end = max(at, window.start), min(at + len(ramp), window.end)
    if start < end:
        found[start - window.start : end - window.start] = ramp[start - at : end - at]
