"""A torch module as a function from arrays to arrays, the same on every call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.diarize.carrier import Precision
from stages.separate.network.base import Run


@contextmanager
def inference(device: str, precision: Precision) -> Iterator[None]:
    """No gradients, the number format that was asked for, and on a GPU neither TF32 nor kernels that differ between runs."""
    import torch

    lowered = torch.autocast(torch.device(device).type, dtype=getattr(torch, precision), enabled=precision != "float32")
    exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with torch.inference_mode(), exact, lowered:
        yield


def in_torch(forward: Callable[[Any], Any], device: str, precision: Precision) -> Run:
    """`forward` takes a tensor [batch, samples] and gives one of [batch, outputs, samples]."""
    import torch

    def run(sound: NDArray[np.float32]) -> NDArray[np.float32]:
        with inference(device, precision):
            given = forward(torch.from_numpy(np.ascontiguousarray(sound)).to(device))
            made: NDArray[np.float32] = given.float().cpu().numpy()
        return made

    return run
