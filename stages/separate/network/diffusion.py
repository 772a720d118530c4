"""Sampling from a diffusion model: DPM-Solver++ of second order, in several steps (Lu et al., 2022, arXiv 2211.01095)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError

KINDS = ("v_prediction", "epsilon", "sample")


@dataclass(frozen=True, slots=True)
class Noise:
    """How a model was trained: variances that grow along a line over `steps`, and what it predicts."""

    steps: int
    first: float
    last: float
    predicts: str

    def __post_init__(self) -> None:
        if self.predicts not in KINDS or self.steps < 2 or not 0 < self.first <= self.last < 1:
            raise UsageError(
                f"separate.model: a diffusion of {self.steps} steps from {self.first} to {self.last} that predicts {self.predicts!r}; "
                f"wanted two steps or more, numbers between 0 and 1, and one of {', '.join(KINDS)}"
            )

    def levels(self) -> NDArray[np.float64]:
        """Share of the signal's power that is left at each training step."""
        return np.asarray(np.cumprod(1 - np.linspace(self.first, self.last, self.steps)))


def sample(model: Callable[[Any, int], Any], noisy: Any, noise: Noise, steps: int) -> Any:
    """What a model makes of noise, in `steps` calls at training steps that are evenly spread; the last one leaves no noise.

    `model(x, step)` predicts from `x` and the number of the training step. `noisy` is a tensor of unit variance.
    """
    times = np.linspace(0, noise.steps - 1, steps + 1).round()[::-1][:-1].astype(int)
    levels = noise.levels()[times]
    alphas, sigmas = np.sqrt(levels), np.sqrt(1 - levels)
    rises = np.log(alphas) - np.log(sigmas)
    x, before = noisy, None
    for index, step in enumerate(times.tolist()):
        alpha, sigma = float(alphas[index]), float(sigmas[index])
        clean = _clean(noise.predicts, x, model(x, step), alpha, sigma)
        if index + 1 == len(times):
            return clean
        rise = float(rises[index + 1] - rises[index])
        aim = clean
        if before is not None:
            ratio = float(rises[index] - rises[index - 1]) / rise
            aim = clean + (clean - before) / (2 * ratio)
        x = (float(sigmas[index + 1]) / sigma) * x - float(alphas[index + 1]) * math.expm1(-rise) * aim
        before = clean
    return x


def _clean(predicts: str, x: Any, made: Any, alpha: float, sigma: float) -> Any:
    if predicts == "sample":
        return made
    return alpha * x - sigma * made if predicts == "v_prediction" else (x - sigma * made) / alpha
