"""CHAT, the format of TalkBank: `*A:` before an utterance, and its times in milliseconds between two control characters at its end.

The CHAT manual, part 1 (talkbank.org/manuals/CHAT.html): a line that starts with a tab goes on from the one before; lines that start with
`@` are headers, those with `%` are about the utterance above them. Utterances without times are left out of account by who needs times.
"""

from __future__ import annotations

import re

from stages.transcribe.formats.said import Reading, TranscriptError, said, seconds

_SPEAKER = re.compile(r"^\*([A-Za-z0-9_-]{1,10}):\s*(.*)$")
_BULLET = re.compile(r"\x15(?:%snd:\"[^\"]*\"_)?(\d+)_(\d+)\x15")


def read_chat(text: str, where: str) -> Reading:
    """The utterances of a CHAT file that have times, mark-up included. Raises `TranscriptError`."""
    found = []
    untimed = 0
    for number, line in _joined(text):
        match = _SPEAKER.match(line)
        if match is None:
            continue
        place = f"{where}, line {number}"
        bullets = list(_BULLET.finditer(match[2]))
        words = " ".join(_BULLET.sub(" ", match[2]).split())
        if not bullets:
            untimed += 1
            continue
        start, end = (seconds(ms, "time", place) / 1000 for ms in (bullets[0][1], bullets[-1][2]))
        found.append(said(match[1], start, end, words, place))
    if not found and text.strip():
        wanted = "wanted lines such as `*A: text \\x150_1200\\x15`"
        raise TranscriptError(f"{where}: {untimed} utterances and none with times; {wanted}")
    return Reading(tuple(found))


def _joined(text: str) -> list[tuple[int, str]]:
    """Lines with the lines that go on from them, and the numbers of the first."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("\t", " ")) and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif line.strip():
            found.append((number, line.rstrip()))
    return found
