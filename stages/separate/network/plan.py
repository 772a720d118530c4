"""Which windows of a recording a network hears: each overlap with context, short ones together, long ones in windows that share parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.span import Span


@dataclass(frozen=True, slots=True)
class Stretch:
    """Overlaps heard together. Windows may reach beyond the recording's end, where there is silence."""

    overlaps: tuple[int, ...]
    """Indices; one only where there is more than one window."""
    windows: tuple[Span, ...]
    """Of one size; neighbours share a part, at most about half."""


def sizes_of(seconds: float, rate: int, lengths: Sequence[int], network_rate: int) -> tuple[int, ...]:
    """Sizes of windows in samples of the recording, ascending: the network's own lengths, or half of `seconds` and all of it."""
    if lengths:
        return tuple(sorted({max(1, length * rate // network_rate) for length in lengths}))
    whole = round(seconds * rate)
    return (whole // 2, whole)


def plan(overlaps: Sequence[Span], length: int, sizes: Sequence[int], context: int, grain: int) -> list[Stretch]:
    """Stretches in the order of their overlaps, which are disjoint and sorted; every overlap is in one of them.

    `context` samples are heard on both sides, as far as the recording goes; `grain` divides the distance of windows that share a part.
    `2 * context + grain` must not be above the largest size. Neighbouring windows share twice the context, at most half of themselves.
    """
    found: list[Stretch] = []
    at, largest = 0, max(sizes)
    while at < len(overlaps):
        start, after = overlaps[at].start, at + 1
        while after < len(overlaps) and overlaps[after].end - start + 2 * context <= largest:
            after += 1
        heard = Span(max(0, start - context), min(length, overlaps[after - 1].end + context))
        fitting = [size for size in sizes if size >= len(heard)]
        windows: tuple[Span, ...]
        if fitting:
            windows = (_placed(heard, min(fitting), length),)
        else:
            hop = max(largest - 2 * context, largest // 2) // grain * grain
            count = -(-(len(heard) - largest) // hop) + 1
            windows = tuple(Span(heard.start + i * hop, heard.start + i * hop + largest) for i in range(count))
        found.append(Stretch(tuple(range(at, after)), windows))
        at = after
    return found


def _placed(heard: Span, size: int, length: int) -> Span:
    """A window of `size` around what is to be heard, inside the recording where that is long enough."""
    start = max(0, min(heard.start - (size - len(heard)) // 2, length - size))
    return Span(start, start + size)
