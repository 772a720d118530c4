"""Where a long recording is cut into rows: at its conversations, and inside them in the silence of both sides, wherever there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.errors import LawError
from schemas.span import Span, Spans, complement, intersect, union

MAX_NATIVE_BYTES = 90_000_000
"""Native audio of one row, at most, so that a row group stays under 100 MB whatever the rate and depth."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One row's stretch of a recording."""

    span: Span
    cut: Literal["end", "silence", "speech", "conversation"]
    """What its end falls on: the recording's end, a conversation's, silence or speech."""


def clips(length: int, limit: int, speech: Sequence[Spans], grid: int = 1, offset: int = 0) -> tuple[Clip, ...]:
    """Cut `length` samples into stretches of at most `limit` that tile it exactly.

    Cuts fall on multiples of `grid` samples, counted from `offset` samples before the start, so that frames of codec tokens stay whole;
    a limit below two of them is too short for that and cuts anywhere. Each cut is the point nearest to the middle of the longest stretch in
    which no channel of `speech` is active, looked for in the second half of what may still be taken, then among the stretches that begin
    after the clip does; where there is none, the cut falls at the limit and says `speech`. So a clip shorter than half the limit holds
    speech: what is left of a silence is not halved again and again.
    """
    if limit < 1:
        raise LawError(f"clips: limit {limit}; wanted at least one sample")
    silence = complement(union(span for channel in speech for span in channel), length)
    points = _Grid(grid, offset) if limit >= 2 * grid else _Grid(1, 0)
    found: list[Clip] = []
    at = 0
    while length - at > limit:
        end, kind = _cut(silence, at, limit, points)
        found.append(Clip(Span(at, end), kind))
        at = end
    return (*found, Clip(Span(at, length), "end"))


def clips_inside(window: Span, length: int, limit: int, speech: Sequence[Spans], grid: int = 1) -> tuple[Clip, ...]:
    """One conversation of a recording of `length` samples, cut as `clips` cuts a recording; the stretches tile `window` exactly.

    The grid is the recording's; the window's own ends may lie beside it.
    """
    found = clips(len(window), limit, [within(channel, window) for channel in speech], grid, window.start)
    ends: Literal["end", "conversation"] = "end" if window.end == length else "conversation"
    moved = (Clip(Span(each.span.start + window.start, each.span.end + window.start), each.cut) for each in found)
    return tuple(Clip(each.span, ends) if each.cut == "end" else each for each in moved)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where cuts may fall: `step` samples apart, counted from `offset` samples before the start."""

    step: int
    offset: int

    def inside(self, span: Span) -> tuple[int, int]:
        """The first and last point strictly inside a span; the first is after the last where there is none."""
        first = -(-(span.start + 1 + self.offset) // self.step) * self.step - self.offset
        return first, self.before(span.end - 1)

    def before(self, at: int) -> int:
        """The last point that is not after a sample."""
        return (at + self.offset) // self.step * self.step - self.offset


def _cut(silence: Spans, at: int, limit: int, points: _Grid) -> tuple[int, Literal["silence", "speech"]]:
    new = tuple(s for s in silence if s.start > at)
    for known, start in ((silence, at + limit // 2), (new, at)):
        stretches = intersect(known, (Span(start + 1, at + limit + 1),))
        longest = max((s for s in stretches if points.inside(s)[0] <= points.inside(s)[1]), key=len, default=None)
        if longest is not None:
            first, last = points.inside(longest)
            return min(max(points.before((longest.start + longest.end) // 2 + points.step // 2), first), last), "silence"
    return points.before(at + limit), "speech"


def clip_limit(minutes: float, rate: int, bits: int, channels: int = 2) -> int:
    """Samples per channel that one row may hold, when it has `channels` of them in all its audio."""
    bytes_per_frame = channels * (2 if bits == 16 else 4)
    return max(1, min(int(minutes * 60 * rate), MAX_NATIVE_BYTES // bytes_per_frame))


def within(spans: Sequence[Span], window: Span) -> Spans:
    """The parts of a sorted disjoint set inside `window`, counted from its start."""
    return tuple(Span(s.start - window.start, s.end - window.start) for s in intersect(spans, (window,)))
