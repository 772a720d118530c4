"""WebDataset: tar files (shards) whose members share a key for each sample.

Layout (github.com/webdataset/webdataset, "The WebDataset Format", and `webdataset/tariterators.py: base_plus_ext`): `shard-000000.tar` …,
with the members of a sample beside each other: `<key>.wav` (or .flac, .mp3, .ogg, .opus), `<key>.json`, `<key>.txt`, …; the key is the name
up to the first dot of its last part. `<shard>.index` and `.idx` beside a shard hold offsets for other tools. The shards of `duologue export
--to webdataset` have `<key>.flac`, `<key>.codes.npy` and `<key>.json` with the row's id, source, speakers and words.

A recording is an audio member (`shard.tar::key.wav`), or two by the names of sides that folders know too (`key.agent.wav` and
`key.caller.wav`; `key_A.wav` and `key_B.wav` when all mono). Its transcript is `key.json`, or the list in it that holds timed text
(`shard.tar::key.json::words.json`), or a member in another format (TextGrid, STM, …). Other fields of `key.json`, and plain text, go to
`extra`. Of audio only headers of the tar are read, and the first bytes of members whose names may be sides.
"""

from __future__ import annotations

import io
import json
import posixpath
from collections import Counter
from typing import Any

from schemas.errors import Reject, UsageError
from stages.decode.fetch import resolve
from stages.decode.inside import SEPARATOR, kind_of, use
from stages.decode.peek import peek
from stages.decode.tar import Tar
from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.fields import SPOKEN, about, is_spoken, source
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.listing import Draft
from stages.sources.pairs import pair_by_name
from stages.sources.parquet import split_of
from stages.sources.sides import VOCABULARIES, Names, custom, roles_of
from stages.sources.walk import File, is_text, shown, suffix_of
from stages.transcribe.formats.read import FORMATS, read_transcript
from stages.transcribe.formats.said import TranscriptError

EXPORT = "export.json"
"""What `duologue export` says of itself."""
_LOOKS = 3
_HEAD = 1 << 12
MAX_ABOUT = 1 << 24
"""Bytes of a `key.json` that is read to list a sample."""
_MAX_TEXT = 1 << 16
_SIDECARS = (".index", ".idx")


def _recognise(tree: Tree) -> tuple[str, ...]:
    looked: Counter[str] = Counter()
    found = set()
    for path in tree.files:
        folder = posixpath.dirname(path)
        if is_shard(path) and folder not in found and looked[folder] < _LOOKS:
            looked[folder] += 1
            if _has_audio(tree, path):
                found.add(folder)
    return outermost(found)


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree)
    gather.documents(root)
    gather.claim("document", *({posixpath.join(root, EXPORT)} & tree.files.keys()))
    for path in [each for each in tree.below(root) if is_shard(each)]:
        try:
            with use(resolve(path, tree.folder)) as tar:
                if any(is_audio(tree, name) for name in tar.members):
                    gather.claim("audio", path)
                    _Shard(gather, path, tar).read()
        except (Reject, OSError, UsageError) as error:
            gather.claim("audio", path)
            why = error.detail if isinstance(error, Reject) else str(error)
            gather.refuse("unreadable", why.replace(resolve(path, tree.folder), path), path, (path,))
    shards = [path for path, what in gather.found.claimed.items() if what == "audio"]
    beside = {f"{name}{ending}" for path in shards for name in (path, _bare(path)) for ending in _SIDECARS}
    gather.claim("list", *sorted(beside & tree.files.keys()))
    return gather.found


READER = CorpusReader(name="webdataset", recognise=_recognise, read=_read)


def is_shard(path: str) -> bool:
    """Whether a file is a tar file by its name, and not a hidden one."""
    return kind_of(path) == "tar" and not path.startswith(".") and "/." not in path


def _bare(path: str) -> str:
    return stem(path) if "/" not in path else f"{posixpath.dirname(path)}/{stem(path)}"


def _has_audio(tree: Tree, path: str) -> bool:
    try:
        with use(resolve(path, tree.folder)) as tar:
            return any(is_audio(tree, name) for name in tar.members)
    except (Reject, OSError, UsageError):
        # told when the folder is read, where another of its shards is one
        return False


class _Shard:
    def __init__(self, gather: Gather, path: str, tar: Tar) -> None:
        self.gather, self.tree, self.path, self.tar = gather, gather.tree, path, tar
        self.mark = self.tree.files[path].fingerprint
        self.beside: dict[str, list[str]] = {}

    def read(self) -> None:
        """Draft every recording of the shard, and tell of what is no sample."""
        names = self._members()
        audio = [name for name in names if is_audio(self.tree, name)]
        for name in names:
            if not is_audio(self.tree, name):
                self.beside.setdefault(key_of(name), []).append(name)
        files = [File(name, self.mark, self.tar.members[name].size) for name in audio]
        sides = self.tree.settings.sides
        paired = pair_by_name(files, Names((custom(sides),) if sides else VOCABULARIES), self._channels)
        for pair in paired.pairs:
            rest = pair.rest.rstrip("/._- ") or key_of(pair.files[0].path)
            self._add(rest, tuple(file.path for file in pair.files), roles_of(pair.tokens))
        for orphan in paired.orphans:
            path = f"{self.path}{SEPARATOR}{orphan.file.path}"
            self.gather.side_missing(key_of(orphan.file.path), path, " or ".join(orphan.wanted))
            self.gather.found.claimed.pop(path, None)
        for file in paired.singles:
            self._add(file.path[: len(file.path) - len(suffix_of(file.path))], (file.path,), ())
        keys = {key_of(name) for name in audio}
        stray = [key for key in self.beside if key not in keys and not any(other.startswith(key) for other in keys)]
        self.gather.tell_of("{} samples have no audio", [f"{self.path}{SEPARATOR}{key}" for key in stray])

    def _members(self) -> list[str]:
        """Names of the members that are taken; the others are told of or rejected."""
        if self.tar.damage is not None:
            self.gather.tell(f"{self.path}: the tar file {self.tar.damage}.")
        for name, what in self.tar.odd:
            if is_audio(self.tree, name):
                self._refuse("not_audio", name, f"is {what} and not a file")
        for member in self.tar.again:
            if is_audio(self.tree, member.name):
                self._refuse("duplicate_id", member.name, "stands in it a second time")
        taken = []
        for name in self.tar.members:
            if is_text(name) and not name.startswith("/") and ".." not in name.split("/") and "://" not in name:
                taken.append(name)
            elif is_audio(self.tree, name):
                self._refuse("bad_name", name, "has a name that is no path below a folder")
        return taken

    def _refuse(self, reason: str, name: str, why: str) -> None:
        self.gather.refuse(
            reason, f"the member {shown(name)!r} of {self.path} {why}", shown(name), (f"{self.path}{SEPARATOR}{shown(name)}",)
        )

    def _channels(self, file: File) -> int | None:
        header = peek(io.BytesIO(self.tar.head(file.path, _HEAD)))
        return None if header is None else header.channels

    def _add(self, rest: str, names: tuple[str, ...], roles: tuple[str, ...]) -> None:
        beside = {name for key in {key_of(name) for name in names} | {key_of(f"{rest}.x")} for name in self.beside.get(key, ())}
        fields, transcript = self._about(sorted(beside))
        given = fields.pop("id", None)
        id = given if isinstance(given, str) and given.strip() else rest.removeprefix("./")
        split = split_of(self.path)
        made = source(
            self.tree,
            id,
            tuple(f"{self.path}{SEPARATOR}{name}" for name in names),
            [(self.mark, self.tar.members[name].size) for name in names],
            about({"split": split, **fields} if split else fields),
            transcript=transcript,
            roles=roles,
        )
        long = None if id is given else f"{_bare(self.path)}/{names[0].removeprefix('./')}"
        self.gather.found.drafts.append(Draft(made, long, f"{names[0]} of {self.path}", {"path": self.path, "member": names[0]}))

    def _about(self, names: list[str]) -> tuple[dict[str, Any], str | None]:
        """What a sample's other members say, and the address of its transcript."""
        fields: dict[str, Any] = {}
        found: list[tuple[int, str]] = []
        for name in names:
            place = f"{self.path}{SEPARATOR}{name}"
            ending = suffix_of(name).lower().removeprefix(".")
            if ending == "json":
                value = self._json(name)
                if isinstance(value, dict):
                    fields |= {each: item for each, item in value.items() if not isinstance(item, list) or each == "speakers"}
                    holder = next((each for each in SPOKEN if is_spoken(value.get(each))), None)
                    found += [(0, f"{place}{SEPARATOR}{holder}.json")] if holder else []
                elif is_spoken(value):
                    found.append((0, place))
            elif ending in FORMATS and ending not in ("txt", "text"):
                found.append((1, place))
            elif ending in ("txt", "text", "cls", "lang", "language", "spk", "speaker") and self.tar.members[name].size <= _MAX_TEXT:
                text = self._bytes(name).decode("utf-8", "replace").strip()
                if ending in ("txt", "text") and _is_transcript(text, place):
                    found.append((2, place))
                else:
                    fields.setdefault("text" if ending == "txt" else ending, text)
        return fields, min(found)[1] if found else None

    def _json(self, name: str) -> Any:
        if self.tar.members[name].size > MAX_ABOUT:
            self.gather.tell(f"{name} of {self.path} has more than {MAX_ABOUT} bytes and was not read.")
            return None
        try:
            return json.loads(self._bytes(name))
        except (ValueError, RecursionError) as error:
            self.gather.tell(f"{name} of {self.path} is no JSON ({error}).")
            return None

    def _bytes(self, name: str) -> bytes:
        try:
            return b"".join(self.tar.read(name))
        except EOFError:
            # the shard's damage was told
            return b""


def key_of(name: str) -> str:
    """The key of a member: its name up to the first dot of its last part."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def _is_transcript(text: str, place: str) -> bool:
    try:
        return bool(read_transcript(text.encode(), place, ()).said)
    except TranscriptError:
        return False
