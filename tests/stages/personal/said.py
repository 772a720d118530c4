"""Conversations with personal data at known words: templates, values drawn by seed, and many ways to say each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.personal import SpokenWord
from schemas.span import Span

RATE = 8000
UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TENS = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
TEENS = (*("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),)
NATO = (
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima", "mike", "november"),
    *("oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "x-ray", "yankee", "zulu"),
)
MONTHS = (*("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"),)
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth"),
    *("fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth", "twenty-first"),
)
LISTED = (
    *("cheryl turner", "james wilson", "maria garcia", "patrick hughes", "deborah king", "michelle obrien", "kevin walker", "susan clark"),
    *("thomas baker", "linda scott", "george miller", "nancy carter", "brian mitchell", "laura evans", "peter collins", "karen stewart"),
)
UNLISTED = (
    *("wojciech kowalski", "siobhan gallagher", "priya ramaswamy", "nguyen thi", "oluwaseun adebayo", "aoife kinsella", "zbigniew nowak"),
    *(
        "anneliese dupont",
        "yevgenia petrovna",
        "takahiro yamamoto",
        "rajesh subramanian",
        "fatou diallo",
        "bjorn halvorsen",
        "xiaoming zhao",
    ),
)
"""Hardly one is on a census list of the United States."""
STREET_NAMES = (
    *("baker", "station", "church", "victoria", "high", "mill", "albert", "kings", "park", "mapledown", "hawthorn", "elm", "milton"),
    *("hills", "wellesley", "copper"),
)
STREETS = ["street", "road", "avenue", "lane", "crescent", "terrace", "drive", "close"]
HOSTS = ["gmail", "hotmail", "yahoo", "outlook", "icloud", "fastmail", "northwind", "acmeworks"]
TLDS = ("com", "com", "co dot uk", "net", "org")


@dataclass(frozen=True)
class Truth:
    """Words `first` to `last` of one channel hold personal data of this kind."""

    kind: str
    channel: int
    first: int
    last: int
    form: str
    """The way it is said."""


@dataclass(frozen=True)
class Said:
    """A conversation; `words` in order of time."""

    words: tuple[SpokenWord, ...]
    truth: tuple[Truth, ...]

    @property
    def seconds(self) -> float:
        return self.words[-1].span.end / RATE


def spoken_digits(rng: random.Random, digits: str, how: str) -> str:
    """Digits as people say them: `single`, `oh`, `double` or `pairs`; `written` stays."""
    if how == "written":
        return digits
    if how == "groups":
        return " ".join([digits[:4], *(digits[at : at + 3] for at in range(4, len(digits), 3))])
    words, at = [], 0
    while at < len(digits):
        run = len(digits[at:]) - len(digits[at:].lstrip(digits[at]))
        if how == "double" and run >= 2:
            times = min(run, 3)
            words.append({2: "double", 3: "triple"}[times] + " " + (_zero(rng) if digits[at] == "0" else UNITS[int(digits[at])]))
            at += times
        elif how == "pairs" and digits[at] in "23456789" and at + 1 < len(digits) and digits[at + 1] != "0":
            words.append(TENS[int(digits[at]) - 1] + " " + UNITS[int(digits[at + 1])])
            at += 2
        else:
            words.append(_zero(rng) if digits[at] == "0" and how != "single" else UNITS[int(digits[at])])
            at += 1
    return " ".join(words)


def _zero(rng: random.Random) -> str:
    return rng.choice(("oh", "zero", "o"))


def luhn_number(rng: random.Random, length: int = 16) -> str:
    """Digits that a card could have; the check digit by ISO/IEC 7812-1."""
    digits = [4, *(rng.randrange(10) for _ in range(length - 2))]
    doubled = [2 * d if place % 2 == 0 else d for place, d in enumerate(reversed(digits))]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return "".join(map(str, digits)) + str(-total % 10)


def _phone(rng: random.Random) -> tuple[str, str]:
    digits = rng.choice(("07", "02", "01")) + "".join(str(rng.randrange(10)) for _ in range(9))
    if rng.random() < 0.4:
        digits = str(rng.randrange(2, 10)) + "".join(str(rng.randrange(10)) for _ in range(9))
    how = rng.choice(("single", "oh", "double", "pairs", "written", "groups"))
    return spoken_digits(rng, digits, how), how


def _card(rng: random.Random) -> tuple[str, str]:
    digits = luhn_number(rng)
    how = rng.choice(("single", "oh", "double", "written", "fours"))
    said = " ".join(digits[at : at + 4] for at in range(0, 16, 4)) if how == "fours" else spoken_digits(rng, digits, how)
    return said, how


def _identifier(rng: random.Random) -> tuple[str, str]:
    how = rng.choice(("digits", "letters and digits", "nato", "written"))
    digits = "".join(str(rng.randrange(10)) for _ in range(rng.randrange(5, 9)))
    letters = "".join(rng.choice("bcdfghjklmnpqrstuvwxyz") for _ in range(3))
    if how == "digits":
        return spoken_digits(rng, digits, rng.choice(("single", "oh", "double"))), how
    if how == "written":
        return letters + digits[:4], how
    spelled = " ".join(NATO[ord(c) - 97] if how == "nato" else c for c in letters)
    return f"{spelled} {spoken_digits(rng, digits[:5], 'oh')}", how


def _postcode(rng: random.Random) -> tuple[str, str]:
    def letter() -> str:
        return rng.choice("abdefghjlnprstuwz")

    area, inward = letter() + letter(), letter() + letter()
    district, sector = str(rng.randrange(1, 20)), str(rng.randrange(10))
    if rng.random() < 0.3:
        return f"{area}{district} {sector}{inward}", "written"
    out = spoken_digits(rng, district, "pairs") if len(district) == 1 else TEENS[int(district) - 10]
    return f"{area[0]} {area[1]} {out} {UNITS[int(sector)]} {inward[0]} {inward[1]}", "spoken"


def _email(rng: random.Random) -> tuple[str, str]:
    first, last = rng.choice(LISTED + UNLISTED).split()[:2]
    host, tld = rng.choice(HOSTS), rng.choice(TLDS)
    how = rng.choice(("dot", "plain", "spelled", "underscore", "number", "written"))
    if how == "written":
        return f"{first}.{last}@{host}.{tld.replace(' dot ', '.')}", how
    local = {
        "dot": f"{first} dot {last}",
        "plain": f"{first}{last}",
        "spelled": " ".join(first),
        "underscore": f"{first[0]} underscore {last}",
        "number": f"{first} {spoken_digits(rng, str(rng.randrange(10, 99)), 'single')}",
    }[how]
    return f"{local} at {host} dot {tld}", how


def _address(rng: random.Random) -> tuple[str, str]:
    number = rng.randrange(1, 300)
    how = rng.choice(("written", "spoken", "flat"))
    street = f"{rng.choice(STREET_NAMES)} {rng.choice(STREETS)}"
    if how == "spoken":
        return f"{spoken_digits(rng, str(number), 'pairs')} {street}", how
    return (f"flat {rng.randrange(1, 20)} {number} {street}" if how == "flat" else f"{number} {street}"), how


def _birth(rng: random.Random) -> tuple[str, str]:
    day, month, year = rng.randrange(1, 22), rng.randrange(1, 13), rng.randrange(30, 99)
    how = rng.choice(("words", "american", "ordinals", "written", "digits", "day"))
    two = f"{TENS[year // 10 - 1]} {UNITS[year % 10]}" if year % 10 else TENS[year // 10 - 1]
    return {
        "words": f"{ORDINALS[day - 1]} of {MONTHS[month - 1]} nineteen {two}",
        "american": f"{MONTHS[month - 1]} {ORDINALS[day - 1]} nineteen {two}",
        "ordinals": f"{ORDINALS[day - 1]} of the {ORDINALS[month - 1]} {two}",
        "written": f"{day:02d}/{month:02d}/19{year}",
        "digits": spoken_digits(rng, f"{day:02d}{month:02d}{year}", "oh"),
        "day": f"{day} {MONTHS[month - 1]} 19{year}",
    }[how], how


def _expiry(rng: random.Random) -> tuple[str, str]:
    month, year = rng.randrange(1, 10), rng.randrange(27, 36)
    return rng.choice((f"oh {UNITS[month]} {TENS[year // 10 - 1]} {UNITS[year % 10 or 1]}", f"0{month} {year}")), "expiry of a card"


def _name(rng: random.Random) -> tuple[str, str]:
    listed = rng.random() < 0.6
    return rng.choice(LISTED if listed else UNLISTED), "on the list" if listed else "not on the list"


def _first_name(rng: random.Random) -> tuple[str, str]:
    return rng.choice(LISTED).split()[0], "first name on the list"


def _surname(rng: random.Random) -> tuple[str, str]:
    return rng.choice(LISTED + UNLISTED).split()[1], "surname"


def _spelled(rng: random.Random) -> tuple[str, str]:
    name = rng.choice(LISTED + UNLISTED).split()[0]
    how = rng.choice(("spelled", "spelled for"))
    if how == "spelled":
        return " ".join(name), how
    return " ".join(f"{c} for {NATO[ord(c) - 97]}" if at % 2 == 0 else c for at, c in enumerate(name)), how


MAKERS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "phone": _phone,
    "card": _card,
    "identifier": _identifier,
    "identifier.expiry": _expiry,
    "postcode": _postcode,
    "email": _email,
    "address": _address,
    "birth_date": _birth,
    "name": _name,
    "name.first": _first_name,
    "name.last": _surname,
    "name.spelled": _spelled,
}

SEEN: tuple[str, ...] = (
    "A: hi how can i help | B: hello my name is {name} and i want to change my booking | A: sure {name.first} no problem",
    "A: may i have your name please | B: {name} | A: thank you",
    "A: could you spell that for me | B: {name.spelled} | A: okay got it",
    "A: and a phone number | B: yes it's {phone} | A: great",
    "A: what's the best number to reach you on | B: uh {phone} | A: lovely thank you",
    "B: you can call me back on {phone} any time after five",
    "A: could i take the long number on the front of the card | B: {card} | A: and the expiry date | B: {identifier.expiry}",
    "A: what is your account number | B: it is {identifier} | A: one moment please",
    "A: your booking reference is {identifier} | B: let me write that down",
    "A: what's your postcode | B: {postcode} | A: and the house number | B: number nine",
    "A: can i get your email | B: yeah it's {email} | A: perfect",
    "B: send it to {email} please | A: i will",
    "A: and what's your address | B: i live at {address} in the old town | A: thank you",
    "A: your date of birth please | B: {birth_date} | A: great i found you",
    "A: this is {name.first} speaking how may i help | B: yes hello i have a question about my bill",
    "A: good morning mr {name.last} how are you | B: fine thanks",
    "B: i was born on the {birth_date} and i moved here later",
)
"""Looked at while the rules were written."""

UNSEEN: tuple[str, ...] = (
    "B: hey i'm {name.first} i rang about the washing machine | A: right let me look that up",
    "A: who am i speaking to | B: {name} | A: okay and what's this about",
    "A: is that mrs {name.last} | B: speaking | A: it's about the delivery",
    "B: the booking would be under the name {name} for two people at seven",
    "B: could you ask {name.first} to ring me when she's in | A: sure i'll tell her",
    "B: the surname is spelled {name.spelled} with no accent",
    "A: do you have a mobile | B: sure do it's {phone} | A: and is that the best one",
    "B: my wife's cell is {phone} but she's at work",
    "A: please enter or say your number | B: {phone}",
    "B: i'll pay by visa it's {card} | A: and the name on it",
    "A: read me the sixteen digits | B: okay {card} | A: thanks",
    "B: the policy is {identifier} i think | A: let me check that policy",
    "A: what's the tracking code | B: it says {identifier}",
    "B: my member id is {identifier} | A: cheers",
    "B: deliver it to {address} if nobody is home leave it next door",
    "A: where should we send the engineer | B: {address} | A: okay and is there parking",
    "B: it's near the station the zip or postcode is {postcode} i believe",
    "A: best email for the receipt | B: that would be {email} | A: sending it now",
    "B: i tried {email} but the message came back",
    "A: when were you born | B: {birth_date} | A: so you qualify",
    "A: and for security your birthday | B: {birth_date}",
    "A: thanks for holding | B: no worries {name.first} | A: the card you gave us was {card} is that right | B: yes",
)
"""Written beside the others; the rules were first run on them when they were done, and not changed for them. Both draw from one pool of
names, streets and hosts."""

PLAIN: tuple[str, ...] = (
    "A: we had twenty five people in nineteen ninety four and it cost two hundred and fifty thousand dollars | B: oh wow that is a lot",
    "A: it will be ready in two or three days maybe four | B: okay one or two is fine for me",
    "B: i think it's a good one i may go on monday or may not you know | A: right right",
    "A: the train leaves at ten fifteen and gets in at twelve forty five | B: so two and a half hours",
    "A: turn left at the second road then it's a two way street for three miles | B: okay i see",
    "B: well i'm not sure will they mark it down by may or june | A: i doubt it but hope so",
    "A: there are one two three four of them in the back | B: i a uh i had one of those too",
    "B: it was the summer of sixty nine and i was nineteen or twenty | A: no way",
    "A: we pay about four fifty a month for the car plus insurance | B: mine's five hundred and ten",
    "B: look at amazon dot com they have it for twenty nine ninety nine | A: good to know",
    "A: that's a hundred percent my favourite the i b m one or the t v one | B: yeah i agree",
    "B: this is great i'm happy it's over | A: me too let's call it a day",
)
"""Without personal data."""


def conversation(templates: Sequence[str], seed: int, count: int = 12) -> Said:
    """`count` templates one after the other, two plain ones between, words of 0.3 s."""
    rng = random.Random(seed)
    words: list[SpokenWord] = []
    truth: list[Truth] = []
    at = 0.0
    for _ in range(count):
        for template in (rng.choice(templates), *rng.sample(PLAIN, 2)):
            at = _say(rng, template, words, truth, at) + 4.0
    return Said(tuple(words), tuple(truth))


def _say(rng: random.Random, template: str, words: list[SpokenWord], truth: list[Truth], at: float) -> float:
    for turn in template.split(" | "):
        channel, text = (0 if turn[0] == "A" else 1), turn[3:]
        for piece in text.split():
            kind = piece.strip("{}")
            said, form = MAKERS[kind](rng) if piece.startswith("{") else (piece, "")
            first = len(words)
            for word in said.split():
                words.append(SpokenWord(channel, Span(round(at * RATE), round((at + 0.3) * RATE)), word))
                at += 0.33
            if form:
                truth.append(Truth(kind.partition(".")[0], channel, first, len(words) - 1, form))
        at += 0.6
    return at
