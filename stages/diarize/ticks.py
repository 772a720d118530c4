"""Time in ticks of 10 ms, the grid on which speech, voices and overlap are decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span

PER_SECOND = 100

Mask = NDArray[np.bool_]
Runs = NDArray[np.int64]


def ticks_of(samples: int, rate: int) -> int:
    """Ticks that `samples` at `rate` Hz begin, at least one."""
    return max(1, -(-samples * PER_SECOND // rate))


def runs(mask: Mask) -> Runs:
    """Start and end of each run of true, [runs, 2]."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return edges.reshape(-1, 2).astype(np.int64)


def mask_of(pairs: Iterable[tuple[int, int]], rate: int, ticks: int) -> Mask:
    """Ticks of which at least half lies in one of `pairs` (samples at `rate` Hz), [ticks]."""
    found = np.zeros(ticks, bool)
    for start, end in pairs:
        found[_nearest(start, rate) : _nearest(end, rate)] = True
    return found


def span_of(start: int, end: int, rate: int, length: int) -> Span:
    """Ticks `[start, end)` as samples at `rate` Hz, each edge rounded once and held inside `[0, length]`."""
    first, last = ((2 * at * rate + PER_SECOND) // (2 * PER_SECOND) for at in (start, end))
    return Span(min(int(first), length), min(int(last), length))


def widened(mask: Mask, by: int) -> Mask:
    """`mask` with every run grown by `by` ticks at both ends."""
    if not by:
        return mask
    steps = np.zeros(len(mask) + 1, np.int64)
    for start, end in runs(mask):
        steps[max(0, start - by)] += 1
        steps[min(len(mask), end + by)] -= 1
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def long_runs(mask: Mask, least: int) -> Mask:
    """Only the runs of at least `least` ticks."""
    found = np.zeros_like(mask)
    for start, end in runs(mask):
        if end - start >= least:
            found[start:end] = True
    return found


def touching(mask: Mask, seeds: Mask) -> Mask:
    """Only the runs of `mask` that hold a tick of `seeds`."""
    found = np.zeros_like(mask)
    for start, end in runs(mask):
        if seeds[start:end].any():
            found[start:end] = True
    return found


def pairs_of(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Spans as plain pairs."""
    return [(span.start, span.end) for span in spans]


def _nearest(at: int, rate: int) -> int:
    return (2 * at * PER_SECOND + rate) // (2 * rate)
