"""Utterances and words of one channel put side by side, without losing any text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from schemas.span import Span
from schemas.transcript import Piece, Word


@dataclass(frozen=True, slots=True)
class Uttered:
    """Words that were said in one stretch of a channel, in order; a single one may have been timed by itself."""

    span: Span
    texts: tuple[str, ...]
    timed: bool = False
    confidence: float | None = None


def settle(said: Sequence[Uttered], length: int) -> tuple[tuple[Uttered, ...], tuple[Uttered, ...]]:
    """Utterances that do not overlap and each have at least a sample for every word, and those for which `[0, length)` had no room.

    Ends are held inside the recording. Two that overlap in part are cut in the middle of what they share; where one lies inside the other,
    or the cut would leave too little, they become one, with the text of the earlier one first.
    """
    found: list[Uttered] = []
    without: list[Uttered] = []
    for each in sorted((each for each in said if each.texts), key=lambda each: (each.span.start, each.span.end)):
        if each.span.start >= length:
            without.append(each)
            continue
        now = _held(each, length)
        while found and now.span.start < found[-1].span.end:
            before = found.pop()
            middle = (now.span.start + before.span.end) // 2
            if now.span.end > before.span.end and _fits(before.span.start, middle, before) and _fits(middle, now.span.end, now):
                found.append(_at(before, Span(before.span.start, middle)))
                now = _at(now, Span(middle, now.span.end))
            else:
                now = _held(Uttered(Span(before.span.start, max(before.span.end, now.span.end)), before.texts + now.texts), length)
        found.append(now)
    if found and not _fits(found[-1].span.start, found[-1].span.end, found[-1]):
        without.append(found.pop())
    return tuple(found), tuple(without)


def _held(each: Uttered, length: int) -> Uttered:
    end = min(max(each.span.end, each.span.start + len(each.texts)), length)
    return _at(each, Span(each.span.start, end))


def _fits(start: int, end: int, each: Uttered) -> bool:
    return end - start >= len(each.texts)


def _at(each: Uttered, span: Span) -> Uttered:
    return Uttered(span, each.texts, each.timed, each.confidence)


def spread(texts: Sequence[str], span: Span) -> tuple[Word, ...]:
    """Words over a stretch of at least as many samples, each as long as its letters; they tile it."""
    spare = len(span) - len(texts)
    ends = list(accumulate(max(1, sum(map(str.isalnum, text))) for text in texts))
    edges = [span.start, *(span.start + number + spare * end // ends[-1] for number, end in enumerate(ends, 1))]
    return tuple(Word(Span(a, b), text, "spread") for text, a, b in zip(texts, edges, edges[1:], strict=False))


def worded(each: Uttered) -> tuple[Word, ...]:
    """The words of a settled utterance."""
    if each.timed and len(each.texts) == 1:
        return (Word(each.span, each.texts[0], "given", each.confidence),)
    return spread(each.texts, each.span)


def as_pieces(channel: int, settled: Sequence[Uttered], join: int) -> list[Piece]:
    """One piece for each utterance; timed words no more than `join` samples apart share one."""
    pieces: list[Piece] = []
    timed = False
    for each in settled:
        words = worded(each)
        if timed and each.timed and each.span.start - pieces[-1].span.end <= join:
            before = pieces.pop()
            pieces.append(Piece(channel, Span(before.span.start, each.span.end), before.words + words))
        else:
            pieces.append(Piece(channel, each.span, words))
        timed = each.timed
    return pieces
