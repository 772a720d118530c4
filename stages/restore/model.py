"""An enhancement or bandwidth-extension network of a person's own, in an ONNX or TorchScript file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from schemas.errors import UsageError
from stages.local_files import file_sha256
from stages.precision import Precision
from stages.restore.base import Restore
from stages.restore.enhancer import Change, Enhancer, Floats, Heard
from stages.restore.network import fitted, open_network
from stages.restore.windowed import Cut, changed, cut, windows_of
from stages.rights.weights import check_licence
from stages.stage import Weights, speed

FADE_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRestore(Restore):
    """A network that takes float32 audio [batch, samples] (or [batch, 1, samples]) at `rate` Hz in [-1, 1], and gives as long a sound,
    in time with it, at `output_rate` Hz.

    It hears windows with context on both sides, which are crossed where they meet; one that sees no further than `context` gives the same
    whatever the windows. Of a network for another rate than the tracks', what it changes is resampled and added, so that what lies above
    its band is left as it is. One that makes a voice anew, and not in phase with what it hears, wants `limit: null`: mixed, the two would
    cancel here and there.
    """

    backend: ClassVar[str] = "model"
    version: ClassVar[int] = 1

    model: str
    """The file: ONNX when it ends in `.onnx`, TorchScript otherwise, which carries its own code and needs no library but torch."""
    rate: int
    """Hz that the network hears."""
    licence: str
    """SPDX expression of the network's licence, for the rows; `NOASSERTION` when you do not know it."""
    accept_licence: str = ""
    """Weights that forbid commercial use are refused unless this repeats their licence."""
    output_rate: int = 0
    """Hz that it gives; 0 when that is `rate`. Of what a network adds, tracks take what lies below half of their own rate."""
    window: float = 4.0
    """Seconds that the network hears at once, context included; a file that fixes its length keeps it."""
    context: float = 0.5
    """Seconds at both ends of a window that are heard and not kept."""
    precision: Precision = "float32"
    """Number format inside a TorchScript network, by autocast: `float32`, `float16` or `bfloat16`. An ONNX file has its own."""
    batch: int = speed(8)
    """Windows at a time; a file that fixes its batch keeps it."""
    threads: int = speed(1)
    """Threads of the ONNX runtime."""

    def __post_init__(self) -> None:
        Restore.__post_init__(self)
        if self.rate < 1000 or (self.output_rate and self.output_rate < 1000):
            raise UsageError(f"restore: rate {self.rate} Hz, output_rate {self.output_rate} Hz; wanted 1000 or more")
        if not (0.02 <= self.context < math.inf and 2 * self.context < self.window <= 600):
            raise UsageError(
                f"restore: window {self.window} s and context {self.context} s; wanted a context of 0.02 or more and a window of more than "
                "twice that, at most 600"
            )
        if self.batch < 1 or self.threads < 1:
            raise UsageError(f"restore: batch ({self.batch}) and threads ({self.threads}) must be 1 or more")
        check_licence(self.name, self.licence, self.accept_licence)

    @property
    def path(self) -> Path:
        """The network's file; raises `UsageError` when there is none."""
        path = Path(self.model).expanduser()
        if not self.model.strip() or not path.is_file():
            raise UsageError(f"restore.model: {self.model!r}: no such file; wanted an ONNX or TorchScript network")
        return path

    def weights(self) -> tuple[Weights, ...]:
        """The file by its SHA-256."""
        return (Weights(self.path.name, "local file", file_sha256(self.path), self.licence),)

    def open(self, device: str) -> Enhancer:
        network = open_network(self.path, device, self.precision, self.threads)
        given_at = self.output_rate or self.rate
        how = cut(self.rate, given_at, network.samples or round(self.window * self.rate), self.context, FADE_S)
        if how.window != (network.samples or how.window) or how.hop < how.fade:
            raise UsageError(
                f"restore.model: {network.name} hears {network.samples or how.window} samples; wanted a multiple of {2 * how.of}, and at "
                f"least {2 * (how.context + how.of)} for the context on both sides: see restore.context"
            )
        batch = network.batch or self.batch
        return Windowed(fitted(network, batch, how.window, how.given(how.window)), how, (self.rate, given_at), batch)


class Windowed(Enhancer):
    """A network that hears windows."""

    def __init__(self, run: Callable[[Floats], Floats], how: Cut, at: tuple[int, int], batch: int) -> None:
        self.run, self.how, self.at, self.batch = run, how, at, batch
        self.context = how.context / at[0]

    def rates(self, rate: int) -> tuple[int, int]:
        return self.at

    def change(self, heard: Heard, rate: int) -> Iterator[Change]:
        return changed(windows_of(heard, self.how), self.how, self.run, self._base, self.batch)

    def _base(self, sound: Floats) -> Floats:
        """What was heard, at the rate that the network gives."""
        if self.how.of == self.how.gives:
            return sound
        import soxr

        return np.asarray(soxr.resample(sound, *self.at, quality="HQ"), np.float32)
