"""What a separator made of one overlap after the other, gathered to fill them: voices on scratch disk, so memory stays bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples, full_scale
from schemas.span import Span
from stages.separate.layout import Filled
from stages.separate.render import Filling, Source, mixture_of
from stages.spool import Spool


class Collected:
    """Overlaps of a mixture [n] of integer samples, taken in in their order."""

    def __init__(self, mixture: Source, bits: int) -> None:
        self.mixture, self.bits = mixture, bits
        self.spool = Spool(mixture.dtype, 1)
        self.kinds: list[Filled] = []
        self.starts: dict[Span, int | None] = {}
        self.size = 0

    def route(self, overlap: Span) -> None:
        """The next overlap has the mixture on both channels."""
        self.kinds.append(Filled("routed"))
        self.starts[overlap] = None

    def separate(self, overlap: Span, first: NDArray[Any], confidence: float) -> None:
        """The next overlap has speaker 0's voice, float samples [len(overlap)] at full scale 1, and what it leaves of the mixture."""
        self.kinds.append(Filled("separated", confidence))
        self.starts[overlap] = self.size
        self.spool.write(fitting(first, self.mixture[overlap.start : overlap.end], self.bits)[:, None])
        self.size += len(overlap)

    def filling(self) -> Filling:
        """All that was taken in; nothing more can be."""
        firsts, whole, mixture, starts = self.spool.samples()[0], mixture_of(self.mixture), self.mixture, self.starts

        def fill(overlap: Span, window: Span) -> Samples:
            start = starts[overlap]
            if start is None:
                return whole(overlap, window)
            first = firsts[start + window.start - overlap.start :][: len(window)].astype(np.int64)
            return np.stack([first, mixture[window.start : window.end] - first]).astype(mixture.dtype)

        return Filling(fill, tuple(self.kinds))


def fitting(first: NDArray[Any], mixture: Source, bits: int) -> NDArray[np.int64]:
    """Whole samples of the first voice, moved as little as it takes for it and for what it leaves to the other to fit the depth."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    wide = mixture.astype(np.int64)
    rounded = np.rint(np.asarray(first, np.float64) * full_scale(bits)).astype(np.int64)
    return np.clip(rounded, np.maximum(low, wide - high), np.minimum(high, wide - low))
