"""Word errors inside overlaps: only reference words that were said there count, in an alignment of all that a side says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from schemas.calibration import WordErrors
from schemas.errors import UsageError
from schemas.span import Span, Spans
from schemas.transcript import Word
from stages.scoring.words import normalised
from stages.sureness import touching


@dataclass(frozen=True, slots=True)
class Said:
    """A word of the reference, and whether the middle of it lies in an overlap."""

    text: str
    inside: bool


def said(words: Iterable[Word], overlaps: Spans) -> tuple[Said, ...]:
    """The words of one side with the place of their middles, the time halfway between a word's start and its end."""
    middles = ((word, (word.span.start + word.span.end) // 2) for word in words)
    return tuple(Said(word.text, any(True for _ in touching(overlaps, Span(at, at + 1)))) for word, at in middles)


def errors_inside(reference: Sequence[Said], found: str, language: str | None = None) -> WordErrors:
    """Errors of the reference's words inside overlaps, in an alignment of least errors of the whole side.

    A word is substituted or deleted where the alignment says so; an insertion counts where the reference word right before or right after
    it is inside. Texts are normalised as whole ones (`stages.scoring.words`). Raises `UsageError` when jiwer or whisper-normalizer is not
    installed.
    """
    tokens, inside = _tokens(reference, language)
    words = sum(inside)
    heard = normalised(found, language).split()
    if not tokens or not heard:
        return WordErrors(words, deletions=words)
    # An insertion before the first word or after the last has a neighbour on one side only.
    beside = [left or right for left, right in pairwise([False, *inside, False])]
    substitutions = deletions = insertions = 0
    for chunk in _aligned(tokens, heard):
        amount = sum(inside[chunk.ref_start_idx : chunk.ref_end_idx])
        if chunk.type == "substitute":
            substitutions += amount
        elif chunk.type == "delete":
            deletions += amount
        elif chunk.type == "insert" and beside[chunk.ref_start_idx]:
            insertions += chunk.hyp_end_idx - chunk.hyp_start_idx
    return WordErrors(words, substitutions, deletions, insertions)


def _tokens(reference: Sequence[Said], language: str | None) -> tuple[list[str], list[bool]]:
    """The normalised words, and which are inside.

    Normalising joins and parts words (numbers, contractions), so its result is aligned with the words normalised one by one; what has no
    counterpart among those takes the place of the word before it.
    """
    tokens = normalised(" ".join(each.text for each in reference), language).split()
    single = [(token, each.inside) for each in reference for token in normalised(each.text, language).split()]
    if [token for token, _ in single] == tokens:
        return tokens, [inside for _, inside in single]
    if not tokens or not single:
        return [], []
    inside = [False] * len(tokens)
    for chunk in _aligned([token for token, _ in single], tokens):
        for at in range(chunk.hyp_start_idx, chunk.hyp_end_idx):
            own = chunk.ref_start_idx + at - chunk.hyp_start_idx if chunk.type != "insert" else max(0, chunk.ref_start_idx - 1)
            inside[at] = single[own][1]
    return tokens, inside


def _aligned(reference: Sequence[str], found: Sequence[str]) -> list[Any]:
    """jiwer's alignment of two non-empty texts: chunks with a type and places in both."""
    try:
        import jiwer
    except ImportError:
        raise UsageError("word error rates need a package that is not installed: pip install jiwer") from None
    chunks: list[Any] = jiwer.process_words(" ".join(reference), " ".join(found)).alignments[0]
    return chunks
