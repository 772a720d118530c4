"""Train, validation and test so that no speaker, no pair and no source stands in two of them.

Recordings that share one are tied into groups, and a group goes into one split as a whole. Which one is decided by a hash of the group's
own name, so that it depends on nothing else: more recordings move only the groups that they tie together.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.errors import UsageError

Level = Literal["speaker", "dyad", "recording"]
SHARES: tuple[tuple[str, float], ...] = (("train", 0.9), ("validation", 0.05), ("test", 0.05))


@dataclass(frozen=True, slots=True)
class Member:
    """One recording to be put into a split."""

    id: str
    seconds: float
    corpus: str = ""
    speakers: tuple[str, ...] = ()
    """Names of the speakers within the corpus; empty where they are not known."""
    sources: tuple[str, ...] = ()
    """What it was cut or copied from: files, calls."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which recording is in which split."""

    split: Mapping[str, str]
    """By id."""
    groups: tuple[tuple[str, ...], ...]
    """Ids that must stay together, most hours first; single ones included."""
    seconds: Mapping[str, float]
    """By split."""


def assign(
    members: Sequence[Member],
    copies: Iterable[tuple[str, str]] = (),
    shares: Sequence[tuple[str, float]] = SHARES,
    level: Level = "speaker",
    seed: int = 0,
) -> Assignment:
    """Splits of about the wanted shares of all seconds. `copies` are pairs of ids that hold one sound, tied at every level.

    `speaker` ties all recordings of one speaker; `dyad` those of the same two; `recording` only copies and common sources. The order of
    `members` does not matter. Raises `UsageError` for shares that are no positive parts of 1.
    """
    if not shares or any(share <= 0 for _, share in shares) or abs(sum(share for _, share in shares) - 1) > 1e-6:
        raise UsageError(
            f"splits: shares {dict(shares)}: wanted parts above 0 that add up to 1, such as train 0.9, validation 0.05, test 0.05"
        )
    by_id = {member.id: member for member in members}
    groups = _groups(by_id, copies, level)
    split: dict[str, str] = {}
    seconds = dict.fromkeys((name for name, _ in shares), 0.0)
    for group in groups:
        name = _drawn(group[0], shares, seed)
        for id in group:
            split[id] = name
            seconds[name] += by_id[id].seconds
    ordered = sorted(groups, key=lambda group: (-sum(by_id[id].seconds for id in group), group))
    return Assignment(dict(sorted(split.items())), tuple(ordered), seconds)


def _drawn(name: str, shares: Sequence[tuple[str, float]], seed: int) -> str:
    """A split by the hash of a group's name: each with the probability of its share."""
    digest = hashlib.blake2b(f"{seed}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    at, up_to = int.from_bytes(digest) / 2**64, 0.0
    for split, share in shares:
        up_to += share
        if at < up_to:
            return split
    return shares[-1][0]


def _groups(by_id: Mapping[str, Member], copies: Iterable[tuple[str, str]], level: Level) -> list[tuple[str, ...]]:
    """Ids tied together, each group sorted; by union-find over what they share."""
    parent = {id: id for id in by_id}

    def root(id: str) -> str:
        while parent[id] != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    def tie(one: str, two: str) -> None:
        first, second = sorted((root(one), root(two)))
        parent[second] = first

    holders: dict[tuple[str, ...], str] = {}
    for id in sorted(by_id):
        for key in _ties(by_id[id], level):
            tie(holders.setdefault(key, id), id)
    for one, two in copies:
        if one in parent and two in parent:
            tie(one, two)
    found: dict[str, list[str]] = defaultdict(list)
    for id in sorted(by_id):
        found[root(id)].append(id)
    return [tuple(group) for _, group in sorted(found.items())]


def _ties(member: Member, level: Level) -> list[tuple[str, ...]]:
    """What ties a recording to others."""
    keys = [("source", member.corpus, source) for source in member.sources]
    known = tuple(sorted({name for name in member.speakers if name}))
    if level == "speaker":
        return [*keys, *(("speaker", member.corpus, name) for name in known)]
    if level == "dyad" and len(known) == 2:
        return [*keys, ("dyad", member.corpus, *known)]
    return [*keys]
