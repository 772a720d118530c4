"""Who said what after whom: the turns of a dialogue by its words, so that every word is in exactly one."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.exports.item import Item
from pipeline.exports.text import joined, utterances_of
from schemas.row import RowWord


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one speaker said until the other's next utterance, in seconds."""

    channel: int
    start: float
    end: float
    text: str
    words: tuple[RowWord, ...]
    overlaps: bool
    """It begins before the one before has ended."""


def exchanges(item: Item) -> list[Exchange]:
    """The utterances of both sides by their start, those of one side in a row joined. Without words, the row's turns, with no text."""
    said = sorted((each for channel in (0, 1) for each in utterances_of(item, channel)), key=lambda each: (each.start, each.channel))
    spans = [(each.channel, each.start, each.end, each.words) for each in said]
    if not spans:
        spans = [(turn.channel, turn.start, turn.end, ()) for turn in sorted(item.turns, key=lambda turn: (turn.start, turn.channel))]
    runs: list[list[tuple[int, float, float, tuple[RowWord, ...]]]] = []
    for span in spans:
        if runs and runs[-1][-1][0] == span[0]:
            runs[-1].append(span)
        else:
            runs.append([span])
    found, before = [], float("-inf")
    for run in runs:
        words = tuple(word for _, _, _, inner in run for word in inner)
        end = max(last for _, _, last, _ in run)
        found.append(Exchange(run[0][0], run[0][1], end, joined(item, words), words, run[0][1] < before))
        before = max(before, end)
    return found
