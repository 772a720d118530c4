"""Two-channel talk with exact truth: formant-synthesised syllables at known places over line noise or digital silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span, Spans
from schemas.tracks import Tracks
from tests.stages.two_channels import tracks_of

VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (530, 1840, 2480), (300, 870, 2240), (570, 840, 2410), (660, 1720, 2410))
"""First three formants in Hz (men's means of Peterson and Barney 1952)."""
UTTERANCES = ((0.8, 2.6), (4.0, 4.5), (5.2, 8.0), (10.5, 12.1)), ((2.4, 3.8), (6.0, 6.4), (8.6, 10.3), (12.6, 14.0))
"""Seconds of speech of each side; they overlap at 2.4, 6.0 (a backchannel) and nowhere else."""
SECONDS = 15.0


@dataclass(frozen=True)
class Talk:
    tracks: Tracks
    truth: tuple[Spans, Spans]


def talk(rate: int = 8000, noise_db: float | None = -60.0, seed: int = 0, level_db: float = -24.0) -> Talk:
    """`UTTERANCES` at `rate`; noise in dBFS, none at all for None; the same voices at every rate.

    Seed 0 is a talk that a network trained on people takes for speech throughout; it does not take every draw of vowels so.
    """
    channels = []
    for side, spans in enumerate(UTTERANCES):
        rng = np.random.default_rng((seed, side))
        x = np.zeros(round(SECONDS * rate))
        for start, end in spans:
            at = round(start * rate)
            voice = speech(round(end * rate) - at, rate, rng)
            x[at : at + len(voice)] += voice * 10 ** (level_db / 20)
        if noise_db is not None:
            x += np.random.default_rng((seed, side, 1)).standard_normal(len(x)) * 10 ** (noise_db / 20)
        channels.append(x)
    samples = np.clip(np.round(np.stack(channels) * 32768), -32768, 32767).astype(np.int16)
    truth = tuple(tuple(Span(round(start * rate), round(end * rate)) for start, end in spans) for spans in UTTERANCES)
    return Talk(tracks_of(samples, rate), (truth[0], truth[1]))


def speech(n: int, rate: int, rng: np.random.Generator, pitch: float = 125.0) -> NDArray[np.float64]:
    """`n` samples of voiced syllables of about 0.2 s at an RMS near 1, by harmonics of a gliding pitch weighted by formants."""
    t = np.arange(n) / rate
    points = max(2, int(n / rate / 0.2) + 1)
    knots = np.linspace(0, n / rate, points)
    f0 = np.interp(t, knots, pitch * rng.uniform(0.85, 1.2, points))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    chosen = np.array([VOWELS[i] for i in rng.integers(0, len(VOWELS), points)], float)
    formants = [np.interp(t, knots, chosen[:, i]) for i in range(3)]
    x = np.zeros(n)
    for k in range(1, int(3600 / pitch)):
        f = k * f0
        gain = sum((1.0, 0.5, 0.25)[i] / (1 + ((f - formants[i]) / (60 + 20 * i)) ** 2) for i in range(3))
        x += gain * np.cos(k * phase) * (f < min(3800, 0.49 * rate))
    syllable = 0.15 + 0.85 * np.sin(np.pi * ((t / 0.2) % 1.0)) ** 0.7
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
    x = x * syllable * edge
    return x / max(1e-9, float(np.sqrt(np.mean(x**2))))
