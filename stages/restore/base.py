"""What every backend of `restore` has: which stretches it may touch, how far it may go, and the way from an enhancer to tracks.

A track's rate is that of the recording and never changes inside a chain, for every time in a row counts its samples. So bandwidth can be
extended up to half of that rate only: an 8 kHz recording stays one. A recording whose file has room above its band (a telephone call
kept at 16 kHz) is extended into that room; to give an 8 kHz one such room, resample its file before it enters the chain.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from schemas.errors import UsageError
from schemas.tracks import Tracks
from stages.restore.enhancer import Enhancer
from stages.restore.render import render
from stages.restore.stretches import relabelled, touched
from stages.stage import Weights

Touchable = Literal["original", "separated", "cleaned"]
LONGEST_FADE = 0.5
LEAST_LIMIT, MOST_LIMIT = 1.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(ABC):
    """Stretches of the chosen kinds are enhanced, and their origin becomes `restored`; every other sample stays as it is, to the bit.

    Length, rate and depth stay too. What an enhancer changes is added to the recording's own samples, so that what it leaves alone comes
    back exactly, and what lies above its band is left alone. Where a touched stretch meets one that is not, its change fades out inside
    it. `routed` stretches, which hold both voices, are never touched: redaction and scores go by their label.
    """

    name: ClassVar[str] = "restore"
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Tracks

    origins: tuple[Touchable, ...] = ("original", "separated", "cleaned")
    """Kinds of stretches that may be touched."""
    limit: float | None = 12.0
    """Decibels by which any sound is turned down at most: of the recording itself that much less is mixed in, so that breaths, laughter and
    soft answers survive where the enhancer takes them for noise. Null: the enhancer's output alone."""
    crossfade: float = 0.01
    """Seconds over which a change fades in and out at the ends of a touched stretch, inside it; half of it where it is shorter."""

    def __post_init__(self) -> None:
        valid = get_args(Touchable)
        if not self.origins or not set(self.origins) <= set(valid):
            raise UsageError(f"restore.origins: {list(self.origins)}; wanted one or more of {', '.join(valid)}")
        if self.limit is not None and not LEAST_LIMIT <= self.limit <= MOST_LIMIT:
            raise UsageError(
                f"restore.limit: {self.limit} dB; wanted a number from {LEAST_LIMIT:g} to {MOST_LIMIT:g}, or null for no limit"
            )
        if not (math.isfinite(self.crossfade) and 0 <= self.crossfade <= LONGEST_FADE):
            raise UsageError(f"restore.crossfade: {self.crossfade} s; wanted a number from 0 to {LONGEST_FADE}")

    @abstractmethod
    def weights(self) -> tuple[Weights, ...]:
        """The enhancer's files, with their licences."""

    @abstractmethod
    def open(self, device: str) -> Enhancer:
        """Import libraries and load the enhancer; raises `UsageError` when it cannot be had."""

    def load(self, device: str) -> Callable[[Tracks], Tracks]:
        """The enhancement as a pure function; tracks without a stretch to touch come back as they are."""
        enhancer = self.open(device)

        def restore(tracks: Tracks) -> Tracks:
            runs = touched(tracks, self.origins)
            if not any(runs):
                return tracks
            wet = 1.0 if self.limit is None else 1.0 - 10.0 ** (-self.limit / 20)
            samples = render(tracks, runs, enhancer, wet, round(self.crossfade * tracks.rate))
            return replace(tracks, samples=samples, origins=relabelled(tracks, self.origins))

        return restore
