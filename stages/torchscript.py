"""Networks in TorchScript, which carries its own code, and torch networks run the same on every call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.error_text import short
from stages.precision import Precision

Floats = NDArray[np.float32]


def load_torchscript(path: Path, device: str, stage: str, backend: str, kinds: str = "TorchScript") -> Any:
    """The network in a file that a person named, in evaluation mode on `device`.

    Its code runs inside torch's own interpreter, with the operators of torch and nothing else. Raises `UsageError`, with the setting of
    `stage` at its head, when torch is not installed or the file is no such network; `kinds` names all that the backend reads.
    """
    try:
        import torch
    except ImportError:
        raise UsageError(f"{stage}: {backend} needs a package that is not installed: pip install torch") from None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*torch\.jit\.load.* is deprecated", category=DeprecationWarning)
            return torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError, LookupError, AssertionError) as error:
        raise UsageError(f"{stage}.model: {path} is no {kinds} model: {short(error)}") from error


@contextmanager
def inference(device: str, precision: Precision, exact: bool = True) -> Iterator[None]:
    """No gradients, the number format that was asked for, and with `exact` on a GPU neither TF32 nor kernels that differ between runs."""
    import torch

    lowered = torch.autocast(torch.device(device).type, dtype=getattr(torch, precision), enabled=precision != "float32")
    # TF32 rounds what convolutions read to 10 bits, and the fastest kernels differ from run to run.
    flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False) if exact else nullcontext()
    with torch.inference_mode(), flags, lowered:
        yield


def in_torch(forward: Callable[[Any], Any], device: str, precision: Precision, exact: bool = True) -> Callable[[Floats], Floats]:
    """`forward`, from a tensor [batch, samples] on `device` to a tensor, as a function from float32 arrays to float32 arrays."""
    import torch

    def run(sound: Floats) -> Floats:
        with inference(device, precision, exact):
            made: Floats = forward(torch.from_numpy(np.ascontiguousarray(sound)).to(device)).float().cpu().numpy()
        return made

    return run
