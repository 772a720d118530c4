"""An enhancement network in an ONNX or TorchScript file as a function from waveforms to waveforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.error_text import short
from stages.onnx import audio_network, check_own_format
from stages.precision import Precision
from stages.torchscript import in_torch, load_torchscript

Floats = NDArray[np.float32]
Run = Callable[[Floats], Any]
"""From audio of the shape that the network takes to an array of whatever shape it gives."""
ASKER = ("restore", "model")
"""Stage and backend, for messages."""


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
    if path.suffix.lower() != ".onnx":
        return Network(in_torch(load_torchscript(path, device, *ASKER), device, precision), path.name, (2, 3))
    check_own_format(path, precision, ASKER[0])
    network = audio_network(path, device, threads, *ASKER)
    return Network(lambda sound: network(sound)[0], path.name, (len(network.axes),), network.axes[0], network.axes[-1])


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
