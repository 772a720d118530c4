"""Speech by short-time level above a noise floor that follows the recording; needs no model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.recording import full_scale
from schemas.span import Span, Spans
from schemas.tracks import Tracks
from stages.stage import Weights

FRAME = 0.01
"""Seconds between levels; each level is the power of three frames."""
BLOCK = 10.0
"""Seconds between estimates of the noise floor; each looks at three blocks."""
FEWEST = 100
"""Frames that are not digital silence which an estimate of the floor needs; with fewer the whole channel's floor stands in."""

Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyVad:
    """Speech where the short-time level stands above the channel's own noise floor; marks speech and changes no sample.

    The level is the power of 30 ms about each frame's mean (so a DC offset is no speech), in dBFS: 0 is a square wave at full scale.
    The floor is the `floor_percentile` of the levels within 15 s, digital silence (constant samples) left aside, held between `floor_min`
    and `floor_max`. Speech is a run at or above floor + `leave` that reaches floor + `enter` somewhere. It cannot tell speech from other
    sound, and takes steady noise above `floor_max` + `enter` for speech.
    """

    name: ClassVar[str] = "vad"
    backend: ClassVar[str] = "energy"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Activity

    enter: float = 12.0
    """dB above the floor at which speech begins."""
    leave: float = 7.0
    """dB above the floor down to which speech lasts."""
    floor_percentile: float = 10.0
    floor_min: float = -65.0
    """dBFS; a quieter floor counts as this."""
    floor_max: float = -40.0
    """dBFS; a louder floor counts as this, so that speech without pauses is not its own floor."""
    min_speech: float = 0.1
    """Seconds; shorter speech is dropped."""
    min_silence: float = 0.15
    """Seconds; shorter silences do not end speech."""
    pad: float = 0.03
    """Seconds added at both ends."""

    def __post_init__(self) -> None:
        if not 0 < self.leave <= self.enter < math.inf:
            raise UsageError(f"vad: leave: {self.leave} dB must be above 0 and at most enter ({self.enter} dB)")
        if not 0 <= self.floor_percentile <= 100:
            raise UsageError(f"vad: floor_percentile: {self.floor_percentile} is not between 0 and 100")
        if not -math.inf < self.floor_min <= self.floor_max < math.inf:
            raise UsageError(f"vad: floor_min: {self.floor_min} dBFS must be at most floor_max ({self.floor_max} dBFS)")
        for field in ("min_speech", "min_silence", "pad"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UsageError(f"vad: {field}: {getattr(self, field)} s must be 0 or more")

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks], Activity]:
        """The detector as a pure function; `device` does not matter."""

        def vad(tracks: Tracks) -> Activity:
            hop = max(1, round(FRAME * tracks.rate))
            levels = (short_time_levels(channel, tracks.bits, hop) for channel in tracks.samples)
            found = tuple(self._spans(each, hop, tracks.rate, tracks.length) for each in levels)
            return Activity(channels=found, length=tracks.length, rate=tracks.rate)

        return vad

    def _spans(self, levels: Levels, hop: int, rate: int, length: int) -> Spans:
        above = levels - noise_floor(levels, max(1, round(BLOCK * rate / hop)), self.floor_percentile, self.floor_min, self.floor_max)
        runs = _runs(above >= self.leave)
        reached = np.concatenate(([0], np.cumsum(above >= self.enter)))
        runs = _joined(runs[reached[runs[:, 1]] > reached[runs[:, 0]]] * hop, self.min_silence * rate)
        runs = runs[runs[:, 1] - runs[:, 0] >= self.min_speech * rate]
        return _padded(runs, round(self.pad * rate), length)


def short_time_levels(samples: NDArray[np.integer], bits: int, hop: int) -> Levels:
    """Level in dBFS of each frame of `hop` samples of one channel [n], [ceil(n / hop)]; minus infinity where a frame's samples are equal.

    The power is taken about each frame's own mean and averaged over the frame and its two neighbours.
    """
    length = len(samples)
    power = np.zeros(-(-length // hop), np.float32)
    step = hop * 4096
    for at in range(0, length, step):
        block = np.asarray(samples[at : at + step], dtype=np.float64)
        whole = len(block) // hop * hop
        first = at // hop
        power[first : first + whole // hop] = block[:whole].reshape(-1, hop).var(axis=1)
        if whole < len(block):
            power[-1] = block[whole:].var()
    edged = np.pad(power, 1, mode="edge")
    mean = np.where(power == 0, np.float32(0), (edged[:-2] + edged[1:-1] + edged[2:]) / 3)
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(mean / np.float32(full_scale(bits) ** 2)), dtype=np.float32)


def noise_floor(levels: Levels, block: int, percentile: float, least: float, most: float) -> Levels:
    """Noise floor in dBFS at every frame of one channel [frames]: a percentile over three blocks, linear between block centres.

    Digital silence is left aside; a stretch of little else takes the whole channel's floor, or `least` where the channel is silent.
    """
    sounding = levels > -np.inf
    whole = float(np.percentile(levels[sounding], percentile)) if sounding.any() else least
    count = -(-len(levels) // block)
    floors = np.full(count, whole)
    for index in range(count):
        stretch = slice(max(0, index - 1) * block, (index + 2) * block)
        heard = levels[stretch][sounding[stretch]]
        if len(heard) >= FEWEST:
            floors[index] = np.percentile(heard, percentile)
    centres = np.arange(count) * block + block / 2
    smooth: Levels = np.interp(np.arange(len(levels)), centres, np.clip(floors, least, most)).astype(np.float32)
    return smooth


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Start and end of each run of true, [runs, 2]."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return edges.reshape(-1, 2).astype(np.int64)


def _joined(runs: NDArray[np.int64], shortest: float) -> NDArray[np.int64]:
    """Runs with silences shorter than `shortest` between them closed."""
    if len(runs) < 2:
        return runs
    apart = runs[1:, 0] - runs[:-1, 1] >= shortest
    starts = runs[np.concatenate(([True], apart)), 0]
    ends = runs[np.concatenate((apart, [True])), 1]
    return np.stack((starts, ends), axis=1)


def _padded(runs: NDArray[np.int64], pad: int, length: int) -> Spans:
    """Runs as spans moved out by `pad` at both ends, or by half the silence between two."""
    if not len(runs):
        return ()
    half = np.minimum(pad, (runs[1:, 0] - runs[:-1, 1]) // 2)
    starts = runs[:, 0] - np.concatenate(([pad], half))
    ends = runs[:, 1] + np.concatenate((half, [pad]))
    pairs = zip(np.maximum(starts, 0).tolist(), np.minimum(ends, length).tolist(), strict=True)
    return tuple(Span(start, end) for start, end in pairs if start < end)
