"""Switchboard-1 release 2: two-channel telephone calls, with the ISIP (Mississippi State) transcripts of both sides.

LDC97S62 (speech) and its tables, and the transcripts of January 2003, as their readmes and Kaldi's egs/swbd describe them:

    swb1_d1/data/sw02001.sph ... swb1_d4/data/                               2 channels, 8 kHz mu-law; channel 0 is side A
    swb_ms98_transcriptions/20/2001/sw2001A-ms98-a-trans.text, sw2001B-...   `sw2001A-ms98-a-0001 start end text`
    swb_ms98_transcriptions/20/2001/sw2001A-ms98-a-word.text                 the same word by word
    tables/call_con_tab.csv     conversation, side, caller, ...              tables/caller_tab.csv   caller, ..., sex, ...

NLTK's sample (36 calls: `timed-transcript`, `transcript`, `discourse`, `disfluency`, `tagged`) holds text without audio and without the
calls' numbers: each call in it is told as one whose audio is not here.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.ldc import Calls, both, ldc_gather, read_table, settle, sex

_CALL = re.compile(r"sw0?(\d{4})")
_TEXT = re.compile(r"sw0?(\d{4})([AB])-ms98-a-(trans|word)\.text")
_SAMPLE = ("timed-transcript", "transcript", "discourse", "disfluency", "tagged")
_PART = re.compile(r"^(?:swb\w*|switchboard[\w.-]*|LDC97S62|data|disc\d|tables?|docs?|\d{2}|\d{4})$", re.IGNORECASE)
_TABLES = ("call_con_tab.csv", "caller_tab.csv", "conv_tab.csv", "topic_tab.csv", "rating_tab.csv")


def _recognise(tree: Tree) -> tuple[str, ...]:
    homes = [_home(path) for path in tree.files if _TEXT.fullmatch(posixpath.basename(path)) or _is_sphere_call(tree, path)]
    return outermost([*homes, *_samples(tree)])


def _is_sphere_call(tree: Tree, path: str) -> bool:
    return re.fullmatch(r"sw0\d{4}\.sph", posixpath.basename(path), re.IGNORECASE) is not None and is_audio(tree, path)


def _samples(tree: Tree) -> list[str]:
    """Folders with NLTK's sample."""
    folders = {posixpath.dirname(path) for path in tree.files if posixpath.basename(path) == "timed-transcript"}
    return [folder for folder in folders if all(posixpath.join(folder, name) in tree.files for name in ("discourse", "disfluency"))]


def _home(path: str) -> str:
    parts = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    while parts and _PART.match(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _read(tree: Tree, root: str) -> Corpus:
    gather = ldc_gather(tree, "Switchboard-1", "en-US")
    gather.documents(root)
    calls, words = _files(gather, root)
    callers, sexes = _tables(gather, root, calls)
    for id, sides in words.items():
        calls.texts[id] = _transcript(gather, id, sides)
        if id not in calls.audio:
            calls.texts[id] = sorted(sides.values())
    settle(gather, calls, lambda id: _about(callers.get(id, {}), sexes), unlisted=True)
    for folder in _samples(tree):
        if not root or folder == root or folder.startswith(f"{root}/"):
            _sample(gather, folder)
    return gather.finish()


READER = CorpusReader(name="switchboard", recognise=_recognise, read=_read)


def _files(gather: Gather, root: str) -> tuple[Calls, dict[str, dict[str, str]]]:
    """Audio by call, and the utterance transcripts of each side; those word by word are claimed and not read."""
    calls, sides = Calls(), dict[str, dict[str, str]]()
    for path in gather.tree.below(root):
        name = posixpath.basename(path)
        if match := _TEXT.fullmatch(name):
            # The same words one by one: `trans` is what is read.
            gather.claim("transcript" if match[3] == "trans" else "other", path)
            if match[3] == "trans":
                sides.setdefault(f"sw0{match[1]}", {}).setdefault(match[2], path)
        elif (match := _CALL.fullmatch(stem(path))) and is_audio(gather.tree, path):
            gather.claim("audio", path)
            calls.audio.setdefault(f"sw0{match[1]}", []).append(path)
        elif name.lower() in ("sw-ms98-dict.text", "aaareadme.text"):
            gather.claim("document", path)
    return calls, sides


def _transcript(gather: Gather, id: str, sides: dict[str, str]) -> list[str]:
    """One template for the transcripts of both sides; a side alone is told and not read."""
    if len(sides) == 1:
        (only,) = sides.values()
        gather.note("{} calls have the transcript of one side only, which is not read", only)
        return []
    first, second = sides["A"], sides["B"]
    template = re.sub(r"A(-ms98-a-trans\.text)$", r"{side}\1", first)
    if template.replace("{side}", "B") != second:
        gather.note("{} calls have their sides' transcripts in two folders, which are not read", f"{first} and {second}")
        return []
    return [template]


def _tables(gather: Gather, root: str, calls: Calls) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The caller of each side by call, and the sex of each caller."""
    callers: dict[str, dict[str, str]] = {}
    sexes: dict[str, str] = {}
    for path in gather.tree.below(root):
        name = posixpath.basename(path).lower()
        if name not in _TABLES:
            continue
        rows = read_table(gather, path)
        if name == "call_con_tab.csv":
            for row in rows:
                if len(row) >= 3 and re.fullmatch(r"\d{4}", row[0]) and row[1].upper() in ("A", "B"):
                    callers.setdefault(f"sw0{row[0]}", {})[row[1].upper()] = row[2]
                else:
                    gather.note("{} lines of call_con_tab.csv name no side of a call", row[0][:20])
        elif name == "caller_tab.csv":
            for row in rows:
                known = next((found for cell in row[1:6] if (found := sex(cell))), None)
                if known:
                    sexes[row[0]] = known
    calls.facts.update({id: dict(sides) for id, sides in callers.items()})
    return callers, sexes


def _about(sides: dict[str, str], sexes: dict[str, str]) -> dict[str, Any]:
    names = [sides.get(side) or None for side in "AB"]
    spoken = [sexes.get(name or "") for name in names]
    return {"speakers": both(*names), "extra": {"sex": spoken} if any(spoken) else {}}


def _sample(gather: Gather, folder: str) -> None:
    """NLTK's sample: every second block of `timed-transcript` that starts at 0 begins another call."""
    paths = [path for name in _SAMPLE if (path := posixpath.join(folder, name)) in gather.tree.files]
    gather.claim("transcript", *paths)
    timed = posixpath.join(folder, "timed-transcript")
    try:
        starts = sum(line.startswith("0.000000 ") for line in gather.tree.text(timed).splitlines())
    except CorpusError as error:
        gather.tell(f"{error}.")
        return
    for number in range(1, (starts + 1) // 2 + 1):
        gather.no_audio(f"{folder or 'switchboard'}/call-{number:02d}", timed, paths)
