"""Speech of one channel packed into short blocks for a recogniser, and the exact way back from a block's time to the recording's.

Everything is counted in samples at the recording's own rate: a block is laid out in them, and resampled as a whole afterwards.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.span import Span, Spans, intersect, total, union

QuietAt = Callable[[int, int], int]
"""The sample in `[start, end)` at which a cut does least harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How speech becomes blocks, in samples."""

    join: int
    """Speech parted by no more than this is one piece, with what lies between."""
    guard: int
    """Added at both ends of a piece, at most half of what lies between it and the next one."""
    silence: int
    """Zeros between the pieces of a block."""
    longest: int
    """Of a block, and so of a piece."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece of the channel and where it begins in its block."""

    span: Span
    speech: Spans
    """The speech inside `span`: disjoint, sorted, in samples of the recording."""
    at: int

    @property
    def end(self) -> int:
        """Where it ends in its block."""
        return self.at + len(self.span)


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces of one channel side by side. Laws: in the order of the recording, `Rule.silence` apart, the first at 0."""

    channel: int
    placed: tuple[Placed, ...]

    @property
    def length(self) -> int:
        """Samples, from the start of the first piece to the end of the last."""
        return self.placed[-1].end

    @property
    def speech(self) -> int:
        """Samples of speech in it."""
        return sum(total(each.speech) for each in self.placed)

    def piece_at(self, span: Span) -> int:
        """The piece that a stretch of block time belongs to.

        It is the one with whose speech it shares most, else the one with which it shares most, else the one nearest to its middle; the
        earlier of two equal ones. So stretches that are in order and do not overlap belong to pieces in order.
        """
        for parts in (self._speech_of, self._all_of):
            shared = [total(intersect((span,), parts(each))) for each in self.placed] if len(span) else [0]
            if max(shared):
                return shared.index(max(shared))
        middle = (span.start + span.end) // 2
        away = [max(each.at - middle, middle - each.end, 0) for each in self.placed]
        return away.index(min(away))

    def _speech_of(self, placed: Placed) -> Spans:
        return tuple(Span(s.start - placed.span.start + placed.at, s.end - placed.span.start + placed.at) for s in placed.speech)

    def _all_of(self, placed: Placed) -> Spans:
        return (Span(placed.at, placed.end),)

    def in_recording(self, index: int, at: int) -> int:
        """The recording's sample at block time `at`, held inside the piece `index`."""
        placed = self.placed[index]
        return placed.span.start + min(max(at - placed.at, 0), len(placed.span))

    def in_block(self, index: int, sample: int) -> int:
        """The inverse of `in_recording` for samples of the piece `index`."""
        placed = self.placed[index]
        return placed.at + sample - placed.span.start


def pieces(speech: Sequence[Span], length: int, rule: Rule, quiet: QuietAt) -> tuple[Span, ...]:
    """Stretches of a channel that hold all of its `speech`: sorted, disjoint, none longer than `rule.longest`.

    `speech` is sorted and disjoint in `[0, length)`. Speech longer than `rule.longest` is cut in its widest inner silence, and where it has
    none, at the sample that `quiet` chooses.
    """
    joined = union(speech, rule.join)
    if not joined:
        return ()
    edges = [0, *((a.end + b.start) // 2 for a, b in pairwise(joined)), length]
    guarded = [
        Span(max(each.start - rule.guard, low), min(each.end + rule.guard, high))
        for each, (low, high) in zip(joined, pairwise(edges), strict=True)
    ]
    return tuple(part for each in guarded for part in _cut(each, within(each, speech), rule.longest, quiet))


def within(span: Span, speech: Sequence[Span]) -> Spans:
    """The parts of sorted disjoint `speech` inside `span`; looks only at what is near, so that long recordings stay cheap."""
    first = bisect_right(speech, span.start, key=lambda each: each.end)
    last = bisect_left(speech, span.end, lo=first, key=lambda each: each.start)
    return intersect((span,), speech[first:last]) if len(span) else ()


def _cut(span: Span, speech: Sequence[Span], longest: int, quiet: QuietAt) -> list[Span]:
    found = []
    while len(span) > longest:
        # The last half of what fits: shorter parts would cost context, and their number.
        low, high = span.start + longest // 2, span.start + longest
        first = max(0, bisect_right(speech, low, key=lambda each: each.end) - 1)
        near = speech[first : bisect_left(speech, high, lo=first, key=lambda each: each.start) + 1]
        gaps = [(max(a.end, low), min(b.start, high)) for a, b in pairwise(near) if min(b.start, high) > max(a.end, low)]
        widest = max(gaps, key=lambda gap: gap[1] - gap[0], default=None)
        cut = min(max(quiet(low, high), low), high) if widest is None else (widest[0] + widest[1]) // 2
        found.append(Span(span.start, cut))
        span = Span(cut, span.end)
    return [*found, span]


def pack(channel: int, spans: Sequence[Span], speech: Sequence[Span], rule: Rule) -> tuple[Block, ...]:
    """Pieces in as few blocks as their order allows, each no longer than `rule.longest`.

    Of all ways to do so it takes the one whose blocks part where the channel is silent longest (in sum), so that what belongs together
    stays together.
    """
    # For the pieces up to each one: the fewest blocks, less than nothing the silences that part them, and where the last block begins.
    best: list[tuple[int, int]] = [(0, 0)]
    begins: list[int] = [0]
    for end in range(1, len(spans) + 1):
        found: tuple[tuple[int, int], int] | None = None
        size = -rule.silence
        for begin in range(end - 1, -1, -1):
            size += rule.silence + len(spans[begin])
            if found is not None and size > rule.longest:
                break
            silence = spans[begin].start - spans[begin - 1].end if begin else 0
            cost = (best[begin][0] + 1, best[begin][1] - silence)
            if found is None or cost < found[0]:
                found = (cost, begin)
        if found is not None:
            best.append(found[0])
            begins.append(found[1])
    blocks: list[Block] = []
    end = len(spans)
    while end:
        blocks.append(_block(channel, spans[begins[end] : end], speech, rule))
        end = begins[end]
    return tuple(reversed(blocks))


def _block(channel: int, spans: Sequence[Span], speech: Sequence[Span], rule: Rule) -> Block:
    placed: list[Placed] = []
    for span in spans:
        placed.append(Placed(span, within(span, speech), placed[-1].end + rule.silence if placed else 0))
    return Block(channel, tuple(placed))
