"""Overlaps grown a little into the speech around them: where a second voice begins and ends is what diarization knows least."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.diarization import Diarization, Segment
from schemas.span import Span, subtract, union


def reached(diarization: Diarization, overlap: Span, reach: int) -> Span:
    """The overlap grown by up to `reach` samples at both ends, as far as anybody speaks without a break."""
    speech = union(segment.span for segment in diarization.segments)
    within = next(span for span in speech if span.start <= overlap.start and overlap.end <= span.end)
    return Span(max(within.start, overlap.start - reach), min(within.end, overlap.end + reach))


def grown(diarization: Diarization, overlaps: Iterable[Span]) -> Diarization:
    """Both speak in `overlaps` throughout; elsewhere nothing changes."""
    wanted, segments = union(overlaps), list(diarization.segments)
    for speaker in (0, 1):
        segments += [Segment(speaker, span) for span in subtract(wanted, diarization.of(speaker))]
    return replace(diarization, segments=tuple(sorted(segments, key=lambda s: (s.span.start, s.span.end, s.speaker))))
