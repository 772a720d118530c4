"""What every decoder gives: a header, then blocks of samples. Runs inside the decoding child only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

BLOCK_FRAMES = 1 << 16
"""Samples per channel in one block of a stream, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself; checked against the caps first, and then not believed."""

    container: str
    """`WAV`, `AIFF`, `AU`, `FLAC`, `MP3`, `OGG`, `MP4`, `NIST`, …"""
    encoding: str
    """`PCM_16`, `PCM_24`, `FLOAT`, `ULAW`, `ALAW`, `VORBIS`, `OPUS`, `aac`, `shorten-PCM_16`, `shorten-ULAW`, …"""
    rate: int
    """Hz."""
    channels: int
    frames: int | None
    """Samples per channel promised; None when the header promises none."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """An open file that is being decoded.

    `blocks` yields arrays [frames, channels] of one dtype throughout: int16; int32 left-justified (full scale 2**31, so 24-bit sources
    have eight low zero bits); or float32/float64 with full scale 1. 8-bit sources, mu-law and A-law arrive as exact int16.
    """

    header: Header
    decoder: str
    """Which decoder, with its version: `libsndfile 1.2.2`, `FFmpeg 8.0 (av 18.1.0)`, `duologue sphere`."""
    blocks: Iterator[NDArray[Any]]
    lossy: bool
    """True for codecs such as MP3, AAC, Vorbis and Opus, whose samples are the decoder's own."""
    damaged: int = field(default=0)
    """Packets skipped as damaged so far; final once `blocks` is exhausted."""
