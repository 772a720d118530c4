"""An utterance cut at its own pauses: what dialogues are laid out from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from schemas.span import Span, Spans, union
from stages.acoustics.levels import Signal

FRAME = 0.01
"""Seconds between levels."""
BELOW_PEAK_DB = 32.0
"""Frames further than this below the loud ones (95th percentile) are silent."""
ABOVE_FLOOR_DB = 8.0
"""Frames nearer than this to the quiet ones (10th percentile) are silent, if those are at least 15 dB below the loud ones."""
LOWEST_DBFS = -75.0
JOIN = 0.2
"""Seconds; shorter silences are part of the speech around them: the definition of an IPU."""
SHORTEST = 0.08
"""Seconds; shorter sounds are no speech."""
PAD = 0.02
"""Seconds kept before and after what is loud, as far as they are no digital silence."""


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word of an utterance, in samples of it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """One speaker's sound, at the simulation's own rate."""

    name: str
    """Path below the utterances' folder, or the manifest's uri."""
    speaker: str
    samples: Signal
    """[n]"""
    pieces: Spans
    """Its IPUs; at least one."""
    text: str | None = None
    words: tuple[SaidWord, ...] = field(default=())


def pieces(samples: Signal, rate: int) -> Spans:
    """Inter-pausal units of an utterance [n]; raises `Reject` silent where nothing is loud enough to be speech."""
    frame = max(1, round(FRAME * rate))
    levels = _levels(samples, frame)
    loud, floor = np.percentile(levels, 95), np.percentile(levels, 10)
    threshold = max(loud - BELOW_PEAK_DB, LOWEST_DBFS)
    if floor < loud - 15:
        threshold = max(threshold, floor + ABOVE_FLOOR_DB)
    active = np.concatenate(([False], levels >= threshold, [False])) if loud > LOWEST_DBFS else np.zeros(2, np.bool_)
    edges = np.flatnonzero(active[1:] != active[:-1]) * frame
    runs = [Span(int(start), min(int(end), len(samples))) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    joined = [span for span in union(runs, round(JOIN * rate) - 1) if len(span) >= SHORTEST * rate]
    pad = round(PAD * rate)
    padded = union([Span(max(0, span.start - pad), min(len(samples), span.end + pad)) for span in joined], round(JOIN * rate) - 1)
    found = tuple(span for each in padded if len(span := _trimmed(samples, each)))
    if not found:
        raise Reject("silent", f"no sound above {LOWEST_DBFS:g} dBFS in {len(samples) / rate:.2f} s", seconds=len(samples) / rate)
    return found


def _levels(samples: Signal, frame: int) -> NDArray[np.float64]:
    """dBFS of each frame or of three around it, whichever is less, so that a click is no speech; [ceil(n / frame)]."""
    count = max(1, -(-len(samples) // frame))
    power = np.zeros(count * frame)
    power[: len(samples)] = samples.astype(np.float64) ** 2
    means = np.pad(power.reshape(count, frame).mean(axis=1), 1)
    smooth = np.minimum(means[1:-1], (means[:-2] + means[1:-1] + means[2:]) / 3)
    return np.asarray(10 * np.log10(smooth + 1e-12))


def _trimmed(samples: Signal, span: Span) -> Span:
    """The span without exact zeros at its ends."""
    sound = np.flatnonzero(samples[span.start : span.end])
    return Span(span.start + int(sound[0]), span.start + int(sound[-1]) + 1) if len(sound) else Span(span.start, span.start)
