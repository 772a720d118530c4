"""Inter-pausal units made of utterances: what stands in a plan, before it has a place in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from schemas.span import Span
from stages.simulate.material import Utterance

JOIN = 0.1
"""Seconds of silence between two pieces that are too short to be IPUs of their own; under the 0.2 s that would part them."""
SHORTEST = 0.3
"""Seconds; a shorter piece is joined with the next, so that what lies on both sides of it is never joined over it."""


class Supply(Protocol):
    """Where the utterances of a dialogue come from, channel by channel; the same calls give the same utterances."""

    def talk(self, channel: int) -> Utterance:
        """The next utterance to hold the floor with."""
        ...

    def short(self, channel: int, near: int, longest: int) -> tuple[Utterance, Span] | None:
        """An utterance fit for a backchannel: one piece of it, at most `longest` samples, `near` in length; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of an utterance inside an IPU."""

    utterance: Utterance
    span: Span
    """Of the utterance."""
    at: int
    """Samples from the start of the IPU."""

    @property
    def end(self) -> int:
        return self.at + len(self.span)


@dataclass(frozen=True, slots=True)
class Ipu:
    """Speech of one channel without a silence of 0.2 s."""

    channel: int
    fragments: tuple[Fragment, ...]
    finished: bool
    """Whether its last utterance ends with it."""
    cut: bool = False

    def __len__(self) -> int:
        return self.fragments[-1].end

    def shortened(self, size: int) -> Ipu:
        """The first `size` samples, or less where those end in a silence between two fragments."""
        if size >= len(self):
            return self
        kept = [each for each in self.fragments if each.at < size]
        last = kept[-1]
        span = Span(last.span.start, min(last.span.end, last.span.start + size - last.at))
        return replace(self, fragments=(*kept[:-1], replace(last, span=span)), cut=True, finished=False)


class Speaker:
    """One channel's speech, IPU by IPU: the pieces of an utterance in their order, then the next utterance."""

    def __init__(self, supply: Supply, channel: int, rate: int, least: int) -> None:
        self.supply = supply
        self.channel = channel
        self.join = round(JOIN * rate)
        self.least = max(least, round(SHORTEST * rate))
        self.waiting: list[tuple[Utterance, Span]] = []

    def next(self, fresh: bool, least: int = 0) -> Ipu:
        """The next IPU, of at least `least` samples; `fresh` leaves what remains of the last utterance unsaid."""
        if fresh:
            self.waiting.clear()
        fragments: list[Fragment] = []
        size = 0
        while size < max(self.least, least):
            if not self.waiting:
                utterance = self.supply.talk(self.channel)
                self.waiting = [(utterance, span) for span in utterance.pieces]
            utterance, span = self.waiting.pop(0)
            fragments.append(Fragment(utterance, span, size + (self.join if fragments else 0)))
            size = fragments[-1].end
        return Ipu(self.channel, tuple(fragments), finished=not self.waiting)


def single(channel: int, utterance: Utterance, span: Span) -> Ipu:
    """An IPU of one piece."""
    return Ipu(channel, (Fragment(utterance, span, 0),), finished=True)
