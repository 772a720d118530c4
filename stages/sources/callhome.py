"""CALLHOME and CALLFRIEND: telephone calls between family and friends, in CHAT as TalkBank has them, or in the LDC's own text.

TalkBank's CABank (ca.talkbank.org/access/CallHome; the CHAT manual, part 1):

    CallHome/eng/4065.cha, CallFriend/eng-n/4175.cha      `@Media: 4065, audio`, `*A: text . \\x15start_end\\x15` in ms
    the sound of the same name: 4065.mp3 or .wav, in the same or another folder

The LDC (LDC97S42 and LDC97T14 for American English; German, Japanese, Mandarin, Spanish and Egyptian Arabic likewise):

    data/train/en_4065.sph ..., transcrpt/train/en_4065.txt     2 channels, 8 kHz mu-law; `start end A: text`
    spkrinfo.tbl                                               call, its speakers and their sex
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from stages.sources.corpus import LDC_LICENCE, Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, outermost, stem
from stages.sources.ldc import Calls, read_table, settle, sex
from stages.sources.walk import suffix_of

LANGUAGES = {"en": "en-US", "ge": "de", "ja": "ja", "ma": "zh", "sp": "es", "ar": "ar-EG", "fr": "fr-CA", "ko": "ko", "hi": "hi"}
"""The LDC's two letters before a call's number, and the BCP 47 tag of the language."""
THREE = {"eng": "en", "deu": "de", "jpn": "ja", "zho": "zh", "spa": "es", "ara": "ar", "fra": "fr", "kor": "ko", "hin": "hi"}
"""ISO 639-3 as in the `@Languages` of CHAT."""

_LDC = re.compile(r"(en|ge|ja|ma|sp|ar|fr|ko|hi)_(\d{4})")
_NUMBER = re.compile(r"\d{4}")
_TALKBANK = re.compile(r"^(?:call_?home|call_?friend)", re.IGNORECASE)
_PART = re.compile(
    r"^(?:data|audio|media|sph|speech|train|devtest|evltest|devl|test|eval|trans\w*|doc|docs|callhome\w*|callfriend\w*|[a-z]{3}(?:-[ns])?)$",
    re.IGNORECASE,
)


def _recognise(tree: Tree) -> tuple[str, ...]:
    ldc: dict[str, set[str]] = {}
    homes = []
    for path in tree.files:
        if _LDC.fullmatch(stem(path)) and (is_audio(tree, path) or suffix_of(path).lower() == ".txt"):
            ldc.setdefault(_home(path), set()).add("audio" if is_audio(tree, path) else "text")
        elif suffix_of(path).lower() == ".cha" and (_in_talkbank(path) or _NUMBER.fullmatch(stem(path))):
            homes.append(_home(path))
    # Files called en_4065.txt alone could be anybody's.
    return outermost([*homes, *(home for home, kinds in ldc.items() if "audio" in kinds)])


def _in_talkbank(path: str) -> bool:
    return any(_TALKBANK.match(part) for part in path.split("/")[:-1])


def _home(path: str) -> str:
    parts = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    while parts and _PART.match(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _read(tree: Tree, root: str) -> Corpus:
    corpus = "CALLFRIEND" if any("callfriend" in path.lower() for path in tree.below(root)) else "CALLHOME"
    by_language: dict[str | None, Calls] = {}
    claims = Gather(tree)
    for path in tree.below(root):
        id = _id(tree, path)
        if id is None:
            continue
        calls = by_language.setdefault(_language(tree, path, id), Calls())
        audio = is_audio(tree, path)
        claims.claim("audio" if audio else "transcript", path)
        (calls.audio if audio else calls.texts).setdefault(id, []).append(path)
    sexes = _speakers(claims, root)
    _unite(by_language)
    found = claims.finish()
    for language, calls in sorted(by_language.items(), key=lambda item: item[0] or ""):
        gather = Gather(tree, corpus=corpus, licence=LDC_LICENCE, language=language)
        settle(gather, calls, lambda id: _about(sexes.get(_number(id))), unlisted=False)
        part = gather.finish()
        found.drafts += part.drafts
        found.rejects += part.rejects
        found.problems += part.problems
        found.claimed.update(part.claimed)
    return found


READER = CorpusReader(name="callhome", recognise=_recognise, read=_read)


def _id(tree: Tree, path: str) -> str | None:
    """The call of a file: the LDC's name, or a number as TalkBank has it."""
    name, ending = stem(path), suffix_of(path).lower()
    known = ending in (".txt", ".cha") or is_audio(tree, path)
    if known and (_LDC.fullmatch(name) or (_NUMBER.fullmatch(name) and ending != ".txt")):
        return name
    return name if ending == ".cha" else None


def _number(id: str) -> str:
    return id.rpartition("_")[2]


def _language(tree: Tree, path: str, id: str) -> str | None:
    if match := _LDC.fullmatch(id):
        return LANGUAGES[match[1]]
    if suffix_of(path).lower() == ".cha":
        try:
            head = tree.text(path)[:2000]
        except CorpusError:
            return None
        if match := re.search(r"^@Languages:\s*([a-z]{3})", head, re.MULTILINE):
            return THREE.get(match[1], match[1])
    return next((THREE[part[:3]] for part in reversed(path.lower().split("/")[:-1]) if part[:3] in THREE), None)


def _unite(by_language: dict[str | None, Calls]) -> None:
    """Put audio whose folder names no language to the transcript of its number."""
    rest = by_language.get(None)
    if rest is None:
        return
    for id in list(rest.audio):
        home = next((calls for tag, calls in by_language.items() if tag is not None and id in calls.texts), None)
        if home is not None:
            home.audio.setdefault(id, []).extend(rest.audio.pop(id))
    for id in [id for id in rest.texts if not rest.texts[id]]:
        del rest.texts[id]


def _speakers(gather: Gather, root: str) -> dict[str, list[str | None]]:
    """The sexes of a call's two sides by its number, from `spkrinfo.tbl`: `4065,F,...` or `4065|A|F|...`, one line a call or a side."""
    found: dict[str, list[str | None]] = {}
    for path in gather.tree.below(root):
        if posixpath.basename(path).lower() != "spkrinfo.tbl":
            continue
        for row in read_table(gather, path):
            number = next((cell for cell in row[:2] if re.fullmatch(r"(?:[a-z]{2}_)?\d{4}", cell)), None)
            spoken = [known for cell in row if (known := sex(cell))]
            if number and spoken:
                found.setdefault(_number(number), []).extend(spoken[:2])
    return {number: [*sexes, None, None][:2] for number, sexes in found.items()}


def _about(sexes: list[str | None] | None) -> dict[str, Any]:
    return {"extra": {"sex": sexes}} if sexes else {}
