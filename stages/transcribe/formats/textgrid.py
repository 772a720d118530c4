"""Praat TextGrids, long and short text format: every interval tier is a speaker, or one level of a speaker's annotation.

A TextGrid's text is a sequence of free-standing strings, numbers and flags; all else in it is comment (Praat's manual, "TextGrid file
formats"). So one reader serves both formats.
"""

from __future__ import annotations

import re

from stages.transcribe.formats.said import Reading, Said, TranscriptError, said, seconds, short

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(<[^>\n]*>|[-+]?\d[^\s"]*)(?!\S)|![^\n]*')
_LEVEL = re.compile(r"^(?:(?P<who>.+?)\s*[-_.:/ ]\s*)?(?P<level>words?|phones?|phonemes?|phonetic|utterances?|segments?)$", re.IGNORECASE)


def read_textgrid(text: str, where: str) -> Reading:
    """Intervals with text of every interval tier; point tiers and phones are passed over.

    A tier's name is the label; `<speaker> - words` (as aligners write it) is the words of that speaker, and goes before the same
    speaker's utterances. Raises `TranscriptError`.
    """
    tokens = _Tokens(text, where)
    if [tokens.take() for _ in range(2)] != ['"ooTextFile', '"TextGrid']:
        raise TranscriptError(f'{where}: is no TextGrid; wanted "ooTextFile" and "TextGrid" at its start')
    tiers: dict[tuple[str, bool], list[Said]] = {}
    # Its own start and end, and the flag that tiers exist.
    tokens.skip(3)
    for _ in range(tokens.count(where)):
        kind, name = tokens.take()[1:], tokens.take()[1:]
        tokens.skip(2)
        place = f"{where}, tier {short(name)}"
        count = tokens.count(place)
        if kind != "IntervalTier":
            tokens.skip(2 * count)
            continue
        who, level = _named(name)
        intervals = [_interval(tokens, who, level == "word", f"{place}, interval {number}") for number in range(1, count + 1)]
        if level != "phone":
            tiers.setdefault((who, level == "word"), []).extend(each for each in intervals if each.text.strip())
    tiers = {key: found for key, found in tiers.items() if found}
    return Reading(tuple(each for (who, word), found in tiers.items() if word or (who, True) not in tiers for each in found))


class _Tokens:
    """The free-standing strings (a quote ahead), numbers and flags of a text, one after the other."""

    def __init__(self, text: str, where: str) -> None:
        self._found = _TOKEN.finditer(text)
        self._where = where

    def take(self) -> str:
        """The next one; raises `TranscriptError` where the text ends."""
        for match in self._found:
            if match[1] is not None:
                return '"' + match[1].replace('""', '"')
            if match[2] is not None:
                return match[2]
        raise TranscriptError(f"{self._where}: is no TextGrid, or ends before its last tier does")

    def skip(self, count: int) -> None:
        """Pass over as many."""
        for _ in range(count):
            self.take()

    def count(self, place: str) -> int:
        """The next one as a number of things."""
        token = self.take()
        if not token.isascii() or not token.isdigit():
            raise TranscriptError(f"{place}: {short(token)} stands where the number of tiers or intervals should")
        return int(token[:12])


def _named(name: str) -> tuple[str, str]:
    match = _LEVEL.match(name.strip())
    if match is None:
        return name, "utterance"
    level = match["level"].lower()
    return match["who"] or "", "phone" if level.startswith("phon") else "word" if level.startswith("word") else "utterance"


def _interval(tokens: _Tokens, label: str, word: bool, place: str) -> Said:
    start, end, text = tokens.take(), tokens.take(), tokens.take()
    if not text.startswith('"'):
        raise TranscriptError(f"{place}: {short(text)} stands where its text should")
    return said(label, seconds(start, "start", place), seconds(end, "end", place), text[1:], place, word)
