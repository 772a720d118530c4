"""Numbers as English says them."""

from __future__ import annotations

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
THOUSANDS = ("", "thousand", "million", "billion", "trillion")
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    **{tens: f"{tens[:-1]}ieth" for tens in TENS[2:]},
}
LONGEST = 15
"""Digits of the longest number that is said as one."""

Words = tuple[str, ...]


def cardinal(digits: str) -> Words:
    """A string of digits as a whole number: `1250` is one thousand two hundred fifty; more than `LONGEST` digits are said one by one."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > LONGEST:
        return one_by_one(digits)
    number = int(digits)
    if number < 20:
        return (ONES[number],)
    words: Words = ()
    for power, name in enumerate(THOUSANDS):
        number, part = divmod(number, 1000)
        if part:
            words = (*_below_thousand(part), *((name,) if power else ()), *words)
    return words


def _below_thousand(number: int) -> Words:
    hundreds, rest = divmod(number, 100)
    words: Words = (ONES[hundreds], "hundred") if hundreds else ()
    if rest >= 20:
        words += (TENS[rest // 10], *((ONES[rest % 10],) if rest % 10 else ()))
    elif rest:
        words += (ONES[rest],)
    return words


def ordinal(digits: str) -> Words:
    """`21` as twenty first."""
    *head, last = cardinal(digits)
    return (*head, ORDINALS.get(last, f"{last}th"))


def one_by_one(digits: str, zero: str = "zero") -> Words:
    """Each digit by itself, nought as `zero` or as `oh`."""
    return tuple(zero if digit == "0" else ONES[int(digit)] for digit in digits)


def in_pairs(digits: str) -> Words | None:
    """Two digits at a time, as years, prices and house numbers are said: nineteen eighty four, three oh five; None where nobody does."""
    if len(digits) not in (3, 4) or digits[0] == "0":
        return None
    head, tail = digits[:-2], digits[-2:]
    if tail == "00":
        return None if head.endswith("0") else (*cardinal(head), "hundred")
    return (*cardinal(head), *(("oh", ONES[int(tail[1])]) if tail[0] == "0" else cardinal(tail)))


def readings(digits: str) -> tuple[Words, ...]:
    """Every way in which a string of digits is likely to be said, without repeats, the likeliest first."""
    whole = cardinal(digits)
    found = [whole] if digits[0] != "0" or digits == "0" else []
    pairs = in_pairs(digits)
    if pairs:
        found.append(pairs)
    if "hundred" in whole and whole[-1] not in ("hundred", "thousand"):
        found.append(_with_and(whole))
    if len(digits) > 1 or digits == "0":
        found += [one_by_one(digits, "oh"), one_by_one(digits)]
    return tuple(dict.fromkeys(found))


def _with_and(whole: Words) -> Words:
    at = len(whole) - 1 - whole[::-1].index("hundred")
    return (*whole[: at + 1], "and", *whole[at + 1 :]) if whole[at + 1] not in THOUSANDS else whole


def plural(words: Words) -> Words:
    """`eighties` of eighty: the last word with its ending."""
    last = words[-1]
    if last.endswith("y"):
        return (*words[:-1], f"{last[:-1]}ies")
    return (*words[:-1], f"{last}es" if last == "six" else f"{last}s")
