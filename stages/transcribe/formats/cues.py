"""Subtitles (WebVTT, SRT) and the line formats of telephone corpora (Fisher, Switchboard)."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from stages.transcribe.formats.said import Reading, Said, TranscriptError, channel_of, lines, said, seconds, short

_CLOCK = re.compile(r"^(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})$")
_ARROW = re.compile(r"^\s*(\S+?)\s*-->\s*(\S+)(?:\s.*)?$")
_OTHER_ARROW = re.compile(r"[:.,]\d+\s*-+>\s*\d")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)|\d+\s*$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_NAMED = re.compile(r"^\s*(?:-\s*)?([^\s:<>][^:<>]{0,39}):\s+")
_TAG = re.compile(r"</?(?:b|i|u|c|v|ruby|rt|lang|font)\b[^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_FISHER = re.compile(r"^(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+([^\s:]+)\s*:\s*(.*)$")
_MS98 = re.compile(r"^(?:sw0?)?(\d{4})([AB])-ms98-a-\w+\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)(?:\s+(.*))?$")
_WORDS = re.compile(r"-ms98-a-word\.[^/]*$")
_CALLHOME = re.compile(r"(?:^|[/\\])(?:en|ge|ja|ma|sp|ar|fr|ko|hi|fa|ta|vi)_\d{4}\.txt$")


def read_cues(text: str, where: str) -> Reading:
    """The cues of a WebVTT or SRT file; a speaker is a `<v Name>` or, at the start of a cue's line, `Name: `.

    Text behind an empty line belongs to the cue before it.
    """
    found: list[Said] = []
    for times, rows in _cues(text, where):
        place = f"{where}, cue {short(times[0].strip())}"
        start, end = _clock(times[1], place), _clock(times[2], place)
        parts = _parts("\n".join(rows))
        length = sum(len(words) for _, words in parts) or 1
        # Two speakers in one cue share its time by the length of what they say.
        at = 0
        for label, words in parts:
            edges = [start + (end - start) * share / length for share in (at, at + len(words))]
            found.append(said(label, edges[0], edges[1], words, place))
            at += len(words)
    if not found and "-->" not in text and not text.lstrip("\ufeff").startswith("WEBVTT"):
        raise TranscriptError(f"{where}: holds no cue; wanted lines such as 00:00:01.000 --> 00:00:02.000")
    return Reading(tuple(found))


def _cues(text: str, where: str) -> list[tuple[re.Match[str], list[str]]]:
    """The line of times of each cue, and the lines of its text."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        rows = block.strip("\n").split("\n")
        times = [(at, match) for at, row in enumerate(rows) if (match := _ARROW.match(row))]
        if wrong := next((row for row in rows if _OTHER_ARROW.search(row) and not _ARROW.match(row)), None):
            raise TranscriptError(f"{where}: {short(wrong.strip())}; wanted a line such as 00:00:01.000 --> 00:00:02.000")
        if not times and found and not _ASIDE.match(block.strip()):
            found[-1][1].extend(rows)
        for (at, match), end in zip(times, [*(at for at, _ in times[1:]), len(rows)], strict=False):
            mine = rows[at + 1 : end]
            if end < len(rows) and mine and mine[-1].strip().isdecimal():
                # The number of the next cue, which no empty line parts from this one.
                mine.pop()
            found.append((match, mine))
    return found


def _parts(text: str) -> list[tuple[str, str]]:
    """Who says what in one cue."""
    if _VOICE.search(text):
        pieces = _VOICE.split(text)
        pairs = list(zip(["", *pieces[1::2]], pieces[0::2], strict=True))
    else:
        pairs = []
        for line in text.split("\n"):
            named = _NAMED.match(line)
            if named or not pairs:
                pairs.append((named[1] if named else "", line[named.end() :] if named else line))
            else:
                pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}\n{line}")
    clean = [(label.strip(), " ".join(html.unescape(_TAG.sub("", words)).split())) for label, words in pairs]
    return [(label, words) for label, words in clean if words]


def _clock(text: str, place: str) -> float:
    match = _CLOCK.match(text)
    if match is None:
        raise TranscriptError(f"{place}: {short(text)} is no time such as 00:00:01.000")
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(f"{match[3]}.{match[4]}")


def read_lines(text: str, where: str) -> Reading:
    """Fisher's and CALLHOME's `start end A: text` (`#` and blank lines between) or Switchboard's `sw2001A-ms98-a-0001 start end text`.

    Each line of a file `…-ms98-a-word.text` is a word with times of its own. In a CALLHOME file (`en_4065.txt`), as Lhotse's recipe knows
    them, a line without times goes on from the one before, and the few that end before they start are left out.
    """
    found: list[Said] = []
    word, callhome = _WORDS.search(where) is not None, _CALLHOME.search(where) is not None
    for number, line in lines(text):
        if line.startswith("#"):
            continue
        place = f"{where}, line {number}"
        if fisher := _FISHER.match(line):
            start, end, label, words = fisher.groups()
        elif ms98 := _MS98.match(line):
            _, label, start, end, words = ms98.groups("")
        elif callhome and found:
            found[-1] = replace(found[-1], text=f"{found[-1].text} {line}".strip())
            continue
        else:
            raise TranscriptError(f"{place}: {short(line)}; wanted `start end speaker: text` or `sw2001A-ms98-a-0001 start end text`")
        times = seconds(start, "start", place), seconds(end, "end", place)
        if callhome and times[1] < times[0]:
            continue
        found.append(said(channel_of(label), *times, words, place, word))
    return Reading(tuple(found))
