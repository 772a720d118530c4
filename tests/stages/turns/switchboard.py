"""The Switchboard sample of NLTK as reference: segments with times of each side, and the turns and dialogue acts of hand-made transcripts.

The two were made apart and have only their words in common. Calls are matched by the words in them, and the words of each side by the
longest common subsequences. A word's time is its segment's, shared out by letters.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from schemas.activity import Activity
from schemas.span import Span, union
from schemas.transcript import Piece, Transcript, Word

RATE = 8000
MARGIN = 0.15
"""Seconds taken off both ends of each segment: segments are cut in silence, and where two touch there is none left between them."""
BACKCHANNEL = {"b", "b^r", "bh", "bk", "ba"}
"""Dialogue acts: acknowledgement, as a repetition, as a question, as an answer; appreciation."""
AGREEMENT = {"aa", "aa^r"}
NO_TURN = {*BACKCHANNEL, "x", "%"}
"""With what is no speech, and what was given up or not understood."""


@dataclass(frozen=True)
class Turn:
    """One turn of the hand-made transcript."""

    channel: int
    span: Span
    acts: frozenset[str]


@dataclass(frozen=True)
class Call:
    activity: Activity
    transcript: Transcript
    turns: tuple[Turn, ...]
    """In the order of the hand-made transcript."""


Segment = tuple[float, float, list[str]]
Said = tuple[str, int, int, list[str]]
"""Dialogue act, channel, number of the turn, words."""


def read_calls(folder: Path, count: int) -> list[Call]:
    sides = _segments((folder / "timed-transcript").read_text())
    timed = [(sides[at], sides[at + 1]) for at in range(0, len(sides), 2)]
    bags = [Counter(word for side in call for _, _, words in side for word in words) for call in timed]
    found = []
    for said in _acts((folder / "discourse").read_text())[:count]:
        bag = Counter(word for _, _, _, words in said for word in words)
        shared = [sum((bag & other).values()) for other in bags]
        assert max(shared) > 0.9 * sum(bag.values())
        found.append(_call(timed[shared.index(max(shared))], said))
    return found


def _segments(text: str) -> list[list[Segment]]:
    sides: list[list[Segment]] = []
    for line in text.splitlines():
        parts = line.split(None, 2)
        if len(parts) == 3:
            start, end = float(parts[0]), float(parts[1])
            if start == 0:
                sides.append([])
            marks = re.sub(r"\[(silence|noise|laughter|vocalized-noise)\]", "", parts[2])
            said = re.sub(r"\[laughter-([^\]]*)\]", r"\1", marks)
            sides[-1].append((start, end, _words(re.sub(r"\[[^\]]*\]", "", said))))
    return sides


def _acts(text: str) -> list[list[Said]]:
    calls: list[list[Said]] = []
    last = 1 << 30
    for line in text.splitlines():
        found = re.match(r"(\S+)\s+@?([AB])\.(\d+) utt\d+: (.*)", line.strip())
        if found:
            act, side, number, words = found.groups()
            if int(number) < last:
                calls.append([])
            last = int(number)
            plain = re.sub(r"<[^>]*>|\{[A-Z] |[\[\]{}+/#()]|--", " ", words)
            calls[-1].append((act.split("@")[0], "AB".index(side), last, _words(plain)))
    return calls


def _words(text: str) -> list[str]:
    plain = ("".join(c for c in word.lower() if c.isalnum() or c == "'") for word in text.split())
    return [word for word in plain if word]


def _call(sides: tuple[list[Segment], list[Segment]], said: list[Said]) -> Call:
    length = round(max(side[-1][1] for side in sides) * RATE) + 1
    channels, pieces = [], []
    spans: dict[int, Span] = {}
    for channel, side in enumerate(sides):
        kept, words = [], []
        for start, end, texts in side:
            if texts:
                margin = min(MARGIN, (end - start) / 3)
                kept.append(Span(round((start + margin) * RATE), round((end - margin) * RATE)))
                words += _spread(kept[-1], texts)
        channels.append(union(kept))
        pieces.append(Piece(channel, Span(0, length), tuple(words)))
        spans |= _aligned(channel, said, words)
    turns: dict[int, Turn] = {}
    for place, (act, channel, number, _) in enumerate(said):
        if place in spans:
            before = turns.get(number)
            span = (
                spans[place] if before is None else Span(min(before.span.start, spans[place].start), max(before.span.end, spans[place].end))
            )
            turns[number] = Turn(channel, span, frozenset((act, *(() if before is None else before.acts))))
    return Call(
        activity=Activity(channels=tuple(channels), length=length, rate=RATE),
        transcript=Transcript(pieces=tuple(pieces), length=length, rate=RATE),
        turns=tuple(turns[number] for number in sorted(turns)),
    )


def _spread(span: Span, texts: list[str]) -> list[Word]:
    edges = list(accumulate((len(text) + 1 for text in texts), initial=0))
    cuts = [span.start + len(span) * edge // edges[-1] for edge in edges]
    return [Word(Span(a, b), text, "spread") for (a, b), text in zip(pairwise(cuts), texts, strict=True)]


def _aligned(channel: int, said: list[Said], words: list[Word]) -> dict[int, Span]:
    """For every utterance of a channel that has words in common with it, when it was said."""
    wanted = [(word, place) for place, (_, side, _, texts) in enumerate(said) if side == channel for word in texts]
    matcher = difflib.SequenceMatcher(None, [word for word, _ in wanted], [word.text for word in words], autojunk=False)
    found: dict[int, Span] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            place, span = wanted[block.a + step][1], words[block.b + step].span
            found[place] = Span(found[place].start if place in found else span.start, span.end)
    return found
