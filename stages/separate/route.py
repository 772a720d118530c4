"""Each speaker's own stretches on a channel of their own, cut from the mixture and nothing else: overlaps go to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.diarization import Diarization
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.render import routed
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSeparate(Assembly):
    """Solo stretches are the recording's own samples (`original`), overlaps the mixture on both channels (`routed`).

    What is given to neither speaker is the residual. A recording whose own channels are the speakers passes through bit for bit.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "route"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    def weights(self) -> tuple[Weights, ...]:
        """None: no model is used."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        """The routing as a pure function; `device` does not matter."""

        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            return assemble(source, recording, diarization, self, lambda mixture, _recording, _diarization, layout: routed(mixture, layout))

        return separate
