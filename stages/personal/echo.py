"""What the other side says again: a name, and parts of a number that is being written down."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from stages.personal.runs import is_bare, near, read
from stages.personal.sides import Candidate, Side
from stages.personal.vocabulary import FUNCTION_WORDS

AFTER = 10.0
"""Seconds after a number was said in which it is said again."""
KNOWN = 0.8
"""How sure a name must be for its words to be names in the whole conversation."""
SURE = 0.6
"""How sure what is said again is, at most."""
SHORTEST = 3
"""Letters of a word and characters of a part of a number, at least."""


def find_names_again(side: Side, found: Sequence[Candidate], other: Side) -> Iterator[Candidate]:
    """Candidates on `other`, which may be `side` itself: words of names that are known from `side`, wherever they stand."""
    names = {
        key.removesuffix("'s")
        for each in found
        if each.kind == "name" and each.confidence >= KNOWN
        for key in side.keys[each.first : each.last + 1]
        if len(key) > SHORTEST and key.isalpha() and key not in FUNCTION_WORDS
    }
    if names:
        for at, key in enumerate(other.keys):
            if key.removesuffix("'s") in names and other.could_be_name(at):
                yield Candidate("name", at, at, "name:again", SURE)


def find_numbers_again(side: Side, found: Sequence[Candidate], other: Side) -> Iterator[Candidate]:
    """Candidates on `other`: parts of the numbers and spellings of `side` that are said again soon after."""
    for each in found:
        text = "" if each.kind in ("address", "email") else _text(side.keys, each)
        if len(text) < SHORTEST:
            continue
        at = bisect_left(other.starts, side.starts[each.first])
        while at < len(other.keys) and other.starts[at] - side.ends[each.last] <= AFTER:
            last = _again(other, at, text)
            if last is not None:
                yield Candidate(each.kind, at, last, f"{each.kind}:again", min(SURE, each.confidence))
            at = at + 1 if last is None else last + 1


def _text(keys: list[str], found: Candidate) -> str:
    """Digits and letters of all of a stretch."""
    text, at = "", found.first
    while at <= found.last:
        run = read(keys[: found.last + 1], at)
        text += run.text.lstrip("+") if run is not None else keys[at].upper() if text and is_bare(keys[at]) else ""
        at = at + 1 if run is None else run.last + 1
    return text


def _again(other: Side, at: int, text: str) -> int | None:
    """Place of the last word of what is said again at `at`, or None."""
    key = other.keys[at]
    if is_bare(key) and key.upper() in text and len(key) >= SHORTEST:
        return at
    run = read(other.keys, at, near(other))
    said = "" if run is None else run.text.lstrip("+")
    return run.last if run is not None and len(said) >= SHORTEST and said in text else None
