"""Where in a stretch both voices are heard, by the levels of what masks gave to either."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from stages.separate.guided.solos import Floats, Solos
from stages.separate.guided.spectra import HOP_S

BELOW_OTHER_DB = 12.0
"""A voice that is softer than the other by more than this may be no more than what masks let through of that one."""
BELOW_ITSELF_DB = 20.0
"""The same of a voice softer than its own speech by more than this."""
SMOOTH = 5
"""Frames of 16 ms over which levels are averaged."""
AROUND_S = 0.06
"""Seconds before the first and after the last moment in which both are heard."""
QUIETEST = 0.3
"""Share of frames of solo speech, the quietest, that say nothing of a voice's level: pauses."""


def levels(solos: Solos) -> tuple[float, float]:
    """Median power of the frames of either voice's solo speech but the quietest, full scale 1."""
    first, second = (_median(_powers(voice, solos.rate)) for voice in solos.voices)
    return first, second


def both_heard(first: NDArray[Any], second: NDArray[Any], usual: tuple[float, float], rate: int) -> Span | None:
    """From the first to the last moment in which both voices [n] are heard, whose usual powers are known; None where they never are."""
    powers = [_smooth(_powers(voice, rate)) for voice in (first, second)]
    other, own = 10 ** (-BELOW_OTHER_DB / 10), 10 ** (-BELOW_ITSELF_DB / 10)
    clear = [(power > other * powers[1 - speaker]) & (power > own * usual[speaker]) for speaker, power in enumerate(powers)]
    found = np.flatnonzero(clear[0] & clear[1])
    if not len(found):
        return None
    hop, around = _hop(rate), round(AROUND_S * rate)
    return Span(max(0, int(found[0]) * hop - around), min(len(first), (int(found[-1]) + 1) * hop + around))


def _powers(voice: NDArray[Any], rate: int) -> NDArray[np.float64]:
    """Mean power of whole frames of 16 ms; of a shorter voice, of all of it."""
    hop = min(_hop(rate), len(voice))
    frames: Floats = voice[: len(voice) // hop * hop].reshape(-1, hop)
    return np.asarray((frames.astype(np.float64) ** 2).mean(axis=1))


def _smooth(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each with its neighbours', as if there were silence before and after."""
    return np.convolve(powers, np.ones(SMOOTH) / SMOOTH)[SMOOTH // 2 :][: len(powers)]


def _hop(rate: int) -> int:
    return max(1, round(HOP_S * rate))


def _median(powers: NDArray[np.float64]) -> float:
    return float(np.median(powers[powers >= np.quantile(powers, QUIETEST)]))
