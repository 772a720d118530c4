"""An exported network (TorchScript, torch.export or ONNX) as a function from audio to speakers' activities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.onnx import audio_network, check_own_format
from stages.precision import Precision
from stages.torch_graph import load_graph
from stages.torchscript import in_torch, load_torchscript

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From audio [batch, samples] to activities [batch, frames, speakers], both float32."""
ASKER = ("diarize", "end_to_end")
"""Stage and backend, for messages."""


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
    if path.suffix.lower() == ".pt2":
        model = load_graph(path, device, ASKER[0])
    else:
        model = load_torchscript(path, device, *ASKER, kinds="TorchScript or torch.export")
    # Exact kernels on a GPU would change what this stage gives there, and so want a new version of it.
    return in_torch(model, device, precision, exact=False)


def _onnx(path: Path, device: str, precision: Precision, threads: int) -> Run:
    check_own_format(path, precision, ASKER[0])
    network = audio_network(path, device, threads, *ASKER, waveforms=False)
    return lambda audio: np.asarray(network(audio)[0], np.float32)


def _sigmoid(given: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * given)), np.float32)
