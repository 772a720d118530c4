"""Word errors inside overlaps: what counts, what does not, and what normalising does to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calibration import WordErrors
from schemas.span import Span
from schemas.transcript import Word
from stages.scoring.words import word_errors
from stages.scoring.words_inside import Said, errors_inside, said

WORDS = ("red", "green", "blue", "black", "white")


def marked(text: str) -> list[Said]:
    """Words in capitals are inside."""
    return [Said(word.lower(), word.isupper()) for word in text.split()]


@pytest.mark.parametrize(
    ("reference", "found", "wanted"),
    [
        ("red GREEN BLUE white", "red green blue white", WordErrors(2)),
        ("red GREEN BLUE white", "red green white", WordErrors(2, deletions=1)),
        ("red GREEN BLUE white", "black green blue black", WordErrors(2)),
        ("red GREEN BLUE white", "red black blue white", WordErrors(2, substitutions=1)),
        ("red GREEN BLUE white", "red green black blue white", WordErrors(2, insertions=1)),
        ("red GREEN BLUE white", "red green blue black black white", WordErrors(2, insertions=2)),
        ("red GREEN white blue", "red green white black blue", WordErrors(1)),
        ("RED green", "black red green", WordErrors(1, insertions=1)),
        ("red GREEN", "red green black", WordErrors(1, insertions=1)),
        ("red GREEN", "", WordErrors(1, deletions=1)),
        ("", "red", WordErrors(0)),
    ],
)
def test_only_words_inside_count(reference: str, found: str, wanted: WordErrors) -> None:
    assert errors_inside(marked(reference), found) == wanted


def test_words_that_normalising_joins_and_parts_keep_their_place() -> None:
    assert errors_inside([Said("I", False), Said("don't", True), Said("know.", False)], "I do not know") == WordErrors(2)
    assert errors_inside([Said("I", False), Said("don't", True), Said("know.", False)], "I do now know") == WordErrors(2, substitutions=1)
    number = [Said("room", False), Said("twenty", True), Said("one", True), Said("please", False)]
    assert errors_inside(number, "room 21 please") == WordErrors(1)
    assert errors_inside(number, "room 41 please") == WordErrors(1, substitutions=1)
    assert errors_inside([Said("um", True), Said("red", False)], "red") == WordErrors(0), "fillers are no words"


def test_a_word_is_inside_by_its_middle() -> None:
    words = [Word(Span(a, b), "red", "given") for a, b in ((0, 100), (100, 199), (199, 300), (390, 402))]
    assert [each.inside for each in said(words, (Span(150, 250), Span(395, 396)))] == [False, False, True, False]
    assert [each.inside for each in said(words, (Span(149, 250), Span(396, 397)))] == [False, True, True, True]
    assert [each.inside for each in said(words, ())] == [False] * 4


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.booleans()), min_size=1, max_size=12), st.lists(st.sampled_from(WORDS), max_size=12))
def test_what_is_inside_and_what_is_outside_make_the_whole(reference: list[tuple[str, bool]], found: list[str]) -> None:
    text, heard = " ".join(word for word, _ in reference), " ".join(found)
    whole = word_errors(text, heard)
    inside, outside = (errors_inside([Said(word, mark == want) for word, mark in reference], heard) for want in (True, False))
    assert inside.words + outside.words == whole.words
    assert inside.substitutions + outside.substitutions == whole.substitutions
    assert inside.deletions + outside.deletions == whole.deletions
    assert errors_inside([Said(word, True) for word, _ in reference], heard) == whole
