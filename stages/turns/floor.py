"""Who has the floor: the states of a dialogue, the kinds of IPU and the transfers of the floor, from two channels' IPUs.

Times are integer samples. All definitions use time alone, so a short answer inside the partner's speech counts as a backchannel; of words
they know only which IPUs consist of listed ones. They treat both channels alike: swapping the channels swaps the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from schemas.stats import TurnTakingConstants

Times = NDArray[np.int64]
FAR = np.iinfo(np.int64).max // 4
"""Later than any sample: `no more speech`."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of time in order: [stretches] starts and ends."""

    start: Times
    end: Times

    @property
    def size(self) -> Times:
        """Length of each, in samples."""
        return self.end - self.start

    def spans(self) -> list[Span]:
        """The same as spans."""
        return [Span(start, end) for start, end in zip(self.start.tolist(), self.end.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class Side(Stretches):
    """IPUs of one channel, sorted and disjoint: [ipus] starts and ends."""

    @staticmethod
    def of(spans: Sequence[Span]) -> Side:
        return Side(np.array([s.start for s in spans], np.int64), np.array([s.end for s in spans], np.int64))

    def pick(self, mask: NDArray[np.bool_]) -> Side:
        return Side(self.start[mask], self.end[mask])

    def before(self, at: Times) -> Times:
        """Samples of speech in `[0, at)`, for each `at`."""
        index = np.searchsorted(self.start, at, "right")
        cover = np.concatenate(([0], np.cumsum(self.end - self.start)))
        last = np.concatenate(([0], self.end))[index]
        return np.asarray(cover[index] - np.maximum(last - at, 0) * (index > 0), np.int64)

    def next_speech(self, at: Times) -> Times:
        """First sample of speech at or after each `at`; `FAR` when there is none."""
        index = np.searchsorted(self.end, at, "right")
        return np.maximum(np.concatenate((self.start, [FAR]))[index], at)

    def holder(self, at: Times) -> Times:
        """End of the IPU that began before each `at` and still lasts; -1 when there is none."""
        end = np.concatenate(([-1], self.end))[np.searchsorted(self.start, at, "left")]
        return np.where(end > at, end, -1)


@dataclass(frozen=True, slots=True)
class States:
    """The dialogue cut where a channel starts or stops: every maximal stretch of each state."""

    pauses: Stretches
    """Neither speaks, and a channel that stops where the silence starts is one that speaks where it ends."""
    pausing: NDArray[np.int64]
    """Whose each pause is: channel 0 or 1, or -1 where both stop and both go on at the same samples."""
    gaps: Stretches
    """Neither speaks, and the silence lies between different channels."""
    overlaps: Stretches
    edges: Stretches
    """Silence before the first IPU and after the last; all of the recording when there is none."""
    single: int
    """Samples with exactly one speaker."""


def states(sides: tuple[Side, Side], length: int) -> States:
    """States of `[0, length)`.

    A silence belongs to the channel whose IPU ended last, at its very start, whatever overlapped before that; where both stop or both
    start at one sample, a channel that is on both sides of the silence makes it a pause. The samples of `single`, `overlaps`, `pauses`,
    `gaps` and `edges` add up to `length`.
    """
    times = np.concatenate(([0], *(side for each in sides for side in (each.start, each.end)), [length]))
    steps = np.concatenate(([0], *(np.repeat((bit, -bit), len(each.start)) for bit, each in zip((1, 2), sides, strict=True)), [0]))
    cuts, place = np.unique(times, return_inverse=True)
    state = np.cumsum(np.bincount(place, steps, len(cuts)).astype(np.int64))[:-1]
    starts, ends = cuts[:-1], cuts[1:]
    silent = state == 0
    inner = silent.copy()
    inner[:1] = inner[-1:] = False
    same = np.concatenate(([0], state))[:-1] & np.concatenate((state, [0]))[1:]
    pause, alone = inner & (same != 0), (state == 1) | (state == 2)

    def where(mask: NDArray[np.bool_]) -> Stretches:
        return Stretches(starts[mask], ends[mask])

    return States(
        pauses=where(pause),
        pausing=np.array((-1, 0, 1, -1), np.int64)[same[pause]],
        gaps=where(inner & (same == 0)),
        overlaps=where(state == 3),
        edges=where(silent & ~inner),
        single=int((ends - starts)[alone].sum()),
    )


class OverlapKind(IntEnum):
    """Where in the talk of the one who began first the other comes in; an overlap has the first kind that fits, from the last on."""

    MID_TURN = 0
    TURN_FINAL = 1
    """Less than `barge_in` of the first one's IPU is left."""
    SIMULTANEOUS_START = 2
    """The two IPUs start no more than `simultaneous_start` apart."""


def overlap_kinds(sides: tuple[Side, Side], overlaps: Stretches, rule: FloorRule) -> NDArray[np.int64]:
    """Kind of every overlap, [overlaps]; each is where one IPU of one side meets one of the other."""
    places = [np.searchsorted(side.start, overlaps.start, "right") - 1 for side in sides]
    starts, ends = ([getattr(side, name)[place] for side, place in zip(sides, places, strict=True)] for name in ("start", "end"))
    left = np.where(starts[0] < starts[1], ends[0], ends[1]) - overlaps.start
    together = np.abs(starts[0] - starts[1]) <= rule.simultaneous_start
    cases = (together, left < rule.barge_in)
    return np.select(cases, (OverlapKind.SIMULTANEOUS_START, OverlapKind.TURN_FINAL), OverlapKind.MID_TURN).astype(np.int64)


class Kind(IntEnum):
    """What an IPU does to the floor; each has exactly one kind, the first that fits of backchannel, interruption and so on down."""

    PLAIN = 0
    """Starts while the partner is silent or says a backchannel (or at the same sample)."""
    BACKCHANNEL = 1
    INTERRUPTION = 2
    FAILED = 3
    TRANSITION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRule:
    """The constants of `kinds` and `overlap_kinds`, in samples."""

    backchannel_longest: int
    listed_longest: int
    backchannel_inside: float
    floor_window: int
    barge_in: int
    give_up: int
    simultaneous_start: int

    @staticmethod
    def of(constants: TurnTakingConstants, rate: int) -> FloorRule:
        """At `rate` Hz."""
        names = ("backchannel_longest", "listed_longest", "floor_window", "barge_in", "give_up", "simultaneous_start")
        samples = {name: round(getattr(constants, name) * rate) for name in names}
        return FloorRule(backchannel_inside=constants.backchannel_inside, **samples)


Listed = NDArray[np.bool_] | None
"""Marks the IPUs of a channel that consist of listed words; absent where no words are known."""


def kinds(own: Side, partner: Side, rule: FloorRule, listed: Listed = None, partner_listed: Listed = None) -> NDArray[np.int64]:
    """Kind of every IPU of one channel, [ipus].

    Those that are no backchannels start inside an IPU of the partner that began earlier and is no backchannel either: who goes on talking
    while the other says mhm interrupts nobody. With less than `barge_in` of that IPU left it is a transition. Otherwise it is an
    interruption when the newcomer keeps the floor: it outlasts the partner's IPU, and not by `give_up` or less with the partner continuing
    at its end, as after a backchannel. If not, the interruption failed.
    """
    backchannel = backchannels(own, partner, rule, listed)
    rival = partner.pick(~backchannels(partner, own, rule, partner_listed)).holder(own.start)
    kept = (own.end > rival) & ~((own.end - rival <= rule.give_up) & _continues(own, partner, rule))
    cases = (backchannel, rival < 0, rival - own.start < rule.barge_in, kept)
    return np.select(cases, (Kind.BACKCHANNEL, Kind.PLAIN, Kind.TRANSITION, Kind.INTERRUPTION), Kind.FAILED).astype(np.int64)


def backchannels(own: Side, partner: Side, rule: FloorRule, listed: Listed = None) -> NDArray[np.bool_]:
    """Which IPUs of one channel are backchannels, [ipus].

    At most `backchannel_longest` long (`listed_longest` when listed, if that is more), at least the share `backchannel_inside` of it inside
    the partner's IPUs, and the partner holds the floor around it: speaks within `floor_window` before its start, and continues, that is,
    speaks again less than `floor_window` after its end and not later than its own channel.
    """
    size, longest = own.size, rule.backchannel_longest
    limit = longest if listed is None else np.where(listed, max(longest, rule.listed_longest), longest)
    led = partner.before(own.start) > partner.before(np.maximum(own.start - rule.floor_window, 0))
    inside = partner.before(own.end) - partner.before(own.start)
    found = (size <= limit) & (inside >= rule.backchannel_inside * size) & led & _continues(own, partner, rule)
    return np.asarray(found, np.bool_)


def _continues(own: Side, partner: Side, rule: FloorRule) -> NDArray[np.bool_]:
    following = np.concatenate((own.start[1:], [FAR]))[: len(own.start)]
    resumes = partner.next_speech(own.end)
    return np.asarray((resumes <= following) & (resumes - own.end < rule.floor_window), np.bool_)


@dataclass(frozen=True, slots=True)
class Floor:
    """IPUs that hold the floor, of both channels in order of time: starts and ends both ascend."""

    channel: NDArray[np.int64]
    start: Times
    end: Times

    def changes(self) -> Floor:
        """At every change of channel the next holder, from the end of the one before to its own start: `start - end` is the floor transfer
        offset in samples."""
        change = self.channel[1:] != self.channel[:-1]
        return Floor(self.channel[1:][change], self.start[1:][change], self.end[:-1][change])

    def transfers(self) -> Times:
        """Floor transfer offset in samples at every change of channel: next start minus last end."""
        changes = self.changes()
        offsets: Times = changes.start - changes.end
        return offsets

    def turns(self, pause: int | None = None) -> Floor:
        """Neighbouring IPUs of one channel as one stretch, unless more than `pause` samples of silence lie between them."""
        if not len(self.start):
            return self
        cut = self.channel[1:] != self.channel[:-1]
        if pause is not None:
            cut |= self.start[1:] - self.end[:-1] > pause
        first, last = np.concatenate(([True], cut)), np.concatenate((cut, [True]))
        return Floor(self.channel[first], self.start[first], self.end[last])

    def stretches(self, channel: int, pause: int) -> Times:
        """Lengths of the stretches in which only `channel` takes the floor, inner silences of at most `pause` included."""
        held = self.turns(pause)
        return np.asarray((held.end - held.start)[held.channel == channel], np.int64)


def floor(sides: tuple[Side, Side], kinds: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Floor:
    """The IPUs that hold the floor: no backchannels, and none that lies wholly inside one of the partner's (or equals it)."""
    held = tuple(side.pick(kind != Kind.BACKCHANNEL) for side, kind in zip(sides, kinds, strict=True))
    free = tuple(own.pick(~_covered(own, other)) for own, other in (held, held[::-1]))
    channel = np.repeat((0, 1), [len(side.start) for side in free])
    start = np.concatenate([side.start for side in free])
    end = np.concatenate([side.end for side in free])
    order = np.argsort(start, kind="stable")
    return Floor(channel[order], start[order], end[order])


def _covered(own: Side, other: Side) -> NDArray[np.bool_]:
    until = np.concatenate(([-1], other.end))[np.searchsorted(other.start, own.start, "right")]
    return np.asarray(until >= own.end)
