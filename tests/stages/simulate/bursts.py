"""Speakers that hiss: utterances of noise bursts and exact silence, and a supply of them."""

from __future__ import annotations

import numpy as np

from schemas.span import Span
from stages.acoustics.levels import Signal
from stages.simulate.material import Utterance


def hiss(n: int, rng: np.random.Generator, level: float = 0.2) -> Signal:
    """Noise that swells like syllables, of random size and sign: no sample of it is zero."""
    swell = 0.2 + 0.8 * np.abs(np.sin(np.arange(n) * (np.pi / 1000)))
    return np.asarray(level * swell * rng.uniform(0.2, 1, n) * rng.choice((-1, 1), n), np.float32)


def utterance(name: str, rate: int, rng: np.random.Generator, mean: float, speaker: str = "s", parts: int = 3) -> Utterance:
    """One to `parts` bursts of about `mean` seconds, parted by 0.25 to 0.8 s."""
    sounds: list[Signal] = []
    spans: list[Span] = []
    at = 0
    for _ in range(int(rng.integers(1, parts + 1))):
        size = int(rate * float(np.clip(mean * np.exp(0.6 * rng.standard_normal()), 0.1, 12)))
        quiet = int(rate * rng.uniform(0.25, 0.8))
        sounds += [hiss(size, rng), np.zeros(quiet, np.float32)]
        spans.append(Span(at, at + size))
        at += size + quiet
    return Utterance(name, speaker, np.concatenate(sounds), tuple(spans))


class Bursts:
    """Two hissing speakers; without `brief` they have no short utterances for backchannels."""

    def __init__(self, rate: int, seed: int, mean: float = 2.4, brief: bool = True) -> None:
        self.rng = np.random.default_rng(seed)
        self.rate = rate
        self.mean = mean
        self.brief = brief
        self.count = 0

    def talk(self, channel: int) -> Utterance:
        self.count += 1
        return utterance(f"{channel}/{self.count}", self.rate, self.rng, self.mean)

    def short(self, channel: int, near: int, longest: int) -> tuple[Utterance, Span] | None:
        if not self.brief:
            return None
        self.count += 1
        size = int(self.rng.uniform(0.2, 0.7) * self.rate)
        made = Utterance(f"{channel}/b{self.count}", "s", hiss(size, self.rng), (Span(0, size),))
        return made, made.pieces[0]
