"""Endless mixtures of two voices out of their solo speech, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stages.separate.guided.solos import Floats, Solos

SECONDS = 2.0
"""Length of a mixture."""
LEVEL_DB = 2.0
"""Each voice is moved by up to this: how loud either is tells them apart, so the levels stay near to what they are."""
SPEED = 0.06
"""Each voice is played slower or faster by up to this share."""
ALONE = 0.1
"""Share of mixtures in which one of the voices is silent."""


def mixtures(solos: Solos, batch: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Voices [batch, 2, m] to be added up; neither voice may be empty."""
    rng = np.random.default_rng(seed)
    length = round(SECONDS * solos.rate)
    voices = [_repeated(voice, int(length * (1 + SPEED)) + 2) for voice in solos.voices]
    while True:
        made = np.stack([[_cut(voice, length, rng) for voice in voices] for _ in range(batch)])
        for pair in made:
            if rng.random() < ALONE:
                pair[rng.integers(2)] = 0
        yield made


def _repeated(voice: Floats, least: int) -> Floats:
    return voice if len(voice) >= least else np.tile(voice, -(-least // len(voice)))


def _cut(voice: Floats, length: int, rng: np.random.Generator) -> Floats:
    """A stretch of a voice at another speed, level and sign."""
    pace = 1 + SPEED * rng.uniform(-1, 1)
    need = int(length * pace) + 2
    start = int(rng.integers(len(voice) - need + 1))
    gain = 10 ** (LEVEL_DB * rng.uniform(-1, 1) / 20) * rng.choice((-1, 1))
    played = np.interp(np.arange(length) * pace, np.arange(need), voice[start : start + need])
    return np.asarray(gain * played, np.float32)
