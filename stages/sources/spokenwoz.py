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
from collections import Counter
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import SECOND, Gather, is_audio, outermost, stem

ROLES = ("user", "system")
PARTS = {"train_dev": "train", "test": "test"}
"""Parts as distributed, and the split of a dialogue that no list says more of."""

_PART = re.compile(r"(?:^|(?<=/))(audio|text)_5700_(train_dev|test)/")
_ID = re.compile(r"(?:MUL|SNG)\d{4}")
_LOOKS = 3
_SPACE = re.compile(r"\s*")
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
    """The address of each dialogue's transcript."""
    found: dict[str, str] = {}
    for path in tables:
        gather.claim("transcript", path)
        ids: list[str] = []
        try:
            ids.extend(id for id, _ in members(gather.tree.text(path), path))
        except CorpusError as error:
            gather.tell(f"{error}.")
        if not ids:
            gather.tell(f"{path} names no dialogue.")
        again = {id for id, count in Counter(ids).items() if count > 1 or id in found}
        gather.tell_of(f"{path} holds {{}} dialogues twice, or that another table has", again)
        for id in ids:
            found.setdefault(id, f"{path}::{id}")
    return found


def members(text: str, path: str) -> Iterator[tuple[str, Any]]:
    """The members of a JSON object one after the other, so that only one is held; raises `CorpusError` where it breaks off."""
    decode = json.JSONDecoder().raw_decode
    at = _after(text, 0)
    last = "its start"
    try:
        if text[at] != "{":
            raise CorpusError(f"{path}: is no JSON object; wanted dialogues by their ids")
        at = _after(text, at + 1)
        while text[at] != "}":
            if text[at] != '"':
                raise ValueError(f"wanted an id in quotes at character {at}")
            key, at = scanstring(text, at + 1)
            at = _after(text, at)
            if text[at] != ":":
                raise ValueError(f"wanted a colon at character {at}")
            value, at = decode(text, _after(text, at + 1))
            yield key, value
            last = repr(key)
            at = _after(text, at)
            at = _after(text, at + 1) if text[at] == "," else at
    except IndexError as error:
        raise CorpusError(f"{path}: breaks off after {last}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"{path}: cannot be read after {last} ({error})") from error


def _after(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


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
