"""CHAT, the format of TalkBank: `*A:` before an utterance, and its times in milliseconds between two control characters at its end.

The CHAT manual, part 1 (talkbank.org/0info/manuals/CHAT.html): a line that starts with a tab goes on from the one before; lines that start
with `@` are headers, those with `%` are about the utterance above them. `@ID` is `language|corpus|code|age|sex|group|…|role|education|`,
an age `35;06.` in years and months. `@Media` is the name of the sound, `audio` or `video`, and perhaps `unlinked` or `missing`.
Old files have `\\x15%snd:"4065"_500_2100\\x15` for `\\x15500_2100\\x15`. What has no times is counted (`read_head`) and not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from stages.transcribe.formats.said import Reading, TranscriptError, channel_of, said, seconds

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_SPEAKER = re.compile(r"^\*([^\s:]{1,20}):\s*(.*)$")
_BULLET = re.compile(r"\x15(?:%(?:snd|mov):\s*\"?[^\"\x15]*?\"?_)?(\d+)_(\d+)-?\x15")
_HEADER = re.compile(r"^@([A-Za-z ]+):\s*(.*)$")
_DATE = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChatHead:
    """What the headers of a CHAT file say."""

    languages: tuple[str, ...] = ()
    """ISO 639-3, most used first."""
    media: str | None = None
    """The name of the sound, without an ending."""
    sexes: dict[str, str] = field(default_factory=dict)
    """`male` or `female` as written, by the code of the speaker (`*A:`)."""
    ages: dict[str, int] = field(default_factory=dict)
    """Whole years."""
    date: str | None = None
    """ISO 8601."""
    untimed: int = 0
    """Utterances without times."""


def read_head(text: str) -> ChatHead:
    """The headers of a CHAT file; what is not there, or not as the manual wants it, is absent."""
    languages: tuple[str, ...] = ()
    media = date = None
    sexes: dict[str, str] = {}
    ages: dict[str, int] = {}
    untimed = 0
    for _, line in _joined(text):
        if _SPEAKER.match(line):
            untimed += not _BULLET.search(line)
        elif match := _HEADER.match(line):
            name, value = match[1].strip(), match[2].strip()
            if name == "Languages":
                languages = tuple(re.findall(r"[a-z]{3}", value))
            elif name == "Media":
                media = value.split(",")[0].strip() or None
            elif name == "Date" and (found := _DATE.match(value)) and found[2].upper() in MONTHS:
                date = f"{found[3]}-{MONTHS.index(found[2].upper()) + 1:02d}-{int(found[1]):02d}"
            elif name == "ID" and len(fields := [part.strip() for part in value.split("|")]) > 4:
                if fields[4]:
                    sexes[fields[2]] = fields[4]
                if years := re.match(r"\d{1,3}", fields[3]):
                    ages[fields[2]] = int(years[0])
    return ChatHead(languages, media, sexes, ages, date, untimed)


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
        if not bullets:
            untimed += 1
            continue
        words = " ".join(_BULLET.sub(" ", match[2]).split())
        start, end = (seconds(ms, "time", place) / 1000 for ms in (bullets[0][1], bullets[-1][2]))
        found.append(said(channel_of(match[1]), start, end, words, place))
    if not found and text.strip():
        wanted = "wanted lines such as `*A: text \\x150_1200\\x15`"
        raise TranscriptError(f"{where}: {untimed} utterances and none with times; {wanted}")
    return Reading(tuple(found))


def _joined(text: str) -> list[tuple[int, str]]:
    """Lines with the lines that go on from them, and the numbers of the first."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("\t", " ")) and found:
            found[-1][1].append(line.strip())
        elif line.strip():
            found.append((number, [line.rstrip()]))
    return [(number, " ".join(parts)) for number, parts in found]
