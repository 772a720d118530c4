"""Each speaker's own stretches on a channel of their own, cut from the mixture and nothing else: overlaps go to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.diarization import Diarization
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.layout import Unsure
from stages.separate.render import routed
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSeparate:
    """Solo stretches are the recording's own samples (`original`), overlaps the mixture on both channels (`routed`).

    What is given to neither speaker is the residual. A recording whose own channels are the speakers passes through bit for bit.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "route"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    first: str = "as_recorded"
    """Which side becomes channel 0. `as_recorded`: the recording's first, of a mixture the voice that speaks first. `role:<name>`: the side
    with that role; a recording without it, such as a mixture, stays as it is, and `Tracks.chosen` says so. `random:<seed>`: either, by a
    hash of seed and source id."""
    floor: Literal["silence", "room_tone"] = "silence"
    """What a channel holds while its speaker is silent: zeros, or noise like the recording's own background (zeros where that is digital
    silence)."""
    crossfade: float = 0.005
    """Seconds over which a stretch fades in before its start and out after its end, outside the stretch; less where there is less room.
    Where one speaker begins at the very sample at which the other ends, the two cross in the first `crossfade` after it."""
    unsure: Unsure = "likely"
    """Who gets a stretch that the diarization is not sure of: the `likely` speaker, `both` (as an overlap), or nobody (`residual`)."""
    margin: float = 0.2
    """Seconds by which a stretch grows at both ends where nobody speaks, at most half of the silence between two: breaths and soft word
    ends stay with their speaker."""
    residual: bool = False
    """Keep what was given to neither speaker as an audio column of its own."""

    def __post_init__(self) -> None:
        self._assembly()

    def _assembly(self) -> Assembly:
        return Assembly(
            first=self.first, floor=self.floor, crossfade=self.crossfade, unsure=self.unsure, residual=self.residual, margin=self.margin
        )

    def weights(self) -> tuple[Weights, ...]:
        """None: no model is used."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        """The routing as a pure function; `device` does not matter."""
        how = self._assembly()

        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            return assemble(source, recording, diarization, how, lambda mixture, *_: routed(mixture), "routed")

        return separate
