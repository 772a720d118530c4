"""What a part of the scoring sees of one dialogue, and what a part is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.health import Health
from schemas.quality import Score
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The values of one dialogue; None where the chain gives none."""

    tracks: Tracks
    activity: Activity
    health: Health | None = None
    """Its sides in the order of the tracks."""
    diarization: Diarization | None = None
    transcript: Transcript | None = None
    source: Source | None = None


Part = Callable[[Dialogue], list[Score]]
"""Gives the scores that it could measure, and leaves the others out."""


class Covered:
    """How many samples of a sorted disjoint set of spans lie in stretches of time."""

    def __init__(self, spans: Sequence[Span]) -> None:
        edges = np.array([edge for span in spans for edge in (span.start, span.end)], np.float64)
        sizes = np.array([len(span) for span in spans], np.float64)
        self.edges = np.concatenate(([0.0], edges))
        self.held = np.concatenate(([0.0], np.repeat(np.cumsum(sizes), 2)))
        self.held[1::2] -= sizes

    def within(self, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Samples covered between each start and its end, same shape."""
        return np.asarray(np.interp(ends, self.edges, self.held) - np.interp(starts, self.edges, self.held))
