"""Codec tokens of both channels of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError
from schemas.span import Span

MAX_BINS = 1 << 15
"""Entries of a codebook, at most: codes are int16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFidelity:
    """How near a channel's decoded codes come to the channel itself, over one stretch of it. Absent: the measure does not apply."""

    log_mel_db: float | None
    """Root mean square difference of log-mel spectra, in dB, where either is above -80 dB of full scale; 0 is perfect."""
    stoi: float | None
    """Short-time objective intelligibility, up to 1; absent where there is too little speech."""
    si_sdr_db: float | None
    """Scale-invariant signal-to-distortion ratio; absent for codecs that do not keep the waveform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """What a check of some seconds of a recording found."""

    span: Span
    """Samples of the recording."""
    channels: tuple[ChannelFidelity, ...]
    """Two."""
    mismatch: float | None
    """Share of the codes of the first 20 seconds that differ from those at full precision; absent where the codes are those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Codes of both channels, undelayed.

    Laws: int16 [2, codebooks, frames] with `0 <= code < bins`; `frames` is the recording's length at the codec's rate (rounded up to a
    whole sample) over `hop`, rounded up, which is `length * codec_rate / (rate * hop)` rounded up.
    """

    samples: NDArray[np.int16]
    codec: str
    """Such as `mimi`."""
    sha256: str
    """Of the weights that made them."""
    codec_rate: int
    """Hz of the audio that the codec hears."""
    hop: int
    """Samples of one frame at `codec_rate`."""
    bins: int
    length: int
    """Samples per channel of the recording."""
    rate: int
    """Hz of the recording."""
    fidelity: Fidelity | None = None
    """Absent for recordings that are not in the sample that is checked."""

    def __post_init__(self) -> None:
        shape = self.samples.shape
        if self.samples.dtype != np.int16 or self.samples.ndim != 3 or shape[0] != 2 or shape[1] == 0:
            raise LawError(f"Codes: {self.samples.dtype} of shape {shape}; wanted int16 [2, codebooks, frames]")
        if min(self.codec_rate, self.hop, self.length, self.rate) <= 0 or not 0 < self.bins <= MAX_BINS:
            raise LawError(
                f"Codes: rates {self.codec_rate} and {self.rate} Hz, hop {self.hop}, length {self.length}, bins {self.bins}; "
                f"wanted all above 0, and bins up to {MAX_BINS}"
            )
        wanted = frames_of(self.length, self.rate, self.codec_rate, self.hop)
        if shape[2] != wanted:
            raise LawError(f"Codes: {shape[2]} frames of {self.codec}; {self.length} samples at {self.rate} Hz have {wanted}")
        low, high = int(self.samples.min()), int(self.samples.max())
        if low < 0 or high >= self.bins:
            raise LawError(f"Codes: values from {low} to {high}; {self.codec} has {self.bins} in each codebook")

    @property
    def codebooks(self) -> int:
        return int(self.samples.shape[1])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[2])


def frames_of(length: int, rate: int, codec_rate: int, hop: int) -> int:
    """Frames that cover `length` samples at `rate` Hz, the last of them perhaps in part."""
    return -(-length * codec_rate // (rate * hop))


def clip_codes(codes: Codes, window: Span) -> tuple[NDArray[np.int16], int]:
    """The frames [2, codebooks, t] that touch a window of the recording, and the sample at which the first of them begins, rounded down.

    That sample is `window.start` where it lies on a frame's edge; the codes are then a slice of the recording's that begins with the clip.
    Raises `LawError` for a window that is empty or reaches beyond the recording.
    """
    if not len(window) or window.end > codes.length:
        raise LawError(f"Codes: no frames of {window} in {codes.length} samples at {codes.rate} Hz")
    first = window.start * codes.codec_rate // (codes.rate * codes.hop)
    after = frames_of(window.end, codes.rate, codes.codec_rate, codes.hop)
    return codes.samples[:, :, first:after], first * codes.hop * codes.rate // codes.codec_rate


def grid(rate: int) -> int:
    """Samples of 80 ms, the frame of Mimi and a multiple of those of the other codecs; 1 where the rate does not divide into them."""
    return rate * 2 // 25 if rate * 2 % 25 == 0 else 1
