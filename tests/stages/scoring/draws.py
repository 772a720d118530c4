"""Random speech of two speakers, and the same as a slow yes or no for every sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span, Spans, union

RATE = 100
LENGTH = 4000


def speech(draw: np.random.Generator, count: int, longest: int = 400, length: int = LENGTH) -> Spans:
    """Up to `count` spans, in samples; those that touch are one."""
    starts = draw.integers(0, length - 1, count)
    return union(Span(int(s), int(min(length, s + draw.integers(1, longest)))) for s in starts)


def pair(seed: int, count: int = 12) -> tuple[Spans, Spans]:
    draw = np.random.default_rng(seed)
    return speech(draw, count), speech(draw, count)


def marks(spans: Spans, length: int = LENGTH) -> NDArray[np.bool_]:
    found = np.zeros(length, bool)
    for span in spans:
        found[span.start : span.end] = True
    return found
