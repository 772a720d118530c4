"""Made channels against the true sides, sample by sample: SI-SDR and leakage, over whole calls in windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schemas.span import Spans, subtract
from stages.scoring.kept import overlap
from stages.scoring.speakers import Pair

PROJECTION = 0.1
"""Seconds over which a voice's gain in a channel is taken as one number."""
BLOCK = 256
"""Projection windows worked on at a time: 26 s."""
MOST_DB = 100.0
"""Levels are held inside plus and minus this: beyond what 16 bits can show, so that a perfect channel has a number too."""
ALIKE = 0.9
"""Squared correlation of the two voices in a window above which their gains cannot be told apart: it then counts as this voice alone."""

Floats = NDArray[np.float64]
Window = Callable[[int, int], Floats]
"""Samples `[start, end)` of two channels as float64 [2, m], at most one block at a time."""


@dataclass(slots=True)
class Ratio:
    """SI-SDR in parts: products of the made channel with the true side."""

    made: float = 0.0
    true: float = 0.0
    both: float = 0.0

    def add(self, made: Floats, true: Floats) -> None:
        """Take in some samples of both, [m]."""
        self.made += float(made @ made)
        self.true += float(true @ true)
        self.both += float(made @ true)

    @property
    def db(self) -> float | None:
        """10 log10 of the power of the made channel that the true side explains over the power that it does not (Le Roux et al. 2019,
        arXiv 1811.02508, means not taken out); absent when either is silent throughout."""
        if self.true <= 0 or self.made <= 0:
            return None
        explained = self.both**2 / self.true
        return level(explained, max(self.made - explained, 0.0))


@dataclass(slots=True)
class Leak:
    """Power of both voices in one made channel, split by whether the other speaker talks alone."""

    own: float = 0.0
    other_alone: float = 0.0
    other_overlapping: float = 0.0

    @property
    def db(self) -> float | None:
        """The other voice over this voice; absent when neither is in the channel."""
        other = self.other_alone + self.other_overlapping
        return level(other, self.own) if self.own > 0 or other > 0 else None

    @property
    def solo_db(self) -> float | None:
        """The same for the stretches in which only the other speaker talks."""
        return level(self.other_alone, self.own) if self.own > 0 or self.other_alone > 0 else None


@dataclass(slots=True)
class SignalScores:
    """Of one true channel."""

    whole: Ratio = field(default_factory=Ratio)
    solo: Ratio = field(default_factory=Ratio)
    overlap: Ratio = field(default_factory=Ratio)
    leak: Leak = field(default_factory=Leak)


def level(power: float, reference: float) -> float:
    """10 log10 of a ratio of powers that are not both 0, held inside `MOST_DB`."""
    if reference <= 0:
        return MOST_DB
    return min(max(10 * math.log10(power / reference), -MOST_DB), MOST_DB) if power > 0 else -MOST_DB


def signal_scores(made: Window, true: Window, reference: Pair, length: int, rate: int) -> tuple[SignalScores, SignalScores]:
    """Compare the made channels, in the order of the true ones, with the true sides over `length` samples.

    SI-SDR is over all samples, those where only this channel's speaker talks, and those where both do. For leakage each made channel is
    projected, a window of `PROJECTION` seconds at a time, on the true voices (the sides where their speaker talks, so that a side's noise
    is no voice): on one voice where one speaker talks, on both together by least squares where both do; the projections' powers add up.
    """
    both = overlap(reference)
    places = (subtract(reference[0], both), subtract(reference[1], both), both)
    scores = (SignalScores(), SignalScores())
    for start, end in _blocks(length, round(PROJECTION * rate)):
        sound, voice = made(start, end), true(start, end)
        alone0, alone1, together = (mask(spans, start, end) for spans in places)
        for channel, alone, other_alone in ((0, alone0, alone1), (1, alone1, alone0)):
            score, y, s = scores[channel], sound[channel], voice[channel]
            score.whole.add(y, s)
            score.solo.add(y[alone], s[alone])
            score.overlap.add(y[together], s[together])
            other = voice[1 - channel]
            width = round(PROJECTION * rate)
            score.leak.own += _power_alone(y, s * alone, width)
            score.leak.other_alone += _power_alone(y, other * other_alone, width)
            if together.any():
                own, leaked = _power_together(y, s * together, other * together, width)
                score.leak.own += own
                score.leak.other_overlapping += leaked
    return scores


def mask(spans: Spans, start: int, end: int) -> NDArray[np.bool_]:
    """Which samples of `[start, end)` are in `spans`, [end - start]."""
    steps = np.zeros(end - start + 1, np.int64)
    inside = [s for s in spans if s.end > start and s.start < end]
    np.add.at(steps, [max(s.start, start) - start for s in inside], 1)
    np.add.at(steps, [min(s.end, end) - start for s in inside], -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def _blocks(length: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, width) * BLOCK
    for start in range(0, length, step):
        yield start, min(start + step, length)


def _windows(samples: Floats, width: int) -> Floats:
    """[m] as [windows, width], the last one filled with zeros."""
    return np.pad(samples, (0, -len(samples) % width)).reshape(-1, width)


def _dot(left: Floats, right: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", left, right))


def _power_alone(y: Floats, voice: Floats, width: int) -> float:
    v = _windows(voice, width)
    energy, product = _dot(v, v), _dot(_windows(y, width), v)
    heard = energy > 0
    return float((product[heard] ** 2 / energy[heard]).sum())


def _power_together(y: Floats, own: Floats, other: Floats, width: int) -> tuple[float, float]:
    made, u, v = (_windows(each, width) for each in (y, own, other))
    uu, vv, uv, yu, yv = _dot(u, u), _dot(v, v), _dot(u, v), _dot(made, u), _dot(made, v)
    apart = (uu > 0) & (vv > 0) & (uv**2 <= ALIKE * uu * vv)
    rest = np.where(apart, 1.0, 0.0)
    det = np.where(apart, uu * vv - uv**2, 1.0)
    gain_own = rest * (yu * vv - yv * uv) / det
    gain_other = rest * (yv * uu - yu * uv) / det
    single_own = ~apart & (uu > 0)
    single_other = ~apart & (uu <= 0) & (vv > 0)
    gain_own[single_own] = yu[single_own] / uu[single_own]
    gain_other[single_other] = yv[single_other] / vv[single_other]
    return float((gain_own**2 * uu).sum()), float((gain_other**2 * vv).sum())
