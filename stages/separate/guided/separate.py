"""Overlaps separated by a network, and by exemplars, that know both voices from the recording itself; no weights are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span, Spans, union
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.collect import Collected
from stages.separate.guided.adapt import Schooling
from stages.separate.guided.learnt import Learnt
from stages.separate.guided.masks import Voiced
from stages.separate.guided.reach import candidates, grown
from stages.separate.guided.trust import confidence
from stages.separate.layout import Layout
from stages.separate.render import Filling
from stages.separate.render import Source as Mixture
from stages.stage import Weights
from stages.sureness import touching

LONGEST_REACH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedSeparate(Assembly):
    """Solo stretches are the recording's own samples (`original`), overlaps one voice on each channel (`separated`) or, where the result is
    not to be trusted, the mixture on both (`routed`).

    In separated overlaps channel 0 + channel 1 is the mixture to the last bit. Which voice goes where is never guessed: network and
    exemplars know both by name. A recording whose own channels are the speakers passes through bit for bit, and one without
    overlaps and changes of the floor without a gap costs nothing.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "guided"
    version: ClassVar[int] = 3
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    steps: int = 400
    """Steps of learning for each recording, whatever its length; of several conversations in one each has its own, fewer when short."""
    width: int = 64
    """Units of each recurrent layer in either direction."""
    networks: int = 1
    """Networks that are taught apart and whose masks are averaged."""
    reach: float = 0.3
    """Seconds around overlaps, and on both sides of changes of the floor without a gap, in which the voices are looked for too: overlaps
    are as long as both are heard, for diarization misses many at the ends of turns. 0: overlaps as they were found."""
    least_solo: float = 6.0
    """Seconds of solo speech that each speaker must have to learn from; with less all overlaps are routed."""
    least_confidence: float = 0.6
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
            wide: list[Span] = []

            def revise(mixture: Mixture) -> Diarization:
                how = Schooling(steps=self.steps, width=self.width, seed=0)
                known.append(Learnt(mixture, recording.bits, diarization, how, self.networks, self.least_solo, device))
                wide.extend(self._widened(known[0], diarization))
                return grown(diarization, wide)

            def prepare(mixture: Mixture, recording: Recording, diarization: Diarization, layout: Layout) -> Filling:
                return self._filling(mixture, layout, known[0], recording.bits, union(wide))

            return assemble(source, recording, diarization, self, prepare, revise)

        return separate

    def _widened(self, known: Learnt, diarization: Diarization) -> Iterator[Span]:
        """Where both are heard in what may be overlaps, if their separation is to be trusted."""
        for span in candidates(diarization, round(self.reach * diarization.rate)) if self.reach else ():
            found = known.voices(span)
            if found is not None and found.both is not None and self._trusted(found):
                yield Span(span.start + found.both.start, span.start + found.both.end)

    def _filling(self, mixture: Mixture, layout: Layout, known: Learnt, bits: int, wide: Spans) -> Filling:
        """What fills the overlaps of a layout; of those in `wide`, which were found trustworthy, none is routed onto solo speech."""
        collected = Collected(mixture, bits)
        for overlap in layout.overlaps:
            found = known.voices(overlap.span)
            if found is None or not (self._trusted(found) or any(True for _ in touching(wide, overlap.span))):
                collected.route(overlap.span)
            else:
                collected.separate(overlap.span, found.first, confidence(found.signs))
        return collected.filling()

    def _trusted(self, voiced: Voiced) -> bool:
        return confidence(voiced.signs) >= self.least_confidence
