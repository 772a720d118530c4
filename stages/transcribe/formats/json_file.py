"""Transcripts in JSON: a list of utterances or words, or an object that holds one.

Keys are those that tools and corpora use. A label is the first of `LABELS` that is there. An entry with `word` in place of `text` is a
word with times of its own (as in the SpokenWOZ sample of J-Moshi's tools); so are the entries of `words` inside an utterance (Whisper's and
WhisperX's JSON, and Meta's Seamless Interaction under `metadata:transcript`). `alignments` are moshi-finetune's `[word, [start, end],
label]`. An object with a `log` of tagged turns is a dialogue of SpokenWOZ (`stages.transcribe.formats.woz`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stages.transcribe.formats.said import Reading, Said, TranscriptError, said, seconds, short
from stages.transcribe.formats.woz import is_woz, read_woz

LABELS = ("channel", "speaker", "role", "side", "speaker_id", "speaker_label")
STARTS = ("start", "start_time", "startTime", "begin", "start_sec", "offset")
ENDS = ("end", "end_time", "endTime", "stop", "end_sec")
LENGTHS = ("duration", "dur")
TEXTS = ("text", "transcript", "words", "utterance", "sentence", "content")
WORDS = ("word", "token")
CONFIDENCES = ("confidence", "probability", "score", "conf")
HOLDERS = ("segments", "utterances", "turns", "words", "supervisions", "transcript", "alignments", "metadata:transcript")
"""Keys under which an object may hold the list; where several are there, the first."""


def read_json(text: str, where: str, by_line: bool = False) -> Reading:
    """The entries of a file in its order, `by_line` with one object on each line. Raises `TranscriptError`."""
    try:
        if by_line:
            data: Any = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"{where}: is no JSON ({error})") from error
    if is_woz(data):
        return read_woz(data, where)
    label = ""
    if isinstance(data, dict):
        label = _label(data)
        holder = next((key for key in HOLDERS if isinstance(data.get(key), list)), None)
        if holder is None:
            raise TranscriptError(f"{where}: the object holds no list called {', '.join(HOLDERS)}; it has {short(sorted(map(str, data)))}")
        data = data[holder]
    if not isinstance(data, list):
        raise TranscriptError(f"{where}: is {short(data)}; wanted a list of utterances, or an object that holds one")
    return Reading(tuple(each for number, entry in enumerate(data, 1) for each in _entry(entry, label, f"{where}, entry {number}")))


def _entry(entry: Any, label: str, place: str) -> Iterator[Said]:
    if isinstance(entry, list):
        yield _aligned(entry, place)
        return
    if not isinstance(entry, dict):
        raise TranscriptError(f"{place}: is {short(entry)}; wanted an object with start, end and text")
    label = _label(entry) or label
    words = entry.get("words")
    if isinstance(words, list) and words and all(_timed(word) for word in words):
        for number, word in enumerate(words, 1):
            yield from _entry(word, label, f"{place}, word {number}")
        return
    key = next((key for key in (*WORDS, *TEXTS) if isinstance(entry.get(key), str)), None)
    if key is None:
        raise TranscriptError(f"{place}: has no text; wanted one of {', '.join((*TEXTS, *WORDS))} among {short(sorted(map(str, entry)))}")
    start = seconds(_first(entry, STARTS, place), "start", place)
    end = _end(entry, start, place)
    sure = _first(entry, CONFIDENCES, None)
    known = key in WORDS and isinstance(sure, (int, float)) and not isinstance(sure, bool) and 0 <= sure <= 1
    yield said(label, start, end, entry[key], place, word=key in WORDS, confidence=float(sure) if known else None)


def _timed(word: Any) -> bool:
    if isinstance(word, list):
        return True
    return isinstance(word, dict) and any(word.get(key) is not None for key in STARTS) and any(key in word for key in (*WORDS, *TEXTS))


def _end(entry: dict[str, Any], start: float, place: str) -> float:
    if any(key in entry for key in ENDS):
        return seconds(_first(entry, ENDS, place), "end", place)
    return start + seconds(_first(entry, LENGTHS, place), "duration", place)


def _label(entry: dict[str, Any]) -> str:
    found = next((entry[key] for key in LABELS if entry.get(key) is not None), "")
    return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""


def _first(entry: dict[str, Any], keys: tuple[str, ...], place: str | None) -> Any:
    for key in keys:
        if key in entry:
            return entry[key]
    if place is None:
        return None
    raise TranscriptError(f"{place}: has no {keys[0]}; wanted one of {', '.join(keys)} among {short(sorted(map(str, entry)))}")


def _aligned(entry: list[Any], place: str) -> Said:
    match entry:
        case [str(word), [start, end], str(label)]:
            return said(label, seconds(start, "start", place), seconds(end, "end", place), word, place, word=True)
    raise TranscriptError(f"{place}: is {short(entry)}; wanted [word, [start, end], label]")
