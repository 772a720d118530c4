"""Word error rates against a count by dynamic programming, and cpWER against meeteval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calibration import WordErrors
from stages.scoring.words import cp_errors, normalised, side_errors, word_errors

TEXT = st.lists(st.sampled_from(["bee", "cat", "dog", "elk"]), max_size=9).map(" ".join)


def distance(left: list[str], right: list[str]) -> int:
    """Least number of edits, row by row."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


@given(TEXT, TEXT)
def test_errors_are_the_fewest_edits_and_explain_the_lengths(reference: str, found: str) -> None:
    errors = word_errors(reference, found)
    assert errors.errors == distance(reference.split(), found.split())
    assert errors.words - errors.deletions + errors.insertions == len(found.split())
    assert errors.words == len(reference.split())


def test_numbers_letter_case_contractions_and_fillers_are_no_errors() -> None:
    assert word_errors("uh I'm twenty two, mhm.", "I am 22").errors == 0
    assert normalised("Grüße, Köln!", "de-AT") == "grüße köln"
    assert normalised("你好吗", "zh-Hans") == "你 好 吗"


@pytest.mark.parametrize("tag", ["en", "eng", "en_US", "EN-gb"])
def test_every_tag_of_english_is_english(tag: str) -> None:
    assert normalised("It's um 5 colours", tag) == normalised("it is five colors")


def test_a_side_without_words() -> None:
    assert word_errors("", "bee cat") == WordErrors(0, insertions=2)
    assert word_errors("", "bee").rate is None
    assert word_errors("bee cat", "") == WordErrors(2, deletions=2)
    assert word_errors("bee cat", "").rate == 1.0


@given(TEXT, TEXT, TEXT, TEXT)
def test_cp_errors_are_those_of_the_better_assignment(a: str, b: str, x: str, y: str) -> None:
    straight = sum(side_errors((a, b), (x, y)), WordErrors(0)).errors
    crossed = sum(side_errors((a, b), (y, x)), WordErrors(0)).errors
    assert cp_errors((a, b), (x, y)).errors == min(straight, crossed)
    assert cp_errors((a, b), (y, x)).errors == cp_errors((a, b), (x, y)).errors


@given(TEXT.filter(bool), TEXT.filter(bool), TEXT, TEXT)
def test_cp_errors_equal_those_of_meeteval(a: str, b: str, x: str, y: str) -> None:
    meeteval = pytest.importorskip("meeteval")
    theirs = meeteval.wer.cp_word_error_rate([a, b], [x, y])
    ours = cp_errors((a, b), (x, y))
    assert (ours.errors, ours.words) == (theirs.errors, theirs.length)
