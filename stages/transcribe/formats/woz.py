"""One dialogue of SpokenWOZ's `data.json`: turns by the corpus's two parties, with the recogniser's words in milliseconds.

`{"goal": …, "log": [{"tag": "user" | "system", "text": "…", "words": [{"Word": "hi", "BeginTime": 2150, "EndTime": 2835, …}], …}, …]}`,
as in the README that comes with the corpus and in Lhotse's recipe `spokenwoz`; the user is channel 0 of the recording, the system 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stages.transcribe.formats.said import Reading, Said, TranscriptError, said, seconds, short


def is_woz(data: Any) -> bool:
    """Whether a JSON value is such a dialogue."""
    log = data.get("log") if isinstance(data, dict) else None
    return isinstance(log, list) and all(isinstance(turn, dict) for turn in log) and any("words" in turn and "tag" in turn for turn in log)


def read_woz(data: dict[str, Any], where: str) -> Reading:
    """The words of a dialogue, labelled `user` and `system`. Raises `TranscriptError`."""
    return Reading(tuple(each for number, turn in enumerate(data["log"], 1) for each in _turn(turn, f"{where}, turn {number}")))


def _turn(turn: dict[str, Any], place: str) -> Iterator[Said]:
    tag, words = turn.get("tag"), turn.get("words")
    if not isinstance(tag, str) or not isinstance(words, list):
        raise TranscriptError(f"{place}: wanted a tag and a list of words among {short(sorted(map(str, turn)))}")
    if not words and str(turn.get("text") or "").strip():
        raise TranscriptError(f"{place}: has text and no words, so it has no time")
    for number, word in enumerate(words, 1):
        where = f"{place}, word {number}"
        if not isinstance(word, dict) or not isinstance(word.get("Word"), str):
            raise TranscriptError(f"{where}: is {short(word)}; wanted an object with Word, BeginTime and EndTime")
        start, end = (seconds(word.get(key), key, where) / 1000 for key in ("BeginTime", "EndTime"))
        yield said(tag, start, end, word["Word"], where, word=True)
