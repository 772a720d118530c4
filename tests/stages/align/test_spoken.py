"""How written words are said: each of the forms that people write, and laws of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.align.numbers import ONES, cardinal, in_pairs, one_by_one, ordinal, plural, readings
from stages.align.spoken import MOST, spoken

KNOWN = {"hello", "doctor", "e-mail", "ok", "it", "no", "nasa", "us", "at", "well-known", "don't", "o'brien", "a", "i"}


def said(written: str) -> list[str]:
    return [" ".join(each) for each in spoken(written, KNOWN.__contains__)]


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("Hello,", "hello"),
        ("$25.50", "twenty five dollars and fifty cents"),
        ("$25.50", "twenty five fifty"),
        ("$1.05", "one dollar five cents"),
        ("£3", "three pounds"),
        ("$2m", "two million dollars"),
        ("1984", "nineteen eighty four"),
        ("1984", "one thousand nine hundred eighty four"),
        ("1980s", "nineteen eighties"),
        ("2005", "two thousand five"),
        ("3:45", "three forty five"),
        ("3:05pm", "three oh five p m"),
        ("12:00", "twelve o'clock"),
        ("9th", "ninth"),
        ("21st", "twenty first"),
        ("Dr.", "doctor"),
        ("St.", "saint"),
        ("No.", "number"),
        ("No,", "no"),
        ("AT&T", "a. t and t"),
        ("CB21NA", "c b twenty one n a."),
        ("CB21NA", "c b two one n a."),
        ("e-mail", "e-mail"),
        ("well-known", "well-known"),
        ("half-baked", "half baked"),
        ("3.14", "three point one four"),
        ("50%", "fifty percent"),
        ("10-15", "ten to fifteen"),
        ("555-0142", "five five five oh one four two"),
        ("1,250", "one thousand two hundred fifty"),
        ("1/2", "one half"),
        ("24/7", "twenty four seven"),
        ("-5", "minus five"),
        ("#1", "number one"),
        ("&", "and"),
        ("U.S.", "u s"),
        ("US", "u s"),
        ("US", "us"),
        ("NASA", "nasa"),
        ("BMW", "b m w"),
        ("don’t", "don't"),
        ("Müller", "muller"),
        ("www.example.com", "www dot example dot com"),
        ("bob@mail.com", "bob at mail dot com"),
        ("5km", "five kilometers"),
        ("007", "oh oh seven"),
    ],
)
def test_what_is_written_is_said_so(written: str, heard: str) -> None:
    assert heard in said(written)


@pytest.mark.parametrize("mark", ["—", "-", "…", "?!", "«»", "..."])
def test_marks_are_not_said(mark: str) -> None:
    assert said(mark) == []


@given(st.text(min_size=1, max_size=12))
def test_any_text_has_readings_of_letters_and_apostrophes_or_none(text: str) -> None:
    found = spoken(text, KNOWN.__contains__)
    assert len(found) <= MOST
    for reading in found:
        assert reading
        for word in reading:
            assert word
            assert set(word) <= set("abcdefghijklmnopqrstuvwxyz'.-")


def test_every_character_has_readings_or_none() -> None:
    for code in range(0x110000):
        if chr(code).isdigit() or code < 0x500:
            for text in (chr(code), f"a{chr(code)}", f"3{chr(code)}", f"{chr(code)}/2"):
                spoken(text, KNOWN.__contains__)
    assert spoken("٣", KNOWN.__contains__) == (("three",),)
    assert spoken("1/" + "9" * 5000, KNOWN.__contains__)


def value(words: tuple[str, ...]) -> int:
    """The number that words name, as one learns it: tens and ones add up, hundred multiplies, thousands close a group."""
    tens = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
    groups = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
    total = part = 0
    for word in words:
        if word in groups:
            total, part = total + part * groups[word], 0
        else:
            part = part * 100 if word == "hundred" else part + (tens[word] if word in tens else ONES.index(word))
    return total + part


@given(st.integers(0, 10**15 - 1))
def test_a_number_in_words_is_that_number(number: int) -> None:
    assert value(cardinal(str(number))) == number


@given(st.integers(0, 9999))
def test_readings_are_different_and_made_of_words(number: int) -> None:
    found = readings(str(number))
    assert len(set(found)) == len(found)
    assert found[0] == cardinal(str(number))
    pairs = in_pairs(str(number))
    assert pairs is None or pairs in found


@given(st.text("0123456789", min_size=16, max_size=30).filter(lambda digits: digits[0] != "0"))
def test_very_long_numbers_are_said_digit_by_digit(digits: str) -> None:
    assert cardinal(digits) == one_by_one(digits)


def test_ordinals_and_plurals() -> None:
    assert [" ".join(ordinal(n)) for n in ("1", "12", "20", "33", "100")] == [
        "first",
        "twelfth",
        "twentieth",
        "thirty third",
        "one hundredth",
    ]
    assert [plural((w,))[0] for w in ("eighty", "six", "ten")] == ["eighties", "sixes", "tens"]
