"""The words of a conversation as the rules read them: one channel after another, in small letters, with what was said just before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.personal import SpokenWord
from stages.personal.vocabulary import CUES, TITLES

EDGES = '.,?!;:"()[]{}<>…“”‘*~'
ENDS = (".", "?", "!")
PAUSE = 1.0
"""Seconds without a word of the channel after which another utterance begins."""
BEFORE = 12.0
"""Seconds before a number or a name in which what is said about it counts."""
WORDS = 14
"""Words of each channel in that time, at most."""
CASED = 0.005
"""Share of words inside utterances that begin with a capital (without I and its forms), from which capitals say something."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words of one channel that a rule found, by their places in that channel."""

    kind: str
    first: int
    last: int
    rule: str
    confidence: float


@dataclass(slots=True)
class Side:
    """One channel's words in order of time."""

    channel: int
    places: list[int]
    """In the sequence that is searched."""
    texts: list[str]
    keys: list[str]
    """In small letters, without punctuation at either end; empty for what is written in brackets, such as `[laughter]` and `[name]`."""
    starts: list[float]
    """Seconds; so are `ends`."""
    ends: list[float]
    opens: list[bool]
    """Begins an utterance."""
    cased: bool = False
    """Capitals mean something in it."""

    def capital(self, at: int) -> bool:
        """The word begins with a capital letter, and not because an utterance does."""
        text = self.texts[at].lstrip(EDGES)
        return self.cased and text[:1].isupper() and not self.opens[at]

    def could_be_name(self, at: int) -> bool:
        """Capitals, where there are any, do not speak against a name."""
        return not self.cased or self.texts[at].lstrip(EDGES)[:1].isupper()


def sides_of(words: Sequence[SpokenWord], rate: int) -> tuple[Side, ...]:
    """The channels of `words`, which may come in any order."""
    found: dict[int, list[int]] = {}
    for place, word in enumerate(words):
        found.setdefault(word.channel, []).append(place)
    return tuple(_side(words, channel, found[channel], rate) for channel in sorted(found))


def _side(words: Sequence[SpokenWord], channel: int, places: list[int], rate: int) -> Side:
    places = sorted(places, key=lambda place: (words[place].span.start, words[place].span.end))
    texts = [words[place].text.replace("’", "'") for place in places]
    starts = [words[place].span.start / rate for place in places]
    ends = [words[place].span.end / rate for place in places]
    keys = ["" if text.startswith("[") and text.endswith("]") else text.lower().strip(EDGES) for text in texts]
    opens = [True]
    for at in range(1, len(places)):
        ended = texts[at - 1].endswith(ENDS) and keys[at - 1] not in TITLES
        opens.append(ended or starts[at] - ends[at - 1] > PAUSE)
    side = Side(channel, places, texts, keys, starts, ends, opens)
    inner = [text for text, first in zip(texts, opens, strict=True) if not first and not (text == "I" or text.startswith("I'"))]
    side.cased = sum(text[:1].isupper() and text[1:].islower() for text in inner) > CASED * len(inner)
    return side


@dataclass(slots=True)
class Talk:
    """Both channels."""

    sides: tuple[Side, ...]

    def cues(self, side: Side, at: int) -> frozenset[str]:
        """Names of `CUES` that are said shortly before the word `at` of a channel, by either speaker."""
        heard = self.before(side, at)
        return frozenset(name for name, words in CUES.items() if words & heard)

    def before(self, side: Side, at: int) -> set[str]:
        """What both speakers say shortly before a word."""
        start = side.starts[at]
        heard: set[str] = set()
        for other in self.sides:
            end = at if other is side else bisect_left(other.starts, start)
            for index in range(max(0, end - WORDS), end):
                if start - other.ends[index] <= BEFORE:
                    heard.update(other.keys[index].replace("'s", "").split("-"))
                    heard.add(other.keys[index])
        return heard
