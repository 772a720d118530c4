"""A recording's samples on scratch disk while one dialogue is worked on, mapped into memory when read.

The file has no name once it is open, so nothing is left behind by a process that is killed. It lies in `tempfile.gettempdir()`
(`TMPDIR`, or the run's `scratch` setting).
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError


class Spool:
    """Append blocks of interleaved samples [frames, channels]; then read all of them as one mapped array [channels, n]."""

    def __init__(self, dtype: np.dtype[Any] | type, channels: int) -> None:
        self.dtype = np.dtype(dtype)
        self.channels = channels
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="duologue-")

    def write(self, block: NDArray[Any]) -> None:
        """Append [frames, channels]; raises `OSError` when scratch space runs out."""
        if block.ndim != 2 or block.shape[1] != self.channels:
            raise LawError(f"Spool: block of shape {block.shape}; wanted [frames, {self.channels}]")
        self.file.write(np.ascontiguousarray(block, dtype=self.dtype).data)

    def retype(self, dtype: np.dtype[Any] | type, channels: int) -> None:
        """Say what the file holds after somebody else has written it."""
        self.dtype, self.channels = np.dtype(dtype), channels

    def samples(self) -> NDArray[Any]:
        """All samples, read-only [channels, n]; the spool takes no more after this."""
        self.file.flush()
        size = self.file.seek(0, 2)
        frames = size // (self.dtype.itemsize * self.channels)
        if frames == 0:
            return np.zeros((self.channels, 0), self.dtype)
        mapped: NDArray[Any] = np.memmap(self.file, self.dtype, "r", shape=(frames, self.channels))
        self.file.close()
        return mapped.T
