"""An exported network (TorchScript, torch.export or ONNX) as a function from audio to speakers' activities."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.diarize.carrier import Precision
from stages.onnx import onnx_session

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From audio [batch, samples] to activities [batch, frames, speakers], both float32."""


def open_model(path: Path, device: str, precision: Precision, threads: int, logits: bool) -> Run:
    """The network in a file; with `logits` a sigmoid is put behind it.

    `precision` is that of a torch network's inside. Raises `UsageError` when a package is missing, the file is no such network, or an
    ONNX network is asked for another precision than its own.
    """
    run = _onnx(path, device, precision, threads) if path.suffix.lower() == ".onnx" else _torch(path, device, precision)

    def activities(audio: NDArray[np.float32]) -> NDArray[np.float32]:
        given = run(audio)
        return _sigmoid(given) if logits else given

    return activities


def _torch(path: Path, device: str, precision: Precision) -> Run:
    try:
        import torch
    except ImportError:
        raise UsageError("diarize: end_to_end needs a package that is not installed: pip install torch") from None
    try:
        model: Any
        if path.suffix.lower() == ".pt2":
            model = torch.export.load(path).module().to(device)
        else:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r".*torch\.jit\.load.* is deprecated", category=DeprecationWarning)
                model = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError, LookupError, AssertionError) as error:
        raise UsageError(f"diarize.model: {path} is no TorchScript or torch.export model: {_short(error)}") from error
    kind = getattr(torch, precision)

    def run(audio: NDArray[np.float32]) -> NDArray[np.float32]:
        lowered = torch.autocast(torch.device(device).type, dtype=kind, enabled=precision != "float32")
        with torch.inference_mode(), lowered:
            given = model(torch.from_numpy(audio).to(device))
        return _array(given.float().cpu().numpy())

    return run


def _onnx(path: Path, device: str, precision: Precision, threads: int) -> Run:
    if precision != "float32":
        raise UsageError(f"diarize.precision: {path.name} is ONNX and has its own number format; leave this at 'float32'")
    try:
        session = onnx_session(path, device, threads, "diarize: end_to_end")
    except UsageError:
        raise
    except Exception as error:
        # The runtime's own exceptions have no common base below this one.
        raise UsageError(f"diarize.model: {path} is no ONNX model that runs here: {_short(error)}") from error
    taken = session.get_inputs()
    if len(taken) != 1 or taken[0].type not in ("tensor(float)", "tensor(float16)"):
        found = ", ".join(f"{each.name}: {each.type}" for each in taken)
        raise UsageError(f"diarize.model: {path} takes {found}; wanted one input of audio in float32 or float16")
    kind = np.float16 if taken[0].type == "tensor(float16)" else np.float32

    def run(audio: NDArray[np.float32]) -> NDArray[np.float32]:
        return _array(session.run(None, {taken[0].name: audio.astype(kind)})[0])

    return run


def _array(given: Any) -> NDArray[np.float32]:
    return np.asarray(given, np.float32)


def _sigmoid(given: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * given)), np.float32)


def _short(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
