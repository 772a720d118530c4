"""From decisions on the grid of ticks to a diarization in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Conversation, Diarization, OtherKind, OtherSound, Segment
from schemas.span import Span, Spans
from stages.diarize.conversations import Piece, Talk
from stages.diarize.segmentation import Heard
from stages.diarize.ticks import PER_SECOND, Mask, Runs, runs, span_of

OTHER = 2
"""From this number on a voice is none of the two speakers."""


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
    passed_over: NDArray[np.float64]
    """Probability that somebody speaks where nobody was marked (`stages.diarize.speech.passed_over`)."""


def ordered(scene: Scene) -> Scene:
    """The scene with the speaker who is first heard alone as 0."""
    first = [np.flatnonzero(scene.solo & (scene.voice == voice)) for voice in (0, 1)]
    starts = [int(found[0]) if len(found) else len(scene.solo) for found in first]
    if starts[0] <= starts[1]:
        return scene
    return replace(scene, voice=np.where(scene.voice < OTHER, 1 - scene.voice, scene.voice))


def paired(scene: Scene, pieces: Sequence[Piece]) -> Scene:
    """The scene with each piece's own two voices as 0 and 1; all others are other people there."""
    voice = np.full(len(scene.voice), OTHER, np.int64)
    for piece in pieces:
        inside = slice(piece.speech.start, piece.speech.end)
        for speaker, own in enumerate(piece.pair):
            voice[inside][scene.voice[inside] == own] = speaker
    return replace(scene, voice=voice)


def talk_of(scene: Scene, voices: int) -> Talk:
    """The speech of each of `voices` voices, in ticks."""
    alone = tuple(spans(scene.solo & (scene.voice == voice)) for voice in range(voices))
    return Talk(voices=alone, both=spans(scene.overlap), length=len(scene.solo), rate=PER_SECOND)


def spans(mask: Mask) -> Spans:
    """Runs of true as spans of ticks."""
    return tuple(Span(start, end) for start, end in runs(mask).tolist())


def expected_right(scene: Scene, heard: Heard, part: slice = slice(None)) -> float:
    """Expected share of speech that is rightly given, by the probabilities that the decisions were made with; of some ticks.

    Four things can be wrong: the voice of solo speech, a second voice that was not marked, one that was marked where there is none, and
    speech that was passed over. Where both speak, the speech of both counts.
    """
    solo, both, likely = scene.solo[part], scene.overlap[part], heard.overlap[part]
    wrong_voice = (1 - scene.sure[part][solo]).sum()
    missed_overlap, false_overlap = likely[solo].sum(), (1 - likely[both]).sum()
    speech = solo.sum() + 2 * both.sum()
    wrong = wrong_voice + missed_overlap + false_overlap + scene.passed_over[part].sum()
    return float(np.clip(1 - wrong / max(1, speech), 0.0, 1.0))


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
    conversations: tuple[Conversation, ...] = (),
) -> Diarization:
    """The scene as segments of two speakers and other sound; `sounds` are further kinds with their ticks.

    A segment ends where its speaker stops, where overlap begins or ends, and where it becomes less sure than `least_sure` or surer.
    """
    segments: list[Segment] = []
    for speaker in (0, 1):
        solo = scene.solo & (scene.voice == speaker)
        sure = np.where(scene.overlap, scene.overlap_likely, scene.sure)
        kinds = np.where(scene.overlap, 3, np.where(solo, np.where(scene.sure >= least_sure, 1, 2), 0))
        for start, end in _constant(kinds):
            if kinds[start]:
                span = span_of(start, end, rate, length)
                mean = float(np.clip(sure[start:end].mean(), 0.0, 1.0))
                segments += [Segment(speaker, span, mean, bool(kinds[start] != 2))] if len(span) else []
    segments.sort(key=lambda s: (s.span.start, s.span.end, s.speaker))
    strangers = runs(scene.solo & (scene.voice >= OTHER)).tolist()
    others = [OtherSound("third_voice", span_of(start, end, rate, length)) for start, end in strangers]
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
        conversations=conversations,
    )


def _constant(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Start and end of each stretch of one value."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *cuts.tolist(), len(values)]
    return list(pairwise(edges))
