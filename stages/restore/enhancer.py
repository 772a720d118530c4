"""What an enhancer is to this stage: what it would change of what it hears."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Heard = Iterable[tuple[Floats, bool]]
"""Blocks [m] of consecutive pieces at the rate that an enhancer hears, 1 being full scale; True with the last block of a piece."""
Change = tuple[Floats, bool]
"""A block [m] of a piece's change at the rate that an enhancer gives; True with the last one."""


class Enhancer(ABC):
    """A loaded network."""

    context: float
    """Seconds on both sides of a touched stretch that it hears beside it."""

    @abstractmethod
    def rates(self, rate: int) -> tuple[int, int]:
        """Hz of what it hears, and of the change that it gives, for tracks at `rate` Hz."""

    @abstractmethod
    def change(self, heard: Heard, rate: int) -> Iterator[Change]:
        """Enhanced minus heard of one channel of tracks at `rate` Hz, piece by piece, in time with what was heard and as long.

        Rounded up to whole samples: a piece's last sample may be one too many.
        """
