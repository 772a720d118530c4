"""Overlaps separated by a network, and by exemplars, that know both voices from the recording itself; no weights are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.collect import Collected
from stages.separate.guided.adapt import Schooling
from stages.separate.guided.learnt import Learnt
from stages.separate.guided.reach import grown, reached
from stages.separate.guided.trust import confidence
from stages.separate.layout import Layout
from stages.separate.render import Filling
from stages.separate.render import Source as Mixture
from stages.stage import Weights

LONGEST_REACH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedSeparate(Assembly):
    """Solo stretches are the recording's own samples (`original`), overlaps one voice on each channel (`separated`) or, where the result is
    not to be trusted, the mixture on both (`routed`).

    In separated overlaps channel 0 + channel 1 is the mixture to the last bit. Which voice goes where is never guessed: network and
    exemplars know both by name. A recording whose own channels are the speakers passes through bit for bit, and one without overlaps costs
    nothing.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "guided"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    steps: int = 400
    """Steps of learning for each recording, whatever its length; of several conversations in one each has its own, fewer when short."""
    width: int = 64
    """Units of each recurrent layer in either direction."""
    networks: int = 1
    """Networks that are taught apart and whose masks are averaged."""
    reach: float = 0.2
    """Seconds by which an overlap that is separated grows at both ends where somebody speaks: there the network says who is heard."""
    least_solo: float = 6.0
    """Seconds of solo speech that each speaker must have to learn from; with less all overlaps are routed."""
    least_confidence: float = 0.85
    """Overlaps whose separation is less sure than this are routed; 0 routes none."""

    def __post_init__(self) -> None:
        # zero-argument super() does not know a dataclass with slots
        Assembly.__post_init__(self)
        for name in ("steps", "width", "networks"):
            if getattr(self, name) < 1:
                raise UsageError(f"separate.{name}: {getattr(self, name)}; wanted a whole number from 1")
        if not self.least_solo > 0:
            raise UsageError(f"separate.least_solo: {self.least_solo} s; wanted more than 0")
        if not 0 <= self.reach <= LONGEST_REACH:
            raise UsageError(f"separate.reach: {self.reach} s; wanted a number from 0 to {LONGEST_REACH}")
        if not 0 <= self.least_confidence <= 1:
            raise UsageError(f"separate.least_confidence: {self.least_confidence}; wanted a number from 0 to 1")

    def weights(self) -> tuple[Weights, ...]:
        """None: what is learnt from a recording serves that recording only."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        """The separation as a pure function; on a GPU its last bits may differ from those of a CPU."""

        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            known: list[Learnt] = []

            def revise(mixture: Mixture) -> Diarization:
                how = Schooling(steps=self.steps, width=self.width, seed=0)
                known.append(Learnt(mixture, recording.bits, diarization, how, self.networks, self.least_solo, device))
                return self._revised(known[0], diarization)

            def prepare(mixture: Mixture, recording: Recording, diarization: Diarization, layout: Layout) -> Filling:
                return self._filling(mixture, layout, known[0], recording.bits)

            return assemble(source, recording, diarization, self, prepare, revise)

        return separate

    def _revised(self, known: Learnt, diarization: Diarization) -> Diarization:
        """Who speaks when, with the overlaps grown that are to be separated."""
        if not self.reach:
            return diarization
        wide = [reached(diarization, overlap, round(self.reach * diarization.rate)) for overlap in diarization.overlaps]
        found = ((span, known.voices(span)) for span in wide)
        return grown(diarization, [span for span, each in found if each is not None and confidence(each.signs) >= self.least_confidence])

    def _filling(self, mixture: Mixture, layout: Layout, known: Learnt, bits: int) -> Filling:
        collected = Collected(mixture, bits)
        for overlap in layout.overlaps:
            found = known.voices(overlap.span)
            sure = None if found is None else confidence(found.signs)
            if found is None or sure is None or sure < self.least_confidence:
                collected.route(overlap.span)
            else:
                collected.separate(overlap.span, found.first, sure)
        return collected.filling()
