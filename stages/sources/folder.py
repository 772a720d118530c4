"""The recordings below a folder: stereo files, pairs of one file per side, and mono files, mixed as they come."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass

from schemas.errors import Reject, RejectRecord
from schemas.source import Source
from stages.decode.fetch import resolve
from stages.sources.listing import Draft, Listing, Prober, make_listing, record
from stages.sources.pairs import Orphan, Pair, pair_by_name
from stages.sources.pattern import pair_by_pattern
from stages.sources.settings import SourceSettings
from stages.sources.sides import VOCABULARIES, Names, custom, roles_of
from stages.sources.walk import File, Walk, suffix_of, walk


def list_folder(folder: str, settings: SourceSettings, prober: Prober | None, probe_all: bool) -> Listing:
    """List a folder (absolute local path, or URL without a slash at its end). Raises `UsageError` when it cannot be read."""
    found = walk(folder, settings.suffixes)
    read = read_files(found, folder, settings, prober)
    problems = [*found.problems, *read.problems]
    if not found.files and not found.unnameable:
        problems.append(
            f"No audio file was found below {folder}; endings taken as audio are {' '.join(settings.suffixes)} (source.suffixes)."
        )
    return make_listing(read.drafts, read.rejects, found.ignored, problems, prober, probe_all)


@dataclass(slots=True)
class Plain:
    """What audio files are by their names alone."""

    drafts: list[Draft]
    """Sorted by id."""
    rejects: list[RejectRecord]
    problems: list[str]


def read_files(found: Walk, folder: str, settings: SourceSettings, prober: Prober | None) -> Plain:
    """The recordings among the audio files of a walk through `folder`."""
    reader = _Folder(folder, settings, prober)
    reader.rejects.extend(_unnameable(path) for path in found.unnameable)
    if settings.pattern is None:
        reader.read_names(found.files)
    else:
        reader.read_pattern(found, settings.pattern)
    reader.drafts.sort(key=lambda draft: (draft.source.id, draft.source.uris))
    return Plain(reader.drafts, reader.rejects, reader.problems)


class _Folder:
    def __init__(self, folder: str, settings: SourceSettings, prober: Prober | None) -> None:
        self.folder = folder
        self.settings = settings
        self.prober = prober
        self.drafts: list[Draft] = []
        self.rejects: list[RejectRecord] = []
        self.problems: list[str] = []

    def read_names(self, files: list[File]) -> None:
        names = Names((custom(self.settings.sides),) if self.settings.sides else VOCABULARIES)
        prober = self.prober
        channels = None if prober is None else lambda file: prober.channels(resolve(file.path, self.folder))
        paired = pair_by_name(files, names, channels)
        for pair in paired.pairs:
            self.add_pair(pair)
        for orphan in paired.orphans:
            self.add_orphan(orphan)
        for file in paired.singles:
            self.add_single(file.path[: len(file.path) - len(suffix_of(file.path))], file)
        self.problems.extend(paired.problems)

    def read_pattern(self, found: Walk, pattern: str) -> None:
        matched = pair_by_pattern(found.files, pattern, self.settings.sides)
        for pair in matched.pairs:
            self.add_pair(pair)
        for orphan in matched.orphans:
            self.add_orphan(orphan)
        for id, file in matched.singles:
            self.add_single(id, file)
        for id, file, first in matched.repeats:
            detail = f"{file.path} has the id and side that {first.path} already has; change source.pattern or remove one of the two"
            self.rejects.append(record(Reject("duplicate_id", detail, path=file.path, first_path=first.path), _nfc(id), (file.path,)))
        if matched.outside:
            found.ignored["(outside source.pattern)"] += matched.outside
            self.problems.append(f"{matched.outside} audio files do not match source.pattern {pattern!r} and were ignored.")

    def add_pair(self, pair: Pair) -> None:
        id = _nfc(pair.rest) or _nfc(os.path.basename(self.folder)) or "recording"
        self.add(id, pair.files, roles_of(pair.tokens))

    def add_single(self, id: str, file: File) -> None:
        self.add(_nfc(id), (file,), ())

    def add(self, id: str, files: tuple[File, ...], roles: tuple[str, ...]) -> None:
        source = Source(
            id=id,
            uris=tuple(file.path for file in files),
            base=self.folder,
            fingerprints=tuple(file.fingerprint for file in files),
            bytes=sum(file.size for file in files),
            corpus=self.settings.corpus,
            licence=self.settings.licence,
            consent=self.settings.consent,
            language=self.settings.language,
            roles=roles,
        )
        self.drafts.append(Draft(source, _nfc(files[0].path), source.uris[0], {"paths": list(source.uris)}))

    def add_orphan(self, orphan: Orphan) -> None:
        path = orphan.file.path
        missing = " or ".join(orphan.wanted) or "its other side"
        detail = f"{path} is the side {orphan.token!r} of a recording, and {missing} is not there"
        reject = Reject("side_missing", detail, path=path, side=orphan.token, wanted=list(orphan.wanted))
        self.rejects.append(record(reject, _nfc(path), (path,)))


def _unnameable(path: str) -> RejectRecord:
    detail = f"{path} has a name that no row could hold; rename the file"
    return record(Reject("bad_name", detail, path=path), path, (path,))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
