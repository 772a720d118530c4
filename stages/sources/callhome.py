"""CALLHOME and CALLFRIEND: telephone calls to family and friends, in CHAT as TalkBank has them, or in the LDC's own text.

TalkBank's CABank (ca.talkbank.org/access/CallHome and CallFriend; the CHAT manual, part 1):

    CallHome/eng/4065.cha, CallFriend/eng-n/4175.cha   `@Languages:\\teng`, `@Media:\\t4065, audio`, `@ID:\\teng|CallHome|A||female||…`,
                                                       `*A:\\ttext . \\x15start_end\\x15` in ms
    4065.mp3, or .wav in 0wav/                         the sound that `@Media` names, in the same or another folder

The LDC, as Lhotse (recipe callhome_english) and Kaldi (egs/callhome_egyptian, egs/lre07) read it:

    data/train/en_4065.sph …                2 channels, 8 kHz mu-law; folders train, devtest, evltest
    transcrpt/train/en_4065.txt …           `start end A: text` of the ten minutes that are transcribed; A1 and A2 share channel A
    transcrp/train/script/ar_4065.scr       Arabic also in Arabic letters; not read
    doc/spkrinfo.tbl                        one line a call: `en_4065,F,35,16,NY`: sex, age, years of education, where raised, of who called
    doc/callinfo.tbl                        `en_4065 PIN=1234|…`: who called

LDC96S34 (Mandarin), S35 (Spanish), S37 (Japanese), LDC97S42 (American English), S43 (German), S45 (Egyptian Arabic) are CALLHOME, with
transcripts LDC96T16, T17, T18, LDC97T14, T15, T19; LDC96S46 to S60 are CALLFRIEND. The one who called is channel A. A call that is here
in both forms, `eng/4065.cha` and `en_4065.sph`, is one call. Files may have been converted to WAV or FLAC, also to one file a side.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from schemas.source import same_id
from stages.sources.checksums import is_checksum_list
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.gather import Gather, is_audio, stem
from stages.sources.ldc import About, Calls, hidden, known, ldc_gather, number, places, read_table, read_text, settle, sex
from stages.sources.walk import suffix_of
from stages.transcribe.formats.chat import ChatHead, read_head

LANGUAGES = {"en": "en-US", "ge": "de", "ja": "ja", "ma": "zh", "sp": "es", "ar": "ar-EG", "fr": "fr-CA"} | {
    same: same for same in ("ko", "hi", "fa", "ta", "vi")
}
"""The LDC's two letters before a call's number, and the BCP 47 tag of the language."""
_FIRST = {"eng": "en", "deu": "de", "jpn": "ja", "zho": "zh", "spa": "es", "ara": "ar", "fra": "fr"}
THREE = _FIRST | {"kor": "ko", "hin": "hi", "fas": "fa", "tam": "ta", "vie": "vi"}
"""ISO 639-3 as in the `@Languages` of CHAT and in TalkBank's folders."""
TWO = {"de": "ge", "zh": "ma", "es": "sp"}
"""The LDC's two letters where they are not those of ISO 639-1."""
CALLFRIEND = re.compile(r"call_?friend|(?:^|/)cf_|LDC96S(?:4[6-9]|5\d|60)", re.IGNORECASE)

_LDC = re.compile(rf"({'|'.join(LANGUAGES)})_(\d{{4}})(?:[-_.]?([ab]))?", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{4})(?:[-_.]?([ab]))?", re.IGNORECASE)
_NAMED = re.compile(r"call_?(?:home|friend)[\w.-]*|LDC9[67][ST]\d\d[\w.-]*|cf_\w+|transcrpt?", re.IGNORECASE)
_FOLDER = re.compile(rf"({'|'.join(THREE)})(?:-\w{{1,2}})?", re.IGNORECASE)
_PARTS = r"data|audio|media|0wav|sph|speech|train|devtest|evl?a?ltest|test|eval|script|roman|docs?"
_PART = re.compile(rf"{_NAMED.pattern}|{_FOLDER.pattern}|{_PARTS}", re.IGNORECASE)
_DOCUMENTS = ("", ".txt", ".doc", ".htm", ".html", ".pdf", ".cdc", ".md", ".tbl")


class Key(NamedTuple):
    """Which call a file is of, whatever its name: `4065.cha` among the English ones, and `en_4065.sph`."""

    corpus: str
    language: str
    """The LDC's two letters; empty where nothing says it."""
    number: str
    """Four digits, or the name of a CHAT file that has none."""


@dataclass(slots=True)
class _Files:
    calls: dict[Key, Calls] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    """A call's id: the name (without ending and side) of its first audio file, else of its transcript."""
    heads: dict[Key, ChatHead] = field(default_factory=dict)
    """Of a call's first CHAT file."""
    media: dict[str, list[tuple[str, Key]]] = field(default_factory=dict)
    """Paths of CHAT files by the name of their sound."""
    people: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Lines of speaker tables by call and side: sex, age, education, where raised."""
    pins: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    """The table that names a call."""

    def of(self, key: Key) -> Calls:
        """The files of one call."""
        return self.calls.setdefault(key, Calls())


def _recognise(tree: Tree) -> tuple[str, ...]:
    paths = [path for path in tree.files if not hidden(path)]
    sure = {path for path in paths if _is_sure(tree, path)}
    if not sure:
        return ()
    audio = {path: stem(path).lower() for path in sure if is_audio(tree, path)}
    texts = {path: stem(path).lower() for path in sure if path not in audio}
    heard, written = set(audio.values()), {id for path, id in texts.items() if suffix_of(path).lower() == ".cha"}
    # Names that say too little alone: the LDC's text of a call whose sound is here, the sound of CHAT that has none.
    for path in paths:
        id = stem(path).lower()
        if suffix_of(path).lower() == ".txt" and id in heard:
            texts[path] = id
        elif id in written - heard and is_audio(tree, path):
            audio[path] = id
    return places(_PART, audio, texts, [path for path in paths if posixpath.basename(path).lower() in _READ])


def _is_sure(tree: Tree, path: str) -> bool:
    """CHAT that is numbered or lies in TalkBank's folders; the LDC's names where they are those of audio or lie in its folders."""
    ending, named = suffix_of(path).lower(), _is_named(path)
    if ending == ".cha":
        return named or _NUMBER.fullmatch(stem(path)) is not None or _LDC.fullmatch(stem(path)) is not None
    if _LDC.fullmatch(stem(path)):
        return is_audio(tree, path) or (ending == ".txt" and named)
    return named and is_audio(tree, path) and _NUMBER.fullmatch(stem(path)) is not None


def _is_named(path: str) -> bool:
    return any(_NAMED.fullmatch(part) for part in path.split("/")[:-1])


def _read(tree: Tree, root: str) -> Corpus:
    gather, files = ldc_gather(tree, "CALLHOME", None), _Files()
    gather.documents(root)
    paths = [path for path in tree.below(root) if not hidden(path)]
    # What CHAT files say of their sound is known before the sound is met.
    for path in [path for path in paths if suffix_of(path).lower() == ".cha" and _is_sure(tree, path)]:
        _take_chat(gather, path, files)
    docs = {posixpath.dirname(path) for path in paths if posixpath.basename(path).lower() in _READ}
    for path in paths:
        if read := _READ.get(posixpath.basename(path).lower()):
            read(gather, path, files)
        elif path in gather.found.claimed or _take(gather, path, files):
            continue
        elif (posixpath.dirname(path) in docs or _is_named(path)) and suffix_of(path).lower() in _DOCUMENTS:
            gather.claim("list" if is_checksum_list(path) else "document", path)
    _settle(gather, files)
    return gather.finish()


READER = CorpusReader(name="callhome", recognise=_recognise, read=_read)


def _take_chat(gather: Gather, path: str, files: _Files) -> None:
    gather.claim("transcript", path)
    try:
        head = read_head(gather.tree.text(path))
    except CorpusError as error:
        gather.tell(f"{error}.")
        head = ChatHead()
    spoken = THREE.get(head.languages[0], head.languages[0]) if head.languages else ""
    key = _key(path) or Key(_corpus(path), TWO.get(spoken, spoken), stem(path))
    if not key.language:
        key = key._replace(language=TWO.get(spoken, spoken))
    files.of(key).texts.setdefault("", []).append(path)
    files.heads.setdefault(key, head)
    for name in {head.media or stem(path), stem(path)}:
        files.media.setdefault(name.lower(), []).append((path, key))
    if head.untimed:
        gather.note("{} CHAT files hold utterances without times, which nothing can be done with", path)


def _take(gather: Gather, path: str, files: _Files) -> bool:
    """Take audio, or the LDC's text, where its name is that of a call."""
    key = _key(path)
    if is_audio(gather.tree, path):
        if key is None or not _LDC.fullmatch(stem(path)):
            key = _sound_of(path, key, files)
        if key is None:
            return False
        match = _LDC.fullmatch(stem(path)) or _NUMBER.fullmatch(stem(path))
        side = match[match.lastindex or 0] if match and match[match.re.groups] else None
        files.of(key).take(gather, "", side, path)
        files.names.setdefault(key, re.sub(r"[-_.]?[ab]$", "", stem(path), flags=re.IGNORECASE) if side else stem(path))
        return True
    ending = suffix_of(path).lower()
    if key is None or not _LDC.fullmatch(stem(path)) or ending not in (".txt", ".scr"):
        return False
    gather.claim("transcript", path)
    (files.of(key).texts if ending == ".txt" else files.of(key).seconds).setdefault("", []).append(path)
    return True


def _key(path: str) -> Key | None:
    """The call of a file by its name and folders; None where its name is no call's."""
    if match := _LDC.fullmatch(stem(path)):
        return Key(_corpus(path), match[1].lower(), match[2])
    if match := _NUMBER.fullmatch(stem(path)):
        folder = next((found[1].lower() for part in reversed(path.split("/")[:-1]) if (found := _FOLDER.fullmatch(part))), None)
        tag = THREE[folder] if folder else ""
        return Key(_corpus(path), TWO.get(tag, tag), match[1])
    return None


def _sound_of(path: str, key: Key | None, files: _Files) -> Key | None:
    """The call of an audio file that is numbered: that of the nearest CHAT file which names it, else its own in TalkBank's folders."""
    name = stem(path).lower()
    number = key.number if key else name
    found = [(text, other) for each in dict.fromkeys((name, number)) for text, other in files.media.get(each, [])]
    fitting = [(text, other) for text, other in found if not (key and key.language and other.language not in ("", key.language))]
    if fitting:
        return max(fitting, key=lambda each: len(posixpath.commonprefix([each[0], path])))[1]
    return key if key is not None and _is_named(path) else None


def _corpus(path: str) -> str:
    return "CALLFRIEND" if CALLFRIEND.search(path) else "CALLHOME"


def _speakers(gather: Gather, path: str, files: _Files) -> None:
    """`en_4065,F,35,16,NY` is about who called, on channel A; a field that is A or B says of whom the line is."""
    for row in read_table(gather, path):
        cells = row[0].split("|") if len(row) == 1 else row
        if not re.fullmatch(r"(?:[a-z]{2}_)?\d{4}", cells[0], re.IGNORECASE) or len(cells) < 2:
            gather.note("{} lines of spkrinfo.tbl name no call", f"{path}: {','.join(row)[:40]!r}")
            continue
        side = next((cell.upper() for cell in cells[1:] if cell.upper() in ("A", "B")), "A")
        files.named.setdefault(cells[0].lower(), path)
        sides = files.people.setdefault(cells[0].lower(), {})
        if side in sides:
            gather.note("{} calls stand twice in spkrinfo.tbl, of which the first line counts", cells[0])
        sides.setdefault(side, [*(cell for cell in cells[1:] if cell.upper() not in ("A", "B")), "", "", "", ""])


def _callers(gather: Gather, path: str, files: _Files) -> None:
    for line in read_text(gather, path).split("\n"):
        if match := re.match(r"((?:[a-z]{2}_)?\d{4})\b.*?\bPIN=(\d+)", line, re.IGNORECASE):
            files.named.setdefault(match[1].lower(), path)
            files.pins.setdefault(match[1].lower(), match[2])
        elif line.strip():
            gather.note("{} lines of callinfo.tbl name no call and PIN", f"{path}: {line.strip()[:40]!r}")


_READ = {"spkrinfo.tbl": _speakers, "callinfo.tbl": _callers}


def _settle(gather: Gather, files: _Files) -> None:
    """Give each call an id, and what is its own of corpus and language; the calls of one language are one corpus, with its tables."""
    named = {_named(name, path, files): path for name, path in files.named.items()}
    ids = {key: files.names.get(key) or _text_name(files.of(key)) or "_".join(filter(None, key[1:])) for key in {*files.calls, *named}}
    often = Counter(same_id(id) for id in ids.values())
    for key in [key for key, id in ids.items() if often[same_id(id)] > 1]:
        # TalkBank's numbers may be there in several languages.
        ids[key] = "_".join(part for part in ("cf" if key.corpus == "CALLFRIEND" else "", key.language, key.number) if part)
    settings = gather.tree.settings
    for corpus, language in sorted({(key.corpus, key.language) for key in ids}):
        keys = {ids[key]: key for key in sorted(ids) if (key.corpus, key.language) == (corpus, language)}
        before = len(gather.found.drafts)
        settle(gather, _together(files, keys, named), lambda id, keys=keys: _about(keys[id], files))  # type: ignore[misc]
        for draft in gather.found.drafts[before:]:
            tag = settings.language or LANGUAGES.get(language) or language or None
            draft.source = replace(draft.source, corpus=settings.corpus or corpus, language=tag)


def _together(files: _Files, keys: dict[str, Key], named: dict[Key, str]) -> Calls:
    """The files of several calls by their ids."""
    calls = Calls(named={id: named[key] for id, key in keys.items() if key in named})
    for id, key in keys.items():
        mine = files.of(key)
        if copies := mine.audio.get(""):
            calls.audio[id] = copies
        if halves := mine.halves.get(""):
            calls.halves[id] = halves
        if texts := mine.texts.get(""):
            calls.texts[id] = texts
        if others := mine.seconds.get(""):
            calls.seconds[id] = others
    return calls


def _named(name: str, path: str, files: _Files) -> Key:
    """The call that a table means: one that is here, whichever corpus its folders are called after, else one that is not."""
    language, _, number = name.rpartition("_")
    found = [key for key in sorted(files.calls) if key.number == number and (not language or key.language == language)]
    return found[0] if len(found) == 1 else Key(_corpus(path), language, number)


def _text_name(calls: Calls) -> str | None:
    return next((stem(path) for held in (calls.texts, calls.seconds) for paths in held.values() for path in paths), None)


def _about(key: Key, files: _Files) -> About:
    """What tables and CHAT headers say; CALLHOME's tables name only one of the two speakers, so none is named."""
    names = (f"{key.language}_{key.number}", key.number)
    sides: dict[str, list[str]] = next((files.people[name] for name in names if name in files.people), {})
    pin = next((files.pins[name] for name in names if name in files.pins), None)
    head = files.heads.get(key, ChatHead())
    people = [sides.get(side, ["", "", "", ""]) for side in "AB"]
    extra = known(
        sex=[sex(person[0]) or sex(head.sexes.get(side)) for side, person in zip("AB", people, strict=True)],
        age=[number(person[1]) or head.ages.get(side) for side, person in zip("AB", people, strict=True)],
        education_years=[number(person[2]) for person in people],
        raised=[person[3] or None for person in people],
        pin=[pin, None],
        date=head.date,
        untimed_utterances=head.untimed or None,
    )
    return About((), extra)
