"""A separator in an ONNX file, such as an export of MossFormer2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.onnx import onnx_session
from stages.separate.network.base import Separator
from stages.separate.network.exported import ExportedSeparate, shaped
from stages.separate.network.places import check_file, short
from stages.stage import speed

TAKEN = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxSeparate(ExportedSeparate):
    """Any number of samples and of windows at a time, or those that the file fixes.

    The file has its own number format: float32 or float16.
    """

    backend: ClassVar[str] = "onnx"
    version: ClassVar[int] = 1

    threads: int = speed(1)
    """Threads of the network's own pool."""

    def __post_init__(self) -> None:
        ExportedSeparate.__post_init__(self)
        if self.precision != "float32":
            raise UsageError("separate.precision: an ONNX file has its own number format; leave this at 'float32'")
        if self.threads < 1:
            raise UsageError(f"separate.threads: {self.threads} must be 1 or more")

    def open(self, device: str) -> Separator:
        path = check_file(self.model)
        try:
            session = onnx_session(path, device, self.threads, "separate: onnx")
        except UsageError:
            raise
        except Exception as error:
            # The runtime's own exceptions have no common base below this one.
            raise UsageError(f"separate.model: {path} is no ONNX model that runs here: {short(error)}") from error
        taken = session.get_inputs()
        axes = [each if isinstance(each, int) else 0 for each in taken[0].shape] if len(taken) == 1 else []
        if len(axes) not in (2, 3) or taken[0].type not in TAKEN or axes[1:-1] not in ([], [0], [1]):
            found = ", ".join(f"{each.name}: {each.type} {each.shape}" for each in taken)
            raise UsageError(f"separate.model: {path} takes {found}; wanted one input of audio [batch, samples] or [batch, 1, samples]")
        kind, name, fixed = TAKEN[taken[0].type], taken[0].name, axes[0]

        def given(sound: NDArray[np.float32]) -> Sequence[Any]:
            size = fixed or len(sound)
            filled = np.pad(sound, [(0, -len(sound) % size), *[(0, 0)] * (sound.ndim - 1)]).astype(kind)
            heard = [session.run(None, {name: filled[at : at + size]}) for at in range(0, len(filled), size)]
            return [np.concatenate(each)[: len(sound)] for each in zip(*heard, strict=True)]

        run = shaped(given, path.name, axes[-1] or self.rate, (len(axes),))
        return Separator(run, self.rate, self.output_rate, self.adds_up, (axes[-1],) if axes[-1] else ())
