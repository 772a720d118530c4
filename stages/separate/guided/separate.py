"""Overlaps separated by a network that learns both voices of a recording from the recording itself; no weights are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording, Samples, full_scale
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.guided.adapt import Schooling, adapted
from stages.separate.guided.masks import Masker, cut
from stages.separate.guided.solos import solos
from stages.separate.guided.spectra import Spectra
from stages.separate.guided.trust import confidence
from stages.separate.layout import Filled, Layout
from stages.separate.render import Filling, mixture_of, routed
from stages.separate.render import Source as Mixture
from stages.spool import Spool
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedSeparate(Assembly):
    """Solo stretches are the recording's own samples (`original`), overlaps one voice on each channel (`separated`) or, where the result is
    not to be trusted, the mixture on both (`routed`).

    In separated overlaps channel 0 + channel 1 is the mixture to the last bit. Which voice goes where is never guessed: the network is
    taught both by name. A recording whose own channels are the speakers passes through bit for bit, and one without overlaps costs nothing.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "guided"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    steps: int = 400
    """Steps of learning for each recording, whatever its length."""
    width: int = 64
    """Units of each recurrent layer in either direction; with a GPU 128 and 400 steps cost little."""
    seeds: int = 1
    """Networks that are taught apart and whose masks are averaged."""
    least_solo: float = 6.0
    """Seconds of solo speech that each speaker must have to learn from; with less all overlaps are routed."""
    least_confidence: float = 0.5
    """Overlaps whose separation is less sure than this are routed; 0 routes none."""

    def __post_init__(self) -> None:
        # zero-argument super() does not know a dataclass with slots
        Assembly.__post_init__(self)
        for name, least in (("steps", 1), ("width", 1), ("seeds", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"separate.{name}: {getattr(self, name)}; wanted a whole number from {least}")
        if not self.least_solo > 0:
            raise UsageError(f"separate.least_solo: {self.least_solo} s; wanted more than 0")
        if not 0 <= self.least_confidence <= 1:
            raise UsageError(f"separate.least_confidence: {self.least_confidence}; wanted a number from 0 to 1")

    def weights(self) -> tuple[Weights, ...]:
        """None: what is learnt from a recording serves that recording only."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        """The separation as a pure function; on a GPU its last bits may differ from those of a CPU."""
        import torch

        torch.set_num_threads(1)

        def prepare(mixture: Mixture, recording: Recording, diarization: Diarization, layout: Layout) -> Filling:
            if not layout.overlaps:
                return routed(mixture, layout)
            learnt = solos(mixture, recording.bits, diarization)
            if learnt.seconds < self.least_solo:
                return routed(mixture, layout)
            nets = [adapted(learnt, Schooling(steps=self.steps, width=self.width, seed=seed), device) for seed in range(self.seeds)]
            masker = Masker(nets, Spectra(learnt.rate).bins, recording.rate, recording.bits, device)
            return self._filling(mixture, layout, masker, recording.bits)

        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            return assemble(source, recording, diarization, self, prepare)

        return separate

    def _filling(self, mixture: Mixture, layout: Layout, masker: Masker, bits: int) -> Filling:
        spool, kinds = Spool(np.int32, 1), []
        starts = {}
        at = 0
        for overlap in layout.overlaps:
            found = [masker(mixture, piece) for piece in cut(overlap.span, masker.rate)]
            sure = confidence(sum((each.signs for each in found[1:]), found[0].signs))
            kinds.append(Filled("separated", sure) if sure >= self.least_confidence else Filled("routed"))
            starts[overlap.span] = at if kinds[-1].kind == "separated" else None
            if kinds[-1].kind == "separated":
                for each in found:
                    spool.write(each.first[:, None])
                at += len(overlap.span)
        return Filling(_fill(mixture, spool.samples()[0], starts, bits), tuple(kinds))


def _fill(mixture: Mixture, first: Any, starts: dict[Span, int | None], bits: int) -> Any:
    """Voice 0 as it was found, voice 1 what it leaves of the mixture; the mixture for both in overlaps without a start."""
    whole, top = mixture_of(mixture), int(full_scale(bits))

    def fill(overlap: Span, window: Span) -> Samples:
        start = starts[overlap]
        if start is None:
            return whole(overlap, window)
        at = start + window.start - overlap.start
        voice = first[at : at + len(window)].astype(np.int64)
        rest = np.clip(mixture[window.start : window.end] - voice, -top, top - 1)
        both: Samples = np.stack([voice, rest])
        return both

    return fill
