"""PriMock57: 57 mock consultations of a doctor and a patient, one 16 kHz file and one TextGrid for each, CC BY 4.0.

The repository github.com/babylonhealth/primock57 (its README, and those of its folders):

    audio/day1_consultation01_doctor.wav, audio/day1_consultation01_patient.wav          in Git LFS, so often absent
    transcripts/day1_consultation01_doctor.TextGrid, …_patient.TextGrid                  one tier, `Speaker`, of utterances
    notes/day1_consultation01.json                                                       the doctor's notes
    human_eval_data/*.csv, scripts/*

The TextGrids, with or without the audio beside them, may also lie in one folder.
"""

from __future__ import annotations

import posixpath
import re

from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.gather import SECOND, Gather, is_audio, outermost, stem
from stages.sources.walk import suffix_of

ROLES = ("doctor", "patient")

_SIDE = re.compile(r"(day\d+_consultation\d+)_(doctor|patient)")
_NOTE = re.compile(r"day\d+_consultation\d+\.json")
_PARTS = ("audio", "transcripts", "notes", "human_eval_data", "scripts")
_OTHERS = {".csv": "table", ".json": "document", ".md": "document"}


def _recognise(tree: Tree) -> tuple[str, ...]:
    found: dict[str, set[str]] = {}
    for path in tree.files:
        if kind := _kind(tree, path):
            found.setdefault(_home(path), set()).add(kind)
    # Two WAV files called so could be anybody's; a TextGrid or a note makes them the corpus's.
    return outermost(home for home, kinds in found.items() if "transcript" in kinds or {"audio", "note"} <= kinds)


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree, corpus="PriMock57", licence="CC-BY-4.0", language="en")
    gather.documents(root)
    audio: dict[str, dict[str, str]] = {}
    grids: dict[str, dict[str, str]] = {}
    for path in tree.below(root):
        kind = _kind(tree, path)
        if kind == "note":
            gather.claim("document", path)
        elif kind:
            _sort(gather, path, kind, audio if kind == "audio" else grids)
        elif posixpath.dirname(path) in {posixpath.join(root, part) for part in _PARTS}:
            gather.claim(_OTHERS.get(suffix_of(path).lower(), "other"), path)
    for id in sorted(audio.keys() | grids.keys()):
        _consultation(gather, id, audio.get(id, {}), grids.get(id, {}))
    return gather.finish()


READER = CorpusReader(name="primock57", recognise=_recognise, read=_read)


def _kind(tree: Tree, path: str) -> str | None:
    if _SIDE.fullmatch(stem(path)):
        return "transcript" if suffix_of(path).lower() == ".textgrid" else "audio" if is_audio(tree, path) else None
    return "note" if _NOTE.fullmatch(posixpath.basename(path)) and posixpath.basename(posixpath.dirname(path)) == "notes" else None


def _home(path: str) -> str:
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if posixpath.basename(folder) in _PARTS else folder


def _sort(gather: Gather, path: str, kind: str, into: dict[str, dict[str, str]]) -> None:
    match = _SIDE.fullmatch(stem(path))
    assert match is not None
    gather.claim(kind, path)
    first = into.setdefault(match[1], {}).setdefault(match[2], path)
    if first != path and kind == "audio":
        gather.repeated(f"{match[1]}_{match[2]}", (path,), (first,))
    elif first != path:
        gather.note(SECOND, path)


def _consultation(gather: Gather, id: str, audio: dict[str, str], grids: dict[str, str]) -> None:
    texts = tuple(grids[role] for role in ROLES if role in grids)
    if not audio:
        gather.no_audio(id, "", texts)
    elif len(audio) == 1:
        (role,) = audio
        gather.side_missing(id, audio[role], f"{id}_{ROLES[1 - ROLES.index(role)]}", texts)
    else:
        transcript = _template(id, texts)
        unused = None if transcript else list(texts)
        paths = (audio[ROLES[0]], audio[ROLES[1]])
        gather.add(id, paths, roles=ROLES, transcript=transcript, extra={"other_transcripts": unused or None})
        if transcript is None:
            gather.note("{} consultations of PriMock57 have no TextGrid for each side in one folder, so their transcripts are not read", id)


def _template(id: str, texts: tuple[str, ...]) -> str | None:
    """One path for the transcripts of both sides, where they are there and lie together."""
    if len(texts) != 2 or len({(posixpath.dirname(path), suffix_of(path)) for path in texts}) != 1:
        return None
    return posixpath.join(posixpath.dirname(texts[0]), f"{id}_{{role}}{suffix_of(texts[0])}")
