"""Codec tokens as the published row holds them."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.plain import Int16


@dataclass(frozen=True, slots=True)
class RowFidelity:
    """How near the decoded codes of one channel come to it: see `schemas.codes.ChannelFidelity`."""

    channel: int
    start: float
    """Seconds."""
    end: float
    log_mel_db: float | None
    stoi: float | None
    si_sdr_db: float | None


@dataclass(frozen=True, slots=True)
class RowCodes:
    """Codec tokens of both channels, undelayed: see `schemas.codes.Codes`."""

    codec: str
    sha256: str
    """Of the weights that made them."""
    rate: int
    """Hz of the audio that the codec hears."""
    hop: int
    """Samples of one frame at `rate`."""
    bins: int
    """Entries of each codebook: codes are in [0, bins)."""
    codebooks: int
    frames: int
    lead: float
    """Seconds by which the first frame begins before the row does: 0, but for a conversation cut out beside the 80 ms grid of its
    recording, for rows of less than 160 ms, and for sampling rates of which no whole number of samples is 80 ms."""
    channel_0: tuple[Int16, ...]
    """All frames of the first codebook, then all of the second and so on: reshape to (codebooks, frames)."""
    channel_1: tuple[Int16, ...]
    fidelity: tuple[RowFidelity, ...]
    """Of the recordings in the sample that was checked, in the row that holds the stretch."""
    mismatch: float | None
    """Share of codes that differ from those at full precision, where that was measured; absent where the codes are those."""

    def __post_init__(self) -> None:
        for name, channel in (("channel_0", self.channel_0), ("channel_1", self.channel_1)):
            if len(channel) != self.codebooks * self.frames or not channel:
                raise LawError(f"RowCodes: {name} of {len(channel)} codes; wanted {self.codebooks} codebooks of {self.frames} frames")
            if min(channel) < 0 or max(channel) >= self.bins:
                raise LawError(f"RowCodes: {name} from {min(channel)} to {max(channel)}; {self.codec} has {self.bins} in each codebook")
