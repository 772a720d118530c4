"""Lhotse manifests: recordings with supervisions, or cuts.

Layout (lhotse.readthedocs.io, "Representing a corpus" and "Cuts"; `lhotse/serialization.py`): JSON lines, gzipped or not, called
`recordings.jsonl.gz`, `<corpus>_recordings_<split>.jsonl.gz`, `…supervisions….jsonl.gz`, `cuts.jsonl.gz`, `cuts_<split>.jsonl.gz`, ….

    recording     {"id", "sources": [{"type": "file", "channels": [0, 1], "source": "audio/x.wav"}], "sampling_rate", "num_samples",
                   "duration", "channel_ids"}: one file, or one for each channel
    supervision   {"id", "recording_id", "start", "duration", "channel", "text", "language", "speaker", "gender", "custom", "alignment"}
    cut           {"id", "start", "duration", "channel", "recording", "supervisions", "custom", "type": "MonoCut" or "MultiCut"}

A source of this program is a recording, whatever cuts there are of it: their supervisions come together (`stages.decode.json_members`).
Lhotse takes relative paths from where it is started; here files are looked for as `stages.sources.finder` says. Of Lhotse Shar,
`cuts.000000.jsonl.gz` beside `recording.000000.tar`, every cut is a source, and its audio the tar's member of its id. Recordings that are
commands are never run; `transforms` are not applied, and told.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import Reject, UsageError
from stages.decode.fetch import resolve
from stages.decode.inside import SEPARATOR, use
from stages.decode.json_members import is_shar, recordings_of
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.fields import SPLITS, About, source
from stages.sources.finder import Finder
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.listing import Draft
from stages.sources.measure import measure
from stages.sources.parquet import split_of
from stages.sources.places import is_url, refusal
from stages.sources.rows import read_rows
from stages.sources.webdataset import EXPORT

_NAME = re.compile(r"(?:^|[/_.-])(recordings|supervisions|cuts)(?:[_.-][^/]*)?\.jsonl(?:\.gz)?$", re.I)
_SHARD = re.compile(r"^(.*?)cuts\.(\d+)\.jsonl(?:\.gz)?$")
_SEXES = {"f": "female", "m": "male", "female": "female", "male": "male"}


@dataclass(slots=True)
class _Known:
    """What the manifests say of one recording."""

    fields: dict[str, Any]
    manifest: str
    supervised: str | None = None
    """The manifest that holds its supervisions."""
    speakers: dict[int, set[str]] = field(default_factory=dict)
    sexes: dict[int, set[str]] = field(default_factory=dict)
    languages: set[str] = field(default_factory=set)
    channels: set[int] = field(default_factory=set)
    """Those that cuts use."""
    custom: dict[str, Any] = field(default_factory=dict)
    cut: str = ""
    """Id of its first cut."""


def _recognise(tree: Tree) -> tuple[str, ...]:
    return outermost(posixpath.dirname(path) for path in tree.files if _is_manifest(tree, path) and not path.startswith("."))


def _is_manifest(tree: Tree, path: str) -> bool:
    match = _NAME.search(path)
    if match is None or match[1].lower() == "supervisions":
        return False
    try:
        first = next(_lines(tree, path), None)
    except CorpusError:
        return False
    return isinstance(first, dict) and _recording(first) is not None


def _read(tree: Tree, root: str) -> Corpus:
    return _Reader(tree, root).read()


READER = CorpusReader(name="lhotse", recognise=_recognise, read=_read)


class _Reader:
    def __init__(self, tree: Tree, root: str) -> None:
        self.tree, self.root, self.gather, self.finder = tree, root, Gather(tree), Finder(tree)
        self.known: dict[str, list[_Known]] = {}
        self.orphans: set[str] = set()
        self.transformed: set[str] = set()

    def read(self) -> Corpus:
        """All recordings that the manifests below the root name."""
        self.gather.documents(self.root)
        self.gather.claim("document", *({posixpath.join(self.root, EXPORT)} & self.tree.files.keys()))
        found = {kind: self._manifests(kind) for kind in ("recordings", "cuts", "supervisions")}
        for kind, paths in found.items():
            for path in paths:
                self._manifest(path, kind)
        self.gather.tell_of("{} recordings have supervisions and are in no manifest of recordings", self.orphans)
        for id in sorted(self.known):
            for known in self.known[id]:
                self._draft(id, known)
        self.gather.tell_of("{} recordings have transforms, which are not applied", self.transformed)
        self.gather.found.listed = len(self.known)
        return self.gather.found

    def _manifests(self, kind: str) -> list[str]:
        return [path for path in self.tree.below(self.root) if (match := _NAME.search(path)) and match[1].lower() == kind]

    def _manifest(self, path: str, kind: str) -> None:
        self.gather.claim("transcript" if kind == "supervisions" else "table", path)
        odd = 0
        try:
            for line in _lines(self.tree, path):
                if isinstance(line, str):
                    self.gather.tell(f"{path}, {line}.")
                elif kind == "supervisions":
                    self._supervision(line, path)
                else:
                    odd += not self._recording(line, path)
        except CorpusError as error:
            self.gather.tell(f"{error}.")
        if odd:
            self.gather.tell(f"{path}: {odd} lines are no recording and no cut of one recording, and were not read.")

    def _recording(self, line: dict[str, Any], path: str) -> bool:
        fields = _recording(line)
        if fields is None:
            return False
        shar = is_shar(fields)
        there = self.known.setdefault(str(line.get("id") if shar else fields["id"]), [])
        same = next((each for each in there if each.fields["sources"] == fields["sources"] and not shar), None)
        known = same or _Known(fields, path)
        if same is None:
            there.append(known)
        if fields is not line:
            self._cut(known, line, path)
        return True

    def _cut(self, known: _Known, line: dict[str, Any], path: str) -> None:
        known.cut = known.cut or str(line.get("id", ""))
        channel = line.get("channel", 0)
        known.channels |= {each for each in (channel if isinstance(channel, list) else [channel]) if isinstance(each, int)}
        if isinstance(custom := line.get("custom"), dict):
            known.custom |= {name: value for name, value in custom.items() if isinstance(value, (str, int, float, bool, type(None)))}
        for each in line.get("supervisions") or []:
            if isinstance(each, dict):
                self._about(known, each, path)

    def _supervision(self, line: dict[str, Any], path: str) -> None:
        for id in recordings_of(line):
            if id not in self.known:
                self.orphans.add(id)
            for known in self.known.get(id, ()):
                self._about(known, line, path)

    def _about(self, known: _Known, said: dict[str, Any], path: str) -> None:
        known.supervised = known.supervised or path
        channel = said.get("channel", 0)
        side = channel[0] if isinstance(channel, list) and len(channel) == 1 else channel
        if isinstance(said.get("language"), str):
            known.languages.add(said["language"])
        if not isinstance(side, int):
            return
        if isinstance(said.get("speaker"), str):
            known.speakers.setdefault(side, set()).add(said["speaker"])
        if isinstance(said.get("gender"), str):
            known.sexes.setdefault(side, set()).add(_SEXES.get(said["gender"].lower(), said["gender"]))

    def _draft(self, id: str, known: _Known) -> None:
        channels = _channels(known)
        try:
            uris = self._uris(known, channels)
            files = [self._measured(uri) for uri in uris]
        except Reject as reject:
            paths = (*([str(reject.facts["path"])] if "path" in reject.facts else []), known.manifest)
            self.gather.refuse(reject.reason, f"{known.manifest}: recording {id!r} {reject.detail}", id, paths)
            return
        if known.fields.get("transforms"):
            self.transformed.add(id)
        extra: dict[str, Any] = {**known.custom}
        if split := split_of(known.manifest) or _split(known.manifest):
            extra.setdefault("split", split)
        sexes = [_only(known.sexes.get(each)) for each in channels]
        if any(sexes) and len(sexes) == 2:
            extra["sex"] = sexes
        texts = {name: extra.pop(name) for name in ("corpus", "licence", "consent") if isinstance(extra.get(name), str)}
        speakers = [_only(known.speakers.get(each)) or "" for each in channels]
        named = tuple(speakers) if len(speakers) == 2 and all(speakers) and speakers[0] != speakers[1] else ()
        said = About({**texts, "language": _only(known.languages)}, named, (), extra)
        transcript = f"{known.supervised}{SEPARATOR}{id}.json" if known.supervised else None
        made = source(self.tree, id, uris, files, said, transcript=transcript)
        place = f"{id} of {known.manifest}"
        self.gather.found.drafts.append(Draft(made, None, place, {"manifest": known.manifest}))

    def _uris(self, known: _Known, channels: list[int]) -> tuple[str, ...]:
        """The files that hold the channels, in channel order. Raises `Reject`."""
        sources = [each for each in known.fields["sources"] if set(_ints(each.get("channels"))) & set(channels)]
        sources.sort(key=lambda each: min(_ints(each.get("channels"))))
        if not sources:
            raise Reject("no_audio", "has no source for its channels")
        if len(channels) > 2 or len(sources) > 2:
            raise Reject("too_many_channels", f"has {len(channels)} channels in {len(sources)} files; accepted are two")
        if len(sources) == 1:
            return (self._uri(known, sources[0]),)
        found, absent = [], []
        for each in sources:
            try:
                found.append(self._uri(known, each))
            except Reject as reject:
                absent.append(reject)
        if not absent:
            return tuple(found)
        if found and absent[0].reason == "no_audio":
            raise Reject("side_missing", f"{absent[0].detail}; the other side is {found[0]}", path=found[0])
        raise absent[0]

    def _uri(self, known: _Known, each: dict[str, Any]) -> str:
        kind, written = each.get("type"), each.get("source")
        if kind == "shar":
            return self._in_shar(known)
        if kind not in ("file", "url") or not isinstance(written, str):
            raise Reject("bad_manifest_line", f"has a source of type {kind!r}; read are files and URLs, and commands are never run")
        if why := refusal(written):
            raise Reject("bad_manifest_line", f"has a source, {written!r}, that {why}")
        if is_url(written):
            return written
        if path := self.finder.find(known.manifest, written):
            self.gather.claim("audio", path)
            return path
        if posixpath.isabs(written) and not is_url(self.tree.folder) and os.path.isfile(written):
            return written
        raise Reject("no_audio", f"has its audio at {written}, which is not here")

    def _in_shar(self, known: _Known) -> str:
        match = _SHARD.match(posixpath.basename(known.manifest))
        tar = posixpath.join(posixpath.dirname(known.manifest), f"{match[1]}recording.{match[2]}.tar") if match else ""
        if tar not in self.tree.files:
            raise Reject("no_audio", "lies in a tar file of Lhotse Shar, which is not beside its cuts")
        self.gather.claim("audio", tar)
        try:
            with use(resolve(tar, self.tree.folder)) as held:
                names = [name for name in held.members if is_audio(self.tree, name) and stem(name) == known.cut]
        except (OSError, UsageError) as error:
            raise Reject("unreadable", f"lies in {tar}, which cannot be read: {error}") from error
        if not names:
            raise Reject("no_audio", f"has no audio called {known.cut!r} in {tar}")
        return f"{tar}{SEPARATOR}{names[0]}"

    def _measured(self, uri: str) -> tuple[str, int]:
        if uri in self.tree.files:
            return self.tree.files[uri].fingerprint, self.tree.files[uri].size
        where = resolve(uri, self.tree.folder)
        return measure([where], self.gather.found.problems)[where]


def _lines(tree: Tree, path: str) -> Iterator[dict[str, Any] | str]:
    """The objects of a manifest, and a sentence for each line that is none. Raises `CorpusError` where it cannot be read on."""
    try:
        for number, fields in read_rows(resolve(path, tree.folder), "jsonl", []):
            yield f"line {number}: {fields}" if isinstance(fields, str) else fields
    except UsageError as error:
        raise CorpusError(str(error).replace(resolve(path, tree.folder), path)) from error


def _recording(line: dict[str, Any]) -> dict[str, Any] | None:
    """The recording that a line is or holds."""
    held = line.get("recording") if "recording" in line else line
    if not isinstance(held, dict) or not isinstance(held.get("id"), str) or not isinstance(held.get("sampling_rate"), int):
        return None
    sources = held.get("sources")
    known = isinstance(sources, list) and all(isinstance(each, dict) and _ints(each.get("channels")) for each in sources)
    return held if known and sources else None


def _channels(known: _Known) -> list[int]:
    """Channels of the recording that are meant: those of its cuts where they leave some out, or else all."""
    every = sorted({channel for each in known.fields["sources"] for channel in _ints(each.get("channels"))})
    files = len(known.fields["sources"])
    chosen = sorted(known.channels & set(every))
    return chosen if chosen and files > 1 and len(every) > 2 else every


def _ints(value: Any) -> list[int]:
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []


def _only(values: set[str] | None) -> str | None:
    return next(iter(values)) if values and len(values) == 1 else None


def _split(path: str) -> str | None:
    parts = re.split(r"[_./-]", path.lower())
    return next((SPLITS[part] for part in reversed(parts) if part in SPLITS), None)
