"""A mixed delivery: the corpora in it by their own layouts, the rest by its file names, and what every single file is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from schemas.errors import RejectRecord, UsageError
from schemas.source import same_id
from stages.sources.checksums import is_checksum_list, placed, read_checksums
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.folder import read_files
from stages.sources.layouts import LAYOUTS, layout
from stages.sources.listing import Draft, Listing, Prober, make_listing
from stages.sources.settings import SourceSettings
from stages.sources.walk import File, Walk, suffix_of, walk

What = Literal["audio", "transcript", "table", "list", "document", "hidden", "other"]

DOCUMENTS = (".md", ".pdf", ".html", ".htm", ".rst", ".docx", ".doc", ".css", ".js", ".png", ".jpg", ".svg")
DOCUMENT_NAMES = ("readme", "license", "licence", "copying", "notice", "changelog", "changes", "citation", "authors")
LABELS = (".textgrid", ".ctm", ".stm", ".vtt", ".srt", ".cha", ".rttm", ".uem", ".eaf")
"""Endings that are transcripts or labels whatever they lie beside."""
HEADERLESS = (".raw", ".pcm", ".ulaw", ".alaw")
TRANSCRIPTS = (".json", ".jsonl", ".textgrid", ".ctm", ".stm", ".vtt", ".srt", ".txt", ".cha", ".csv")


@dataclass(frozen=True, slots=True)
class Account:
    """One file of a delivery."""

    path: str
    """Below the source folder, odd bytes escaped."""
    what: What
    bytes: int
    corpus: str | None
    """The layout that it belongs to; absent for what no corpus reader knew."""
    why: str = ""
    """What a person should know of it."""


@dataclass(slots=True)
class Delivery:
    """A source folder as an audit sees it."""

    listing: Listing
    files: list[Account]
    """Every file below the folder once, sorted by path; empty for a manifest."""
    corpora: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The layouts found, each with the folders in which it lies."""
    listed: dict[str, int] = field(default_factory=dict)
    """Recordings that a corpus's own list names, by layout."""
    layouts: dict[str, str] = field(default_factory=dict)
    """The layout that each source came from, by id; none for plain files."""
    folder: str = ""
    """Absolute local path or URL; empty for a manifest."""
    checksums: dict[str, str] = field(default_factory=dict)
    """`algorithm:hex` by path below the folder, from the delivery's own lists."""


def list_delivery(folder: str, settings: SourceSettings, prober: Prober | None, probe_all: bool = False) -> Delivery:
    """List a folder (absolute local path, or URL without a slash at its end) by every layout that is found in it, or by the one that
    `settings.layout` names. Raises `UsageError` when the folder cannot be read, or when the named layout is not there."""
    found = walk(folder, settings.suffixes)
    every = {file.path: file for file in sorted([*found.files, *found.others], key=lambda file: file.path)}
    left = dict(every)
    delivery = Delivery(Listing((), (), (), ()), [], folder=folder)
    problems = list(found.problems)
    drafts: list[Draft] = []
    rejects: list[RejectRecord] = []
    claimed: dict[str, tuple[What, str]] = {}
    for reader in _readers(settings):
        for root, corpus in _read(reader, Tree(folder, left, settings, prober)):
            taken = {path: what for path, what in corpus.claimed.items() if path in left}
            drafts += corpus.drafts
            rejects += corpus.rejects
            problems += corpus.problems
            claimed.update({path: (what, reader.name) for path, what in taken.items()})  # type: ignore[misc]
            left = {path: file for path, file in left.items() if path not in taken}
            delivery.corpora[reader.name] = (*delivery.corpora.get(reader.name, ()), root)
            for draft in corpus.drafts:
                delivery.layouts.update({id: reader.name for id in (draft.source.id, draft.long) if id})
            if corpus.listed is not None:
                delivery.listed[reader.name] = delivery.listed.get(reader.name, 0) + corpus.listed
    if settings.layout not in (None, "auto", "folder") and not delivery.corpora:
        raise UsageError(
            f"{folder}: source.layout: nothing here lies as {settings.layout} does; leave the layout out, or see {_module(settings)}"
        )
    rest = _without(found, left)
    plain = read_files(rest, folder, settings, prober)
    problems += plain.problems
    beside = _transcripts(plain.drafts, left)
    delivery.checksums, told = _checksums(Tree(folder, every, settings, prober))
    problems += told
    delivery.listing = make_listing([*drafts, *plain.drafts], [*rejects, *plain.rejects], found.ignored, problems, prober, probe_all)
    delivery.files = _accounts(found, claimed, beside)
    return delivery


def _readers(settings: SourceSettings) -> list[CorpusReader]:
    if settings.layout in (None, "folder"):
        return []
    return [layout(name) for name in (LAYOUTS if settings.layout == "auto" else (str(settings.layout),))]


def _module(settings: SourceSettings) -> str:
    return LAYOUTS[str(settings.layout)].replace(".", "/") + ".py"


def _read(reader: CorpusReader, tree: Tree) -> Iterable[tuple[str, Corpus]]:
    """What a reader finds, folder by folder; no two of its folders lie one in the other."""
    roots = sorted(reader.recognise(tree))
    outer = [root for root in roots if not any(root != other and (not other or root.startswith(f"{other}/")) for other in roots)]
    for root in outer:
        corpus = reader.read(tree, root)
        if len(outer) > 1:
            # The same corpus twice in one delivery: equal ids are told apart by where they lie, and both are measured.
            for draft in corpus.drafts:
                draft.long = draft.long or f"{root}/{draft.source.id}".lstrip("/")
        yield root, corpus


def _without(found: Walk, left: Mapping[str, File]) -> Walk:
    """A walk without the files that are no longer left."""
    return replace(found, files=[file for file in found.files if file.path in left])


def _transcripts(drafts: list[Draft], left: Mapping[str, File]) -> set[str]:
    """Give plain recordings the transcript that lies beside them under their own name; returns the paths of those."""
    known: dict[str, list[str]] = {}
    for path in left:
        if suffix_of(path).lower() in TRANSCRIPTS:
            known.setdefault(same_id(path[: -len(suffix_of(path))]), []).append(path)
    taken: set[str] = set()
    for draft in drafts:
        source = draft.source
        names = {source.id} | {uri[: len(uri) - len(suffix_of(uri))] for uri in source.uris[:1] if len(source.uris) == 1}
        paths = sorted({path for name in names for path in known.get(same_id(name), ())}, key=_preference)
        if source.transcript is None and paths:
            draft.source = replace(source, transcript=paths[0])
            taken.add(paths[0])
    return taken


def _preference(path: str) -> int:
    return TRANSCRIPTS.index(suffix_of(path).lower())


def _checksums(tree: Tree) -> tuple[dict[str, str], list[str]]:
    """Checksums by path, and what the lists name that is not there."""
    known: dict[str, str] = {}
    problems: list[str] = []
    for path in tree.files:
        if not is_checksum_list(path):
            continue
        try:
            said, odd = read_checksums(tree.text(path), path)
        except CorpusError as error:
            problems.append(str(error))
            continue
        if not said:
            continue
        here, absent = placed(said, path, tree.files)
        known.update(here)
        if absent:
            problems.append(f"{path} names {len(absent)} files that are not here, such as {absent[0]}.")
        if odd:
            problems.append(f"{path}: {len(odd)} lines are no checksum, such as {odd[0]!r}.")
    return known, problems


def _accounts(found: Walk, claimed: Mapping[str, tuple[What, str]], beside: set[str]) -> list[Account]:
    accounts = [_account(file, True, claimed, beside) for file in found.files]
    accounts += [_account(file, False, claimed, beside) for file in found.others]
    accounts += [Account(path, "audio", 0, None, "its name cannot be written as text") for path in found.unnameable]
    accounts += [Account(path, "hidden" if why == "(hidden)" else "other", 0, None, why.strip("()")) for path, why in found.odd]
    return sorted(accounts, key=lambda account: account.path)


def _account(file: File, audio: bool, claimed: Mapping[str, tuple[What, str]], beside: set[str]) -> Account:
    if file.path in claimed:
        what, corpus = claimed[file.path]
        return Account(file.path, what, file.size, corpus)
    if audio:
        return Account(file.path, "audio", file.size, None)
    if file.path in beside:
        return Account(file.path, "transcript", file.size, None)
    what = _what(file.path)
    return Account(file.path, what, file.size, None, _why(what, file.path))


def _why(what: What, path: str) -> str:
    if what != "other":
        return ""
    return "headerless audio: give it a header to have it read" if suffix_of(path).lower() in HEADERLESS else "no reader knows it"


def _what(path: str) -> What:
    name = posixpath.basename(path).lower()
    if path.startswith(".") or "/." in path:
        return "hidden"
    if is_checksum_list(path):
        return "list"
    if suffix_of(path).lower() in DOCUMENTS or name.split(".")[0] in DOCUMENT_NAMES:
        return "document"
    return "transcript" if suffix_of(path).lower() in LABELS else "other"
