"""Words that no dictionary has: the letter rules against words of the CMU dictionary, endings and compounds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.align.pronounce import PREFIXES, by_letters, pronounce
from stages.align.sphinx_model import FOLDER, carrier
from stages.recover.ears import PHONES

WORDS = 1500
"""Words drawn for the error rate; of 3,000 the rules got 15.9 % of phones wrong, with the rest of the dictionary at hand 12.9 %."""
ARPABET = set(PHONES)


@cache
def dictionary() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Every word of letters alone with its pronunciations."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for row in carrier("tests").inside(f"{FOLDER}/cmudict-en-us.dict").read_text(encoding="utf-8").splitlines():
        name, phones = row.split(maxsplit=1)
        word = name.split("(")[0]
        if word.isalpha() and len(word) > 2:
            found[word] = (*found.get(word, ()), tuple(phones.split()))
    return found


def distance(left: Sequence[str], right: Sequence[str]) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row[0] = row[:], i
        for j, b in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
    return row[-1]


def test_the_letter_rules_get_one_phone_in_six_wrong_and_the_dictionary_helps() -> None:
    words = dictionary()
    held = random.Random(1).sample(sorted(words), WORDS)
    known = {word: " ".join(words[word][0]) for word in set(words) - set(held)}
    rates = []
    for speak in (by_letters, lambda word: pronounce(word, known.get)):
        nearest = [min((distance(speak(word), phones), len(phones)) for phones in words[word]) for word in held]
        rates.append(sum(wrong for wrong, _ in nearest) / sum(size for _, size in nearest))
    assert rates[0] < 0.18
    assert rates[1] < 0.15
    assert rates[1] < rates[0]


@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=20))
def test_every_word_has_phones_of_the_dictionary(word: str) -> None:
    phones = by_letters(word)
    assert phones
    assert set(phones) <= ARPABET


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("blorks", "B L AO R K S"),
        ("googled", "G UW G AH L D"),
        ("texted", "T EH K S T AH D"),
        ("miller's", "M IH L ER Z"),
        ("watch's", "W AA CH AH Z"),
        ("reclick", "R IY K L IH K"),
        ("clickweb", "K L IH K W EH B"),
    ],
)
def test_endings_prefixes_and_compounds(word: str, phones: str) -> None:
    known = {"google": "G UW G AH L", "text": "T EH K S T", "miller": "M IH L ER", "watch": "W AA CH", "click": "K L IH K", "web": "W EH B"}
    assert " ".join(pronounce(word, known.get)) == phones
    assert "re" in PREFIXES
