"""Networks in ONNX, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.error_text import short

TAKEN: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def onnx_session(path: Path, device: str, threads: int, asker: str) -> Any:
    """A session of the network at `path` on `device` (`cpu`, `cuda` or `cuda:<n>`), on the CPU where its CUDA provider is absent.

    Raises `UsageError`, with `asker` at its head, when onnxruntime is not installed; what the library raises for a file that it cannot run
    goes on its way.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UsageError(f"{asker} needs a package that is not installed: pip install onnxruntime") from None
    # Builds for Windows report to their maker unless they are told not to.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Released graphs hold unused initialisers, which the library warns of at every load.
    options.log_severity_level = 3
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.startswith("cuda") and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.partition(":")[2] or "0"}))
    return onnxruntime.InferenceSession(str(path), options, providers=providers)


@dataclass(frozen=True, slots=True)
class AudioNetwork:
    """A network that takes audio and nothing else, loaded."""

    session: Any
    name: str
    """Of its one input."""
    kind: type[np.floating[Any]]
    """float32 or float16, of what it takes."""
    axes: tuple[int, ...]
    """Sizes of its input; 0 where it takes any."""

    def __call__(self, sound: NDArray[np.float32]) -> list[Any]:
        """Its outputs, as arrays."""
        return list(self.session.run(None, {self.name: sound.astype(self.kind)}))


def check_own_format(model: str | Path, precision: str, stage: str) -> None:
    """Raises `UsageError`, with the setting of `stage` at its head, when a network in ONNX is asked for a number format."""
    if precision != "float32":
        raise UsageError(f"{stage}.precision: {Path(model).name} is ONNX and has its own number format; leave this at 'float32'")


def audio_network(path: Path, device: str, threads: int, stage: str, backend: str, waveforms: bool = True) -> AudioNetwork:
    """The network in a file that a person named; with `waveforms` its input must be [batch, samples] or [batch, 1, samples].

    Raises `UsageError`, with the setting of `stage` at its head, when onnxruntime is not installed, cannot run the file, or the network
    takes anything but audio in float32 or float16.
    """
    try:
        session = onnx_session(path, device, threads, f"{stage}: {backend}")
    except UsageError:
        raise
    except Exception as error:
        # The runtime's own exceptions have no common base below this one.
        raise UsageError(f"{stage}.model: {path} is no ONNX model that runs here: {short(error)}") from error
    taken = session.get_inputs()
    axes = tuple(each if isinstance(each, int) else 0 for each in taken[0].shape) if len(taken) == 1 else ()
    if len(taken) != 1 or taken[0].type not in TAKEN or (waveforms and not _of_waveforms(axes)):
        found = ", ".join(f"{each.name}: {each.type} {each.shape}" for each in taken)
        shapes = " [batch, samples] or [batch, 1, samples]" if waveforms else ""
        raise UsageError(f"{stage}.model: {path} takes {found}; wanted one input of audio{shapes} in float32 or float16")
    return AudioNetwork(session, taken[0].name, TAKEN[taken[0].type], axes)


def _of_waveforms(axes: Sequence[int]) -> bool:
    return len(axes) == 2 or (len(axes) == 3 and axes[1] in (0, 1))
