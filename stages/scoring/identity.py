"""Swaps: stretches in which the two speakers' channels are exchanged for a while, against the rest of the call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from stages.scoring.speakers import Pair

SUSTAINED = 5.0
"""Seconds of speech in the wrong channel, beyond what is in the right one, that make a swap."""

Run = tuple[int, int]
Best = tuple[int, int, tuple[Run, ...]]
"""Excess of wrong over right samples in all swaps so far, less the price of each; how many they are; where they lie."""


def swaps(reference: Pair, found: Pair, rate: int, sustained: float = SUSTAINED) -> tuple[Span, ...]:
    """Maximal stretches in which the reverse of the call's mapping fits better by at least `sustained` seconds of speech.

    `found` is in the order of the true speakers. A moment speaks against the mapping when what one true speaker says is in the other's
    channel alone, for it when it is in the right one alone; nothing is said by moments with both channels on or with true overlap in
    both. The stretches returned are the disjoint ones with the greatest sum of (seconds against - seconds for - `sustained`): a few words
    in the wrong channel are confusion and no swap, and a right word inside a swapped minute does not make two swaps of it.
    """
    start, end, wrong = _evidence(reference, found)
    price = round(sustained * rate)
    outside: Best = (0, 0, ())
    inside: Best | None = None
    for a, b, sign in zip(start.tolist(), end.tolist(), wrong.tolist(), strict=True):
        opened: Best = (outside[0] - price, outside[1] + 1, (*outside[2], (a, b)))
        if inside is None or opened[:2] > inside[:2]:
            inside = opened
        else:
            runs = inside[2]
            inside = (inside[0], inside[1], (*runs[:-1], (runs[-1][0], b)))
        inside = (inside[0] + sign * (b - a), inside[1], inside[2])
        if sign > 0 and inside[:2] > outside[:2]:
            outside = inside
    return tuple(Span(a, b) for a, b in outside[2])


def _evidence(reference: Pair, found: Pair) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Start, end and sign of every stretch that speaks against the mapping (1) or for it (-1), in order of time."""
    sides = (*reference, *found)
    times = np.array([t for spans in sides for span in spans for t in (span.start, span.end)], np.int64)
    if not len(times):
        return times, times, times
    bits = np.repeat((1, 2, 4, 8), [len(spans) for spans in sides])
    cuts, place = np.unique(times, return_inverse=True)
    steps = np.stack((bits, -bits), axis=1).ravel()
    state = np.cumsum(np.bincount(place, steps, len(cuts)).astype(np.int64))[:-1]
    first, second, made_first, made_second = (((state >> bit) & 1) for bit in range(4))
    sign = (first - second) * (made_second - made_first)
    told = sign != 0
    return cuts[:-1][told], cuts[1:][told], sign[told]
