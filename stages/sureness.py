"""How sure a stretch is, from the stretches it is made of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from schemas.span import Span


class Sureness:
    """Confidences in [0, 1] of sorted, disjoint spans; absent where none is known."""

    def __init__(self, known: Iterable[tuple[Span, float | None]]) -> None:
        pairs = [(span, confidence) for span, confidence in known if confidence is not None]
        self.spans = [span for span, _ in pairs]
        self.confidences = [confidence for _, confidence in pairs]

    def over(self, window: Span) -> float | None:
        """Mean over the part of a window that is known, weighted by time; None when nothing of it is."""
        time, total = 0, 0.0
        for index in touching(self.spans, window):
            span = self.spans[index]
            length = min(span.end, window.end) - max(span.start, window.start)
            time, total = time + length, total + length * self.confidences[index]
        return min(1.0, total / time) if time else None


def touching(spans: Sequence[Span], window: Span) -> Iterator[int]:
    """Indices of those of sorted, disjoint spans that share a sample with `window`."""
    at = bisect_right(spans, window.start, key=lambda span: span.end)
    while at < len(spans) and spans[at].start < window.end:
        yield at
        at += 1
