"""Pairs by a person's own pattern: where in a path the id and the side stand."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.errors import UsageError
from stages.sources.pairs import Orphan, Pair
from stages.sources.sides import VOCABULARIES
from stages.sources.walk import File

_PARTS = re.compile(r"\{id\}|\{side\}|\*\*/|\*|[^{*]+|.", re.DOTALL)


@dataclass(slots=True)
class Matched:
    """Files by what a pattern made of them; each file is in exactly one of these."""

    pairs: list[Pair] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)
    singles: list[tuple[str, File]] = field(default_factory=list)
    """Whole recordings with the id the pattern found in them."""
    repeats: list[tuple[str, File, File]] = field(default_factory=list)
    """Id, a file whose id and side another file already has, and that file."""
    outside: int = 0
    """Number of files that the pattern does not match."""


def pair_by_pattern(files: Sequence[File], pattern: str, sides: tuple[str, ...]) -> Matched:
    """Match `files` against a pattern (see `SourceSettings.pattern`); raises `UsageError` when more than two side names are found."""
    regex = _compiled(pattern, sides)
    result = Matched()
    grouped: dict[str, dict[str, File]] = defaultdict(dict)
    spelled: dict[str, str] = {side.casefold(): side for side in sides}
    for file in files:
        match = regex.fullmatch(file.path)
        if match is None:
            result.outside += 1
        elif "{side}" not in pattern:
            result.singles.append((match["id"], file))
        else:
            side = match["side"].casefold()
            spelled.setdefault(side, match["side"])
            group = grouped[unicodedata.normalize("NFC", match["id"])]
            if side in group:
                result.repeats.append((match["id"], file, group[side]))
            else:
                group[side] = file
    order = sides or _ordered(tuple(spelled.values()), pattern)
    for id, group in grouped.items():
        _close(result, id, group, order, pattern)
    return result


def _close(result: Matched, id: str, group: dict[str, File], order: tuple[str, ...], pattern: str) -> None:
    found = [(side, group[side.casefold()]) for side in order if side.casefold() in group]
    if len(found) == 2:
        (left, first), (right, second) = found
        result.pairs.append(Pair(id, (first, second), (left, right)))
        return
    (side, file) = found[0]
    others = [other for other in order if other != side]
    wanted = tuple(pattern.replace("{side}", other).replace("{id}", id) for other in others)
    result.orphans.append(Orphan(file, side, wanted))


def _ordered(found: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    """Side names found by a pattern in channel order: by a known vocabulary, otherwise as they sort."""
    if len(found) > 2:
        shown = ", ".join(sorted(found)[:6])
        raise UsageError(
            f"source.pattern: {pattern!r} finds more than two side names ({shown}); name the two in channel order with source.sides"
        )
    for vocabulary in VOCABULARIES:
        ranked = {rank: side for side in found if (rank := vocabulary.rank(side)) is not None}
        if len(ranked) == len(found):
            return tuple(ranked[rank] for rank in sorted(ranked))
    return tuple(sorted(found))


def _compiled(pattern: str, sides: tuple[str, ...]) -> re.Pattern[str]:
    side = "|".join(re.escape(each) for each in sides) or r"[^/_.\- ]+"
    meaning = {"{id}": r"(?P<id>.+)", "{side}": rf"(?P<side>(?i:{side}))", "**/": r"(?:[^/]+/)*", "*": r"[^/]*"}
    return re.compile("".join(meaning.get(part) or re.escape(part) for part in _PARTS.findall(pattern)), re.DOTALL)
