"""A folder for moshi-finetune: two-channel files, the model's voice on the left, with a manifest and the left channel's words.

The layout is that of the README of github.com/kyutai-labs/moshi-finetune ("Prepare dataset"):

    mycooldataset.jsonl           {"path": "data_stereo/a.wav", "duration": 24.52} a line; further keys are passed over
    data_stereo/a.wav             two channels: left is Moshi, right is the user
    data_stereo/a.json            {"alignments": [["hello", [0.42, 0.80], "SPEAKER_MAIN"], …]}, in seconds

Paths start at the manifest's folder (its loader) or at where a tool ran (its `annotate.py`), so a path that leads nowhere from the manifest
is looked for by as much of its end as names a file. The trainer cuts its windows by the manifest's durations: one that is not the file's
loses or invents sound, so it is told.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from schemas.errors import Reject
from stages.decode.fetch import open_uri
from stages.decode.stream import Header
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, outermost
from stages.sources.walk import suffix_of

ROLES = ("moshi", "user")
TOLERANCE = 0.08
"""Seconds, one frame of the codec, by which a duration may be off."""

_LOOK = 1 << 16
_LOOKS = 3


@dataclass(slots=True)
class _Manifest:
    path: str
    lines: list[tuple[str, float]] = field(default_factory=list)
    """Path as written and duration in seconds."""

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)


def _recognise(tree: Tree) -> tuple[str, ...]:
    return outermost(posixpath.dirname(path) for path in _manifests(tree, ""))


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree)
    listed: dict[str, tuple[_Manifest, float]] = {}
    gone: dict[str, _Manifest] = {}
    for path in _manifests(tree, root):
        manifest = _lines(gather, path)
        gather.documents(manifest.folder)
        for written, duration in manifest.lines:
            where = _find(tree, manifest.folder, written)
            if where is None:
                gone[posixpath.normpath(posixpath.join(manifest.folder, written.lstrip("/")))] = manifest
            elif where in listed:
                gather.note("{} files are listed twice", where)
            else:
                listed[where] = (manifest, duration)
    folders = {posixpath.dirname(path) for path in (*listed, *gone)}
    beside = {path for path in tree.below(root) if posixpath.dirname(path) in folders}
    for where, (manifest, duration) in sorted(listed.items()):
        _check(gather, where, duration)
        _add(gather, where, _split(manifest.path), None)
    for where in sorted(path for path in beside if is_audio(tree, path) and path not in listed):
        _add(gather, where, None, False)
        gather.note("{} recordings are in no manifest", where)
    _absent(gather, gone, beside)
    gather.found.listed = len(listed) + len(gone)
    return gather.finish()


READER = CorpusReader(name="moshi", recognise=_recognise, read=_read)


def _manifests(tree: Tree, root: str) -> list[str]:
    """Lists of recordings of which one has its words beside it; few files are opened, and little of each."""
    sounding = {path[: -len(suffix_of(path))] for path in tree.files if is_audio(tree, path)}
    worded = {posixpath.dirname(path) for path in tree.files if path.endswith(".json") and path[:-5] in sounding}
    if not worded:
        return []
    found = [path for path in tree.below(root) if path.endswith(".jsonl") and _over(posixpath.dirname(path), worded)]
    return [path for path in found if _is_manifest(tree, path)]


def _over(folder: str, folders: set[str]) -> bool:
    return folder in folders or any(each.startswith(f"{folder}/" if folder else "") for each in folders)


def _is_manifest(tree: Tree, path: str) -> bool:
    try:
        with open_uri(path, tree.folder) as file:
            head = file.read(_LOOK).decode("utf-8", "replace")
    except (Reject, OSError):
        return False
    rows = head.split("\n")
    whole = rows if len(head) < _LOOK else rows[:-1]
    lines = [line for row in whole if row.strip() and (line := _line(row))]
    if not lines or len(lines) * 2 < sum(1 for row in whole if row.strip()):
        return False
    beside = (words for written, _ in lines if (words := _words_named(tree, posixpath.dirname(path), written)))
    return any(_is_aligned(tree, words) for words in islice(beside, _LOOKS))


def _is_aligned(tree: Tree, path: str) -> bool:
    try:
        data = json.loads(tree.text(path))
    except (CorpusError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and isinstance(data.get("alignments"), list)


def _line(row: str) -> tuple[str, float] | None:
    try:
        data = json.loads(row)
    except (ValueError, RecursionError):
        return None
    path, duration = (data.get("path"), data.get("duration")) if isinstance(data, dict) else (None, None)
    named = isinstance(path, str) and path.strip() and isinstance(duration, (int, float)) and not isinstance(duration, bool)
    return (str(path), float(duration)) if named and isinstance(duration, (int, float)) else None


def _lines(gather: Gather, path: str) -> _Manifest:
    gather.claim("list", path)
    manifest = _Manifest(path)
    try:
        rows = gather.tree.text(path).split("\n")
    except CorpusError as error:
        gather.tell(f"{error}.")
        return manifest
    odd = 0
    for row in filter(str.strip, rows):
        line = _line(row)
        odd += line is None
        if line:
            manifest.lines.append(line)
    if odd:
        gather.tell(f"{path}: {odd} lines are no object with a path and a duration.")
    return manifest


def _find(tree: Tree, folder: str, written: str) -> str | None:
    """The file that a manifest means."""
    return next((path for path in _ends(folder, written) if path in tree.files and is_audio(tree, path)), None)


def _words_named(tree: Tree, folder: str, written: str) -> str | None:
    """The words that lie beside the file that a manifest means, whether or not that file is here."""
    return next((words for path in _ends(folder, written) if (words := _words(tree, path))), None)


def _ends(folder: str, written: str) -> Iterator[str]:
    parts = [part for part in written.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return (posixpath.join(folder, *parts[at:]) for at in range(len(parts)))


def _words(tree: Tree, path: str) -> str | None:
    words = f"{path[: -len(suffix_of(path))]}.json"
    return words if words in tree.files else None


def _split(manifest: str) -> str | None:
    name = posixpath.basename(manifest).lower().removesuffix(".jsonl")
    return {"train": "train", "eval": "dev", "valid": "dev", "validation": "dev", "val": "dev", "dev": "dev", "test": "test"}.get(name)


def _add(gather: Gather, path: str, split: str | None, listed: bool | None) -> None:
    words = _words(gather.tree, path)
    if words:
        gather.claim("transcript", words)
    else:
        gather.note("{} recordings have no words beside them", path)
    id = path[: -len(suffix_of(path))]
    gather.add(id, (path,), roles=ROLES, transcript=words, long=path, extra={"split": split, "listed": listed})


def _check(gather: Gather, path: str, duration: float) -> None:
    header = gather.tree.header(path)
    if not isinstance(header, Header) or header.frames is None or header.rate <= 0:
        return
    seconds = header.frames / header.rate
    if abs(seconds - duration) > TOLERANCE:
        name = f"{path} ({duration:g} s in the manifest, {seconds:g} s by its header)"
        gather.note("{} recordings have another length than their manifest says", name)


def _absent(gather: Gather, gone: dict[str, _Manifest], beside: set[str]) -> None:
    """Recordings that are listed or have words, and are not here."""
    words = {path for path in beside if path.endswith(".json") and path not in gather.found.claimed}
    for where, manifest in sorted(gone.items()):
        id = where[: len(where) - len(suffix_of(where))]
        mine = sorted({f"{id}.json"} & words)
        gather.claim("transcript", *mine)
        gather.no_audio(id, manifest.path, mine)
        words -= set(mine)
    for path in sorted(words):
        if _is_aligned(gather.tree, path):
            gather.claim("transcript", path)
            gather.no_audio(path.removesuffix(".json"), "", (path,))
