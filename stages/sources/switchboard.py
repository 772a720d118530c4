"""Switchboard-1 release 2: 2,438 two-channel telephone calls, with the ISIP (Mississippi State) transcripts of both sides.

LDC97S62 (speech; tables as in catalog.ldc.upenn.edu/docs/LDC97S62) and the transcripts of January 2003 (switchboard_word_alignments of
isip.piconepress.com), as Kaldi (egs/swbd/s5c/local/swbd1_data_prep.sh) and Lhotse (recipe switchboard) read them:

    swb1_d1/data/sw02001.sph … swb1_d4/data/                                2 channels, 8 kHz mu-law; channel 0 is side A
    swb_ms98_transcriptions/20/2001/sw2001A-ms98-a-trans.text, sw2001B-…    `sw2001A-ms98-a-0001 0.000000 0.977625 text`
    swb_ms98_transcriptions/20/2001/sw2001A-ms98-a-word.text, sw2001B-…     the same word by word, with corrected times
    swb_ms98_transcriptions/{sw-ms98-dict.text, AAREADME.text}
    tables/conv_tab.csv      call, active, caller, callee, topic number, …, day, start, stop: `2001,Y,1020,1044,303,0,910304,1218,1222, ,`
    tables/call_con_tab.csv  call, side, caller, telephone, length, topic number, …: `2001, "A", 1020, …`
    tables/caller_tab.csv    caller, …, …, sex, year of birth, dialect area, education: `1020, 0, "N", "FEMALE", 1942, "NORTHERN", 2, …`
    tables/topic_tab.csv     topic, its number, …            tables/rating_tab.csv   call, difficulty, topicality, naturalness, six noises

The words with times are taken where both sides have them, else the utterances of both; a side alone is told and not read. A speaker is
named by the caller's number. Files may have been converted under the same names, also to one file a side (`sw02001-A.wav`).

NLTK's sample (36 calls: `timed-transcript`, `transcript`, `discourse`, `disfluency`, `tagged`) holds text without audio and without the
calls' numbers: each call in it, two blocks of segments from 0 s on, is told as one whose audio is not here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.ldc import About, Calls, both, both_files, day, hidden, known, ldc_gather, number, places, read_table, settle, sex

SAMPLE = ("timed-transcript", "transcript", "discourse", "disfluency", "tagged")
TABLES = ("conv_tab.csv", "conv.tab", "call_con_tab.csv", "caller_tab.csv", "topic_tab.csv", "rating_tab.csv")
DOCUMENTS = ("sw-ms98-dict.text", "aareadme.text", "aaareadme.text")
RATINGS = ("difficulty", "topicality", "naturalness")
"""Of a call, 1 to 5, in the columns behind its number."""

_CALL = re.compile(r"sw0?([2-4]\d{3})(?:[-_.]?([ab]))?", re.IGNORECASE)
_SURE = re.compile(r"sw0[2-4]\d{3}(?:[-_.]?[ab])?", re.IGNORECASE)
_TEXT = re.compile(r"sw0?(\d{4})([AB])-ms98-a-(trans|word)\.text")
_DOCUMENT = re.compile(r"(?:conv|call_con|caller|topic|rating)_doc\.txt", re.IGNORECASE)
_OWN = re.compile(r"swb1?_\w+|swb1?|switchboard[\w.-]*|LDC97S62[\w.-]*|data|disc\d|tables?|docs?|\d{2}|\d{4}", re.IGNORECASE)


@dataclass(slots=True)
class _Tables:
    callers: dict[str, dict[str, str]] = field(default_factory=dict)
    """The caller of each side, by call."""
    topics: dict[str, str] = field(default_factory=dict)
    """The number of a call's topic."""
    days: dict[str, str] = field(default_factory=dict)
    ratings: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    """The line of a caller, his or her number first."""
    titles: dict[str, str] = field(default_factory=dict)
    """Topics by their numbers."""


def _recognise(tree: Tree) -> tuple[str, ...]:
    paths = [path for path in tree.files if not hidden(path)]
    texts = {path: f"sw0{match[1]}" for path in paths if (match := _TEXT.fullmatch(posixpath.basename(path)))}
    audio = {path: f"sw0{match[1]}" for path in paths if (match := _CALL.fullmatch(stem(path))) and is_audio(tree, path)}
    if not texts and not any(_SURE.fullmatch(stem(path)) for path in audio):
        return outermost(_samples(tree))
    tables = [path for path in paths if posixpath.basename(path).lower() in TABLES]
    return outermost({*places(_OWN, audio, texts, tables), *_samples(tree)})


def _samples(tree: Tree) -> list[str]:
    """Folders with NLTK's sample."""
    folders = {posixpath.dirname(path) for path in tree.files if posixpath.basename(path) == SAMPLE[0]}
    return sorted(folder for folder in folders if sum(posixpath.join(folder, name) in tree.files for name in SAMPLE) >= 3)


def _read(tree: Tree, root: str) -> Corpus:
    gather = ldc_gather(tree, "Switchboard-1", "en-US")
    gather.documents(root)
    calls, tables = Calls(), _Tables()
    sides: dict[str, dict[tuple[str, str], list[str]]] = {}
    for path in tree.below(root):
        name = posixpath.basename(path)
        if hidden(path):
            continue
        if match := _TEXT.fullmatch(name):
            gather.claim("transcript", path)
            sides.setdefault(f"sw0{match[1]}", {}).setdefault((match[3], match[2]), []).append(path)
        elif (match := _CALL.fullmatch(stem(path))) and is_audio(tree, path):
            calls.take(gather, f"sw0{match[1]}", match[2], path)
        elif name.lower() in TABLES:
            _READ[name.lower()](gather, path, calls, tables)
        elif name.lower() in DOCUMENTS or _DOCUMENT.fullmatch(name):
            gather.claim("document", path)
    for id, found in sides.items():
        _transcripts(gather, id, found, calls)
    settle(gather, calls, lambda id: _about(id, tables))
    for folder in _samples(tree):
        if not root or folder == root or folder.startswith(f"{root}/"):
            _sample(gather, folder)
    return gather.finish()


READER = CorpusReader(name="switchboard", recognise=_recognise, read=_read)


def _transcripts(gather: Gather, id: str, found: dict[tuple[str, str], list[str]], calls: Calls) -> None:
    """One template for the files of both sides, words before utterances; what fits in none is no transcript that can be read."""
    files = [path for paths in found.values() for path in paths]
    texts = []
    for what in ("word", "trans"):
        for path in found.get((what, "A"), []):
            template = re.sub(rf"A(-ms98-a-{what}\.text)$", r"{side}\1", path)
            if template.replace("{side}", "B") in found.get((what, "B"), []):
                texts.append(template)
    taken = {path for text in texts for path in both_files(text)}
    if texts:
        calls.texts[id] = texts
    else:
        gather.note("{} calls have no transcript of both sides in one folder, and that of one side is not read", min(files))
    calls.seconds[id] = sorted(path for path in files if path not in taken)


def _calls_of(gather: Gather, path: str, least: int) -> Iterator[tuple[str, list[str]]]:
    """The lines of a table that begin with a call's number and have at least so many fields."""
    for row in read_table(gather, path):
        if re.fullmatch(r"[2-4]\d{3}", row[0]) and len(row) >= least:
            yield f"sw0{row[0]}", row
        else:
            gather.note("{} lines of tables name no call", f"{path}: {','.join(row)[:40]!r}")


def _call_con(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    seen: set[tuple[str, str]] = set()
    for id, row in _calls_of(gather, path, 3):
        side = row[1].upper()
        if side not in ("A", "B") or (id, side) in seen:
            what = "name no side" if side not in ("A", "B") else "name a side again, of which the first counts"
            gather.note(f"{{}} lines of {posixpath.basename(path)} {what}", f"{id} {row[1]}".strip())
            continue
        seen.add((id, side))
        calls.named.setdefault(id, path)
        tables.callers.setdefault(id, {})[side] = row[2]
        if len(row) > 5 and row[5]:
            tables.topics.setdefault(id, row[5])


def _conv(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    for id, row in _calls_of(gather, path, 5):
        if id in tables.days:
            gather.note(f"{{}} calls stand twice in {posixpath.basename(path)}, of which the first line counts", id)
            continue
        calls.named.setdefault(id, path)
        for side, caller in zip("AB", row[2:4], strict=True):
            tables.callers.setdefault(id, {}).setdefault(side, caller)
        tables.topics[id] = row[4] or tables.topics.get(id, "")
        tables.days[id] = row[6] if len(row) > 6 else ""


def _ratings(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    for id, row in _calls_of(gather, path, 4):
        tables.ratings.setdefault(id, row[1:4])


def _callers(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    for row in read_table(gather, path):
        if row[0].isdecimal() and len(row) > 3:
            tables.people.setdefault(row[0], row)
        else:
            gather.note("{} lines of caller_tab.csv name no caller", f"{path}: {','.join(row)[:40]!r}")


def _titles(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    tables.titles.update({row[1]: row[0] for row in read_table(gather, path) if len(row) > 1 and row[1].isdecimal()})


_READ = {
    "call_con_tab.csv": _call_con,
    "conv_tab.csv": _conv,
    "conv.tab": _conv,
    "rating_tab.csv": _ratings,
    "caller_tab.csv": _callers,
    "topic_tab.csv": _titles,
}


def _about(id: str, tables: _Tables) -> About:
    names = [tables.callers.get(id, {}).get(side) or None for side in "AB"]
    people: list[Sequence[str]] = [[*tables.people.get(name or "", []), *[""] * 7] for name in names]
    topic = tables.topics.get(id, "")
    ratings = dict(zip(RATINGS, tables.ratings.get(id, []), strict=False))
    extra = known(
        sex=[sex(person[3]) for person in people],
        born=[number(person[4]) for person in people],
        dialect=[_said(person[5]) for person in people],
        education=[number(person[6]) for person in people],
        topic=_said(topic),
        topic_title=tables.titles.get(topic),
        date=day(tables.days.get(id), "19"),
        **{name: number(value) for name, value in ratings.items()},
    )
    return About(both(names), extra)


def _said(text: str) -> str | None:
    return None if text.upper() in ("", "UNK", "UNKNOWN") else text


def _sample(gather: Gather, folder: str) -> None:
    """NLTK's sample: an empty line ends each side of a call, and each side begins at 0 s."""
    paths = [path for name in SAMPLE if (path := posixpath.join(folder, name)) in gather.tree.files]
    gather.claim("transcript", *paths)
    gather.documents(folder)
    timed = posixpath.join(folder, SAMPLE[0])
    try:
        blocks = [block.split("\n") for block in re.split(r"\n\s*\n", gather.tree.text(timed).strip("\n")) if block.strip()]
    except CorpusError as error:
        gather.tell(f"{error}.")
        return
    if len(blocks) % 2:
        gather.tell(f"{timed}: {len(blocks)} sides, of which two make a call; the last one lacks its other.")
    if not blocks:
        gather.tell(f"{timed}: no segments; wanted lines such as `2.699625 4.403750 uh do you have a pet`.")
    calls = (len(blocks) + 1) // 2
    for call in range(calls):
        ends = [number(fields[1]) for block in blocks[2 * call : 2 * call + 2] if len(fields := block[-1].split()) > 1]
        lasts = f", {max(end for end in ends if end is not None):g} s long" if any(end is not None for end in ends) else ""
        id = f"{folder or 'switchboard'}/call-{call + 1:02d}"
        detail = f"{timed} holds call {call + 1} of {calls}{lasts}, as text; its audio is not here, and its number is not told"
        gather.refuse("no_audio", detail, id, paths)
