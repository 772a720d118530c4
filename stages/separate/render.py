"""A layout rendered to samples, block by block: the recording is never in memory as a whole.

Weights are whole numbers of 1/32768. With no room tone, channel 0 + channel 1 + residual equals the source in every bit, but for overlaps
that are routed, where each channel is the source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples
from schemas.span import Span
from stages.separate.layout import Filled, Gate, Layout, Overlap
from stages.spool import Spool
from stages.sureness import touching

BLOCK = 1 << 16
"""Samples rendered at a time."""
BITS = 15
FULL = 1 << BITS
Wide = NDArray[np.int64]
Source = NDArray[Any]
"""The mixture: integer samples [n], often mapped from disk."""


class Fill(Protocol):
    """What a separator gives: the two voices of an overlap."""

    def __call__(self, overlap: Span, window: Span) -> Samples:
        """Integer samples [2, len(window)], speaker 0 first, of a window inside `overlap`, in the depth of the source.

        Windows of an overlap are asked for from its start to its end, each sample once, at most `BLOCK` at a time; overlaps in order. The
        two voices of a separated overlap add up to the mixture, but where one of them would not fit its depth.
        """
        ...


Tone = Callable[[int, Span], NDArray[np.float64]]
"""Room tone of a channel over a window, [len(window)] in integer units, not rounded."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills the overlaps of a layout."""

    fill: Fill
    kinds: tuple[Filled, ...]
    """Of each overlap, in their order."""


def routed(source: Source, layout: Layout) -> Filling:
    """The mixture itself for both."""
    return Filling(mixture_of(source), (Filled("routed"),) * len(layout.overlaps))


def mixture_of(source: Source) -> Fill:
    """The mixture itself for both."""

    def fill(overlap: Span, window: Span) -> Samples:
        both: Samples = np.broadcast_to(source[window.start : window.end], (2, len(window)))
        return both

    return fill


def render(source: Source, bits: int, layout: Layout, filling: Filling, tone: Tone | None = None, residual: bool = False) -> Samples:
    """Both channels, mapped from scratch disk: [2, n], or [3, n] with what was given to neither as the third."""
    spool = Spool(source.dtype, 3 if residual else 2)
    gates = (Gates(layout.gates[0]), Gates(layout.gates[1]))
    overlaps = [overlap.span for overlap in layout.overlaps]
    for start in range(0, layout.length, BLOCK):
        window = Span(start, min(start + BLOCK, layout.length))
        mixture = source[start : window.end].astype(np.int64)
        weights = np.stack([each.over(window) for each in gates])
        out = _gated(mixture, weights)
        for index in touching(overlaps, window):
            _fill(out, weights, mixture, layout.overlaps[index], filling.fill, window)
            if filling.kinds[index].kind == "routed":
                _nothing_left(out, layout.overlaps[index].span, window)
        if tone is not None:
            _add_tone(out, weights, tone, window)
            out = np.clip(out, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        spool.write(out[: spool.channels].T)
    return spool.samples()


def _gated(mixture: Wide, weights: Wide) -> Wide:
    """[3, n]: both channels outside overlaps, and the residual."""
    return shared(mixture, *(mixture * weights))


def shared(mixture: Wide, first: Wide, second: Wide) -> Wide:
    """[3, n]: what both channels are given, in 1/`FULL` of a sample, as whole samples, and what is given to neither."""
    out = np.stack([_whole(first), _whole(second), np.zeros_like(mixture)])
    # Two parts that are rounded apart may add up to one too many: of two that make a whole, the second is what the first leaves.
    out[1] = np.where(first + second == mixture * FULL, mixture - out[0], out[1])
    out[2] = mixture - out[0] - out[1]
    return out


def _fill(out: Wide, weights: Wide, mixture: Wide, overlap: Overlap, fill: Fill, window: Span) -> None:
    """Put one overlap's part of a window into both channels, and note how far they are open there."""
    inner, at = _part_of(overlap.span, window)
    filled = np.asarray(fill(overlap.span, inner), np.int64)
    joined = [_joined(mixture[at], filled[channel], overlap, channel, inner) for channel in (0, 1)]
    weights[:, at] = [opened for _, opened in joined]
    out[:, at] = shared(mixture[at], *(scaled for scaled, _ in joined))


def _nothing_left(out: Wide, overlap: Span, window: Span) -> None:
    """Of what both channels hold whole, nothing is given to neither."""
    out[2, _part_of(overlap, window)[1]] = 0


def _part_of(span: Span, window: Span) -> tuple[Span, slice]:
    """What of a span lies in a window that it touches, in samples of the recording and of the window."""
    inner = Span(max(span.start, window.start), min(span.end, window.end))
    return inner, slice(inner.start - window.start, inner.end - window.start)


def _add_tone(out: Wide, weights: Wide, tone: Tone, window: Span) -> None:
    for channel in (0, 1):
        if (weights[channel] < FULL).any():
            out[channel] += np.rint(tone(channel, window) * ((FULL - weights[channel]) / FULL)).astype(np.int64)


def _joined(mixture: Wide, filled: Wide, overlap: Overlap, channel: int, window: Span) -> tuple[Wide, Wide]:
    """One channel inside an overlap, in 1/`FULL` of a sample, and how far it is open: from what it was, through the fill, to what it
    will be."""
    edge = np.full(len(window), FULL, np.int64)
    base = np.zeros(len(window), np.int64)
    opened = edge.copy()
    ends = (
        (overlap.before[channel], Gate(Span(overlap.span.start, overlap.span.start + overlap.rise), "rise")),
        (overlap.after[channel], Gate(Span(overlap.span.end - overlap.fall, overlap.span.end), "fall")),
    )
    for heard, gate in ends:
        for at, weight in _inside(gate, window):
            edge[at] = weight
            base[at] = mixture[at] if heard else 0
            opened[at] = FULL if heard else weight
    return base * (FULL - edge) + filled * edge, opened


class Gates:
    """How far one channel is open outside overlaps."""

    def __init__(self, gates: tuple[Gate, ...]) -> None:
        self.gates = gates
        self.spans = [gate.span for gate in gates]

    def over(self, window: Span) -> Wide:
        """[len(window)]: 0 to `FULL`."""
        found = np.zeros(len(window), np.int64)
        for index in touching(self.spans, window):
            for at, weight in _inside(self.gates[index], window):
                found[at] = weight
        return found


def _inside(gate: Gate, window: Span) -> Iterator[tuple[slice, Wide | int]]:
    """Where in the window a gate lies and its weights there; nothing when it does not."""
    start, end = max(gate.span.start, window.start), min(gate.span.end, window.end)
    if start < end:
        at = slice(start - window.start, end - window.start)
        ramp = rising(len(gate.span)) if gate.shape != "open" else None
        if ramp is None:
            yield at, FULL
        else:
            whole = ramp if gate.shape == "rise" else FULL - ramp
            yield at, whole[start - gate.span.start : end - gate.span.start]


def _whole(scaled: Wide) -> Wide:
    """1/`FULL` of samples as whole samples, rounded half up."""
    rounded: Wide = (scaled + FULL // 2) >> BITS
    return rounded


@cache
def rising(n: int) -> Wide:
    """A raised-cosine ramp of `n` weights from about 0 to about `FULL`, the same on every machine."""
    ramp = np.array([round(FULL * math.sin(math.pi / 2 * (k + 1) / (n + 1)) ** 2) for k in range(n)], np.int64)
    ramp.flags.writeable = False
    return ramp
