"""An enhancement network in an ONNX or TorchScript file as a function from waveforms to waveforms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.diarize.carrier import Precision
from stages.onnx import onnx_session

Floats = NDArray[np.float32]
Run = Callable[[Floats], Any]
"""From audio of the shape that the network takes to an array of whatever shape it gives."""
TAKEN = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True, slots=True)
class Network:
    """A loaded network and the shapes that its file fixes."""

    run: Run
    name: str
    ranks: tuple[int, ...]
    """Numbers of axes that its input may have, likeliest first: 2 for [batch, samples], 3 for [batch, 1, samples]."""
    batch: int = 0
    """Windows that it takes at a time; 0 when any number."""
    samples: int = 0
    """Samples of a window; 0 when any number."""


def open_network(path: Path, device: str, precision: Precision, threads: int) -> Network:
    """The network in a file: ONNX when it ends in `.onnx`, TorchScript otherwise.

    `precision` is that of a TorchScript network's inside. Raises `UsageError` when a package is missing, the file is no such network, or an
    ONNX network is asked for another precision than its own.
    """
    return _onnx(path, device, precision, threads) if path.suffix.lower() == ".onnx" else _torchscript(path, device, precision)


def fitted(network: Network, batch: int, samples: int, given: int) -> Callable[[Floats], Floats]:
    """The network as a function from [b, samples] to [b, given], b at most `batch`, tried once on faint noise.

    A network of a fixed batch hears silence in the places that are left. Raises `UsageError` when it does not take or give that.
    """
    trial = np.asarray(np.random.default_rng(0).standard_normal((network.batch or batch, samples)) * 0.05, np.float32)
    said = ""
    for rank in network.ranks:
        try:
            made = np.asarray(network.run(_of_rank(trial, rank)), np.float32)
        except Exception as error:
            # Each runtime has exceptions of its own, without a common base below this one.
            said = said or short(error)
            continue
        if made.size != len(trial) * given or made.shape[0] != len(trial) or made.shape[-1] != given:
            raise UsageError(
                f"restore.model: {network.name} gives {list(made.shape)} for audio [{len(trial)}, {samples}], not [{len(trial)}, {given}]: "
                "see restore.rate and restore.output_rate"
            )
        return lambda sound: _filled(network, sound, rank, given)
    raise UsageError(
        f"restore.model: {network.name} does not run on audio [{len(trial)}, {samples}]: {said}; "
        "set restore.window to what it was exported for"
    )


def _filled(network: Network, sound: Floats, rank: int, given: int) -> Floats:
    count, fixed = len(sound), network.batch
    whole = np.concatenate((sound, np.zeros((fixed - count, sound.shape[1]), np.float32))) if fixed > count else sound
    return np.asarray(network.run(_of_rank(whole, rank)), np.float32).reshape(len(whole), given)[:count]


def _of_rank(sound: Floats, rank: int) -> Floats:
    return sound if rank == 2 else sound[:, None]


def _torchscript(path: Path, device: str, precision: Precision) -> Network:
    try:
        import torch
    except ImportError:
        raise UsageError("restore: model needs a package that is not installed: pip install torch") from None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*torch\.jit\.load.* is deprecated", category=DeprecationWarning)
            model: Any = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError, LookupError, AssertionError) as error:
        raise UsageError(f"restore.model: {path} is no TorchScript model: {short(error)}") from error
    kind = getattr(torch, precision)

    def run(sound: Floats) -> Any:
        lowered = torch.autocast(torch.device(device).type, dtype=kind, enabled=precision != "float32")
        # TF32 rounds what convolutions read to 10 bits, and the fastest kernels differ from run to run.
        exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact, lowered:
            return model(torch.from_numpy(np.ascontiguousarray(sound)).to(device)).float().cpu().numpy()

    return Network(run, path.name, (2, 3))


def _onnx(path: Path, device: str, precision: Precision, threads: int) -> Network:
    if precision != "float32":
        raise UsageError(f"restore.precision: {path.name} is ONNX and has its own number format; leave this at 'float32'")
    try:
        session = onnx_session(path, device, threads, "restore: model")
    except UsageError:
        raise
    except Exception as error:
        # The runtime's own exceptions have no common base below this one.
        raise UsageError(f"restore.model: {path} is no ONNX model that runs here: {short(error)}") from error
    taken = session.get_inputs()
    axes = [each if isinstance(each, int) else 0 for each in taken[0].shape] if len(taken) == 1 else []
    if len(axes) not in (2, 3) or taken[0].type not in TAKEN or axes[1:-1] not in ([], [0], [1]):
        found = ", ".join(f"{each.name}: {each.type} {each.shape}" for each in taken)
        raise UsageError(f"restore.model: {path} takes {found}; wanted one input of audio [batch, samples] or [batch, 1, samples]")
    name, kind = taken[0].name, TAKEN[taken[0].type]
    return Network(lambda sound: session.run(None, {name: sound.astype(kind)})[0], path.name, (len(axes),), axes[0], axes[-1])


def short(error: BaseException) -> str:
    """The message of an error on one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
