"""No words: for chains whose later stages want a transcript where none is to be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTranscribe:
    """Gives a transcript without words; all speech counts as unworded."""

    name: ClassVar[str] = "transcribe"
    backend: ClassVar[str] = "none"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Transcript

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks], Transcript]:
        """`device` does not matter."""
        return lambda tracks: Transcript(pieces=(), length=tracks.length, rate=tracks.rate)
