"""What exported separators have in common: the shapes that they take and give, found out once when they are loaded.

They take audio [batch, samples] or [batch, 1, samples] and give [batch, voices, samples], [batch, samples, voices], or a list with one
output [batch, samples] or [batch, 1, samples] for each voice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.error_text import short
from stages.separate.network.base import NetworkSeparate, Run
from stages.separate.network.places import check_file, file_weights
from stages.stage import Weights

Floats = NDArray[np.float32]
Given = Callable[[Floats], Sequence[Any]]
"""From audio in the network's own shape to the list of its outputs, as arrays."""

MOST = 4
"""Voices that a separator may give; two of them are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSeparate(NetworkSeparate):
    """A separator in a file of its own. Its rates and its licence are not in the file, so they are settings."""

    model: str
    """The file."""
    rate: int
    """Hz that the network hears."""
    licence: str = ""
    """SPDX expression of the licence of the weights, for the rows; `NOASSERTION` when you do not know it."""
    output_rate: int = 0
    """Hz that it gives; 0 when that is `rate`."""
    adds_up: bool = True
    """Its voices are parts of what it heard. Write false for a network that makes voices anew, such as a restorer: it then only says which
    voice is loud where, and the recording's own sound is divided."""

    def __post_init__(self) -> None:
        NetworkSeparate.__post_init__(self)
        if self.rate < 1000 or (self.output_rate and self.output_rate < 1000):
            raise UsageError(f"separate: rate {self.rate} Hz, output_rate {self.output_rate} Hz; wanted 1000 or more")
        check_file(self.model)

    def network_weights(self) -> tuple[Weights, ...]:
        return (file_weights(self.model, self.licence),)


def shaped(given: Given, model: str, samples: int, ranks: Sequence[int]) -> Run:
    """A network as a function from [batch, samples] to [batch, voices, samples], tried once on noise.

    `ranks` are the numbers of axes that its input may have, 2 or 3, likeliest first. Raises `UsageError` when it takes neither or gives no
    voices.
    """
    trial = np.asarray(np.random.default_rng(0).standard_normal((1, samples)) * 0.05, np.float32)
    said = ""
    for rank in ranks:
        try:
            outputs = given(_of_rank(trial, rank))
        except Exception as error:
            # Each runtime has exceptions of its own, without a common base below this one.
            said = said or short(error)
            continue
        voices_of(outputs, 1, samples, model)
        return lambda sound: voices_of(given(_of_rank(sound, rank)), len(sound), sound.shape[1], model)
    raise UsageError(f"separate.model: {model} does not run on audio [1, {samples}]: {said}")


def _of_rank(sound: Floats, rank: int) -> Floats:
    return sound if rank == 2 else sound[:, None]


def voices_of(outputs: Sequence[Any], batch: int, samples: int, model: str) -> Floats:
    """[batch, voices, m] of a network's outputs; raises `UsageError` when they are none."""
    arrays = [np.asarray(each, np.float32) for each in outputs]
    if len(arrays) == 1 and arrays[0].ndim == 3:
        whole = arrays[0]
        made = whole if whole.shape[1] <= whole.shape[2] else whole.transpose(0, 2, 1)
    elif 2 <= len(arrays) <= MOST and all(each.size == arrays[0].size and each.shape[0] == batch for each in arrays):
        made = np.stack([each.reshape(batch, -1) for each in arrays], axis=1)
    else:
        made = np.zeros((0, 0, 0), np.float32)
    if made.shape[0] != batch or not 2 <= made.shape[1] <= MOST:
        shapes = ", ".join(str(list(each.shape)) for each in arrays)
        raise UsageError(
            f"separate.model: for {batch} x {samples} samples {model} gives {shapes or 'nothing'}; wanted [batch, voices, samples], "
            f"[batch, samples, voices] or one [batch, samples] for each of 2 to {MOST} voices"
        )
    return made
