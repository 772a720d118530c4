"""Which clips make a set that meets targets as a whole: ranges of overlap and backchannels, and a number of hours.

Everything is decided by exact sums of whole numbers and by a rank that hashes seed and id, so the same clips in any order give the same
choice. Clips are left out in rounds of at most a 128th of those that remain (always at least one), which is plain greedy up to 256 clips
and O(n log n) for each of some hundred rounds beyond.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError
from stages.shape.targets import RANGES, Range, Targets

Numbers = NDArray[np.float64]
Order = NDArray[np.int64]
PER_MINUTE = 60_000_000
"""Microseconds."""
ROUNDS = 128
WEIGHTS = (1.0, 0.5, 2.0, 4.0)
"""How much the second of two ranges counts beside the first: each is tried, and the largest set taken. On generated clips that is 97 % and
more of what no choice can exceed (a linear programme), from 300 clips on; with one range it is 99.9 %."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that keeps the rules. Laws: an id of its own; longer than nothing."""

    id: str
    length: int
    """Microseconds."""
    overlap: int
    """Microseconds in which both speak."""
    backchannels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A target of the whole set, and what became of it."""

    name: str
    wanted: str
    before: float | None
    """Of all clips that keep the rules; absent without any."""
    achieved: float | None
    met: bool
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """For each candidate the reason for which it is left out, absent where it is kept."""

    reasons: tuple[str | None, ...]
    goals: tuple[Goal, ...]


def choose(candidates: Sequence[Candidate], targets: Targets) -> Choice:
    """The choice that leaves out as little as greedy search can.

    First the ranges: what brings the set nearer to them for the least time goes first, and what can come back in the end does. Where that
    does not reach all ranges, the set grows from the clips that meet them by themselves. A range that no clip reaches, or that cannot be
    met together with those before it in `RANGES`, is set aside, and its goal says so. Then the hours: clips without which the ranges stay
    met are left out in the order of their rank until the set is small enough, so with equal seed a smaller set is part of a larger one.
    """
    if len({each.id for each in candidates}) != len(candidates) or any(each.length <= 0 for each in candidates):
        raise LawError("choose: an id stands twice, or a clip is empty")
    order = sorted(range(len(candidates)), key=lambda i: _rank(targets.seed, candidates[i].id))
    pool = _Pool.of([candidates[i] for i in order])
    wanted = {name: _Aim(held) for name in RANGES if (held := getattr(targets, name)) is not None}
    served, state = _served(pool, wanted)
    enough = targets.hours is None or pool.hours(state.kept) >= targets.hours
    if targets.hours is not None:
        _to_hours(pool, served, state, targets.hours)
    reasons: list[str | None] = [None] * len(candidates)
    for place, index in enumerate(order):
        reasons[index] = None if state.kept[place] else state.reasons[place]
    goals = [_goal(pool, name, aim, state.kept, name in served) for name, aim in wanted.items()]
    if targets.hours is not None:
        remark = "" if enough else "there are no more hours that meet the other targets"
        all_hours = pool.hours(np.ones(len(order), np.bool_))
        goals.append(
            Goal(
                name="hours",
                wanted=f"{targets.hours:g}",
                before=all_hours,
                achieved=pool.hours(state.kept),
                met=enough and bool(state.kept.any()),
                remark=remark,
            )
        )
    return Choice(reasons=tuple(reasons), goals=tuple(goals))


def _rank(seed: int, id: str) -> bytes:
    return hashlib.blake2b(f"{seed}:{id}".encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _Pool:
    """Candidates in the order of their rank: [n] lengths, and what is counted of each target in RANGES."""

    length: Order
    counts: dict[str, Order]

    @staticmethod
    def of(candidates: Sequence[Candidate]) -> _Pool:
        length = np.array([each.length for each in candidates], np.int64)
        counts = {
            "overlap_share": np.array([each.overlap for each in candidates], np.int64),
            "backchannels": np.array([each.backchannels for each in candidates], np.int64),
        }
        return _Pool(length, counts)

    def hours(self, kept: NDArray[np.bool_]) -> float:
        return int(self.length[kept].sum()) / (60 * PER_MINUTE)

    def rate(self, name: str, kept: NDArray[np.bool_]) -> float | None:
        """What the kept ones have together; None without any."""
        length = int(self.length[kept].sum())
        return float(_rates(name, self.counts[name][kept].sum(), np.int64(length))) if length else None


def _rates(name: str, count: Order | np.int64, length: Order | np.int64) -> Numbers:
    """Share of time, or number per minute; infinite where there is no time."""
    unit = PER_MINUTE if name == "backchannels" else 1
    return np.asarray(np.divide(count * unit, length, out=np.full(np.shape(length), np.inf), where=np.asarray(length) > 0))


@dataclass(frozen=True, slots=True)
class _Aim:
    """A range, and how much a distance from it counts."""

    held: Range
    weight: float = 1.0


def _beyond(aim: _Aim, rates: Numbers) -> Numbers:
    """How far outside its range each rate lies, in the range's own scale."""
    held = aim.held
    under = np.zeros_like(rates) if held.low is None else np.maximum(held.low - rates, 0)
    over = np.zeros_like(rates) if held.high is None else np.maximum(rates - held.high, 0)
    return np.asarray((under + over) * (aim.weight / held.scale))


Wanted = dict[str, _Aim]


def _distance(pool: _Pool, wanted: Wanted, length: Order, counts: dict[str, Order]) -> Numbers:
    """How far each of some sets is from its targets, all together; infinite for the empty set."""
    found = np.where(length > 0, 0.0, np.inf)
    for name, aim in wanted.items():
        found = found + _beyond(aim, _rates(name, counts[name], length))
    return np.asarray(found)


@dataclass(slots=True)
class _State:
    kept: NDArray[np.bool_]
    reasons: list[str | None]
    gone: list[int] = dataclasses.field(default_factory=list)
    """In the order in which they were left out."""

    def drop(self, place: int, reason: str) -> None:
        self.kept[place] = False
        self.reasons[place] = reason
        self.gone.append(place)


def _sums(pool: _Pool, wanted: Wanted, kept: NDArray[np.bool_]) -> tuple[int, dict[str, int]]:
    return int(pool.length[kept].sum()), {name: int(pool.counts[name][kept].sum()) for name in wanted}


def _now(pool: _Pool, wanted: Wanted, kept: NDArray[np.bool_]) -> float:
    length, counts = _sums(pool, wanted, kept)
    return float(_distance(pool, wanted, np.array([length]), {name: np.array([n]) for name, n in counts.items()})[0])


def _served(pool: _Pool, wanted: Wanted) -> tuple[Wanted, _State]:
    """The ranges that a set can be brought into, and that set: all, or as many as possible, the first in `RANGES` before the second."""
    names = list(wanted)
    for tried in (names, *([name] for name in names if len(names) > 1)):
        some = {name: wanted[name] for name in tried}
        state = _ranged(pool, some)
        if _now(pool, some, state.kept) == 0:
            return some, state
    return {}, _ranged(pool, {})


def _ranged(pool: _Pool, wanted: Wanted) -> _State:
    """The largest of what remains when clips are left out, whichever range counts more, and of what grows from clips inside the ranges."""
    found = [_fallen(pool, wanted)]
    if not wanted or not found[0].gone:
        return found[0]
    names = list(wanted)
    for weight in WEIGHTS[1:] if len(names) == 2 else ():
        found.append(_fallen(pool, {**wanted, names[1]: dataclasses.replace(wanted[names[1]], weight=weight)}))
    grown = _grown(pool, wanted)
    met = [state for state in (*found, *([] if grown is None else [grown])) if _now(pool, wanted, state.kept) == 0]
    return max(met, key=lambda state: pool.hours(state.kept), default=found[0])


def _fallen(pool: _Pool, wanted: Wanted) -> _State:
    """Leave out, round by round, what brings the rest nearer to the ranges for the least time; then take back what may come back."""
    n = len(pool.length)
    state = _State(np.ones(n, np.bool_), [None] * n)
    now = _now(pool, wanted, state.kept)
    while 0 < now < np.inf:
        places = np.flatnonzero(state.kept)
        length, counts = _sums(pool, wanted, state.kept)
        own = {name: pool.counts[name][places] for name in wanted}
        without = _distance(pool, wanted, length - pool.length[places], {name: counts[name] - own[name] for name in wanted})
        gain = (now - without) / pool.length[places]
        first = np.argsort(-gain, kind="stable")[: max(1, len(places) // ROUNDS)]
        first = first[gain[first] > 0]
        if not len(first):
            break
        after = _distance(
            pool,
            wanted,
            length - np.cumsum(pool.length[places[first]]),
            {name: counts[name] - np.cumsum(own[name][first]) for name in wanted},
        )
        stop = int(np.argmin(after)) + 1
        reason = _worst(wanted, length, counts)
        for place in places[first[:stop]].tolist():
            state.drop(place, reason)
        now = float(after[stop - 1])
    if now == 0:
        _take_back(pool, wanted, state, state.gone[::-1])
    return state


def _worst(wanted: Wanted, length: int, counts: dict[str, int]) -> str:
    """The target from which a set is farthest."""
    return max(wanted, key=lambda name: float(_beyond(wanted[name], _rates(name, np.int64(counts[name]), np.int64(length)))))


def _grown(pool: _Pool, wanted: Wanted) -> _State | None:
    """Start from the clips that are in all ranges by themselves, which together are too, and add what leaves the set inside."""
    own = [_beyond(aim, _rates(name, pool.counts[name], pool.length)) for name, aim in wanted.items()]
    apart = np.sum(own, axis=0)
    inside = apart == 0
    if not inside.any():
        return None
    state = _State(inside.copy(), [None] * len(inside))
    for place in np.flatnonzero(~inside).tolist():
        state.drop(place, list(wanted)[int(np.argmax([each[place] for each in own]))])
    for _ in range(2):
        _take_back(pool, wanted, state, sorted(state.gone, key=lambda place: (apart[place], place)))
    return state


def _take_back(pool: _Pool, wanted: Wanted, state: _State, places: Sequence[int]) -> None:
    """Keep again, one by one, what leaves the set inside its ranges."""
    length, counts = _sums(pool, wanted, state.kept)
    for place in places:
        more = length + int(pool.length[place])
        own = {name: counts[name] + int(pool.counts[name][place]) for name in wanted}
        if all(aim.held.holds(float(_rates(name, np.int64(own[name]), np.int64(more)))) for name, aim in wanted.items()):
            state.kept[place] = True
            state.reasons[place] = None
            length, counts = more, own
    state.gone = [place for place in state.gone if not state.kept[place]]


def _to_hours(pool: _Pool, wanted: Wanted, state: _State, hours: float) -> None:
    """Leave out, in the order of rank, clips without which the ranges stay met, or those that hurt least, until few enough hours remain.

    Which clip goes next does not depend on how many hours are wanted.
    """
    limit = hours * 60 * PER_MINUTE
    length, counts = _sums(pool, wanted, state.kept)
    while length > limit:
        places = np.flatnonzero(state.kept)
        own = {name: pool.counts[name][places] for name in wanted}
        without = _distance(pool, wanted, length - pool.length[places], {name: counts[name] - own[name] for name in wanted})
        first = np.argsort(without, kind="stable")[: max(1, len(places) // ROUNDS)]
        lengths = length - np.cumsum(pool.length[places[first]])
        after = _distance(pool, wanted, lengths, {name: counts[name] - np.cumsum(own[name][first]) for name in wanted})
        bad = np.flatnonzero(after > 0)
        stop = max(1, int(bad[0]) if len(bad) else len(first))
        stop = min(stop, int(np.searchsorted(-lengths, -limit)) + 1)
        for place in places[first[:stop]].tolist():
            state.drop(place, "hours")
        length, counts = _sums(pool, wanted, state.kept)


def _goal(pool: _Pool, name: str, aim: _Aim, kept: NDArray[np.bool_], served: bool) -> Goal:
    achieved, held = pool.rate(name, kept), aim.held
    remark = ""
    if not served:
        own = _beyond(aim, _rates(name, pool.counts[name], pool.length))
        alone = bool((own == 0).any())
        remark = "not together with the targets before it" if alone else "no clip lies in this range, and no selection was found that does"
        remark += "; it was set aside"
    elif not held.holds(achieved):
        remark = "not with so few hours"
    return Goal(
        name=name,
        wanted=str(held),
        before=pool.rate(name, np.ones(len(kept), np.bool_)),
        achieved=achieved,
        met=held.holds(achieved),
        remark=remark,
    )
