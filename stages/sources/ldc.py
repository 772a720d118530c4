"""What the readers of the LDC's telephone corpora do alike: one two-channel file a call, a transcript of the same name, and tables."""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stages.sources.corpus import LDC_LICENCE, CorpusError, Tree
from stages.sources.gather import Gather, is_audio, stem
from stages.sources.walk import suffix_of

SEXES = {"m": "male", "f": "female", "male": "male", "female": "female"}


@dataclass(slots=True)
class Calls:
    """Files and table lines of one corpus by the id of the call."""

    audio: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What tables say of a call; their keys are the corpus's own list."""


def ldc_gather(tree: Tree, corpus: str, language: str | None) -> Gather:
    """A corpus of the LDC in the making."""
    return Gather(tree, corpus=corpus, licence=LDC_LICENCE, language=language)


def sort_files(gather: Gather, root: str, id_of: Callable[[str], str | None], text_endings: tuple[str, ...]) -> Calls:
    """The audio files and transcripts below a folder whose names are those of calls; `id_of` takes a name without its ending."""
    calls = Calls()
    for path in gather.tree.below(root):
        id = id_of(stem(path))
        if id is None:
            continue
        if is_audio(gather.tree, path):
            gather.claim("audio", path)
            calls.audio.setdefault(id, []).append(path)
        elif suffix_of(path).lower() in text_endings:
            gather.claim("transcript", path)
            calls.texts.setdefault(id, []).append(path)
    return calls


def read_table(gather: Gather, path: str, delimiter: str = ",") -> list[list[str]]:
    """Lines of a table as fields without spaces and quotes around them; none, and a problem told, where it cannot be read."""
    gather.claim("table", path)
    try:
        text = gather.tree.text(path)
    except CorpusError as error:
        gather.tell(f"{error}.")
        return []
    rows = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter, skipinitialspace=True)
    try:
        return [[cell.strip().strip('"').strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        gather.tell(f"{path}: cannot be read as a table ({error}).")
        return []


def named(gather: Gather, root: str, *names: str) -> list[str]:
    """Files below a folder of one of these names, whatever their case."""
    wanted = {name.lower() for name in names}
    return [path for path in gather.tree.below(root) if posixpath.basename(path).lower() in wanted]


def settle(gather: Gather, calls: Calls, about: Callable[[str], Mapping[str, Any]], unlisted: bool) -> None:
    """Every call once: a recording where its audio is, a `no_audio` reject where a table or transcript names it and it is not.

    `about` gives `speakers` (two or none) and `extra` of a call; with `unlisted` a call that no table names is told.
    """
    for id in sorted(calls.audio.keys() | calls.texts.keys() | calls.facts.keys()):
        files, texts = calls.audio.get(id, []), calls.texts.get(id, [])
        if not files:
            gather.no_audio(id, "" if texts else "a table of calls", texts)
            continue
        said = about(id)
        extra = dict(said.get("extra", {}))
        if unlisted and calls.facts and id not in calls.facts:
            extra["listed"] = False
        if len(texts) > 1:
            extra["other_transcripts"] = texts[1:]
            gather.note("{} calls have more than one transcript, of which the first is read", id)
        gather.add(id, (files[0],), speakers=said.get("speakers", ()), transcript=texts[0] if texts else None, extra=extra)
        for again in files[1:]:
            gather.repeated(id, (again,), (files[0],))
        if not texts:
            gather.note("{} calls have no transcript here", id)
    if calls.facts:
        gather.found.listed = len(calls.facts)


def both(first: str | None, second: str | None) -> tuple[str, ...]:
    """Two names, or none where one of them is not known."""
    return (first, second) if first and second else ()


def sex(text: str | None) -> str | None:
    """A table's sex of a speaker in words; None where it says none."""
    return SEXES.get((text or "").strip().lower().partition(".")[0])
