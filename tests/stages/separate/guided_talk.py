"""Two generated voices of different build in one channel, with the truth kept."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization, Segment
from schemas.span import Span

Floats = NDArray[np.float64]
TURNS = ((0, 0.0, 4.0), (1, 3.4, 8.0), (0, 7.2, 12.0), (1, 11.5, 16.0), (0, 15.0, 19.0), (1, 18.6, 22.0))
"""Speaker, start and end in seconds: about nine seconds of solo speech each and 3.5 s of overlap."""


def voice(pitch: float, formants: tuple[float, ...], seconds: float, rate: int, seed: int) -> Floats:
    """A buzz of slowly moving pitch through moving resonances, in syllables of a fifth of a second, 20 dB apart from their gaps."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    steps = np.arange(0, seconds + 0.2, 0.2)

    def track(spread: float) -> Floats:
        return np.asarray(np.interp(np.arange(n) / rate, steps, 1 + spread * rng.uniform(-1, 1, len(steps))), np.float64)

    phase = 2 * np.pi * np.cumsum(pitch * track(0.12)) / rate
    moved = [formant * track(0.15) for formant in formants]
    loud = np.interp(np.arange(n) / rate, steps, rng.choice((0.1, 0.6, 1.0), len(steps), p=(0.2, 0.4, 0.4)))
    made = np.zeros(n)
    for harmonic in range(1, int(0.45 * min(rate, 8000) / pitch)):
        at = harmonic * pitch
        gain = sum(1 / (1 + ((at - formant) / 120) ** 2) for formant in moved)
        made += gain * np.cos(harmonic * phase)
    return np.asarray(made * loud * 0.1, np.float64)


@cache
def talk(rate: int = 8000, pitches: tuple[float, float] = (105.0, 190.0)) -> tuple[NDArray[Any], Floats, Diarization]:
    """Mixture [n] in 16 bits, true voices [2, n] at full scale 1, and who speaks when."""
    length = round(22.0 * rate)
    true = np.zeros((2, length))
    for number, (speaker, start, end) in enumerate(TURNS):
        a, b = round(start * rate), round(end * rate)
        formants = ((600.0, 1100.0, 2500.0), (400.0, 2000.0, 3000.0))[speaker]
        true[speaker, a:b] = voice(pitches[speaker], formants, (b - a) / rate, rate, number)[: b - a]
    true += 1e-4 * np.random.default_rng(9).standard_normal((2, length))
    true *= 0.4 / np.abs(true).max()
    segments = sorted(
        (Segment(speaker, Span(round(a * rate), round(b * rate))) for speaker, a, b in TURNS), key=lambda s: (s.span.start, s.span.end)
    )
    mixture = np.rint(true.sum(axis=0) * 32767).astype(np.int16)
    return mixture, true, Diarization(length=length, rate=rate, channel=0, segments=tuple(segments))


def si_sdr(made: Floats, true: Floats) -> float:
    """In dB (Le Roux et al. 2019)."""
    scaled = (made @ true) / (true @ true) * true
    return float(10 * np.log10((scaled @ scaled) / ((made - scaled) @ (made - scaled))))
