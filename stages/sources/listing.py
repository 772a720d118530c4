"""The recordings of a corpus as listed, and what became of everything else."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from schemas.errors import LawError, Reject, RejectRecord
from schemas.source import Source, same_id, slug
from stages.decode.fetch import resolve
from stages.decode.stream import Header
from stages.rights.licences import licence_problem

Probe = Callable[[str], Header]
"""Header of the file at a full path or URL; raises `Reject`."""

Kind = Literal["stereo", "pair", "mono", "other", "unknown"]

_MOST_PROBLEMS = 50
_EXAMPLES = 6


@dataclass(frozen=True, slots=True)
class Listing:
    """Every recording or manifest line found ends as exactly one source or one reject: `inputs == len(sources) + len(rejects)`.

    Files that are no audio are in `ignored`. `headers` runs parallel to `sources`: one entry per uri, None for a file not opened
    (the default for all).
    """

    sources: tuple[Source, ...]
    """Sorted by id."""
    rejects: tuple[RejectRecord, ...]
    ignored: tuple[tuple[str, int], ...]
    """Number of files ignored, by suffix or by a reason in parentheses; the most frequent first."""
    problems: tuple[str, ...]
    """Sentences on what a person may want to look at; nothing in them stops a run."""
    headers: tuple[tuple[Header | None, ...], ...] = ()

    def __post_init__(self) -> None:
        headers = self.headers or tuple((None,) * len(source.uris) for source in self.sources)
        if [len(each) for each in headers] != [len(source.uris) for source in self.sources]:
            raise LawError("Listing: headers must run parallel to the sources, one per uri")
        object.__setattr__(self, "headers", headers)

    @property
    def inputs(self) -> int:
        """Number of recordings and manifest lines found."""
        return len(self.sources) + len(self.rejects)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What each source is: `stereo`, `mono` and `other` (more channels) only where a file was opened to see, otherwise `unknown`."""
        return tuple(kind_of(source, headers) for source, headers in zip(self.sources, self.headers, strict=True))

    @property
    def counts(self) -> dict[Kind, int]:
        """Number of sources of each kind."""
        counted = Counter(self.kinds)
        names: tuple[Kind, ...] = ("stereo", "pair", "mono", "other", "unknown")
        return {name: counted[name] for name in names}


@dataclass(slots=True)
class Draft:
    """A source whose id may still have to change so that two recordings do not share it."""

    source: Source
    long: str | None
    """The id to fall back on; None for an id that the corpus gave itself."""
    place: str
    """What a person would call it: a path, or a line of a manifest."""
    facts: dict[str, Any]


class Prober:
    """Headers of files, each read at most once."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.known: dict[str, Header | Reject] = {}

    def look(self, uri: str) -> Header | Reject:
        """The header of the file at a full path or URL, or the verdict on it."""
        if uri not in self.known:
            try:
                self.known[uri] = self.probe(uri)
            except Reject as reject:
                self.known[uri] = reject
        return self.known[uri]

    def channels(self, uri: str) -> int | None:
        """Number of channels, None when the file cannot be opened."""
        header = self.look(uri)
        return None if isinstance(header, Reject) else header.channels


def kind_of(source: Source, headers: Sequence[Header | None]) -> Kind:
    """What a source is by its number of files and, for one file, of channels."""
    if len(source.uris) == 2:
        return "pair"
    if headers[0] is None:
        return "unknown"
    channels: dict[int, Kind] = {1: "mono", 2: "stereo"}
    return channels.get(headers[0].channels, "other")


def record(reject: Reject, id: str, uris: tuple[str, ...]) -> RejectRecord:
    """The record of an input rejected while listing; its key differs for inputs that differ in id, uris or facts."""
    digest = hashlib.blake2b(json.dumps([id, uris, dict(reject.facts)], sort_keys=True, default=str).encode(), digest_size=10).hexdigest()
    return RejectRecord.of(reject, id, f"{slug(id)}-{digest}", "scan", uris)


def make_listing(
    drafts: list[Draft],
    rejects: list[RejectRecord],
    ignored: Counter[str],
    problems: list[str],
    prober: Prober | None,
    probe_all: bool,
) -> Listing:
    """Settle ids among `drafts` (earlier ones win), open every file when `probe_all`, and put all in order."""
    rejects, problems = list(rejects), list(problems)
    kept = _settle_ids(drafts, rejects, problems)
    sources = []
    headers = []
    for source in sorted((draft.source for draft in kept), key=lambda source: source.id):
        looks = _looks(source, prober, probe_all)
        verdict = next(((uri, look) for uri, look in zip(source.uris, looks, strict=True) if isinstance(look, Reject)), None)
        if probe_all and verdict:
            uri, bad = verdict
            rejects.append(
                RejectRecord.of(Reject(bad.reason, bad.detail, **{**bad.facts, "uri": uri}), source.id, source.key, "scan", source.uris)
            )
            continue
        sources.append(source)
        headers.append(tuple(look if isinstance(look, Header) else None for look in looks))
    problems.extend(_licence_problems(sources))
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"{len(problems) - _MOST_PROBLEMS} more remarks of this kind were left out."]
    return Listing(
        tuple(sources),
        tuple(sorted(rejects, key=lambda each: (each.id, each.uris, each.key))),
        tuple(sorted(ignored.items(), key=lambda item: (-item[1], item[0]))),
        tuple(problems),
        tuple(headers),
    )


def _looks(source: Source, prober: Prober | None, probe_all: bool) -> list[Header | Reject | None]:
    """What is known of each file of a source; every file is opened when `probe_all`."""
    if prober is None:
        return [None] * len(source.uris)
    uris = [resolve(uri, source.base) for uri in source.uris]
    return [prober.look(uri) if probe_all else prober.known.get(uri) for uri in uris]


def _settle_ids(drafts: list[Draft], rejects: list[RejectRecord], problems: list[str]) -> list[Draft]:
    """Drafts with ids of their own; those that share one use their long ids, and what then still shares one is a reject."""
    changed: list[str] = []
    while longer := [draft for group in _sharing(drafts) for draft in _to_lengthen(group)]:
        for draft in longer:
            assert draft.long is not None
            draft.source = replace(draft.source, id=draft.long)
            changed.append(draft.long)
    if changed:
        more = f" and {len(changed) - _EXAMPLES} more" if len(changed) > _EXAMPLES else ""
        shown = ", ".join(map(repr, sorted(changed)[:_EXAMPLES]))
        problems.append(f"Without its suffix, each of these would share its id with another recording, so the id keeps it: {shown}{more}.")
    first: dict[str, Draft] = {}
    for draft in drafts:
        earlier = first.setdefault(same_id(draft.source.id), draft)
        if earlier is not draft:
            detail = f"{draft.place} has the same id as {earlier.place} (Unicode form and letter case do not count)"
            facts = {**draft.facts, **{f"first_{name}": value for name, value in earlier.facts.items()}, "first_id": earlier.source.id}
            rejects.append(record(Reject("duplicate_id", detail, **facts), draft.source.id, draft.source.uris))
    return [draft for draft in drafts if first[same_id(draft.source.id)] is draft]


def _sharing(drafts: list[Draft]) -> list[list[Draft]]:
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(same_id(draft.source.id), []).append(draft)
    return [group for group in groups.values() if len(group) > 1]


def _to_lengthen(group: list[Draft]) -> list[Draft]:
    if len({same_id(draft.long or draft.source.id) for draft in group}) == 1:
        return []
    return [draft for draft in group if draft.long is not None and draft.long != draft.source.id]


def _licence_problems(sources: list[Source]) -> list[str]:
    used = Counter(source.licence for source in sources if source.licence is not None)
    found = ((licence, count, licence_problem(licence)) for licence, count in used.items())
    return [f"{count} recordings have a licence that {problem}" for _, count, problem in found if problem]
