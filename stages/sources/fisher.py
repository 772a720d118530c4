"""Fisher English, parts 1 and 2: telephone calls of ten minutes, one two-channel SPHERE file each, and their transcripts.

LDC2004S13 and LDC2005S13 (speech), LDC2004T19 and LDC2005T19 (transcripts), as their readmes and Kaldi's egs/fisher_english describe them:

    fe_03_p1_sph1/audio/000/fe_03_00001.sph ... (part 2: fe_03_p2_sph1/...)   2 channels, 8 kHz mu-law, often shorten-compressed
    fe_03_p1_tran/data/trans/000/fe_03_00001.txt                             `start end A: text`, `#` before comments
    fe_03_p1_tran/doc/fe_03_p1_calldata.tbl                                  CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE,APIN,ASX.DL,...
    fe_03_p1_tran/doc/fe_03_pindata.tbl                                      PIN,S_SEX,S_AGE,...
    fe_03_p1_sph1/filetable.txt, docs/..., *filetable*                       the lists of files

Channel 0 is side A. A speaker is named by its PIN; files may also have been converted to WAV or FLAC under the same names.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.ldc import Calls, both, ldc_gather, read_table, settle, sex, sort_files
from stages.sources.walk import suffix_of

_CALL = re.compile(r"fe_03_(\d{5})")
_CALLS = re.compile(r"fe_03_p[12]_calldata\.tbl", re.IGNORECASE)
_PINS = re.compile(r"fe_03_(?:p[12]_)?pindata\.tbl", re.IGNORECASE)
_PART = re.compile(r"^(?:fe_03_p[12]_\w+|fisher[\w.-]*|LDC\d+[ST]\d+|audio|data|trans|docs?|\d{3})$", re.IGNORECASE)


def _recognise(tree: Tree) -> tuple[str, ...]:
    return outermost(_home(path) for path in tree.files if _CALLS.fullmatch(posixpath.basename(path)) or _is_call(tree, path))


def _is_call(tree: Tree, path: str) -> bool:
    return _CALL.fullmatch(stem(path)) is not None and (is_audio(tree, path) or suffix_of(path).lower() == ".txt")


def _home(path: str) -> str:
    """The folder above the corpus's own folders, so that speech and transcripts beside each other are one corpus."""
    parts = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    while parts and _PART.match(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _read(tree: Tree, root: str) -> Corpus:
    gather = ldc_gather(tree, "Fisher English", "en-US")
    gather.documents(root)
    calls = sort_files(gather, root, lambda name: name if _CALL.fullmatch(name) else None, (".txt",))
    sexes: dict[str, str] = {}
    for path in tree.below(root):
        name = posixpath.basename(path)
        if _CALLS.fullmatch(name):
            _call_table(gather, path, calls)
        elif _PINS.fullmatch(name):
            sexes.update(_pin_table(gather, path))
        elif "filetable" in name.lower() and suffix_of(name).lower() in (".txt", ".tbl", ".tab"):
            gather.claim("list", path)
        elif _below_docs(path):
            gather.claim("document", path)
    settle(gather, calls, lambda id: _about(calls.facts.get(id, {}), sexes), unlisted=True)
    return gather.finish()


READER = CorpusReader(name="fisher", recognise=_recognise, read=_read)


def _below_docs(path: str) -> bool:
    return any(part.lower() in ("doc", "docs") for part in path.split("/")[:-1]) and "fe_03" in path.lower()


def _call_table(gather: Gather, path: str, calls: Calls) -> None:
    """Columns by their names in the first line, or in their usual order without one."""
    rows = read_table(gather, path)
    names = [name.upper() for name in rows[0]] if rows and rows[0][0].upper().startswith("CALL") else list(_COLUMNS)
    for row in rows[1 if rows and rows[0][0].upper().startswith("CALL") else 0 :]:
        if not re.fullmatch(r"\d{1,5}", row[0]):
            gather.note("{} lines of call tables name no call", f"{path}: {row[0][:20]!r}")
            continue
        id = f"fe_03_{int(row[0]):05d}"
        if id in calls.facts:
            gather.note("{} calls stand twice in call tables", id)
        calls.facts.setdefault(id, dict(zip(names, row, strict=False)))


_COLUMNS = ("CALL_ID", "DATE_TIME", "TOPICID", "SIG_GRADE", "CNV_GRADE", "APIN", "ASX.DL", "APHNUM", "APHSET", "APHTYP", "BPIN", "BSX.DL")


def _pin_table(gather: Gather, path: str) -> dict[str, str]:
    rows = read_table(gather, path)
    if not rows or not rows[0][0].upper().startswith("PIN"):
        return {}
    names = [name.upper() for name in rows[0]]
    column = next((index for index, name in enumerate(names) if name in ("S_SEX", "SEX")), None)
    if column is None:
        return {}
    return {row[0]: known for row in rows[1:] if len(row) > column and (known := sex(row[column]))}


def _about(facts: Mapping[str, str], sexes: Mapping[str, str]) -> dict[str, Any]:
    """Speakers, and what else is known of a call. `ASX.DL` is sex and dialect: `f.a` is a woman who speaks American English."""
    pins = [facts.get(name) or None for name in ("APIN", "BPIN")]
    spoken = [sex(facts.get(name)) or sexes.get(pin or "") for name, pin in zip(("ASX.DL", "BSX.DL"), pins, strict=True)]
    dialects = [(facts.get(name) or "").partition(".")[2] or None for name in ("ASX.DL", "BSX.DL")]
    extra: dict[str, Any] = {
        "sex": spoken if any(spoken) else None,
        "dialect": dialects if any(dialects) else None,
        "topic": facts.get("TOPICID") or None,
        "date": (facts.get("DATE_TIME") or "").partition("_")[0] or None,
        "signal_grade": facts.get("SIG_GRADE") or None,
        "conversation_grade": facts.get("CNV_GRADE") or None,
    }
    return {"speakers": both(*pins), "extra": {name: value for name, value in extra.items() if value is not None}}
