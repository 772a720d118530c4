"""Stretches grown a little into the silence around them, so that breaths and the first and last sounds stay with their speaker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.diarization import Diarization, Segment
from schemas.span import Span, complement, union


def widened(diarization: Diarization, margin: int, between: int = 0) -> Diarization:
    """Each speaker's stretches grown by up to `margin` samples at both ends, where nobody speaks and no other sound was found.

    Of a silence between two stretches `between` samples stay free, so that both can fade there, and each takes at most half of the rest.
    Where both speakers stop (start) together, the silence goes to the one whose stretch is longer. Overlaps are as they were, and
    so is who speaks where somebody did.
    """
    if not margin or not diarization.segments:
        return diarization
    busy = union([*(s.span for s in diarization.segments), *(o.span for o in diarization.others)])
    ending = _longest((s.span.end, s) for s in diarization.segments)
    starting = _longest((s.span.start, s) for s in diarization.segments)
    grown: dict[Segment, Span] = {}
    for gap in complement(busy, diarization.length):
        left, right = ending.get(gap.start), starting.get(gap.end)
        room = len(gap) if left is None or right is None else max(0, len(gap) - between) // 2
        if left is not None:
            span = grown.get(left, left.span)
            grown[left] = Span(span.start, gap.start + min(margin, room))
        if right is not None:
            span = grown.get(right, right.span)
            grown[right] = Span(gap.end - min(margin, room), span.end)
    moved = (replace(segment, span=grown.get(segment, segment.span)) for segment in diarization.segments)
    return replace(diarization, segments=tuple(sorted(moved, key=lambda s: (s.span.start, s.span.end, s.speaker))))


def _longest(edges: Iterable[tuple[int, Segment]]) -> dict[int, Segment]:
    """The longest segment at each edge; the earlier one of two alike."""
    found: dict[int, Segment] = {}
    for at, segment in edges:
        if at not in found or len(segment.span) > len(found[at].span):
            found[at] = segment
    return found
