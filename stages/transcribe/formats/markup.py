"""Marks of transcribers that are no words, taken out; all else stays as written.

Known: Switchboard and Fisher (LDC), CHAT (the CHAT manual, part 1), PriMock57's tags, and whatever stands in square or angle brackets.
Punctuation and letter case stay.
"""

from __future__ import annotations

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # CHAT: &=laughs is a sound, &-um a filler, &+fr a word begun and left; 0word one that is not said; xxx, yyy and www are nothing heard.
    (re.compile(r"(?<!\S)&=\S+"), " "),
    (re.compile(r"(?<!\S)&-(?=\w)"), ""),
    (re.compile(r"(?<!\S)&\+?(?=[A-Za-z])(\w+)"), r"\1-"),
    (re.compile(r"(?<!\S)0\w+"), " "),
    (re.compile(r"(?<!\S)(?:xxx|yyy|www)(?!\S)"), " "),
    # CHAT: pauses (.) (..) (1.5); +... +/. +" and the like end or begin an utterance; word@s and word@l carry a mark; <again> [/] is scope.
    (re.compile(r"\((?:\.+|\d+(?:\.\d*)?)\)"), " "),
    (re.compile(r"(?<!\S)\+[^\s\w]+(?!\S)"), " "),
    (re.compile(r"(?<=\w)@[a-z]+(?::[a-z]+)?"), ""),
    (re.compile(r"<([^<>/]*)>(?=\s*\[(?:[/=!?*<>]|x \d))"), r"\1"),
    # CHAT: (be)cause is a word of which a part was left out; ‡ „ and arrows are intonation and syntax.
    (re.compile(r"(?<=\w)\(([a-z']+)\)|\(([a-z']+)\)(?=\w)"), r"\1\2"),
    (re.compile("[\u2021\u201e\u2191\u2193\u2248\u224b]"), " "),
    # Switchboard: [laughter-yes] is a laughed word, [word/other] one that was meant as the other, fi[xed]- a broken off one.
    (re.compile(r"\[laughter-([^\[\]]+)\]"), r"\1"),
    (re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*/([^\[\]/]+)\]"), r"\1"),
    (re.compile(r"(?<=\w)\[[^\[\]]*\](?=-)|(?<=-)\[[^\[\]]*\](?=\w)"), ""),
    # Fisher: ((doubtful words)), with nothing inside where none could be made out.
    (re.compile(r"\(\(|\)\)"), " "),
    # Switchboard: {coined} words, and <b_aside> tags around asides. PriMock57: <UNSURE>word</UNSURE>, <UNIN/>.
    (re.compile(r"\{([^{}]*)\}"), r"\1"),
    (re.compile(r"<[^<>]*>"), " "),
    (re.compile(r"\[[^\[\]]*\]"), " "),
    (re.compile(r"_1\b"), ""),
)
_SPOKEN = re.compile(r"\w")


def words(text: str, keep: bool = False) -> tuple[str, ...]:
    """The words of an utterance. `keep` leaves every mark where it is.

    A word without a letter or digit belongs to the word before it, as punctuation; ahead of all words it is dropped.
    """
    if not keep:
        for pattern, by in _RULES:
            text = pattern.sub(by, text)
    found: list[str] = []
    for part in text.split():
        if keep or _SPOKEN.search(part):
            found.append(part)
        elif found:
            found[-1] += part
    return tuple(found)
