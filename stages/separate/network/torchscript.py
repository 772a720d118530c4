"""A separator in a TorchScript file, which carries its own code and needs no library but torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.separate.network.base import Separator
from stages.separate.network.exported import ExportedSeparate, shaped
from stages.separate.network.places import check_file
from stages.torchscript import inference, load_torchscript


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchScriptSeparate(ExportedSeparate):
    """Its code runs inside torch's own interpreter, with the operators of torch and nothing else."""

    backend: ClassVar[str] = "torchscript"
    version: ClassVar[int] = 2

    length: int = 0
    """The one number of samples, at `rate`, that a traced network takes; 0 when it takes any."""

    def __post_init__(self) -> None:
        ExportedSeparate.__post_init__(self)
        if self.length < 0:
            raise UsageError(f"separate.length: {self.length}; wanted a number of samples, or 0 for any")

    def open(self, device: str) -> Separator:
        path = check_file(self.model)
        model = load_torchscript(path, device, self.name, self.backend)
        import torch

        def given(sound: NDArray[np.float32]) -> Sequence[Any]:
            with inference(device, self.precision):
                made = model(torch.from_numpy(np.ascontiguousarray(sound)).to(device))
                outputs = made if isinstance(made, (list, tuple)) else [made]
                return [each.float().cpu().numpy() for each in outputs]

        run = shaped(given, path.name, self.length or self.rate, (2, 3))
        return Separator(run, self.rate, self.output_rate, self.adds_up, (self.length,) if self.length else ())
