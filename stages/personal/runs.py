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
CLOSE = 1.5
"""Seconds between two words of one part, at most."""
TELLING = 3
"""Words such as "that's" between two parts of one number, at most."""
WRITTEN = re.compile(r"[+(]?\d[\d().\-/]*")
TIME_OR_SUM = re.compile(r"\d{1,2}:\d\d|\d+\.\d{1,2}|\d{1,3}(,\d{3})+|\d+/\d+")
MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+(-[a-z\d]+)*")
COUNTED = re.compile(r"\d+(st|nd|rd|th|s|am|pm|k|m|km|kg|mg|ml|cm|mm|lb|lbs|hz|ft|mph|gb|mb|d|x|year|years)")
HYPHENED = re.compile(r"[a-z](-[a-z]){1,}|[a-z](\.[a-z]){2,}")
VOWELS = frozenset("aeiouy")
PLAIN = ("a", "i")
"""Letters that are words."""


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


@dataclass(frozen=True, slots=True)
class Part:
    """What one word, or two such as "forty two" and "double nine", gives to a number."""

    first: int
    last: int
    text: str
    """Digits and capital letters, perhaps with a + before them."""


@dataclass(slots=True)
class Run:
    """One number or spelling."""

    parts: list[Part] = field(default_factory=list)
    counts: bool = False
    """It is how many or how much of something."""
    written: int = 0
    """Characters of the longest word that gave digits as such."""
    ohs: int = 0
    """Parts that are `o` or `oh`: the digit or the letter."""
    plain: int = 0
    """Parts that are `a` or `i`, which are words of their own."""

    @property
    def first(self) -> int:
        return self.parts[0].first

    @property
    def last(self) -> int:
        return self.parts[-1].last

    @property
    def text(self) -> str:
        """Digits and capital letters, perhaps with a + before them."""
        return "".join(part.text for part in self.parts)

    @property
    def digits(self) -> int:
        return sum(c.isdigit() for c in self.text)

    @property
    def letters(self) -> int:
        return sum(c.isalpha() for c in self.text)


def runs(side: Side, whole: Callable[[str], bool]) -> Iterator[Run]:
    """All runs of a channel, in order; parts that belong together as one. Nothing is added to what `whole` says is complete."""
    found: list[Run] = []
    at, keys, known = 0, side.keys, items()
    while at < len(keys):
        key = keys[at]
        if key not in known and (not key or key.isalpha()):
            # Letters written as one word are none by themselves, but they may go on with what is being spelled.
            run = Run([Part(at, at, key.upper())]) if found and is_bare(key) else None
            if run is not None and _joins(side, found[-1], run) and not whole(found[-1].text):
                found[-1] = joined(found[-1], run)
            at += 1
            continue
        run = read(keys, at, near(side))
        if run is None:
            at += 1
            continue
        at = run.last + 1
        if found and _joins(side, found[-1], run) and not (whole(found[-1].text) or whole(run.text)):
            found[-1] = joined(found[-1], run)
        else:
            found.append(run)
    yield from found


def near(side: Side) -> Callable[[int, int], bool]:
    """Whether two words follow one another closely enough to be of one number."""
    return lambda one, two: side.starts[two] - side.ends[one] <= CLOSE


def _joins(side: Side, run: Run, more: Run) -> bool:
    """Whether the second tells on what the first began."""
    between = side.keys[run.last + 1 : more.first]
    soon = len(between) <= TELLING and side.starts[more.first] - side.ends[run.last] <= APART
    return soon and all(key in JOINING for key in between) and len(run.text) > 1 and len(more.text) > 1 and not (run.counts or more.counts)


def joined(run: Run, more: Run) -> Run:
    """Both as one."""
    return Run([*run.parts, *more.parts], False, max(run.written, more.written), run.ohs + more.ohs, run.plain + more.plain)


def read(keys: list[str], at: int, close: Callable[[int, int], bool] = lambda one, two: True) -> Run | None:
    """The run that begins with the word `at`, or None; `close` says whether two words may be of one number."""
    run = Run()
    while at < len(keys):
        skipped = at
        while run.parts and skipped < len(keys) and keys[skipped] in INSIDE and skipped - at < 2:
            skipped += 1
        if skipped >= len(keys) or (run.parts and not close(run.last, skipped)):
            break
        if skipped > at and keys[skipped] in PLAIN:
            break
        taken = _take(keys, skipped, run)
        if not taken:
            break
        at = skipped + taken
    if run.parts and at < len(keys) and keys[at] in MAGNITUDES:
        run.counts = True
    return run if run.parts else None


def _take(keys: list[str], at: int, run: Run) -> int:
    """Words taken from `at` on into the run: 0 when there the run ends."""
    key = keys[at]
    item = item_of(key) or _bare(key, run)
    following = keys[at + 1] if at + 1 < len(keys) else ""
    if item is None:
        return 0
    text, taken = item.text, 1
    if item.kind == "repeat":
        text, taken = _repeated(key, item, following), 2
    elif item.kind == "hundred":
        if not run.parts or not run.text[-1].isdigit():
            return 0
        run.counts = run.counts or following == "and"
    elif item.kind == "tens":
        unit = items().get(following)
        whole = unit is not None and unit.kind == "digit" and unit.text != "0"
        text, taken = (item.text + unit.text, 2) if whole and unit is not None else (item.text + "0", 1)
    elif item.kind in ("written", "mixed"):
        run.written = max(run.written, len(item.text))
    elif (explained := _explained(keys, at)) and len(key) == 1:
        text, taken = key.upper(), 1 + explained
    if not text:
        return 0
    run.plain += key in PLAIN
    run.ohs += key in ("o", "oh")
    run.parts.append(Part(at, at + taken - 1, text.lstrip("+") if run.parts else text))
    return taken


def _repeated(key: str, item: Item, following: str) -> str:
    """`double nine`, `triple o`; empty for `double` before what is no digit or letter."""
    if following == "you":
        return "W" if key == "double" else ""
    again = item_of(following)
    return again.text * int(item.text) if again is not None and len(again.text) == 1 and again.kind != "tens" else ""


def _bare(key: str, run: Run) -> Item | None:
    """Letters that a recogniser wrote as one word, such as `btd`, where letters or digits stand before them."""
    return Item(key.upper(), "letter") if run.parts and is_bare(key) else None


def is_bare(key: str) -> bool:
    """Letters without a vowel that are no word."""
    return 2 <= len(key) <= 4 and key.isalpha() and key not in NO_LETTERS and not VOWELS & set(key)


def _explained(keys: list[str], at: int) -> int:
    """Words after a letter that say which it is: `s for sugar`, `s as in sam`."""
    letter = keys[at][:1]
    for words in (("for",), ("as", "in"), ("like",), ("is", "for")):
        end = at + 1 + len(words)
        if tuple(keys[at + 1 : end]) == words and end < len(keys) and len(keys[end]) > 1 and keys[end].startswith(letter):
            return len(words) + 1
    return 0
