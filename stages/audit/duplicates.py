"""The same sound twice: pairs of recordings with equal samples or equal sound, and evaluation audio inside a corpus. Pure.

Equal sound is claimed only where agreeing marks are spread over what two recordings have in common in time, so a shared greeting, ringing
or music at the start of different calls is no duplicate. Against evaluation audio ten seconds anywhere are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from schemas.prints import TICK_S, Prints
from stages.audit.aligned import Heard
from stages.audit.alike import SideMatch, Sound, somewhere, throughout
from stages.audit.candidates import candidates, phrases

DuplicateKind = Literal["exact", "exact_side", "near", "evaluation"]

DECODED = 2000
"""Recordings whose marks are kept decoded while pairs are compared."""
LIKELY = 2
"""Phrases that evaluation audio and a recording share before they are held against each other."""
SPOKEN = 8
"""Marks of a side without which equal samples are no evidence: a tone, a click."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two recordings, or a recording (`first`) and evaluation audio (`second`), that hold one sound."""

    first: str
    second: str
    kind: DuplicateKind
    sides: tuple[SideMatch, ...]
    """Best first; at least one."""

    @property
    def offset(self) -> float:
        return self.sides[0].offset

    @property
    def similarity(self) -> float:
        return self.sides[0].similarity

    @property
    def seconds(self) -> float:
        return max(side.seconds for side in self.sides)

    @property
    def swapped(self) -> bool:
        """Whether the sides stand the other way round."""
        return all(side.first != side.second for side in self.sides)


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    prints: Prints

    @property
    def sound(self) -> Sound:
        """Decoded anew each time: a hundred thousand recordings would fill the memory."""
        return Sound(tuple(Heard.of(side) for side in self.prints.sides), self.prints.seconds / TICK_S)


def duplicates(recordings: Iterable[tuple[str, Prints]]) -> list[Duplicate]:
    """Pairs of `recordings` (id, prints) that hold one sound, ascending by position.

    Of several recordings with equal samples each is paired with the first, and only the first is held against the rest. Among more than 32
    versions of one call, not every two need be paired, but all are linked. Deterministic.
    """
    items = [_Item(*each) for each in recordings]
    sound = lru_cache(DECODED)(lambda number: items[number].sound)
    found = _equal(items)
    copies = {second for (_, second), made in found.items() if made.kind == "exact"}
    held = [number for number in range(len(items)) if number not in copies]
    for one, two in candidates((items[number].sound.sides for number in held), len(held)):
        pair = (held[one], held[two])
        exact = tuple(side for side in found[pair].sides if side.exact) if pair in found else ()
        near = throughout(sound(pair[0]), sound(pair[1]))
        taken = {(side.first, side.second) for side in exact}
        sides = exact + tuple(side for side in near if (side.first, side.second) not in taken)
        if sides:
            found[pair] = Duplicate(items[pair[0]].id, items[pair[1]].id, "exact_side" if exact else "near", sides)
    return [found[pair] for pair in sorted(found)]


def against(recordings: Iterable[tuple[str, Prints]], evaluation: Sequence[tuple[str, Prints]]) -> list[Duplicate]:
    """Recordings that hold evaluation audio, ten seconds of speech or more, anywhere; by recording, then by evaluation audio."""
    known = [(_Item(*each), _Item(*each).sound) for each in evaluation]
    index = _Index(known)
    made: list[Duplicate] = []
    for id, prints in recordings:
        item = _Item(id, prints)
        sound = item.sound
        for number in index.likely(prints, sound):
            other, other_sound = known[number]
            both = _exact_sides(item, other)
            taken = {(side.first, side.second) for side in both}
            sides = both + tuple(side for side in somewhere(sound, other_sound) if (side.first, side.second) not in taken)
            if sides:
                made.append(Duplicate(id, other.id, "evaluation", sides))
    return made


class _Index:
    """Phrases and hashes of evaluation audio, to see at once which of it a recording may hold."""

    def __init__(self, known: Sequence[tuple[_Item, Sound]]) -> None:
        spoken = [(number, np.unique(phrases(side)[0])) for number, (_, sound) in enumerate(known) for side in sound.sides]
        self.count = len(known)
        flat = np.concatenate((np.zeros(0, np.uint64), *(hashes for _, hashes in spoken)))
        who = np.concatenate((np.zeros(0, np.int64), *(np.full(len(hashes), number) for number, hashes in spoken)))
        order = np.argsort(flat, kind="stable")
        self.hashes, self.owners = flat[order], who[order]
        self.samples: dict[str, set[int]] = {}
        for number, (item, _) in enumerate(known):
            for side in item.prints.sides:
                if side.sha256 is not None:
                    self.samples.setdefault(side.sha256, set()).add(number)

    def likely(self, prints: Prints, sound: Sound) -> list[int]:
        """Evaluation audio that shares enough phrases with the recording, or a side's samples, ascending."""
        votes = np.zeros(self.count, np.int64)
        for side in sound.sides:
            hashes = np.unique(phrases(side)[0])
            low, high = np.searchsorted(self.hashes, hashes, "left"), np.searchsorted(self.hashes, hashes, "right")
            spans = [self.owners[start:end] for start, end in zip(low[high > low].tolist(), high[high > low].tolist(), strict=True)]
            if spans:
                votes += np.bincount(np.concatenate(spans), minlength=self.count)
        equal = {number for side in prints.sides for number in self.samples.get(side.sha256 or "", ())}
        return sorted({*np.flatnonzero(votes >= LIKELY).tolist(), *equal})


def _equal(items: Sequence[_Item]) -> dict[tuple[int, int], Duplicate]:
    """Pairs with equal samples, whole or by side: of each set of equals the first with every other."""
    firsts: dict[str, int] = {}
    found: dict[tuple[int, int], Duplicate] = {}
    for number, item in enumerate(items):
        names = [f"whole {item.prints.sha256}"] if item.prints.sha256 else []
        names += [f"side {side.sha256}" for side in item.prints.sides if side.sha256 and side.count >= SPOKEN]
        for pair in dict.fromkeys((firsts.setdefault(name, number), number) for name in names):
            if pair[0] == number or pair in found:
                continue
            one, two = items[pair[0]], item
            sides = _exact_sides(one, two)
            whole = one.prints.sha256 is not None and one.prints.sha256 == two.prints.sha256
            if whole and not sides:
                sides = (SideMatch(0, 0, True, 0.0, 0.0, 1.0, min(one.prints.seconds, two.prints.seconds)),)
            found[pair] = Duplicate(one.id, two.id, "exact" if whole or _both(one, two, sides) else "exact_side", sides)
    return found


def _both(one: _Item, two: _Item, sides: Sequence[SideMatch]) -> bool:
    """Whether every side of two two-channel recordings has its equal in the other, both moved by the same time."""
    if (
        len(one.prints.sides) != 2
        or len(two.prints.sides) != 2
        or {s.first for s in sides} != {0, 1}
        or {s.second for s in sides} != {0, 1}
    ):
        return False
    return len({round(side.offset / TICK_S) for side in sides}) == 1


def _exact_sides(one: _Item, two: _Item) -> tuple[SideMatch, ...]:
    """Sides with the same samples; where a side fits both of the other's (one signal twice), it keeps its own place."""
    found: list[SideMatch] = []
    for a, left in enumerate(one.prints.sides):
        for b, right in enumerate(two.prints.sides):
            if left.sha256 is None or left.sha256 != right.sha256 or left.count < SPOKEN:
                continue
            offset = left.start / one.prints.rate - right.start / two.prints.rate
            found.append(SideMatch(a, b, True, offset, 0.0, 1.0, min(one.prints.seconds, two.prints.seconds)))
    straight = [side for side in found if side.first == side.second]
    return tuple(straight if len(straight) == 2 else found)
