"""Digits and letters as they are said, back to digits and letters; and what they are taken for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.personal import SpokenWord
from schemas.span import Span
from stages.personal.find import find_personal
from stages.personal.numbers import luhn
from stages.personal.runs import read
from tests.stages.personal.said import luhn_number, spoken_digits

DIGITS = st.text("0123456789", min_size=1, max_size=16)


@given(DIGITS, st.sampled_from(("single", "oh", "double", "pairs", "written", "groups")), st.integers(0, 9))
def test_digits_said_in_any_way_are_those_digits(digits: str, how: str, seed: int) -> None:
    run = read(spoken_digits(random.Random(seed), digits, how).split(), 0)
    assert run is not None
    assert run.text == digits
    assert not run.counts


@given(st.integers(0, 99))
def test_tens_and_units_are_two_digits(number: int) -> None:
    ones, teens = "zero one two three four five six seven eight nine", "ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    small = f"{ones} {teens} eighteen nineteen".split()
    tens = [*["xx", "xx", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]]
    words = small[number] if number < 20 else tens[number // 10] + (f" {small[number % 10]}" if number % 10 else "")
    run = read(words.split(), 0)
    assert run is not None
    assert run.text == str(number)


@given(st.text("bcdefghjklmnpqrstuvwxyz", min_size=2, max_size=12), st.booleans())
def test_spelled_letters_are_those_letters(letters: str, doubled: bool) -> None:
    spelled, at = [], 0
    while at < len(letters):
        twice = doubled and letters[at : at + 2] == letters[at] * 2
        spelled += ["double", letters[at]] if twice else [letters[at]]
        at += 1 + twice
    run = read(spelled, 0)
    assert run is not None
    assert run.text == letters.upper()


@given(st.integers(0, 10**6), st.integers(0, 14), st.integers(1, 9))
def test_the_check_digit_finds_every_single_wrong_digit(seed: int, place: int, more: int) -> None:
    card = luhn_number(random.Random(seed))
    assert luhn(card)
    wrong = card[:place] + str((int(card[place]) + more) % 10) + card[place + 1 :]
    assert not luhn(wrong)


def found(text: str, *, language: str | None = "en") -> list[tuple[str, str]]:
    """Kind and words of what is found; `A:` and `B:` change the speaker."""
    words, channel, at = [], 0, 0
    for word in text.split():
        if word in ("A:", "B:"):
            channel, at = "AB".index(word[0]), at + 600
            continue
        words.append(SpokenWord(channel, Span(at, at + 300), word))
        at += 320
    return [
        (span.kind, " ".join(word.text for word in words[span.first : span.last + 1] if word.channel == span.channel))
        for span in find_personal(words, 1000, language)
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("my number is oh seven double nine two three four five six", ("phone", "oh seven double nine two three four five six")),
        (
            "A: it's oh seven seven B: yeah A: nine double two B: mm-hmm A: three four six",
            ("phone", "oh seven seven nine double two three four six"),
        ),
        ("write to j dot smith at gmail dot com please", ("email", "j dot smith at gmail dot com")),
        ("it is jane.doe@example.org okay", ("email", "jane.doe@example.org")),
        ("A: your postcode B: s w one a two a a", ("postcode", "s w one a two a a")),
        ("i live at 22 baker street now", ("address", "22 baker street")),
        ("it's flat 3 one five one hills road", ("address", "flat 3 one five one hills road")),
        ("A: date of birth B: the fourth of march nineteen eighty two", ("birth_date", "fourth of march nineteen eighty two")),
        ("A: may i have your name B: wojciech kowalski", ("name", "wojciech kowalski")),
        ("the plate is bravo delta five one x-ray yankee zulu", ("identifier", "bravo delta five one x-ray yankee zulu")),
        ("A: could you spell it B: c for charlie h e r double l", ("name", "c for charlie h e r double l")),
        ("card 4111 1111 1111 1111 thanks", ("card", "4111 1111 1111 1111")),
    ],
)
def test_what_is_said_is_found_to_the_word(text: str, wanted: tuple[str, str]) -> None:
    assert found(text) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "we had twenty five people in nineteen ninety four",
        "it cost two hundred and fifty thousand dollars",
        "at ten fifteen or twelve forty five",
        "there are one two three four five of them",
        "will you mark it may be grace or hope",
        "it is a two way street and i a m not sure",
        "look at amazon dot com for it",
        "my name is on the list",
        "[name] [name] called me on [phone]",
    ],
)
def test_numbers_and_words_of_every_day_are_not(text: str) -> None:
    assert found(text) == []


def test_other_languages_have_the_rule_for_written_digits_alone() -> None:
    assert found("meine Nummer ist 0171 2345678 bitte", language="de") == [("phone", "0171 2345678")]
    assert found("Karte 4111 1111 1111 1111", language="de-DE") == [("card", "4111 1111 1111 1111")]
    assert found("mein Name ist James Wilson", language="de") == []
    assert found("schreib an a.b@beispiel.de", language="de") == [("email", "a.b@beispiel.de")]
