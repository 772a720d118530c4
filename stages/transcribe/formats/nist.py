"""NIST's CTM (words) and STM (utterances), as in the documentation of the scoring toolkit SCTK.

CTM: `file channel start duration word [confidence]`; STM: `file channel speaker start end [<labels>] text`; `;;` starts a comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stages.transcribe.formats.said import Reading, Said, TranscriptError, lines, said, seconds

SKIPPED = ("IGNORE_TIME_SEGMENT_IN_SCORING", "INTER_SEGMENT_GAP")
"""STM text that stands for time that nobody transcribed."""


def read_ctm(text: str, where: str, names: Iterable[str]) -> Reading:
    """The words of the recording that has one of `names`. Of alternatives the first counts. Raises `TranscriptError`."""
    rows: list[tuple[str, Said]] = []
    alternative = 0
    for number, line in lines(text):
        fields = line.split()
        if line.startswith(";;"):
            continue
        if len(fields) < 5:
            raise TranscriptError(f"{where}, line {number}: {len(fields)} fields; wanted file, channel, start, duration, word")
        file, channel, start, duration, word = fields[:5]
        if word.upper().startswith("<ALT"):
            alternative = {"<ALT_BEGIN>": 1, "<ALT>": alternative + 1}.get(word.upper(), 0)
            continue
        if alternative > 1 or word == "@":
            continue
        place = f"{where}, line {number}"
        at = seconds(start, "start", place)
        sure = _confidence(fields[5]) if len(fields) > 5 else None
        rows.append((file, said(channel, at, at + seconds(duration, "duration", place), word, place, True, sure)))
    meant = _file_of({file for file, _ in rows}, names, where)
    return Reading(tuple(each for name, each in rows if name == meant), base=1)


def read_stm(text: str, where: str, names: Iterable[str]) -> Reading:
    """The utterances of the recording that has one of `names`; labelled by channel where it has two, else by speaker."""
    rows: list[tuple[str, str, Said]] = []
    for number, line in lines(text):
        if line.startswith(";;"):
            continue
        fields = line.split(maxsplit=5)
        if len(fields) < 5:
            raise TranscriptError(f"{where}, line {number}: {len(fields)} fields; wanted file, channel, speaker, start, end, text")
        place = f"{where}, line {number}"
        words = fields[5] if len(fields) > 5 else ""
        if words.startswith("<") and ">" in words:
            words = words[words.index(">") + 1 :].strip()
        if words.upper() in SKIPPED:
            continue
        start, end = seconds(fields[3], "start", place), seconds(fields[4], "end", place)
        rows.append((fields[0], fields[1], said(fields[2], start, end, words, place)))
    meant = _file_of({file for file, *_ in rows}, names, where)
    mine = [(channel, each) for name, channel, each in rows if name == meant]
    if len({channel for channel, _ in mine}) == 2:
        return Reading(tuple(replace(each, label=channel) for channel, each in mine), base=1)
    return Reading(tuple(each for _, each in mine), base=1)


def _file_of(files: set[str], names: Iterable[str], where: str) -> str | None:
    """The recording that is meant; None in a file without any."""
    wanted = next((name for name in names if name in files), min(files) if len(files) == 1 else None)
    if wanted is None and files:
        raise TranscriptError(f"{where}: holds {len(files)} recordings, and none is called {' or '.join(map(repr, names))}")
    return wanted


def _confidence(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
