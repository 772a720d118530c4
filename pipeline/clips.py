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


def clips(length: int, limit: int, speech: Sequence[Spans]) -> tuple[Clip, ...]:
    """Cut `length` samples into stretches of at most `limit` that tile it exactly.

    Each cut is the middle of the longest stretch in which no channel of `speech` is active, looked for in the second half of what
    may still be taken, then among the stretches that begin after the clip does; where there is none, the cut falls at the limit and
    says `speech`. So a clip shorter than half the limit holds speech: what is left of a silence is not halved again and again.
    """
    if limit < 1:
        raise LawError(f"clips: limit {limit}; wanted at least one sample")
    silence = complement(union(span for channel in speech for span in channel), length)
    found: list[Clip] = []
    at = 0
    while length - at > limit:
        end, kind = _cut(silence, at, limit)
        found.append(Clip(Span(at, end), kind))
        at = end
    return (*found, Clip(Span(at, length), "end"))


def clips_inside(window: Span, length: int, limit: int, speech: Sequence[Spans]) -> tuple[Clip, ...]:
    """One conversation of a recording of `length` samples, cut as `clips` cuts a recording; the stretches tile `window` exactly."""
    found = clips(len(window), limit, [within(channel, window) for channel in speech])
    ends: Literal["end", "conversation"] = "end" if window.end == length else "conversation"
    moved = (Clip(Span(each.span.start + window.start, each.span.end + window.start), each.cut) for each in found)
    return tuple(Clip(each.span, ends) if each.cut == "end" else each for each in moved)


def _cut(silence: Spans, at: int, limit: int) -> tuple[int, Literal["silence", "speech"]]:
    new = tuple(s for s in silence if s.start > at)
    for known, start in ((silence, at + limit // 2), (new, at)):
        inside = [s for s in intersect(known, (Span(start + 1, at + limit + 1),)) if len(s) > 1]
        if inside:
            longest = max(inside, key=len)
            return (longest.start + longest.end) // 2, "silence"
    return at + limit, "speech"


def clip_limit(minutes: float, rate: int, bits: int, channels: int = 2) -> int:
    """Samples per channel that one row may hold, when it has `channels` of them in all its audio."""
    bytes_per_frame = channels * (2 if bits == 16 else 4)
    return max(1, min(int(minutes * 60 * rate), MAX_NATIVE_BYTES // bytes_per_frame))


def within(spans: Sequence[Span], window: Span) -> Spans:
    """The parts of a sorted disjoint set inside `window`, counted from its start."""
    return tuple(Span(s.start - window.start, s.end - window.start) for s in intersect(spans, (window,)))
