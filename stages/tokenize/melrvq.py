"""A stand-in for a neural codec that needs no download: log-mel, residual vector quantisation, Griffin-Lim. Not for training Moshi."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.codes import Codes, frames_of
from schemas.source import Source
from schemas.tracks import Tracks
from stages.stage import Weights
from stages.tokenize.audio import even_windows
from stages.tokenize.codec import check_share, tokenizer
from stages.tokenize.mel import FRAMES, HOP, RATE, SIDE, STEP, invert, log_mel
from stages.tokenize.rvq import BINS, FILE, SHA256, codebooks

NAME = "melrvq-standin"
BLOCK = 125
"""Tokens worked on at a time: 10 s."""
SEAM = 4
"""Spectra on each side of a block that are made for the seam alone, so that blocks of audio can be faded into one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MelRvqTokenize:
    """Tokens in Mimi's layout (12.5 Hz, 8 codebooks) by a small codec that ships with the package, so that a whole chain runs offline.

    It is a stand-in: its codes are not Mimi's, its entries are 512 and not 2048, and no published model reads them. Use it to try a chain,
    an export or a loader, and `mimi` for training. Decoded speech is coarse but can be understood. The codebooks come from a packaged
    synthetic voice (`stages/tokenize/train_melrvq.py`), and from no recording of anybody.
    """

    name: ClassVar[str] = "tokenize"
    backend: ClassVar[str] = "melrvq"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks)
    gives: ClassVar[type] = Codes

    check: float = 0.05
    """Share of recordings of which 10 seconds are decoded again and compared with the original."""

    def __post_init__(self) -> None:
        check_share(self.check)

    def weights(self) -> tuple[Weights, ...]:
        return (Weights(f"{NAME} ({FILE.name})", "1", SHA256, "Apache-2.0"),)

    def load(self, device: str) -> Callable[[Source, Tracks], Codes]:
        """The codec as a pure function; runs on the CPU whatever the device."""
        return tokenizer(self.codec(device), self.check)

    def codec(self, device: str) -> MelRvqCodec:
        """The codec itself, to encode and to decode."""
        return MelRvqCodec()


class MelRvqCodec:
    """The stand-in's codebooks, loaded."""

    name = NAME
    sha256 = SHA256
    rate, hop, bins = RATE, HOP, BINS
    keeps_waveform = False
    speaks = True

    def __init__(self) -> None:
        self.books = codebooks()

    def encode(self, tracks: Tracks) -> NDArray[np.int16]:
        frames = frames_of(tracks.length, tracks.rate, RATE, HOP)
        found, held = [], np.zeros((2, SIDE), np.float32)
        blocks = even_windows(tracks, RATE, HOP, min(BLOCK, frames) * HOP)
        while held.shape[1] > 0:
            block = next(blocks, None)
            held = np.concatenate((held, np.zeros((2, SIDE), np.float32) if block is None else block), axis=1)
            whole = (held.shape[1] - 2 * SIDE) // HOP
            if whole > 0:
                mel = log_mel(held[:, : whole * HOP + 2 * SIDE])
                found.append(np.stack([self.books.encode(channel) for channel in mel]))
                held = held[:, whole * HOP :]
            if block is None:
                break
        return np.ascontiguousarray(np.concatenate(found, axis=2)[:, :, :frames])

    def encode_fully(self, tracks: Tracks) -> NDArray[np.int16] | None:
        return None

    def decode(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        return np.stack([self._decoded(self.books.decode(channel)) for channel in codes])

    def _decoded(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Audio of one channel's log-mel, a block at a time, with a cross-fade over the seams."""
        sound = np.zeros(len(mel) * STEP, np.float32)
        fade = np.linspace(0, 1, 2 * SEAM * STEP, dtype=np.float32)
        for at in range(0, len(mel), BLOCK * FRAMES):
            start, end = max(0, at - SEAM), min(len(mel), at + BLOCK * FRAMES + SEAM)
            made = invert(mel[start:end])
            if start > 0:
                made[: len(fade)] *= fade[: len(made)]
            if end < len(mel):
                made[len(made) - len(fade) :] *= fade[::-1]
            sound[start * STEP : end * STEP] += made
        return sound
