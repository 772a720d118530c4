"""From decisions on the grid of ticks to a diarization in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization, OtherKind, OtherSound, Segment
from stages.diarize.ticks import Mask, Runs, runs, span_of

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Scene:
    """What was decided of every tick, each [ticks]."""

    solo: Mask
    overlap: Mask
    voice: NDArray[np.int64]
    """0 and 1 are the two speakers, higher ones other people; only read where `solo` holds."""
    sure: NDArray[np.float64]
    """Probability of that voice."""
    overlap_likely: NDArray[np.float64]
    """Probability that both speak; only read where `overlap` holds."""


def diarization(
    scene: Scene,
    sounds: Sequence[tuple[OtherKind, Runs]],
    *,
    channel: int,
    length: int,
    rate: int,
    least_sure: float,
    confidence: float,
    similarity: float,
) -> Diarization:
    """The scene as segments of two speakers (0 is who speaks first) and other sound; `sounds` are further kinds with their ticks.

    A segment ends where its speaker stops, where overlap begins or ends, and where it becomes less sure than `least_sure` or surer.
    """
    order = _first_speaker(scene)
    segments: list[Segment] = []
    for speaker in (0, 1):
        solo = scene.solo & (scene.voice == order[speaker])
        sure = np.where(scene.overlap, scene.overlap_likely, scene.sure)
        kinds = np.where(scene.overlap, 3, np.where(solo, np.where(scene.sure >= least_sure, 1, 2), 0))
        for start, end in _constant(kinds):
            if kinds[start]:
                span = span_of(start, end, rate, length)
                mean = float(np.clip(sure[start:end].mean(), 0.0, 1.0))
                segments += [Segment(speaker, span, mean, bool(kinds[start] != 2))] if len(span) else []
    segments.sort(key=lambda s: (s.span.start, s.span.end, s.speaker))
    others = [OtherSound("third_voice", span_of(start, end, rate, length)) for start, end in runs(scene.solo & (scene.voice > 1)).tolist()]
    others += [OtherSound(kind, span_of(start, end, rate, length)) for kind, found in sounds for start, end in found.tolist()]
    kept = [sound for sound in others if len(sound.span)]
    return Diarization(
        length=length,
        rate=rate,
        channel=channel,
        segments=tuple(segments),
        others=tuple(sorted(kept, key=lambda sound: (sound.span.start, sound.span.end, sound.kind))),
        confidence=confidence,
        similarity=similarity,
    )


def _first_speaker(scene: Scene) -> tuple[int, int]:
    """The two voices in the order in which they are first heard alone."""
    first = [np.flatnonzero(scene.solo & (scene.voice == voice)) for voice in (0, 1)]
    starts = [int(found[0]) if len(found) else len(scene.solo) for found in first]
    return (0, 1) if starts[0] <= starts[1] else (1, 0)


def _constant(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Start and end of each stretch of one value."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *cuts.tolist(), len(values)]
    return list(pairwise(edges))
