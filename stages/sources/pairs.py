"""Which files of a folder are the two sides of one recording, told by their names and, where names may lie, by their channel counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from stages.sources.sides import STRONG_PLACES, WEAK_PLACES, Claim, Names, Place, Vocabulary, complete
from stages.sources.walk import File, suffix_of

Channels = Callable[[File], int | None]
"""Number of channels of a file; None when it cannot be told."""

Member = tuple[File, Claim]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files of one recording, in channel order."""

    rest: str
    """Their common path without side name and suffix; empty when the names hold nothing else."""
    files: tuple[File, File]
    tokens: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that is one side of a recording whose other side is not there."""

    file: File
    token: str
    wanted: tuple[str, ...]
    """Paths the missing file could have."""


@dataclass(slots=True)
class Pairing:
    """Every file given is in exactly one of these."""

    pairs: list[Pair] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)
    singles: list[File] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def pair_by_name(files: Sequence[File], names: Names, channels: Channels | None) -> Pairing:
    """Pair `files`. With `channels`, two files that both hold several channels are two recordings whatever their names say.

    A strong side name without a partner makes an orphan when it is a word that ends the file's stem, or where other files of the folder
    are paired by the same names in the same place. Weak names make pairs only with `channels`, and only when every file that uses them
    in that place is in a complete pair of mono files (groups of only multi-channel files do not count against them).
    """
    pairer = _Pairer(files, names, channels)
    for place in STRONG_PLACES:
        pairer.strong(place, same_suffix=True)
        pairer.strong(place, same_suffix=False)
    pairer.take_orphans()
    for place in WEAK_PLACES:
        pairer.weak(place)
    pairer.result.singles.extend(pairer.open.values())
    pairer.result.singles.sort(key=lambda file: file.path)
    return pairer.result


class _Pairer:
    def __init__(self, files: Sequence[File], names: Names, channels: Channels | None) -> None:
        self.channels = channels
        self.claims = {file.path: found for file in files if (found := names.claims(file.path))}
        self.result = Pairing(singles=[file for file in files if file.path not in self.claims])
        self.open = {file.path: file for file in files if file.path in self.claims}
        """Files not yet decided, by path."""
        self.seen: dict[tuple[Vocabulary, Place], Counter[str]] = defaultdict(Counter)
        """Side names of the strong pairs made so far."""

    def groups(self, place: Place, strong: bool, same_suffix: bool) -> list[list[Member]]:
        grouped: dict[tuple[str, ...], list[Member]] = defaultdict(list)
        for file in self.open.values():
            claim = self.claims[file.path].get(place)
            # 1.wav and 2.wav with nothing else in their names and no folder of their own are the first and second recording
            if claim is not None and claim.vocabulary.strong == strong and (strong or claim.rest):
                suffix = suffix_of(file.path).casefold() if same_suffix else ""
                grouped[claim.vocabulary.name, claim.rest, suffix].append((file, claim))
        return list(grouped.values())

    def strong(self, place: Place, same_suffix: bool) -> None:
        for group in self.groups(place, True, same_suffix):
            if len(group) < 2:
                continue
            if not _is_pair(group):
                if not same_suffix:
                    continue
                self.settle_single(group)
                self.result.problems.append(
                    f"{_listed(group)} look like sides of one recording but are not two sides; each is taken as a recording."
                )
                continue
            many = [self.is_multichannel(file) for file, _ in group]
            if not any(many):
                self.settle_pair(group)
                self.seen[group[0][1].vocabulary, place].update(claim.token for _, claim in group)
                continue
            self.settle_single(group)
            if not all(many):
                self.result.problems.append(
                    f"{_listed(group)} are named as two sides, but one holds several channels; each is taken as a recording."
                )

    def take_orphans(self) -> None:
        for file in list(self.open.values()):
            for place in STRONG_PLACES:
                claim = self.claims[file.path].get(place)
                if claim is None or not claim.vocabulary.strong or not claim.vocabulary.partners(claim.token):
                    continue
                seen = self.seen.get((claim.vocabulary, place))
                if seen or (place == "end" and not claim.vocabulary.numbered):
                    del self.open[file.path]
                    if self.is_multichannel(file):
                        self.result.singles.append(file)
                    else:
                        self.result.orphans.append(_orphan(file, claim, seen or Counter()))
                    break

    def weak(self, place: Place) -> None:
        by_names: dict[str, list[list[Member]]] = defaultdict(list)
        for group in self.groups(place, False, True):
            by_names[group[0][1].vocabulary.name].append(group)
        for name, groups in by_names.items():
            whole = [group for group in groups if _is_pair(group)]
            if not whole:
                continue
            if doubt := self.doubt(groups, whole):
                self.result.problems.append(
                    f"{_listed(whole[0])} could be the sides {name} of one recording ({len(whole)} such pairs), but {doubt};"
                    " all are taken as recordings of their own. Set source.pattern, such as '{id}_{side}.wav', to pair them."
                )
                continue
            for group in whole:
                if not any(self.is_multichannel(file) for file, _ in group):
                    self.settle_pair(group)

    def doubt(self, groups: list[list[Member]], whole: list[list[Member]]) -> str | None:
        """Why weak names are not believed, or None. Groups that hold only multi-channel files are left out of account."""
        if self.channels is None:
            return "the files were not opened to see whether they are mono"
        if all(all(self.is_multichannel(file) for file, _ in group) for group in whole):
            return None
        for group in groups:
            many = [self.is_multichannel(file) for file, _ in group]
            if all(many):
                continue
            if not _is_pair(group):
                return f"{_listed(group)} {'has no partner' if len(group) == 1 else 'are not two'}"
            if any(many):
                return f"of {_listed(group)} one holds several channels"
        if not any(all(self.channels(file) == 1 for file, _ in group) for group in whole):
            return "no pair of them can be opened"
        return None

    def is_multichannel(self, file: File) -> bool:
        """Whether the file is known to hold more than one channel."""
        return self.channels is not None and (self.channels(file) or 1) > 1

    def settle_pair(self, group: list[Member]) -> None:
        (first, one), (second, two) = sorted(group, key=lambda member: member[1].rank)
        self.result.pairs.append(Pair(one.rest.strip("/"), (first, second), (one.token, two.token)))
        self.close(group)

    def settle_single(self, group: list[Member]) -> None:
        self.result.singles.extend(file for file, _ in group)
        self.close(group)

    def close(self, group: Iterable[Member]) -> None:
        for file, _ in group:
            del self.open[file.path]


def _is_pair(group: list[Member]) -> bool:
    return len(group) == 2 and complete(group[0][1], group[1][1])


def _orphan(file: File, claim: Claim, seen: Counter[str]) -> Orphan:
    partners = claim.vocabulary.partners(claim.token)
    usual = [token for token, _ in seen.most_common() if token.casefold() in {partner.casefold() for partner in partners}]
    return Orphan(file, claim.token, tuple(f"{claim.head}{partner}{claim.tail}" for partner in usual[:1] or partners))


def _listed(group: list[Member], most: int = 3) -> str:
    names = [repr(file.path) for file, _ in group[:most]]
    return ", ".join(names) + (f" and {len(group) - most} more" if len(group) > most else "")
