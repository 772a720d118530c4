"""Seamless Interaction (Meta, 2025): face-to-face talk of two people, one denoised 48 kHz file for each, CC BY-NC 4.0.

Names and folders are those of github.com/facebookresearch/seamless-interaction (README, `fs.py`, `constants.py`). Each file is called
`V<vendor>_S<session>_I<interaction>_P<participant>`, such as V00_S0809_I00000582_P0947; a participant may end in a letter (P0299A). The two
files of an interaction share all but the participant. As its tools download it, and as the archives of its data set unpack:

    interactions.csv, participants.csv, relationships.csv, LICENSE
    improvised|naturalistic/train|dev|test/0000/0005/<id>.wav, .mp4 (picture), .npz (movement), .json

where the JSON holds `metadata:transcript` ([{"words": [{"word", "start", "end", "score"}], "start", "end", "transcript"}], absent for some)
and `metadata:vad`. As its bucket has it: `<label>/<split>/audio/<id>.wav`, `video/<id>.mp4`, `metadata/transcript/<id>.jsonl` (or
`transcript/<id>.jsonl`), `metadata/vad/<id>.jsonl`, and annotations and movement in folders of their own.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.gather import SECOND, Gather, is_audio, outermost, stem
from stages.sources.walk import suffix_of

_ID = re.compile(r"(V\d{2,}_S\d{4,}_I\d{8,})_(P\d{4,}[A-Z]?)")
_SPLIT = re.compile(r"(?:^|(?<=/))(improvised|naturalistic)/(train|dev|test)/")
_TABLES = ("interactions.csv", "participants.csv", "relationships.csv")
_PICTURE = (".mp4", ".mov", ".mkv", ".webm")
_NO_TRANSCRIPT = ("vad", "1P-IS", "1P-R", "3P-IS", "3P-R", "3P-V")
"""Folders whose JSON is something else than words."""


@dataclass(slots=True)
class _Person:
    audio: list[str] = field(default_factory=list)
    video: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def _recognise(tree: Tree) -> tuple[str, ...]:
    return outermost(_root(path) for path in tree.files if _ID.fullmatch(stem(path)) and _kind(tree, path) in ("audio", "transcript"))


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree, corpus="Seamless Interaction", licence="CC-BY-NC-4.0", language="en")
    gather.documents(root)
    interactions: dict[str, dict[str, _Person]] = {}
    for path in tree.below(root):
        if match := _ID.fullmatch(stem(path)):
            kind = _kind(tree, path)
            gather.claim("other" if kind == "video" else kind, path)
            person = interactions.setdefault(match[1], {}).setdefault(match[2], _Person())
            {"audio": person.audio, "video": person.video, "transcript": person.words}.get(kind, []).append(path)
        elif posixpath.dirname(path) == root and posixpath.basename(path) in _TABLES:
            gather.claim("table", path)
    for id, people in sorted(interactions.items()):
        _interaction(gather, id, dict(sorted(people.items())))
    return gather.finish()


READER = CorpusReader(name="seamless", recognise=_recognise, read=_read)


def _root(path: str) -> str:
    match = _SPLIT.search(path)
    return path[: max(match.start() - 1, 0)] if match else posixpath.dirname(path)


def _kind(tree: Tree, path: str) -> str:
    ending = suffix_of(path).lower()
    if ending in _PICTURE:
        return "video"
    if is_audio(tree, path):
        return "audio"
    words = ending in (".json", ".jsonl") and posixpath.basename(posixpath.dirname(path)) not in _NO_TRANSCRIPT
    return "transcript" if words else "other"


def _interaction(gather: Gather, id: str, people: dict[str, _Person]) -> None:
    for name, person in people.items():
        for path in person.audio[1:]:
            gather.repeated(f"{id}_{name}", (path,), (person.audio[0],))
        for path in person.words[1:]:
            gather.note(SECOND, path)
    heard = [name for name, person in people.items() if person.audio]
    words = [person.words[0] for person in people.values() if person.words]
    videos = [path for person in people.values() for path in person.video]
    if not heard:
        if words or videos:
            gather.no_audio(id, "", [*words, *videos])
    elif len(heard) == 1:
        others = [name for name in people if name not in heard]
        wanted = f"the sound of {' or '.join(others)}" if others else "that of the other participant"
        gather.side_missing(id, people[heard[0]].audio[0], wanted, [*words, *videos])
    elif len(heard) > 2:
        paths = [people[name].audio[0] for name in heard]
        gather.refuse("too_many_channels", f"{id!r} has {len(heard)} participants ({', '.join(heard)}); wanted two", id, [*paths, *words])
    else:
        _pair(gather, id, (heard[0], heard[1]), people)


def _pair(gather: Gather, id: str, names: tuple[str, str], people: dict[str, _Person]) -> None:
    paths = (people[names[0]].audio[0], people[names[1]].audio[0])
    texts = [person.words[0] for person in people.values() if person.words]
    transcript = _template(id, [people[name].words[:1] for name in names])
    match = _SPLIT.search(paths[0])
    extra = {
        "kind": match[1] if match else None,
        "split": match[2] if match else None,
        "vendor": id.partition("_")[0],
        "session": id.split("_")[1],
        "other_transcripts": (None if transcript else texts) or None,
    }
    gather.add(id, paths, speakers=names, transcript=transcript, extra=extra)
    if transcript is None:
        gather.note("{} interactions have no transcript of each participant in one folder, so none of theirs is read", id)


def _template(id: str, texts: list[list[str]]) -> str | None:
    """One path for the transcripts of both participants, where they are there and lie together."""
    if not all(texts) or len({(posixpath.dirname(path), suffix_of(path)) for (path,) in texts}) != 1:
        return None
    (path,) = texts[0]
    return posixpath.join(posixpath.dirname(path), f"{id}_{{speaker}}{suffix_of(path)}")
