"""SpokenWOZ: 5,700 telephone dialogues of a user (channel 0) and an agent (channel 1), 8 kHz, CC BY-NC 4.0.

As distributed (spokenwoz.github.io; the layout is that of Lhotse's recipe `spokenwoz` and SpeechBrain's recipe `SpokenWOZ`):

    audio_5700_train_dev/MUL0001.wav …         two channels
    text_5700_train_dev/data.json              {"MUL0001": {"goal": …, "log": [turn, …]}, …}
    text_5700_train_dev/valListFile.json       the ids of the development set, one a line (no JSON, despite the name)
    text_5700_train_dev/{ontology.json, README.md, db/*.json}
    audio_5700_test/…, text_5700_test/{data.json, testListFile.json}

A dialogue's transcript has the address `text_5700_train_dev/data.json::MUL0001` (`stages.transcribe.formats.woz` says how a turn looks).

As the sample in J-Moshi's tutorial has it (github.com/shogo0731/jmoshi-ft, data/spokenwoz_sample): `audio/MUL1423.wav` and
`text/MUL1423.json`, or both in one folder, with `[{"speaker": "A", "word": "hi", "start": 2.15, "end": 2.835}, …]`; A is the user.
"""

from __future__ import annotations

import json
import posixpath
import re

from schemas.errors import Reject
from stages.decode.fetch import open_uri
from stages.decode.json_members import JsonObject
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import SECOND, Gather, is_audio, outermost, stem

ROLES = ("user", "system")
PARTS = {"train_dev": "train", "test": "test"}
"""Parts as distributed, and the split of a dialogue that no list says more of."""

_PART = re.compile(r"(?:^|(?<=/))(audio|text)_5700_(train_dev|test)/")
_ID = re.compile(r"(?:MUL|SNG)\d{4}")
_LOOKS = 3
_LISTS = {"valListFile.json": "dev", "testListFile.json": "test", "trainListFile.json": "train"}


def _recognise(tree: Tree) -> tuple[str, ...]:
    parts = {path[: max(match.start() - 1, 0)] for path in tree.files if (match := _PART.search(path))}
    return outermost(parts | _samples(tree, ""))


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree, corpus="SpokenWOZ", licence="CC-BY-NC-4.0", language="en")
    gather.documents(root)
    listed: set[str] | None = None
    for part in PARTS:
        listed = _part(gather, root, part, listed)
    for folder in sorted(_samples(tree, root) or ({root} if listed is None else set())):
        _sample(gather, folder)
    gather.found.listed = None if listed is None else len(listed)
    return gather.finish()


READER = CorpusReader(name="spokenwoz", recognise=_recognise, read=_read)


def _part(gather: Gather, root: str, part: str, listed: set[str] | None) -> set[str] | None:
    """Read one part; the ids that it and the parts before it name, None where none has a table or list."""
    tree = gather.tree
    audio: list[str] = []
    tables: list[str] = []
    splits: dict[str, str] = {}
    for path in tree.below(root):
        match = _PART.search(path)
        if match is None or match[2] != part or posixpath.basename(path).startswith("."):
            continue
        if match[1] == "audio" and is_audio(tree, path):
            audio.append(path)
        elif match[1] == "text" and posixpath.basename(path) == "data.json":
            tables.append(path)
        elif match[1] == "text" and (split := _LISTS.get(posixpath.basename(path))):
            splits.update(dict.fromkeys(_listed(gather, path), split))
        else:
            gather.claim("table" if match[1] == "text" and path.endswith(".json") else "document" if match[1] == "text" else "other", path)
    if not audio and not tables and not splits:
        return listed
    dialogues = _dialogues(gather, tables)
    named = dialogues.keys() | splits.keys()
    here = {stem(path) for path in audio}
    for path in audio:
        id = stem(path)
        extra = {"split": splits.get(id, PARTS[part]), "listed": False if named and id not in named else None}
        gather.add(id, (path,), roles=ROLES, transcript=dialogues.get(id), extra=extra)
    for id in sorted(named - here):
        transcript = dialogues.get(id)
        gather.no_audio(id, transcript or f"The list of text_5700_{part}", (transcript,) if transcript else ())
    where = f"text_5700_{part}/data.json"
    gather.tell_of(f"{{}} recordings of SpokenWOZ have no transcript in {where}", here - dialogues.keys())
    if not tables:
        gather.tell(f"{where} is not here, so no recording of that part has a transcript.")
    return (listed or set()) | named if tables or splits else listed


def _listed(gather: Gather, path: str) -> set[str]:
    gather.claim("list", path)
    try:
        return set(_ID.findall(gather.tree.text(path)))
    except CorpusError as error:
        gather.tell(f"{error}.")
        return set()


def _dialogues(gather: Gather, tables: list[str]) -> dict[str, str]:
    """The address of each dialogue's transcript; none in a table that is not whole, for no address in one can be read."""
    found: dict[str, str] = {}
    for path in tables:
        gather.claim("transcript", path)
        try:
            with open_uri(path, gather.tree.folder) as file:
                ids = list(JsonObject(file).places)
        except (Reject, OSError, ValueError, RecursionError) as error:
            gather.tell(f"{path}: cannot be read, so no recording has a transcript in it ({error}).")
            continue
        if not ids:
            gather.tell(f"{path} names no dialogue.")
        gather.tell_of(f"{path} holds {{}} dialogues that another table has too", {id for id in ids if id in found})
        for id in ids:
            found.setdefault(id, f"{path}::{id}")
    return found


def _samples(tree: Tree, root: str) -> set[str]:
    """Folders of J-Moshi's layout: transcripts are there by name, and one of the smallest is such a list of words."""
    folders: dict[str, list[str]] = {}
    for path in tree.below(root):
        if path.endswith(".json") and _ID.fullmatch(stem(path)) and not _PART.search(path):
            folders.setdefault(_home(path), []).append(path)
    smallest = {folder: sorted(paths, key=lambda path: tree.files[path].size)[:_LOOKS] for folder, paths in folders.items()}
    return {folder for folder, paths in smallest.items() if any(_is_words(tree, path) for path in paths)}


def _home(path: str) -> str:
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if posixpath.basename(folder) in ("audio", "text") else folder


def _is_words(tree: Tree, path: str) -> bool:
    try:
        entries = json.loads(tree.text(path))
    except (CorpusError, ValueError, RecursionError):
        return False
    wanted = {"speaker", "word", "start", "end"}
    return isinstance(entries, list) and bool(entries) and all(isinstance(entry, dict) and wanted <= entry.keys() for entry in entries)


def _sample(gather: Gather, folder: str) -> None:
    tree = gather.tree
    gather.documents(folder)
    here = [path for path in tree.below(folder) if _home(path) == folder and _ID.fullmatch(stem(path)) and not _PART.search(path)]
    audio = [path for path in here if is_audio(tree, path)]
    words: dict[str, str] = {}
    for path in here:
        if path.endswith(".json"):
            gather.claim("transcript", path)
            if words.setdefault(stem(path), path) != path:
                gather.note(SECOND, path)
    for path in audio:
        gather.add(stem(path), (path,), roles=ROLES, transcript=words.get(stem(path)))
    ids = {stem(path) for path in audio}
    for id in sorted(words.keys() - ids):
        gather.no_audio(id, "", (words[id],))
    gather.tell_of("{} recordings of SpokenWOZ have no transcript", ids - words.keys())
