"""Real transcripts with personal data marked by hand, as places of words and never as text.

Marked is what has the form, whoever it belongs to: names of people in public life count, and so do a guest house's telephone and street.
Names of firms, teams, places and characters of fiction do not. Names in Switchboard were looked for by their capitals.

The held-out calls were marked when the rules were done, and the rules were not changed for them. Those of SpokenWOZ had been read once
before, when the rules were begun.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from schemas.personal import SpokenWord
from schemas.span import Span
from tests.bench.personal_truth import TRUTH
from tests.shared import SHARED
from tests.stages.personal.said import Truth

RATE = 8000


@dataclass(frozen=True)
class Real:
    corpus: str
    name: str
    half: str
    """`seen` while the rules were written, or `held out`."""
    words: tuple[SpokenWord, ...]
    """By channel, then in order of time."""
    truth: tuple[Truth, ...]
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return max(word.span.end for word in self.words) / self.rate


@cache
def real_calls() -> tuple[Real, ...]:
    """Every call that has been marked; none where the shared data is absent."""
    found = []
    for corpus, calls in (("spokenwoz", _spokenwoz()), ("primock57", _primock()), ("switchboard", _switchboard())):
        for place, (name, words) in enumerate(calls):
            marked = TRUTH.get(f"{corpus}/{name}")
            if marked is not None:
                half = "held out" if (place % 2 if corpus == "switchboard" else name in HELD_OUT) else "seen"
                truth = tuple(Truth(kind, words[first].channel, first, last, "") for kind, first, last in marked)
                found.append(Real(corpus, name, half, words, truth))
    return tuple(found)


HELD_OUT = ("MUL1423", "SNG0072", "day4_consultation02")


def _word(channel: int, start: float, end: float, text: str) -> SpokenWord:
    first = round(start * RATE)
    return SpokenWord(channel, Span(first, max(first + 1, round(end * RATE))), text)


def _spread(channel: int, start: float, end: float, texts: list[str]) -> Iterator[SpokenWord]:
    """Words of one segment, its time shared out by letters."""
    letters = sum(map(len, texts))
    at = start
    for text in texts:
        after = at + (end - start) * len(text) / letters
        yield _word(channel, at, after, text)
        at = after


def _spokenwoz() -> Iterator[tuple[str, tuple[SpokenWord, ...]]]:
    for path in sorted((SHARED / "spokenwoz").glob("*.json")):
        words = [_word("AB".index(w["speaker"]), w["start"], w["end"], w["word"]) for w in json.loads(path.read_text()) if w["word"]]
        yield path.stem, tuple(sorted(words, key=lambda w: (w.channel, w.span.start)))


def _primock() -> Iterator[tuple[str, tuple[SpokenWord, ...]]]:
    for doctor in sorted((SHARED / "primock57").glob("*_doctor.TextGrid")):
        words: list[SpokenWord] = []
        for channel, path in enumerate((doctor, doctor.with_name(doctor.name.replace("doctor", "patient")))):
            found = re.findall(r'xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "(.*)"', path.read_text())
            for start, end, text in found:
                texts = re.sub(r"<[^>]*>", " ", text).split()
                words += _spread(channel, float(start), float(end), texts) if texts else ()
        yield doctor.name.removesuffix("_doctor.TextGrid"), tuple(words)


def _switchboard() -> Iterator[tuple[str, tuple[SpokenWord, ...]]]:
    """Two sides after one another; a side begins where time begins anew."""
    path = SHARED / "nltk_switchboard" / "timed-transcript"
    if not path.is_file():
        return
    sides: list[list[tuple[float, float, list[str]]]] = []
    for line in path.read_text().splitlines():
        parts = line.split(maxsplit=2)
        if len(parts) < 3:
            continue
        start, end = float(parts[0]), float(parts[1])
        if not sides or start == 0.0:
            sides.append([])
        text = re.sub(r"\[[^\]]*\]-?|[{}]", " ", re.sub(r"\[(?:[a-z_]+-)?([^\]/]*)/([^\]]*)\]", r"\2", parts[2]))
        sides[-1].append((start, end, text.split()))
    for at in range(0, len(sides) - 1, 2):
        words = [
            word for channel in (0, 1) for start, end, texts in sides[at + channel] if texts for word in _spread(channel, start, end, texts)
        ]
        yield f"{at // 2:02d}", tuple(words)
