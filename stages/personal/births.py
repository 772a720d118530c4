"""Dates of birth: a date where somebody speaks of being born."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stages.personal.runs import item_of, items, near, read
from stages.personal.sides import Candidate, Side, Talk
from stages.personal.vocabulary import CUES, MONTHS, ORDINALS

ORDINAL = re.compile(r"\d{1,2}(st|nd|rd|th)")
WRITTEN = re.compile(r"\d{1,4}[./\-]\d{1,2}[./\-]\d{2,4}")
YEAR = re.compile(r"(19|20)\d\d")
PAUSE = 2.0
"""Seconds between two words of a date, at most."""
BETWEEN = frozenset(("of", "the", "in", "and", "uh", "um", "on", "er", "month", "day", "nineteen", "twenty"))


def find_births(talk: Talk, side: Side) -> Iterator[Candidate]:
    """Candidates of one channel."""
    at = 0
    while at < len(side.keys):
        if not _dated(side.keys[at]):
            at += 1
            continue
        last, parts = _date(side, at)
        if parts and "birth" in talk.cues(side, at):
            rule = _rule(side, at, last, parts)
            if rule is not None:
                yield Candidate("birth_date", at, last, *rule)
        at = max(last, at) + 1


def _dated(key: str) -> bool:
    if key in MONTHS or key in ORDINALS:
        return True
    if key.isalpha():
        word = items().get(key)
        return word is not None and word.kind != "letter"
    item = item_of(key)
    return (item is not None and item.kind != "letter") or ORDINAL.fullmatch(key) is not None or WRITTEN.fullmatch(key) is not None


def _date(side: Side, at: int) -> tuple[int, set[str]]:
    """Place of the last word of what may be a date, and what is in it."""
    keys, last, parts, digits = side.keys, at - 1, set[str](), ""
    place = at
    while place < len(keys):
        key = keys[place]
        if last >= at and side.starts[place] - side.ends[place - 1] > PAUSE:
            break
        if key in MONTHS:
            parts.add("month")
        elif key in ORDINALS or ORDINAL.fullmatch(key):
            parts.add("two_ordinals" if "ordinal" in parts else "ordinal")
        elif WRITTEN.fullmatch(key):
            parts.add("whole")
        elif key in BETWEEN and item_of(key) is None:
            if place - last > 3:
                break
            place += 1
            continue
        else:
            run = read(keys, place, near(side))
            if run is None or not run.text.isdigit():
                break
            digits += run.text
            place = run.last
            if YEAR.search(run.text):
                parts.add("year")
            parts.add("digits")
        last = place
        place += 1
    if len(digits) in (6, 8) and digits.isdigit():
        parts.add("all_digits")
    return last, parts


def _rule(side: Side, at: int, last: int, parts: set[str]) -> tuple[str, float] | None:
    if parts & {"whole", "all_digits"} or ("month" in parts and parts & {"digits", "ordinal", "year"}):
        return "birth_date:date", 0.9
    if "two_ordinals" in parts or ("ordinal" in parts and "digits" in parts):
        return "birth_date:ordinals", 0.85
    near = set(side.keys[max(0, at - 4) : at]) & CUES["birth"]
    if near and ("year" in parts or "month" in parts):
        return "birth_date:born", 0.6
    return None
