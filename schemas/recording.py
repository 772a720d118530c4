"""Decoded audio in the depth it came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError

Samples = NDArray[np.int16] | NDArray[np.int32]
"""Integer samples [channels, n]: int16, or int32 that holds 24-bit values in [-2**23, 2**23)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """What the decoder saw, for one recording."""

    container: str
    """`WAV`, `FLAC`, `NIST`, `MP4`, …"""
    encoding: str
    """`PCM_16`, `ULAW`, `FLOAT`, `shorten-ULAW`, `aac`, …"""
    decoder: str
    """Which decoder read it, with its version."""
    exact: bool
    """True when the integer samples equal the file's; False for float or wider sources that had to be rounded, and for lossy codecs."""
    header_frames: int | None = None
    """Samples per channel that the header promised; absent when it promised none."""
    gain_db: float = 0.0
    """Gain applied to bring float samples beyond full scale inside it; 0 for all integer sources."""
    clipped: int = 0
    """Samples of a lossy codec that were beyond full scale after decoding and were limited to it."""
    padded: int = 0
    """Zero samples appended to the shorter side of a one-file-per-side recording."""
    damaged: int = 0
    """Packets or frames that the decoder reported as damaged and that were skipped."""
    pcm_sha256: str = ""
    """SHA-256 of the samples, interleaved, little endian, two bytes each (four for 24 bits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording, whole, in native integers; often memory-mapped.

    `samples` is int16 or int32 [channels, n]; laws: one or two channels, `n > 0`, positive rate (Hz), 24-bit values inside their range.
    """

    samples: Samples
    rate: int
    bits: int
    """16 or 24: the depth that stores the samples exactly."""
    decoding: Decoding

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.shape[0] not in (1, 2) or self.samples.shape[1] == 0:
            raise LawError(f"Recording: samples of shape {self.samples.shape}; wanted [1 or 2, n > 0]")
        wanted = {16: np.int16, 24: np.int32}.get(self.bits)
        if wanted is None or self.samples.dtype != wanted:
            raise LawError(f"Recording: {self.samples.dtype} samples for {self.bits} bits; wanted int16 for 16, int32 for 24")
        if self.rate <= 0:
            raise LawError(f"Recording: rate {self.rate} Hz")
        if self.bits == 24 and not -(2**23) <= int(self.samples.min()) <= int(self.samples.max()) < 2**23:
            raise LawError(f"Recording: samples from {self.samples.min()} to {self.samples.max()} do not fit in 24 bits")

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.length / self.rate


def full_scale(bits: int) -> float:
    """The integer value of 0 dBFS at 16 or 24 bits."""
    return float(1 << (bits - 1))


def as_float(samples: Samples, bits: int) -> NDArray[np.float32]:
    """A float32 copy in [-1, 1) of a window of integer samples, same shape; exact at both depths."""
    return np.asarray(samples, dtype=np.float32) * np.float32(1.0 / full_scale(bits))
