"""Words of one channel joined into utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.row import RowWord

GAP = 0.5
"""Seconds without a word of the channel that end an utterance."""
WITHOUT_SPACES = frozenset({"ja", "zh", "yue", "th", "lo", "km", "my", "bo"})
"""Languages (BCP 47 primary subtags) that are written without spaces between words."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words of one channel said in one go, in seconds."""

    channel: int
    start: float
    end: float
    text: str
    words: tuple[RowWord, ...]


def joiner(language: str | None) -> str:
    """What stands between two words of a language: a space, or nothing."""
    return "" if (language or "").replace("_", "-").partition("-")[0].lower() in WITHOUT_SPACES else " "


def utterances(words: Sequence[RowWord], channel: int, between: str = " ", gap: float = GAP) -> list[Utterance]:
    """The utterances of one channel in order: runs of words with less than `gap` seconds between one word and the next."""
    mine = sorted((word for word in words if word.channel == channel), key=lambda word: word.start)
    runs: list[list[RowWord]] = []
    for word in mine:
        if runs and word.start - max(each.end for each in runs[-1][-2:]) < gap:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [
        Utterance(channel, run[0].start, max(word.end for word in run), between.join(word.text.strip() for word in run), tuple(run))
        for run in runs
    ]
