"""Words against reference words: word error rate of each side, and of both under the better assignment of sides (cpWER).

Texts are normalised as Whisper's authors do for their own figures (whisper-normalizer: letter case, punctuation, numbers, contractions and
spelling variants of English, and English fillers such as um taken out), then counted by jiwer.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from schemas.calibration import WordErrors
from schemas.errors import UsageError
from stages.transcribe.languages import code_of

BY_LETTERS = frozenset(("zh", "yue", "ja", "th", "lo", "my", "km", "bo"))
"""Languages written without spaces: each letter counts as a word."""

Sides = tuple[str, str]


def normalised(text: str, language: str | None = None) -> str:
    """The words that are compared, parted by single spaces. `language` is a BCP 47 tag; English when absent.

    Raises `UsageError` when whisper-normalizer is not installed.
    """
    return " ".join(str(_normaliser(code_of(language or "en"))(text)).split())


@cache
def _normaliser(language: str) -> Any:
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        raise UsageError("word error rates need a package that is not installed: pip install whisper-normalizer") from None
    return EnglishTextNormalizer() if language == "en" else BasicTextNormalizer(split_letters=language in BY_LETTERS)


def word_errors(reference: str, found: str, language: str | None = None) -> WordErrors:
    """Errors of one side. Raises `UsageError` when jiwer or whisper-normalizer is not installed."""
    return _count(normalised(reference, language), normalised(found, language))


def side_errors(reference: Sides, found: Sides, language: str | None = None) -> tuple[WordErrors, WordErrors]:
    """Errors of each side, sides taken as they stand."""
    return word_errors(reference[0], found[0], language), word_errors(reference[1], found[1], language)


def cp_errors(reference: Sides, found: Sides, language: str | None = None) -> WordErrors:
    """Errors of both sides together under the assignment with fewer of them: the cpWER of two speakers.

    Each side's text is all that it says in order of time ("concatenated minimum-permutation" word error rate; Watanabe et al. 2020).
    """
    straight = sum(side_errors(reference, found, language), WordErrors(0))
    crossed = sum(side_errors(reference, (found[1], found[0]), language), WordErrors(0))
    return min(straight, crossed, key=lambda errors: errors.errors)


def _count(reference: str, found: str) -> WordErrors:
    words = len(reference.split())
    if not reference or not found:
        return WordErrors(words, deletions=words, insertions=len(found.split()))
    try:
        import jiwer
    except ImportError:
        raise UsageError("word error rates need a package that is not installed: pip install jiwer") from None
    counted = jiwer.process_words(reference, found)
    return WordErrors(words, counted.substitutions, counted.deletions, counted.insertions)
