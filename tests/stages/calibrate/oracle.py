"""A separator that knows the two sides of a made call, and spoils them as it is told: a real stage, for tests only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.recording import Recording, Samples
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.assemble import Assembly, assemble
from stages.separate.layout import Filled, Layout
from stages.separate.render import Filling
from stages.stage import Weights
from tests.stages.calibrate.parts import Seconds

MANY: tuple[Seconds, Seconds] = (
    ((1.0, 6.0), (9.0, 14.0), (17.0, 22.0), (25.0, 30.0), (33.0, 38.0), (41.0, 46.0), (49.0, 54.0)),
    ((5.0, 10.0), (13.2, 18.0), (21.0, 26.0), (29.5, 34.0), (37.0, 42.0), (45.0, 50.0)),
)
"""Twelve overlaps from half a second to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesSeparate(Assembly):
    """Fills overlaps with the sides in `<id>.npy` beside the recording (int16 [2, n], the one who speaks first being side 0).

    In overlap k the share `spoiled[k]` of each side is exchanged for the other's: 0 is perfect, 0.5 the mixture at half its level, 1 the
    other voice. It is as sure as it is right: confidence 1 - spoiled. What is spoiled by more than `most` is routed.
    """

    name: ClassVar[str] = "separate"
    backend: ClassVar[str] = "sides"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    spoiled: tuple[float, ...] = (0.0,)
    """Taken in turn."""
    most: float = 1.0

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            sides = np.load(Path(source.base) / f"{source.id}.npy")

            def prepare(mixture: NDArray[np.int16], _recording: Recording, _diarization: Diarization, layout: Layout) -> Filling:
                shares = {each.span: self.spoiled[k % len(self.spoiled)] for k, each in enumerate(layout.overlaps)}

                def fill(overlap: Span, window: Span) -> Samples:
                    share, part = shares[overlap], sides[:, window.start : window.end]
                    if share > self.most:
                        both: Samples = np.broadcast_to(mixture[window.start : window.end], part.shape)
                        return both
                    first = np.rint((1 - share) * part[0] + share * part[1]).astype(np.int16)
                    return np.stack((first, (mixture[window.start : window.end] - first).astype(np.int16)))

                kinds = (Filled("routed") if share > self.most else Filled("separated", 1 - share) for share in shares.values())
                return Filling(fill, tuple(kinds))

            return assemble(source, recording, diarization, self, prepare)

        return separate
