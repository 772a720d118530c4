"""A separator in an ONNX file, such as an export of MossFormer2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.onnx import audio_network, check_own_format
from stages.separate.network.base import Separator
from stages.separate.network.exported import ExportedSeparate, shaped
from stages.separate.network.places import check_file
from stages.stage import speed


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxSeparate(ExportedSeparate):
    """Any number of samples and of windows at a time, or those that the file fixes.

    The file has its own number format: float32 or float16.
    """

    backend: ClassVar[str] = "onnx"
    version: ClassVar[int] = 2

    threads: int = speed(1)
    """Threads of the network's own pool."""

    def __post_init__(self) -> None:
        ExportedSeparate.__post_init__(self)
        check_own_format(self.model, self.precision, self.name)
        if self.threads < 1:
            raise UsageError(f"separate.threads: {self.threads} must be 1 or more")

    def open(self, device: str) -> Separator:
        path = check_file(self.model)
        network = audio_network(path, device, self.threads, self.name, self.backend)
        fixed, length = network.axes[0], network.axes[-1]

        def given(sound: NDArray[np.float32]) -> Sequence[Any]:
            size = fixed or len(sound)
            filled = np.pad(sound, [(0, -len(sound) % size), *[(0, 0)] * (sound.ndim - 1)])
            heard = [network(filled[at : at + size]) for at in range(0, len(filled), size)]
            return [np.concatenate(each)[: len(sound)] for each in zip(*heard, strict=True)]

        run = shaped(given, path.name, length or self.rate, (len(network.axes),))
        return Separator(run, self.rate, self.output_rate, self.adds_up, (length,) if length else ())
