"""What a run of digits and letters is: a telephone, a card, a code, a postcode, a spelled name, or nothing of anybody's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stages.personal.runs import PLAIN, Run, runs
from stages.personal.sides import Candidate, Side, Talk
from stages.personal.vocabulary import UNITS

UK_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")
CARD = range(13, 20)
"""Digits of a payment card's number (ISO/IEC 7812 allows fewer; none are issued)."""
PHONE = range(7, 16)
"""Digits of a telephone number (ITU-T E.164 allows 15)."""
KNOWN_TERMS = frozenset(("COVID19", "4X4", "24X7", "H2O", "CO2", "MP3", "MP4", "A1", "R2D2", "B52", "F150", "W2", "W4", "1040EZ", "401K"))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find_numbers(talk: Talk, side: Side) -> Iterator[Candidate]:
    """Candidates of English speech, from digits and letters as they are written or said."""
    for run in runs(side, complete):
        _trim(side, run)
        if not run.parts or _counts(side, run):
            continue
        text = run.text.lstrip("+")
        if len(text) < 3:
            continue
        if run.letters and run.digits == run.ohs and len(text) > 2:
            text = text.replace("0", "O")
        found = _digits(talk, side, run, text) if text.isdigit() else _mixed(talk, side, run, text)
        if found is not None:
            kind, rule, confidence = found
            yield Candidate(kind, run.first, run.last, rule, confidence)


def complete(text: str) -> bool:
    """Nothing can be missing from it."""
    digits = text.lstrip("+")
    if not digits.isdigit():
        return UK_POSTCODE.fullmatch(text) is not None
    return len(digits) > 15 or (len(digits) in CARD and luhn(digits))


def find_written(side: Side) -> Iterator[Candidate]:
    """Candidates of speech in any language, from digits that are written as such."""
    at = 0
    while at < len(side.keys):
        end, digits = at, ""
        while end < len(side.keys) and re.fullmatch(r"\+?[\d().\-/]*\d[\d().\-/]*", side.keys[end]):
            digits += re.sub(r"\D", "", side.keys[end])
            end += 1
        if len(digits) in CARD and luhn(digits):
            yield Candidate("card", at, end - 1, "card:luhn", 0.99)
        elif len(digits) in PHONE:
            yield Candidate("phone", at, end - 1, "phone:any_language", 0.6)
        elif len(digits) > 6:
            yield Candidate("identifier", at, end - 1, "identifier:any_language", 0.6)
        at = max(end, at + 1)


def _trim(side: Side, run: Run) -> None:
    """Without what only looks like a part: words such as `i`, `a`, `oh` and `one` at its ends that are words of the sentence."""
    parts = run.parts
    while len(parts) > 1 and side.keys[parts[0].first] in ("oh", "i") and side.opens[parts[0].first] and run.letters > run.plain:
        if side.keys[parts[0].first] == "oh" and parts[1].text[:1].isdigit():
            break
        parts.pop(0)
    while parts and side.keys[parts[-1].last] in PLAIN and not any(part.text.isalpha() for part in parts[:-1]):
        parts.pop()
        run.plain -= 1
    if len(parts) > 1 and side.keys[parts[-1].last] == "one" and not any(c.isdigit() for part in parts[:-1] for c in part.text):
        parts.pop()


def _counts(side: Side, run: Run) -> bool:
    """It says how many or how much, or which year or time."""
    following = side.keys[run.last + 1] if run.last + 1 < len(side.keys) else ""
    upwards = run.text.isdigit() and run.text in "1234567890"
    return run.counts or (following in UNITS and run.digits < 9) or (upwards and len(run.text) > 3)


def _digits(talk: Talk, side: Side, run: Run, text: str) -> tuple[str, str, float] | None:
    count = len(text)
    if count in CARD and luhn(text):
        return "card", "card:luhn", 0.99
    if count < 4:
        return None
    cues = talk.cues(side, run.first)
    if count in range(12, 20) and "card" in cues:
        return "card", "card:cue", 0.8
    if count in PHONE:
        return _phone(cues, run, text)
    if count > 15:
        return "identifier", "identifier:long", 0.7
    dictated = len(run.parts) >= 3 or run.written >= 4
    if "postcode" in cues and count == 5:
        return "postcode", "postcode:cue", 0.8
    if "phone" in cues and count > 5 and dictated and "number" in cues:
        return "phone", "phone:cue", 0.7
    if count == 4 and "expiry" in cues and len(run.parts) > 1 and "01" <= text[:2] <= "12":
        return "identifier", "identifier:expiry", 0.7
    if cues & {"identifier", "card"} and dictated:
        return "identifier", "identifier:cue", 0.8 if count > 4 else 0.6
    if "number" in cues and count > 4 and dictated:
        return "identifier", "identifier:number", 0.7
    if count > 4 and len(run.parts) == count:
        return "identifier", "identifier:digits", 0.5
    return None


def _phone(cues: frozenset[str], run: Run, text: str) -> tuple[str, str, float]:
    starts = run.text.startswith(("+", "0"))
    if "identifier" in cues and "phone" not in cues and not (starts and len(text) > 9):
        return "identifier", "identifier:cue", 0.85
    if "phone" in cues:
        return "phone", "phone:cue", 0.95
    if (starts and len(text) > 8) or len(text) in (10, 11):
        return "phone", "phone:form", 0.9
    if len(text) in (7, 12):
        return "phone", "phone:length", 0.6
    return "identifier", "identifier:long", 0.6


def _mixed(talk: Talk, side: Side, run: Run, text: str) -> tuple[str, str, float] | None:
    if UK_POSTCODE.fullmatch(text):
        return "postcode", "postcode:uk", 0.9
    if text in KNOWN_TERMS:
        return None
    cues = talk.cues(side, run.first)
    if not any(c.isdigit() for c in text):
        return _letters(cues, run, text)
    if "postcode" in cues and len(text) <= 8:
        return "postcode", "postcode:cue", 0.8
    if cues & {"identifier", "card"} and run.letters > run.plain and len(text) > 3:
        return "identifier", "identifier:cue", 0.85
    if "number" in cues and run.digits > 1 and len(text) > 4:
        return "identifier", "identifier:number", 0.75
    if run.digits > 1 and len(text) > 4 and run.letters > run.plain:
        return "identifier", "identifier:mixed", 0.5
    return None


def _letters(cues: frozenset[str], run: Run, text: str) -> tuple[str, str, float] | None:
    if len(text) < 3 or len(text) - run.plain < 2:
        return None
    if "name" in cues:
        return "name", "name:spelled", 0.9
    if len(text) - run.plain < 3:
        return None
    if cues & {"identifier", "card"} and len(text) > 3:
        return "identifier", "identifier:cue", 0.7
    if len(text) > 4:
        return "name", "name:letters", 0.5
    return None
