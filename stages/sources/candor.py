"""CANDOR: 1,656 video calls of two strangers (Reece et al. 2023, doi:10.1126/sciadv.adf3197), CC BY-NC 4.0.

One folder a conversation, called by its UUID, as BetterUp hands it out (its data dictionary; ConvoKit's page on the corpus). The parts of
the delivery (`no_media…`, `processed_media…`, `raw_media…`) hold some of these files each and are read as one:

    <uuid>/metadata.json                       {"id", "speakers": [{"user_id", "channel": "L" | "R", …}, …], …}
    <uuid>/survey.csv                          a row for each of the two, by `user_id`, with `sex`
    <uuid>/audio_video_features.csv
    <uuid>/processed/<uuid>.mp3, <uuid>.mp4    both: one on the left, one on the right
    <uuid>/processed/<user id>.mp4             each by themselves
    <uuid>/processed/channel_map.json          {"L": user id, "R": user id}
    <uuid>/processed/thumbnail.png, <uuid>/raw/*
    <uuid>/transcription/transcript_audiophile.csv, transcript_backbiter.csv, transcript_cliffhanger.csv, transcribe_output.json

The three CSV files are one recogniser's words cut into turns in three ways (`stages.transcribe.formats.csv_file` reads each). Audiophile's
turns are the shortest, so it is taken for the transcript, and then Backbiter's; `other_transcripts` of the extra fields names the rest.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
from typing import Any

from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import SECOND, Gather, is_audio, outermost, stem
from stages.sources.walk import suffix_of

TURNS = tuple(f"transcription/transcript_{name}.csv" for name in ("audiophile", "backbiter", "cliffhanger"))
"""Transcripts, the one that is taken first."""

_UUID = re.compile(r"(?:^|(?<=/))([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/")
_PART = re.compile(r"(?:no|processed|raw)_media\w*")
_MARKS = (*TURNS, "transcription/transcribe_output.json", "processed/channel_map.json", "audio_video_features.csv")
_MAP = "processed/channel_map.json"
_PICTURE = (".mp4", ".mov", ".mkv", ".webm")
_CLAIMS = {
    **dict.fromkeys((*TURNS, "transcription/transcribe_output.json"), "transcript"),
    **dict.fromkeys(("metadata.json", "survey.csv", "audio_video_features.csv", _MAP), "table"),
}


def _recognise(tree: Tree) -> tuple[str, ...]:
    return outermost(_root(tree, path, match) for path in tree.files if (match := _UUID.search(path)) and path[match.end() :] in _MARKS)


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree, corpus="CANDOR", licence="CC-BY-NC-4.0", language="en")
    gather.documents(root)
    calls: dict[str, dict[str, str]] = {}
    for path in tree.below(root):
        if (match := _UUID.search(path)) and not posixpath.basename(path).startswith("."):
            _sort(gather, match[1], path[match.end() :], path, calls)
    for id, files in sorted(calls.items()):
        _call(gather, id, files)
    return gather.finish()


READER = CorpusReader(name="candor", recognise=_recognise, read=_read)


def _root(tree: Tree, path: str, match: re.Match[str]) -> str:
    folder = path[: max(match.start() - 1, 0)]
    return posixpath.dirname(folder) if _PART.fullmatch(posixpath.basename(folder)) else folder


def _sort(gather: Gather, id: str, name: str, path: str, calls: dict[str, dict[str, str]]) -> None:
    """Put a file among those of its conversation, by its name in the conversation's folder."""
    what = _CLAIMS.get(name) or ("audio" if _is_sound(gather.tree, path, id) else "other")
    gather.claim(what, path)
    first = calls.setdefault(id, {}).setdefault(name, path)
    if first != path and what == "audio":
        gather.repeated(id, (path,), (first,))
    elif first != path and what == "transcript":
        gather.note(SECOND, path)


def _is_sound(tree: Tree, path: str, id: str) -> bool:
    return is_audio(tree, path) and (suffix_of(path).lower() not in _PICTURE or stem(path) == id)


def _call(gather: Gather, id: str, files: dict[str, str]) -> None:
    sides = _sides(gather, files)
    both = _both(gather, id, files)
    texts = [files[name] for name in (*TURNS, "transcription/transcribe_output.json") if name in files]
    taken = next((files[name] for name in TURNS if name in files), None)
    own = {stem(path): path for name, path in files.items() if _is_own(name, id)}
    users = sides or tuple(sorted(own))
    single = [own[user] for user in users if user in own]
    if both or len(single) == len(users) == 2:
        paths = (both,) if both else (single[0], single[1])
        speakers = sides if both else users
        extra = {"sex": _sex(gather, files, speakers), "other_transcripts": [path for path in texts if path != taken] or None}
        gather.add(id, paths, speakers=speakers, transcript=taken, extra=extra)
        if taken is None:
            gather.note("{} conversations of CANDOR have no transcript in turns", id)
    elif len(single) == 1:
        others = [user for user in users if user not in own]
        gather.side_missing(id, single[0], f"the file of {others[0]}, or one of both" if others else "that of the other person", texts)
    elif texts or own:
        gather.no_audio(id, "", [*texts, *sorted(own.values())])
    else:
        gather.no_audio(id, "The folder of the conversation")


def _is_own(name: str, id: str) -> bool:
    """Whether a file shows one of the two by themselves."""
    return posixpath.dirname(name) == "processed" and suffix_of(name).lower() in _PICTURE and stem(name) != id


def _both(gather: Gather, id: str, files: dict[str, str]) -> str | None:
    """The sound of both; a second encoding of it is no recording of its own."""
    paths = [path for name, path in files.items() if posixpath.dirname(name) == "processed" and gather.found.claimed[path] == "audio"]
    paths = sorted(path for path in paths if stem(path) == id)
    paths.sort(key=lambda path: suffix_of(path).lower() in _PICTURE)
    for path in paths[1:]:
        gather.found.claimed[path] = "other"
    return paths[0] if paths else None


def _sides(gather: Gather, files: dict[str, str]) -> tuple[str, ...]:
    """The ids of the two on the left and on the right; none where the corpus does not say."""
    found: dict[Any, Any] = {}
    if _MAP in files and isinstance(data := gather.read_json(files[_MAP]), dict):
        found = data
    elif "metadata.json" in files and isinstance(data := gather.read_json(files["metadata.json"]), dict):
        people = data.get("speakers")
        rows = [person for person in people if isinstance(person, dict)] if isinstance(people, list) else []
        found = {row.get("channel"): row.get("user_id") for row in rows}
    left, right = found.get("L"), found.get("R")
    if isinstance(left, str) and isinstance(right, str) and left and right and left != right:
        return left, right
    gather.note("{} conversations of CANDOR do not say who is left and who is right", files[min(files)])
    return ()


def _sex(gather: Gather, files: dict[str, str], sides: tuple[str, ...]) -> list[str | None] | None:
    """What each said in the survey, left first."""
    if "survey.csv" not in files or not sides:
        return None
    try:
        rows = list(csv.DictReader(io.StringIO(gather.tree.text(files["survey.csv"]))))
    except (CorpusError, csv.Error) as error:
        gather.tell(f"{files['survey.csv']}: cannot be read ({error}).")
        return None
    said = {row.get("user_id"): (row.get("sex") or "").strip().lower() or None for row in rows}
    return [said.get(user) for user in sides] if any(said.get(user) for user in sides) else None
