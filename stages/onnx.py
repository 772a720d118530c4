"""Networks in ONNX, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.errors import UsageError


def onnx_session(path: Path, device: str, threads: int, asker: str) -> Any:
    """A session of the network at `path` on `device` (`cpu`, `cuda` or `cuda:<n>`), on the CPU where its CUDA provider is absent.

    Raises `UsageError`, with `asker` at its head, when onnxruntime is not installed; what the library raises for a file that it cannot run
    goes on its way.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UsageError(f"{asker} needs a package that is not installed: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Released graphs hold unused initialisers, which the library warns of at every load.
    options.log_severity_level = 3
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.startswith("cuda") and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.partition(":")[2] or "0"}))
    return onnxruntime.InferenceSession(str(path), options, providers=providers)
