"""What the readers of the LDC's telephone corpora do alike: one two-channel file a call, a transcript of the same name, and tables."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.sources.corpus import LDC_LICENCE, CorpusError, Tree
from stages.sources.gather import Gather, outermost

SEXES = {"m": "male", "f": "female", "male": "male", "female": "female"}
SIDES = "AB"
"""The LDC calls channel 0 A and channel 1 B, in all of these corpora."""


@dataclass(slots=True)
class Calls:
    """Files and table lines of one corpus by the id of the call."""

    audio: dict[str, list[str]] = field(default_factory=dict)
    """Two-channel files."""
    halves: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Side (A or B) and path of files that were cut in two when they were converted."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Transcripts: files, or templates with `{side}`; the first is read."""
    seconds: dict[str, list[str]] = field(default_factory=dict)
    """Files that hold another form of a transcript, or a part of one, and are not read."""
    named: dict[str, str] = field(default_factory=dict)
    """The table or list that names a call."""

    def take(self, gather: Gather, id: str, side: str | None, path: str) -> None:
        """An audio file of a call; `side` is set where the file is one side of it."""
        gather.claim("audio", path)
        if side:
            self.halves.setdefault(id, []).append((side.upper(), path))
        else:
            self.audio.setdefault(id, []).append(path)

    def ids(self) -> list[str]:
        """Every call that a file or a table knows, sorted."""
        return sorted({*self.audio, *self.halves, *self.texts, *self.seconds, *self.named})


@dataclass(frozen=True, slots=True)
class About:
    """What tables say of a call."""

    speakers: tuple[str, ...] = ()
    """The corpus's own names of the speakers, or none where one of the two is not known."""
    extra: dict[str, Any] = field(default_factory=dict)


def ldc_gather(tree: Tree, corpus: str, language: str | None) -> Gather:
    """A corpus of the LDC in the making."""
    return Gather(tree, corpus=corpus, licence=LDC_LICENCE, language=language)


def home(path: str, own: re.Pattern[str]) -> str:
    """The folder above the corpus's own folders (`own` matches a folder's name), so that speech and transcripts side by side are one."""
    parts = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    while parts and own.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def places(own: re.Pattern[str], audio: Mapping[str, str], texts: Mapping[str, str], tables: Iterable[str]) -> tuple[str, ...]:
    """The folders in which a corpus lies; `audio` and `texts` have the call of each path.

    Sound, transcripts and tables may lie in folders of a person's own naming: the folder around all of them is the corpus's. Where most
    calls are there more than once, each time with transcripts, those are copies of the corpus and stay apart.
    """
    homes = {path: home(path, own) for path in (*audio, *texts, *tables)}
    outer = outermost(homes.values())
    if len(outer) < 2:
        return outer
    sounds: dict[str, set[str]] = {}
    written: dict[str, set[str]] = {}
    for held, calls in ((sounds, audio), (written, texts)):
        for path, id in calls.items():
            held.setdefault(_around(homes[path], outer), set()).add(id)
    often = Counter(id for root, ids in sounds.items() if ids & written.get(root, set()) for id in ids)
    copied = sum(count for count in often.values() if count > 1)
    return outer if 2 * copied > often.total() else (posixpath.commonpath(outer),)


def _around(folder: str, outer: Sequence[str]) -> str:
    there = set(outer)
    while folder not in there:
        folder = posixpath.dirname(folder)
    return folder


def hidden(path: str) -> bool:
    """Whether a file or a folder that it is in is hidden: `._fe_03_00001.txt` is what a Mac leaves beside a file."""
    return path.startswith(".") or "/." in path


def read_text(gather: Gather, path: str, what: str = "table") -> str:
    """The text of a table or list; empty, and a problem told, where it cannot be read."""
    gather.claim(what, path)
    try:
        return gather.tree.text(path).replace("\0", "")
    except CorpusError as error:
        gather.tell(f"{error}.")
        return ""


def read_table(gather: Gather, path: str, delimiter: str = ",") -> list[list[str]]:
    """Lines of a table as fields without spaces and quotes around them; none, and a problem told, where it cannot be read."""
    rows = csv.reader(io.StringIO(read_text(gather, path)), delimiter=delimiter, skipinitialspace=True)
    found: list[list[str]] = []
    try:
        found.extend([cell.strip().strip('"').strip() for cell in row] for row in rows if any(cell.strip() for cell in row))
    except csv.Error as error:
        gather.tell(f"{path}: cannot be read as a table behind line {len(found)} ({error}).")
    return found


def settle(gather: Gather, calls: Calls, about: Callable[[str], About]) -> None:
    """Every call once, and every one of its files.

    A call is a recording where its audio is; a `side_missing` reject where one of its two sides is; a `no_audio` reject where only a
    table or a transcript knows it. Its audio in a second copy is a `duplicate_id` reject. Where tables name calls, one that they do not
    name is a recording whose `extra` says `"listed": false`.
    """
    for id in calls.ids():
        texts = calls.texts.get(id, [])
        others = [path for text in texts[1:] for path in both_files(text)] + calls.seconds.get(id, [])
        whole, lonely = _copies(calls, id)
        if not whole:
            files = [path for text in texts for path in both_files(text)] + calls.seconds.get(id, [])
            _without(gather, id, lonely, files, calls.named.get(id, ""))
            continue
        said = about(id)
        extra = dict(said.extra) | ({"listed": False} if calls.named and id not in calls.named else {})
        if others:
            extra["other_transcripts"] = others
        gather.add(id, whole[0], speakers=said.speakers, transcript=texts[0] if texts else None, extra=extra)
        for again in [*whole[1:], *((path,) for _, path in lonely)]:
            gather.repeated(id, again, whole[0])
        if not texts:
            gather.note("{} calls have no transcript that can be read", id)
    if calls.named:
        gather.found.listed = (gather.found.listed or 0) + len(calls.named)


def both_files(transcript: str) -> tuple[str, ...]:
    """The files that a transcript's name stands for: one a side where it is a template."""
    return tuple(transcript.replace("{side}", side) for side in SIDES) if "{side}" in transcript else (transcript,)


def _copies(calls: Calls, id: str) -> tuple[list[tuple[str, ...]], list[tuple[str, str]]]:
    """Each whole copy of a call's audio, and the sides (with their paths) that no other belongs to."""
    halves = calls.halves.get(id, [])
    sides = {side: [path for each, path in halves if each == side] for side in SIDES}
    pairs = list(zip(sides["A"], sides["B"], strict=False))
    lonely = [(side, path) for side in SIDES for path in sides[side][len(pairs) :]]
    return [*((path,) for path in calls.audio.get(id, [])), *pairs], lonely


def _without(gather: Gather, id: str, lonely: Sequence[tuple[str, str]], files: Sequence[str], named_by: str) -> None:
    """A call of which there is no whole recording."""
    if not lonely:
        gather.no_audio(id, named_by, files)
        return
    (side, path), *more = lonely
    gather.side_missing(id, path, f"side {SIDES[1 - SIDES.index(side)]}", files)
    for _, again in more:
        gather.repeated(id, (again,), (path,))


def known(**fields: Any) -> dict[str, Any]:
    """The fields that say something; one with a value a side says nothing where both are absent."""
    empty: tuple[Any, ...] = (None, "", [], [None, None])
    return {name: value for name, value in fields.items() if value not in empty}


def both(names: Iterable[str | None]) -> tuple[str, ...]:
    """Two names, or none where one of them is not known."""
    found = tuple(name for name in names if name)
    return found if len(found) == 2 else ()


def sex(text: str | None) -> str | None:
    """A table's sex of a speaker in words; None where it says none."""
    return SEXES.get((text or "").strip().lower().partition(".")[0])


def number(text: str | None) -> int | float | None:
    """A table's number; None where it holds none, such as `NA`."""
    try:
        value = float((text or "").strip())
    except ValueError:
        return None
    return None if abs(value) > 1e9 or value != value else int(value) if value.is_integer() else value


def day(text: str | None, century: str = "") -> str | None:
    """A date of eight digits (six behind a `century`) as ISO 8601 writes it; None where there is none."""
    match = re.match(r"(\d{4})(\d{2})(\d{2})(?!\d)", f"{century}{(text or '').strip()}")
    return f"{match[1]}-{match[2]}-{match[3]}" if match and "01" <= match[2] <= "12" and "01" <= match[3] <= "31" else None
