"""Digits and letters that are said one after the other: "oh seven double nine", "s w one a", "c for charlie", `0800-123`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from stages.personal.sides import Side
from stages.personal.vocabulary import DIGITS, INSIDE, JOINING, MAGNITUDES, NATO, NO_LETTERS, REPEATS, TEENS, TENS

APART = 8.0
"""Seconds between two parts of one number, at most: the other side repeats what it wrote down."""
TELLING = 3
"""Words such as "that's" between two parts of one number, at most."""
WRITTEN = re.compile(r"[+(]?\d[\d().\-/]*")
TIME_OR_SUM = re.compile(r"\d{1,2}:\d\d|\d+\.\d{1,2}|\d{1,3}(,\d{3})+|\d+/\d+")
MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+(-[a-z\d]+)*")
COUNTED = re.compile(r"\d+(st|nd|rd|th|s|am|pm|k|m|km|kg|mg|ml|cm|mm|lb|lbs|hz|ft|mph|gb|mb|d|x|year|years)")
HYPHENED = re.compile(r"[a-z](-[a-z]){1,}|[a-z](\.[a-z]){2,}")
VOWELS = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class Item:
    """What one word gives to a number."""

    text: str
    """Digits and capital letters."""
    kind: str
    """`digit`, `teen`, `tens`, `written`, `letter`, `mixed`, `repeat` or `hundred`."""


@cache
def items() -> dict[str, Item]:
    """Every word that is one by itself; words with digits in them are read by `item_of`."""
    found = {word: Item(digit, "digit") for word, digit in DIGITS.items()}
    found |= {word: Item(digits, "teen") for word, digits in TEENS.items()}
    found |= {word: Item(digit, "tens") for word, digit in TENS.items()}
    found |= {word: Item(str(times), "repeat") for word, times in REPEATS.items()}
    found |= {letter: Item(letter.upper(), "letter") for letter in "abcdefghijklmnpqrstuvwxyz"}
    found |= {word: Item(letter.upper(), "letter") for word, letter in NATO.items()}
    found["hundred"] = Item("00", "hundred")
    return found


def item_of(key: str) -> Item | None:
    """What a word gives, or None; `key` is in small letters."""
    known = items().get(key)
    if known is not None or not key:
        return known
    if key.isalpha():
        return None
    if HYPHENED.fullmatch(key):
        return Item(re.sub(r"[^a-z]", "", key).upper(), "letter")
    if not any(c.isdigit() for c in key) or TIME_OR_SUM.fullmatch(key):
        return None
    if WRITTEN.fullmatch(key):
        return Item(("+" if key[0] == "+" else "") + re.sub(r"\D", "", key), "written")
    if MIXED.fullmatch(key) and not COUNTED.fullmatch(key):
        return Item(key.replace("-", "").upper(), "mixed")
    parts = [item_of(part) for part in key.split("-")] if "-" in key else []
    if parts and all(part is not None for part in parts):
        return Item("".join(part.text for part in parts if part is not None), "mixed")
    return None


@dataclass(slots=True)
class Run:
    """One number or spelling."""

    first: int
    last: int
    text: str = ""
    """Digits and capital letters, perhaps with a + before them."""
    items: int = 0
    """Words that gave some of it."""
    counts: bool = False
    """It is how many or how much of something."""
    written: int = 0
    """Characters of the longest word that gave digits as such."""
    plain: int = 0
    """Words that are `a` or `i`, which are words of their own."""
    ends: list[int] = field(default_factory=list)
    """Length of the text after each word."""

    @property
    def digits(self) -> int:
        return sum(c.isdigit() for c in self.text)

    @property
    def letters(self) -> int:
        return sum(c.isalpha() for c in self.text)


def runs(side: Side) -> Iterator[Run]:
    """All runs of a channel, in order; parts that belong together as one."""
    found: list[Run] = []
    at, keys, known = 0, side.keys, items()
    while at < len(keys):
        key = keys[at]
        if key not in known and (not key or key.isalpha()):
            at += 1
            continue
        run = read(keys, at, _near(side))
        if run is None:
            at += 1
            continue
        at = run.last + 1
        if found and _joins(side, found[-1], run):
            _join(found[-1], run)
        else:
            found.append(run)
    yield from found


def _near(side: Side) -> Callable[[int, int], bool]:
    return lambda one, two: side.starts[two] - side.ends[one] <= APART


def _joins(side: Side, run: Run, more: Run) -> bool:
    """Whether the second tells on what the first began."""
    between = side.keys[run.last + 1 : more.first]
    near = len(between) <= TELLING and side.starts[more.first] - side.ends[run.last] <= APART
    return near and all(key in JOINING for key in between) and len(run.text) > 1 and len(more.text) > 1 and not (run.counts or more.counts)


def _join(run: Run, more: Run) -> None:
    run.ends += [len(run.text) + end for end in more.ends]
    run.text, run.last, run.items = run.text + more.text, more.last, run.items + more.items
    run.written, run.plain = max(run.written, more.written), run.plain + more.plain


def read(keys: list[str], at: int, near: Callable[[int, int], bool] = lambda one, two: True) -> Run | None:
    """The run that begins with the word `at`, or None; `near` says whether two words may be of one number."""
    run = Run(at, at - 1)
    while at < len(keys):
        skipped = at
        while run.items and skipped < len(keys) and keys[skipped] in INSIDE and skipped - at < 2:
            skipped += 1
        if skipped >= len(keys) or (run.items and not near(run.last, skipped)):
            break
        taken = _take(keys, skipped, run)
        if not taken:
            break
        at = skipped + taken
        run.last = at - 1
        run.items += 1
        run.ends.append(len(run.text))
    if run.items and at < len(keys) and keys[at] in MAGNITUDES:
        run.counts = True
    return run if run.items else None


def _take(keys: list[str], at: int, run: Run) -> int:
    """Words taken from `at` on into the run: 0 when there the run ends."""
    key = keys[at]
    item = item_of(key) or _bare(key, run)
    following = keys[at + 1] if at + 1 < len(keys) else ""
    if item is None:
        return 0
    if item.kind == "repeat":
        repeated = items().get(following)
        if repeated is None or repeated.kind not in ("digit", "letter"):
            doubled = Item("W", "letter") if key == "double" and following == "you" else item_of(following)
            if doubled is None or len(doubled.text) != 1:
                return 0
            repeated = doubled
        times = 1 if following == "you" else int(item.text)
        run.text += repeated.text * times
        return 2
    if item.kind == "hundred":
        if not run.text or not run.text[-1].isdigit():
            return 0
        run.text += "00"
        run.counts = run.counts or following == "and"
        return 1
    if item.kind == "tens":
        unit = items().get(following)
        whole = unit is not None and unit.kind == "digit" and unit.text != "0"
        run.text += item.text + (unit.text if whole and unit is not None else "0")
        return 2 if whole else 1
    if item.kind in ("written", "mixed"):
        run.written = max(run.written, len(item.text))
    run.plain += key in ("a", "i")
    run.text += item.text if not run.text else item.text.lstrip("+")
    return 1 + (_explained(keys, at) if item.kind == "letter" else 0)


def _bare(key: str, run: Run) -> Item | None:
    """Letters that a recogniser wrote as one word, such as `btd`, where letters or digits stand before them."""
    spelled = run.items > 0 and 2 <= len(key) <= 4 and key.isalpha() and key not in NO_LETTERS and not VOWELS & set(key)
    return Item(key.upper(), "letter") if spelled else None


def _explained(keys: list[str], at: int) -> int:
    """Words after a letter that say which it is: `s for sugar`, `s as in sam`."""
    letter = keys[at][:1]
    for words in (("for",), ("as", "in"), ("like",), ("is", "for")):
        end = at + 1 + len(words)
        if tuple(keys[at + 1 : end]) == words and end < len(keys) and len(keys[end]) > 1 and keys[end].startswith(letter):
            return len(words) + 1
    return 0
