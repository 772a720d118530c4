"""Street addresses: "22 baker street", "flat 3", "one five one hills road"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stages.personal.runs import item_of, read
from stages.personal.sides import Candidate, Side, Talk
from stages.personal.vocabulary import FUNCTION_WORDS, MAGNITUDES, SOFT_STREETS, STREETS, UNITS, UNITS_OF_A_HOUSE

NAME = 3
"""Words of the name of a street before its kind, at most."""
PAUSE = 2.0
"""Seconds between two words of an address, at most."""
HOUSE = re.compile(r"\d{1,5}[A-Z]?")
COUNTED = frozenset(("lane", "lanes", "way", "court", "square", "row", "place", "hill", "park", "close", "drive", "walk", "green", "st"))
"""Kinds of street that are also counted: "two way", "four lane"."""


def find_places(talk: Talk, side: Side) -> Iterator[Candidate]:
    """Candidates of one channel."""
    for at, key in enumerate(side.keys):
        if key in STREETS or key in SOFT_STREETS:
            house = _house(talk, side, at)
            if house is not None:
                first, rule, sure = house
                yield Candidate("address", _flat_before(side.keys, first), at, rule, sure)
        elif key in UNITS_OF_A_HOUSE:
            end = _number_after(side.keys, at + 1)
            if end is not None and "address" in talk.cues(side, at):
                yield Candidate("address", at, end, "address:flat", 0.7)


def _house(talk: Talk, side: Side, at: int) -> tuple[int, str, float] | None:
    """Place of the house number that belongs to a kind of street at `at`, with the rule and how far it is trusted."""
    for name in range(1, NAME + 2):
        before = at - name
        if before < 0 or side.starts[before + 1] - side.ends[before] > PAUSE:
            return None
        key = side.keys[before]
        if _is_house(key):
            return _with_number(talk, side, before, at) if name > 1 else None
        if key in FUNCTION_WORDS or key in UNITS or not key.replace("'", "").isalpha():
            return _without_number(side, before, at) if name > 1 else None
    return None


def _is_house(key: str) -> bool:
    item = item_of(key)
    return item is not None and item.kind != "letter" and HOUSE.fullmatch(item.text) is not None


def _with_number(talk: Talk, side: Side, number: int, at: int) -> tuple[int, str, float] | None:
    keys = side.keys
    first = number
    while first > 0 and number - first < 6 and _is_house(keys[first - 1]):
        first -= 1
    run = read(keys, first)
    if run is None or run.counts or keys[number + 1] in MAGNITUDES:
        return None
    named = any(side.capital(place) for place in range(number + 1, at))
    if keys[at] in STREETS and keys[at] not in COUNTED:
        return first, "address:street", 0.9
    if named or "address" in talk.cues(side, first):
        return first, "address:soft", 0.7
    return None


def _without_number(side: Side, before: int, at: int) -> tuple[int, str, float] | None:
    """A street without a house number, where somebody says that they live there."""
    if side.keys[before] not in ("on", "at", "in", "is", "off") or side.keys[at] not in STREETS:
        return None
    words = {"live", "lives", "living", "address", "moved", "deliver"}
    return (before + 1, "address:cue", 0.6) if words & set(side.keys[max(0, before - 5) : before + 1]) else None


def _flat_before(keys: list[str], first: int) -> int:
    """With a flat or unit before the house: "flat 3 22 baker street", "unit 8 viking way"."""
    for back in (1, 2, 3):
        place = first - back
        if place >= 0 and keys[place] in UNITS_OF_A_HOUSE and all(item_of(key) is not None for key in keys[place + 1 : first]):
            return place
    return first


def _number_after(keys: list[str], at: int) -> int | None:
    run = read(keys, at) if at < len(keys) else None
    return run.last if run is not None and len(run.text) <= 4 and run.first == at and run.digits else None
