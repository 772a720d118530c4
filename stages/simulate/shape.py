"""How two people take turns, as numbers per minute, and what that asks of one dialogue in samples."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.errors import UsageError
from schemas.stats import FISHER_SHAPE

SLACK = 0.05
"""How far the four durations may be from adding up to a minute before they are refused."""

TRANSITION = (0.02, 0.19)
"""Seconds of overlap, shortest and longest; from 0.2 s on it would be an interruption."""
INTERRUPTION = (0.21, 1.2)
FAILED = (1.25, 2.5)
"""Up to 1.2 s, one that lies inside the other's speech would be a backchannel."""
BACKCHANNEL = (0.15, 1.15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Turn-taking to be had: seconds per minute, and counts per minute, as `stages.turns.stats` measures both.

    `ipu - overlap + pause + gap` and the silence at both ends fill the minute; where they miss it by up to 5 % all four are scaled.
    """

    ipu: float | None
    """Seconds per minute, both channels added up; absent: what the others leave."""
    pause: float
    gap: float
    overlap: float
    backchannels: float
    """Per minute, as the next three."""
    interruptions: float
    failed_interruptions: float
    transitions: float
    """Quick changes of turn, overlapping by less than 0.2 s. Together with the gaps they decide the median floor transfer offset."""
    pauses: float
    """Per minute; only its ratio to `gaps` counts, for the utterances' own lengths decide how many boundaries there are."""
    gaps: float
    backchannel_seconds: float = 0.45
    """Length of a backchannel that is sought among those there are."""
    gap_sigma: float = 0.8
    """Spread of the log-normal that gaps are drawn from, in nepers."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and not 0 <= value < math.inf:
                raise UsageError(f"shape.{field.name}: {value} must be 0 or more")
        if self.pause + self.gap >= 60 or self.pauses + self.gaps <= 0:
            raise UsageError(f"shape: pauses of {self.pause} s and gaps of {self.gap} s leave nothing of a minute to speak in")

    def factor(self, edge: float) -> float:
        """What all four durations are multiplied by so that they add up to a minute with `edge` seconds of silence at its ends."""
        if self.ipu is None:
            return 1.0
        said = self.ipu - self.overlap + self.pause + self.gap
        factor = (60 - edge) / said if said > 0 else math.inf
        if abs(factor - 1) > SLACK:
            raise UsageError(
                f"shape: ipu - overlap + pause + gap is {said:.1f} s of every minute and {edge:.1f} s are silent at the ends; wanted 60 s "
                f"in all. Change one of the four, or leave ipu to the others with shape.ipu=none"
            )
        return factor

    def overlap_of(self, counts: Mapping[str, int]) -> float:
        """Seconds of overlap that belong to so many backchannels, interruptions and so on, for the shape's overlap to come out.

        All but backchannels are as far between their shortest and longest as the shape as a whole wants.
        """
        kinds = {"failed_interruptions": FAILED, "interruptions": INTERRUPTION, "transitions": TRANSITION}
        spoken = self.backchannels * self.backchannel_seconds
        least, most = (spoken + sum(getattr(self, kind) * span[end] for kind, span in kinds.items()) for end in (0, 1))
        part = min(1.0, max(0.0, (self.overlap - least) / (most - least))) if most > least else 0.0
        sizes = {kind: low + part * (high - low) for kind, (low, high) in kinds.items()} | {"backchannels": self.backchannel_seconds}
        whole = sum(getattr(self, kind) * size for kind, size in sizes.items())
        return sum(counts[kind] * size for kind, size in sizes.items()) * (self.overlap / whole if whole else 0.0)


SHAPES: dict[str, Shape] = {
    "fisher": Shape(
        **FISHER_SHAPE,
        backchannels=4.0,
        interruptions=1.5,
        failed_interruptions=0.4,
        transitions=2.5,
        pauses=7.0,
        gaps=7.5,
    ),
    "candor": Shape(
        **FISHER_SHAPE,
        backchannels=3.0,
        interruptions=1.8,
        failed_interruptions=0.4,
        transitions=3.7,
        pauses=7.0,
        gaps=8.5,
        gap_sigma=1.3,
    ),
    "spokenwoz": Shape(
        ipu=44.9,
        pause=3.1,
        gap=10.8,
        overlap=0.7,
        backchannels=0.7,
        interruptions=0.2,
        failed_interruptions=0.2,
        transitions=0.9,
        pauses=3.0,
        gaps=15.0,
    ),
}
"""`fisher`: durations of the Fisher corpus (`schemas.stats.FISHER_SHAPE`); its counts are plausible for casual telephone talk, not
measured. `candor`: the same durations with quicker changes of turn, so that the median offset comes near `CANDOR_MEDIAN_FTO`; no
durations of that corpus are published in these terms. `spokenwoz`: three task-oriented telephone calls of SpokenWOZ, pooled, as measured
here by the energy VAD and `stages.turns.stats`."""


def shape_named(name: str) -> Shape:
    """A shape of `SHAPES`; raises `UsageError` that says which there are."""
    if name not in SHAPES:
        near = difflib.get_close_matches(name, SHAPES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(SHAPES)}"
        raise UsageError(f"shape: no such name {name!r}; {hint}")
    return SHAPES[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one dialogue should hold: samples, except the four counts."""

    length: int
    edge: int
    """Silence at each end; the last may be up to half a second longer."""
    pause: int
    gap: int
    overlap: int
    backchannels: int
    interruptions: int
    failed_interruptions: int
    transitions: int
    stay: float
    """Share of pauses among pauses and gaps."""
    backchannel: int
    gap_sigma: float


COUNTS = ("backchannels", "interruptions", "failed_interruptions", "transitions")


def budget(shape: Shape, seconds: float, edge: float, spread: float, index: int, count: int, rate: int, seed: int) -> Budget:
    """The budget of dialogue `index` of `count`, of `seconds` each.

    Dialogues differ from each other by up to `spread`, in pairs of which one has as much more as the other has less, so that the set
    keeps to the shape. Counts are rounded so that after any number of dialogues each is within one of what the shape asks for.
    """
    edge = min(edge, seconds / 50)
    factor = shape.factor(edge * 120 / seconds)
    minutes = seconds / 60
    start = np.random.default_rng((seed, 1)).random(len(COUNTS))
    counts: dict[str, int] = {}
    for place, name in enumerate(COUNTS):
        size = getattr(shape, name) * minutes
        own = size * _share(place, index, count, spread, seed)
        # Whole pairs before this dialogue add up to as many times the plain size, whatever their spread.
        before = size * (index - index % 2) + (size * _share(place, index - 1, count, spread, seed) if index % 2 else 0.0)
        counts[name] = math.floor(before + own + start[place]) - math.floor(before + start[place])
    pause, gap = (
        factor * minutes * per_minute * _share(len(COUNTS) + place, index, count, spread, seed)
        for place, per_minute in enumerate((shape.pause, shape.gap))
    )
    return Budget(
        length=round(seconds * rate),
        edge=round(edge * rate),
        pause=round(pause * rate),
        gap=round(gap * rate),
        overlap=round(factor * shape.overlap_of(counts) * rate),
        **counts,
        stay=shape.pauses / (shape.pauses + shape.gaps),
        backchannel=round(shape.backchannel_seconds * rate),
        gap_sigma=shape.gap_sigma,
    )


def _share(place: int, index: int, count: int, spread: float, seed: int) -> float:
    if index == count - 1 and index % 2 == 0:
        return 1.0
    drawn = float(np.random.default_rng((seed, 2, index // 2)).uniform(-spread, spread, place + 1)[place])
    return 1 + drawn if index % 2 else 1 - drawn
