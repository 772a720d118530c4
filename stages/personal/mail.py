"""E-mail addresses, written or said: "j dot smith at gmail dot com"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stages.personal.runs import PLAIN, item_of
from stages.personal.sides import Candidate, Side, Talk
from stages.personal.vocabulary import FUNCTION_WORDS, PROVIDERS, SIGNS, TOP_LEVEL

WRITTEN = re.compile(r"[\w.+\-]+@[\w\-]+(\.[\w\-]+)+")
LONGEST = 14
"""Words before the `at`, at most."""
TOGETHER = 2
"""Plain words next to each other in the part before the `at`, at most."""
NO_PART = frozenset(
    (
        *("look", "looking", "shop", "check", "visit", "order", "bought", "buy", "works", "worked", "working", "job", "found"),
        *("email", "mail", "address", "e-mail", "it's", "that's", "contact", "write", "message", "reach"),
    )
)


def find_mail(talk: Talk, side: Side) -> Iterator[Candidate]:
    """Candidates of one channel."""
    for at, key in enumerate(side.keys):
        if "@" in key and len(key) > 1:
            if WRITTEN.fullmatch(key):
                yield Candidate("email", at, at, "email:written", 0.99)
        elif key in ("at", "@"):
            end = _domain(side.keys, at + 1)
            if end is None:
                continue
            sure = "email" in talk.cues(side, at)
            first = _local(side.keys, at)
            if first < at:
                yield Candidate("email", first, end, "email:spoken", 0.95 if sure else 0.8)


def _domain(keys: list[str], at: int) -> int | None:
    """Place of the last word of a domain that begins at `at`, or None: `gmail dot com`, `gmail.com`, `b t internet dot co dot uk`."""
    dotted = keys[at].rsplit(".", 1)[-1] in TOP_LEVEL and "." in keys[at] if at < len(keys) else False
    if dotted:
        return at
    for dot in range(at + 1, min(at + 6, len(keys) - 1)):
        if keys[dot] in ("dot", "point") and keys[dot + 1] in TOP_LEVEL:
            end = dot + 1
            while end + 2 < len(keys) and keys[end + 1] in ("dot", "point") and keys[end + 2] in TOP_LEVEL:
                end += 2
            return end
        if keys[dot] in FUNCTION_WORDS and keys[dot] not in SIGNS:
            break
    if at < len(keys) and keys[at] in PROVIDERS:
        return at
    return None


def _local(keys: list[str], at: int) -> int:
    """Place of the first word of the part before the `at` of an address; `at` itself when there is none."""
    first, plain = at, 0
    while first > 0 and at - first < LONGEST:
        key = keys[first - 1]
        joined = first < at and keys[first] in SIGNS
        if _is_piece(keys, first - 1, at):
            plain = 0
        elif key and key not in FUNCTION_WORDS and key not in NO_PART and (joined or plain < TOGETHER):
            plain += 1
        else:
            break
        first -= 1
    while first < at and keys[first] in SIGNS:
        first += 1
    return first


def _is_piece(keys: list[str], place: int, at: int) -> bool:
    """A sign, a letter or a number; `a` and `i` only beside another of them."""
    if keys[place] in SIGNS:
        return True
    if item_of(keys[place]) is None:
        return False
    beside = [near for near in (place - 1, place + 1) if 0 <= near < at and (item_of(keys[near]) is not None or keys[near] in SIGNS)]
    return keys[place] not in PLAIN or bool(beside)
