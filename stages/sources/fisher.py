"""Fisher English, parts 1 and 2: 11,699 telephone calls of up to ten minutes, and their transcripts.

LDC2004S13 and LDC2005S13 (speech), LDC2004T19 and LDC2005T19 (transcripts). As the readme of LDC2004T19 and its doc_*_tbl.txt describe
them, and as Kaldi (egs/fisher_english/s5/local/fisher_data_prep.sh) and Lhotse (recipe fisher_english) read them:

    fe_03_p1_sph1/audio/000/fe_03_00001.sph …     2 channels, 8 kHz mu-law, shorten inside; 100 calls a folder, seven discs a part
    fe_03_p1_sph1/filetable.txt                   `fe_03_p1_sph1 fe_03_00001.sph ff` (part 2: docs/filetable2….txt): disc, file, sexes
    fe_03_p1_tran/data/trans/000/fe_03_00001.txt  `# fe_03_00001.sph`, who transcribed it, then `3.76 5.54 A: text` and blank lines
    fe_03_p1_tran/data/bbn_orig/000/{auto-segmented,reject,originals}/fe_03_00003.*   what BBN made `trans` from; not read
    fe_03_p1_tran/doc/fe_03_p1_calldata.tbl       commas, names in line 1: CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE, and of each side
                                                  APIN,ASX.DL,APHNUM,APHSET,APHTYP; sex and dialect (`f.a`) are those that a listener heard
    fe_03_p1_tran/doc/fe_03_p1_filelist.tbl       tabs: disc, call, sexes (`mf`), who transcribed it
    fe_03_p1_tran/doc/fe_03_pindata.tbl           commas, names in line 1; of each person what he or she stated, for both parts:
                                                  `2637,F,54,16,English,WA,2,06972_A/m.a;08175_A/f.a`
    fe_03_p1_tran/doc/fe_03_topics.sgm            `<topic id="ENG01" title="Professional Sports on TV.">`

Newer copies call the discs `fisher_eng_tr_sp_d1`. Channel 0 is side A. A speaker is named by the PIN of a person, who need not be the one
that took the call: where the voice's sex is not the stated one, `pin_doubtful` says so for that side. Files may have been converted under
the same names, also to one file a side (`fe_03_00001_A.wav`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stages.sources.checksums import is_checksum_list
from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, stem
from stages.sources.ldc import About, Calls, both, day, hidden, known, ldc_gather, number, places, read_table, read_text, settle, sex
from stages.sources.walk import suffix_of

SIDE_COLUMNS = ("PIN", "SX.DL", "PHNUM", "PHSET", "PHTYP")
COLUMNS = ("CALL_ID", "DATE_TIME", "TOPICID", "SIG_GRADE", "CNV_GRADE", *(f"{side}{name}" for side in "AB" for name in SIDE_COLUMNS))
"""Of a call table without names in its first line."""
DIALECTS = {"a": "American English", "o": "other"}
PHONES = {"1": "cell", "2": "cordless", "3": "land line"}
DOCUMENTS = ("", ".txt", ".htm", ".html", ".sgm", ".tbl", ".pdf", ".doc", ".md")
"""Endings of what else lies in the corpus's folders; an empty file without one has a disc's name."""
HANDSETS = {"1": "speaker-phone", "2": "headset", "3": "ear-bud", "4": "hand-held"}

_CALL = re.compile(r"(fe_03_\d{5})(?:[-_.]?([ab]))?", re.IGNORECASE)
_TABLE = re.compile(r"fe_03_(?:p[12]_)?(calldata|filelist|pindata)\.tbl", re.IGNORECASE)
_OWN = re.compile(r"fe_03_p[12]_\w+|fisher_eng_tr_sp\w*|LDC200[45][ST]1[39][\w.-]*", re.IGNORECASE)
_PART = re.compile(
    rf"{_OWN.pattern}|fisher[\w.-]*|audio|data|trans|bbn_orig|docs?|\d{{3}}|auto-segmented|rejects?|originals", re.IGNORECASE
)
_LISTED = re.compile(r"(?:fe_03_)?(\d{5})(?:\.sph)?\s+([fm])([fm])\b(?:\s+(\S+))?", re.IGNORECASE)
_TOPIC = re.compile(r"<topic\s+id=\"?(\w+)\"?\s+title=\"([^\"]*)\"", re.IGNORECASE)


@dataclass(slots=True)
class _Tables:
    calls: dict[str, dict[str, str]] = field(default_factory=dict)
    """Fields of the call tables by the names of their columns."""
    sexes: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Of both sides, from the lists of files."""
    transcribed: dict[str, str] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    """Sex, age, years of education, native language, where raised: as stated, by PIN."""
    topics: dict[str, str] = field(default_factory=dict)


def _recognise(tree: Tree) -> tuple[str, ...]:
    audio: dict[str, str] = {}
    texts: dict[str, str] = {}
    for path in tree.files:
        match = _CALL.fullmatch(stem(path))
        if match is None or hidden(path):
            continue
        if is_audio(tree, path):
            audio[path] = match[1].lower()
        elif suffix_of(path).lower() == ".txt" and not match[2]:
            texts[path] = match[1].lower()
    tables = [path for path in tree.files if _TABLE.fullmatch(posixpath.basename(path)) and not hidden(path)]
    return places(_PART, audio, texts, tables)


def _read(tree: Tree, root: str) -> Corpus:
    gather = ldc_gather(tree, "Fisher English", "en-US")
    gather.documents(root)
    calls, tables = Calls(), _Tables()
    docs = {posixpath.dirname(path) for path in tree.below(root) if _TABLE.fullmatch(posixpath.basename(path))}
    for path in tree.below(root):
        if not hidden(path) and not _take_call(gather, path, calls):
            _take_other(gather, path, calls, tables, docs)
    settle(gather, calls, lambda id: _about(gather, id, tables))
    return gather.finish()


READER = CorpusReader(name="fisher", recognise=_recognise, read=_read)


def _take_call(gather: Gather, path: str, calls: Calls) -> bool:
    """Take a file that is named after a call."""
    match = _CALL.fullmatch(stem(path))
    if match is None:
        return False
    id = match[1].lower()
    if is_audio(gather.tree, path):
        calls.take(gather, id, match[2], path)
    elif "/bbn_orig/" in f"/{path.lower()}":
        gather.claim("transcript", path)
        calls.seconds.setdefault(id, []).append(path)
    elif suffix_of(path).lower() == ".txt" and not match[2]:
        gather.claim("transcript", path)
        calls.texts.setdefault(id, []).append(path)
    else:
        return False
    return True


def _take_other(gather: Gather, path: str, calls: Calls, tables: _Tables, docs: set[str]) -> None:
    name = posixpath.basename(path).lower()
    inside = posixpath.dirname(path) in docs or any(_OWN.fullmatch(part) for part in path.split("/")[:-1])
    if match := _TABLE.fullmatch(name):
        {"calldata": _call_table, "filelist": _file_list, "pindata": _people}[match[1]](gather, path, calls, tables)
    elif inside and re.fullmatch(r"\w*filetable\w*\.\w+", name):
        _file_list(gather, path, calls, tables)
    elif inside and name == "fe_03_topics.sgm":
        tables.topics.update(_TOPIC.findall(read_text(gather, path)))
    elif inside and not is_audio(gather.tree, path) and suffix_of(name) in DOCUMENTS:
        gather.claim("list" if is_checksum_list(path) else "document", path)


def _call_table(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    """Columns by their names in the first line, or in their usual order without one."""
    rows = read_table(gather, path)
    named = bool(rows) and rows[0][0].upper().startswith("CALL")
    columns = [name.upper() for name in rows[0]] if named else list(COLUMNS)
    for row in rows[int(named) :]:
        if not re.fullmatch(r"\d{1,5}", row[0]) or len(row) < 5:
            gather.note("{} lines of call tables name no call", f"{path}: {','.join(row)[:40]!r}")
            continue
        id = f"fe_03_{int(row[0]):05d}"
        if id in tables.calls:
            gather.note("{} calls stand twice in call tables, of which the first line counts", id)
            continue
        tables.calls[id] = dict(zip(columns, row, strict=False))
        calls.named[id] = path


def _file_list(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    """Calls, the sexes of their sides, and who transcribed them; a call table goes before it."""
    for line in read_text(gather, path, "list").split("\n"):
        if match := _LISTED.search(line):
            id = f"fe_03_{match[1]}"
            calls.named.setdefault(id, path)
            tables.sexes.setdefault(id, (sex(match[2]), sex(match[3])))
            if match[4]:
                tables.transcribed.setdefault(id, match[4])
        elif line.strip() and not line.startswith("#"):
            gather.note("{} lines of lists of files name no call", f"{path}: {line.strip()[:40]!r}")


def _people(gather: Gather, path: str, calls: Calls, tables: _Tables) -> None:
    for row in read_table(gather, path):
        if row[0].isdecimal() and len(row) >= 2:
            # The table stands in both parts.
            tables.people.setdefault(row[0], [*row[1:6], "", "", "", ""][:5])
        elif not row[0].upper().startswith("PIN"):
            gather.note("{} lines of tables of speakers name no PIN", f"{path}: {','.join(row)[:40]!r}")


def _about(gather: Gather, id: str, tables: _Tables) -> About:
    """Speakers, and what else is known of a call; what a listener heard goes before what a person stated."""
    facts: Mapping[str, str] = tables.calls.get(id, {})
    pins = [facts.get(f"{side}PIN") or None for side in "AB"]
    people = [tables.people.get(pin or "", [""] * 5) for pin in pins]
    audited = [facts.get(f"{side}SX.DL", "") for side in "AB"]
    heard = [sex(text) or listed for text, listed in zip(audited, tables.sexes.get(id, (None, None)), strict=True)]
    stated = [sex(person[0]) for person in people]
    doubtful = [bool(voice and claim and voice != claim) for voice, claim in zip(heard, stated, strict=True)]
    if any(doubtful):
        gather.note("{} calls have a voice that is not of the sex that its PIN's owner stated, so that the PIN may not say who it is", id)
    topic = facts.get("TOPICID", "")
    extra = known(
        sex=[voice or claim for voice, claim in zip(heard, stated, strict=True)],
        dialect=[DIALECTS.get(text.lower().partition(".")[2]) for text in audited],
        age=[number(person[1]) for person in people],
        education_years=[number(person[2]) for person in people],
        native_language=[_said(person[3]) for person in people],
        raised=[_said(person[4]) for person in people],
        phone=[PHONES.get(facts.get(f"{side}PHTYP", "")) for side in "AB"],
        handset=[HANDSETS.get(facts.get(f"{side}PHSET", "")) for side in "AB"],
        pin_doubtful=doubtful if any(doubtful) else None,
        topic=topic,
        topic_title=tables.topics.get(topic),
        date=day(facts.get("DATE_TIME", "").partition("_")[0]),
        time=facts.get("DATE_TIME", "").partition("_")[2],
        signal_grade=number(facts.get("SIG_GRADE")),
        conversation_grade=number(facts.get("CNV_GRADE")),
        transcribed_by=tables.transcribed.get(id),
    )
    return About(both(pins), extra)


def _said(text: str) -> str | None:
    return None if text.upper() in ("", "NA") else text
