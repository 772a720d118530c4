"""What every backend with a separation network shares: its settings, its licence, and the way from a loaded network to tracks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks
from stages.diarize.carrier import EMBEDDING
from stages.precision import Precision
from stages.rights.weights import check_licence
from stages.separate.assemble import Assembly, assemble
from stages.separate.layout import Layout
from stages.separate.render import Filling, routed
from stages.separate.render import Source as Mixture
from stages.stage import Weights, speed

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From audio [batch, samples] in [-1, 1] to voices [batch, outputs, samples], both float32."""


@dataclass(frozen=True, slots=True)
class Separator:
    """A loaded network."""

    run: Run
    rate: int
    """Hz of what it hears."""
    output_rate: int = 0
    """Hz of what it gives; 0 when that is `rate`."""
    adds_up: bool = True
    """Its voices are parts of what it heard, each up to a factor. When false they are made anew, and only say which voice is loud where."""
    lengths: tuple[int, ...] = ()
    """Numbers of samples that it takes, ascending; empty when it takes any."""

    @property
    def given(self) -> int:
        """Hz of what it gives."""
        return self.output_rate or self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSeparate(Assembly, ABC):
    """Overlaps are separated by a network that hears them with what lies around them; all else is as in `route`.

    Both voices of an overlap add up to the mixture in every bit, at its own rate. Which output is which speaker is told by what the network
    makes of the stretches beside the overlap where one speaks alone, or by voice where there are none; never by guess. An overlap whose
    confidence stays below `least_confidence` holds the mixture on both channels (`routed`).
    """

    name: ClassVar[str] = "separate"
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Diarization)
    gives: ClassVar[type] = Tracks

    licence: str = "NOASSERTION"
    """SPDX expression of the licence of the weights, for the rows."""
    accept_licence: str = ""
    """Weights that forbid commercial use are refused unless this repeats their licence."""
    window: float = 12.0
    """Seconds that the network hears at once, at most; short overlaps are heard in half of it. A network of one fixed length keeps it."""
    context: float = 2.0
    """Seconds before and after an overlap that are heard with it, and that tell whose voice is whose."""
    least_confidence: float = 0.4
    """Overlaps below it are routed. Confidence is the product of how sure the order of the voices is, how well the network keeps one voice
    in one output where that speaks alone, and whether it found two voices at all."""
    precision: Precision = "float32"
    """Number format inside a torch network."""
    batch: int = speed(4)
    """Windows at a time."""

    def __post_init__(self) -> None:
        Assembly.__post_init__(self)
        if not (math.isfinite(self.window) and 1 <= self.window <= 300 and 0.1 <= self.context < self.window / 2):
            raise UsageError(
                f"separate: window {self.window} s and context {self.context} s; wanted a window from 1 to 300 and a context from 0.1 to "
                "less than half of it"
            )
        if not 0 <= self.least_confidence <= 1:
            raise UsageError(f"separate.least_confidence: {self.least_confidence}; wanted a number from 0 to 1")
        if self.batch < 1:
            raise UsageError(f"separate.batch: {self.batch} must be 1 or more")
        check_licence(self.name, self.licence, self.accept_licence)

    @abstractmethod
    def open(self, device: str) -> Separator:
        """Import libraries and load the network; raises `UsageError` when it cannot be had or does not fit."""

    @abstractmethod
    def network_weights(self) -> tuple[Weights, ...]:
        """The network's own files."""

    def weights(self) -> tuple[Weights, ...]:
        """The network's files, and the voice model that tells speakers apart where nobody speaks alone."""
        return (*self.network_weights(), EMBEDDING)

    def load(self, device: str) -> Callable[[Source, Recording, Diarization], Tracks]:
        """The separation as a pure function."""
        from stages.separate.network.fill import filling
        from stages.separate.network.voice import Voices

        separator, voices = self.open(device), Voices(device)

        def prepare(mixture: Mixture, recording: Recording, diarization: Diarization, layout: Layout) -> Filling:
            if not layout.overlaps:
                return routed(mixture, layout)
            return filling(separator, self, voices, mixture, recording, layout)

        def separate(source: Source, recording: Recording, diarization: Diarization) -> Tracks:
            return assemble(source, recording, diarization, self, prepare)

        return separate
