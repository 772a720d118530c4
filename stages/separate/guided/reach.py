"""Where overlaps may lie that diarization did not mark: a little around those that it did, and where the floor changes without a gap.

Where a second voice begins and ends is what diarization knows least, and most overlaps that it misses are at the end of a turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from schemas.diarization import Diarization, Segment
from schemas.span import Span, Spans, subtract, union

CLOSE = 0.05
"""Seconds from the end of one voice to the start of the other below which they may as well have met."""


def candidates(diarization: Diarization, reach: int) -> Spans:
    """Stretches in which both may be heard, `reach` samples around overlaps and changes of the floor; those that touch are one."""
    return union([*(reached(diarization, overlap, reach) for overlap in diarization.overlaps), *transfers(diarization, reach)])


def reached(diarization: Diarization, overlap: Span, reach: int) -> Span:
    """The overlap grown by up to `reach` samples at both ends, as far as anybody speaks without a break."""
    speech = union(segment.span for segment in diarization.segments)
    within = next(span for span in speech if span.start <= overlap.start and overlap.end <= span.end)
    return Span(max(within.start, overlap.start - reach), min(within.end, overlap.end + reach))


def transfers(diarization: Diarization, reach: int) -> Iterator[Span]:
    """Where one speaker gives way to the other at once: `reach` samples of the one's end and of the other's start."""
    turns = sorted((span.start, span.end, speaker) for speaker in (0, 1) for span in diarization.of(speaker))
    for (start, end, speaker), (next_start, next_end, next_speaker) in pairwise(turns):
        if speaker != next_speaker and 0 <= next_start - end <= CLOSE * diarization.rate:
            yield Span(max(start, end - reach), min(next_end, next_start + reach))


def grown(diarization: Diarization, overlaps: Iterable[Span]) -> Diarization:
    """Both speak in `overlaps` throughout; elsewhere nothing changes."""
    wanted, segments = union(overlaps), list(diarization.segments)
    for speaker in (0, 1):
        segments += [Segment(speaker, span) for span in subtract(wanted, diarization.of(speaker))]
    return replace(diarization, segments=tuple(sorted(segments, key=lambda s: (s.span.start, s.span.end, s.speaker))))
