"""Who has the floor: the states of a dialogue, the kinds of IPU and the transfers of the floor, from two channels' IPUs.

Times are integer samples. All definitions use time alone and no words, so a short answer inside the partner's speech counts as a
backchannel. They treat both channels alike: swapping the channels swaps the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span

Times = NDArray[np.int64]
FAR = np.iinfo(np.int64).max // 4
"""Later than any sample: `no more speech`."""


@dataclass(frozen=True, slots=True)
class Side:
    """IPUs of one channel, sorted and disjoint: [ipus] starts and ends."""

    start: Times
    end: Times

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
    """The dialogue cut where a channel starts or stops: lengths in samples of every maximal stretch of each state."""

    pauses: Times
    """Neither speaks, and a channel that stops where the silence starts is one that speaks where it ends."""
    gaps: Times
    """Neither speaks, and the silence lies between different channels."""
    overlaps: Times
    single: int
    """Samples with exactly one speaker."""
    edges: int
    """Samples of silence before the first IPU and after the last."""


def states(sides: tuple[Side, Side], length: int) -> States:
    """States of `[0, length)`.

    A silence belongs to the channel whose IPU ended last, at its very start, whatever overlapped before that; where both stop or both
    start at one sample, a channel that is on both sides of the silence makes it a pause. `single + sum(overlaps) + sum(pauses) +
    sum(gaps) + edges == length`.
    """
    times = np.concatenate(([0], *(side for each in sides for side in (each.start, each.end)), [length]))
    steps = np.concatenate(([0], *(np.repeat((bit, -bit), len(each.start)) for bit, each in zip((1, 2), sides, strict=True)), [0]))
    cuts, place = np.unique(times, return_inverse=True)
    state = np.cumsum(np.bincount(place, steps, len(cuts)).astype(np.int64))[:-1]
    lengths = np.diff(cuts)
    silent = state == 0
    inner = silent.copy()
    inner[:1] = inner[-1:] = False
    around = np.concatenate(([0], state)), np.concatenate((state, [0]))
    same = (around[0][:-1] & around[1][1:]) != 0
    return States(
        pauses=lengths[inner & same],
        gaps=lengths[inner & ~same],
        overlaps=lengths[state == 3],
        single=int(lengths[(state == 1) | (state == 2)].sum()),
        edges=int(lengths[silent & ~inner].sum()),
    )


class Kind(IntEnum):
    """What an IPU does to the floor; each has exactly one kind, the first that fits of backchannel, interruption and so on down."""

    PLAIN = 0
    """Starts while the partner is silent (or at the same sample)."""
    BACKCHANNEL = 1
    INTERRUPTION = 2
    FAILED = 3
    TRANSITION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRule:
    """The constants of `kinds`, in samples."""

    backchannel_longest: int
    backchannel_inside: float
    floor_window: int
    barge_in: int
    give_up: int


def kinds(own: Side, partner: Side, rule: FloorRule) -> NDArray[np.int64]:
    """Kind of every IPU of one channel, [ipus].

    Backchannel: at most `backchannel_longest` long, at least the share `backchannel_inside` of it inside the partner's IPUs, and the
    partner holds the floor around it: speaks within `floor_window` before its start, and continues, that is, speaks again less than
    `floor_window` after its end and not later than its own channel.

    The others start inside an IPU of the partner that began earlier. With less than `barge_in` of that IPU left it is a transition.
    Otherwise it is an interruption when the newcomer keeps the floor: it outlasts the partner's IPU, and not by `give_up` or less with
    the partner continuing (as above) at its end. If not, the interruption failed.
    """
    size = own.end - own.start
    following = np.concatenate((own.start[1:], [FAR]))
    resumes = partner.next_speech(own.end)
    continues = (resumes <= following[: len(size)]) & (resumes - own.end < rule.floor_window)
    led = partner.before(own.start) > partner.before(np.maximum(own.start - rule.floor_window, 0))
    inside = partner.before(own.end) - partner.before(own.start)
    backchannel = (size <= rule.backchannel_longest) & (inside >= rule.backchannel_inside * size) & led & continues
    rival = partner.holder(own.start)
    kept = (own.end > rival) & ~((own.end - rival <= rule.give_up) & continues)
    cases = (backchannel, rival < 0, rival - own.start < rule.barge_in, kept)
    return np.select(cases, (Kind.BACKCHANNEL, Kind.PLAIN, Kind.TRANSITION, Kind.INTERRUPTION), Kind.FAILED).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Floor:
    """IPUs that hold the floor, of both channels in order of time: starts and ends both ascend."""

    channel: NDArray[np.int64]
    start: Times
    end: Times

    def transfers(self) -> Times:
        """Floor transfer offset in samples at every change of channel: next start minus last end."""
        change = self.channel[1:] != self.channel[:-1]
        offsets: Times = (self.start[1:] - self.end[:-1])[change]
        return offsets

    def longest(self, channel: int, pause: int) -> int:
        """Longest stretch in samples, inner silences of at most `pause` included, in which only `channel` holds the floor."""
        if not len(self.start):
            return 0
        cut = (self.channel[1:] != self.channel[:-1]) | (self.start[1:] - self.end[:-1] > pause)
        first = np.concatenate(([True], cut))
        size = self.end[np.concatenate((cut, [True]))] - self.start[first]
        return int(size[self.channel[first] == channel].max(initial=0))


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
