"""Marks of transcribers that are no words, taken out; all else stays as written.

Known: Switchboard and Fisher (LDC), PriMock57's tags, and whatever stands in square or angle brackets. Punctuation and letter case stay.
"""

from __future__ import annotations

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
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
