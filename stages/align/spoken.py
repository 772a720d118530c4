"""How a written word may be said: numbers, sums of money, times of day, abbreviations, symbols and codes as English words.

Every reading is a tuple of lower-case words; a written word has one or more of them, and the aligner takes the one that it hears. The
written form itself is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from stages.align.numbers import Words, cardinal, in_pairs, one_by_one, ordinal, plural, readings

Readings = tuple[Words, ...]
Known = Callable[[str], bool]
"""True for a word that a pronouncing dictionary has."""

ABBREVIATIONS: dict[str, Readings] = {
    "dr": (("doctor",), ("drive",)),
    "mr": (("mister",),),
    "mrs": (("missus",),),
    "ms": (("miz",), ("miss",)),
    "st": (("street",), ("saint",)),
    "ave": (("avenue",),),
    "rd": (("road",),),
    "jr": (("junior",),),
    "sr": (("senior",),),
    "vs": (("versus",),),
    "etc": (("et", "cetera"),),
    "no": (("no",), ("number",)),
    "approx": (("approximately",),),
    "dept": (("department",),),
    "e.g": (("e", "g"), ("for", "example")),
    "i.e": (("i", "e"), ("that", "is")),
    "w/": (("with",),),
    "w/o": (("without",),),
    "mm-hmm": (("mhm",),),
    "mm-hm": (("mhm",),),
    "mmhmm": (("mhm",),),
    "uhhuh": (("uh-huh",),),
    "'cause": (("cuz",), ("because",)),
    "'em": (("them",), ("um",)),
}
"""What is written short, without its final full stop. Those that are words as well keep that reading too."""

SYMBOLS: dict[str, Words] = {
    "&": ("and",),
    "+": ("plus",),
    "%": ("percent",),
    "@": ("at",),
    "=": ("equals",),
    "#": ("number",),
    "°": ("degrees",),
    "$": ("dollars",),
    "£": ("pounds",),
    "€": ("euros",),
    "¥": ("yen",),
    "§": ("section",),
    "×": ("times",),
    "½": ("half",),
}
MONEY = {"$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent")}
SMALL = {"cent": "cents", "penny": "pence"}
UNITS: dict[str, tuple[str, str]] = {
    "km": ("kilometer", "kilometers"),
    "kg": ("kilogram", "kilograms"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "mg": ("milligram", "milligrams"),
    "ml": ("milliliter", "milliliters"),
    "ft": ("foot", "feet"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "mph": ("mile an hour", "miles an hour"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "am": ("a m", "a m"),
    "pm": ("p m", "p m"),
    "a.m": ("a m", "a m"),
    "p.m": ("p m", "p m"),
    "k": ("thousand", "thousand"),
    "m": ("million", "million"),
    "bn": ("billion", "billion"),
    "gb": ("gigabyte", "gigabytes"),
    "mb": ("megabyte", "megabytes"),
}
LETTERS = {letter: (f"{letter}." if letter == "a" else letter) for letter in "abcdefghijklmnopqrstuvwxyz"}
"""How a letter is called in the dictionary: `a` alone is the article."""
MOST = 8
"""Readings of one word at most."""

_NUMBER = r"\d+(?:,\d{3})*"
_MONEY = re.compile(rf"([$£€])({_NUMBER})(?:\.(\d\d))?([kmb]|bn)?", re.I)
_TIME = re.compile(r"(\d{1,2})(?:[:h](\d\d)([ap]\.?m)?|\.(\d\d)([ap]\.?m))")
_DECIMAL = re.compile(rf"({_NUMBER})\.(\d+)")
_ORDINAL = re.compile(rf"({_NUMBER})(?:st|nd|rd|th)")
_PLURAL = re.compile(r"'?(\d+)'?s")
_FRACTION = re.compile(r"(\d+)/(\d+)")
_UNIT = re.compile(rf"({_NUMBER})({'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})")
_RUN = re.compile(r"\d+|[a-z]+(?:'[a-z]+)*|[^\sa-z\d]")
_FRACTIONS = {"2": "half", "4": "quarter"}


def spoken(written: str, known: Known) -> Readings:
    """Readings of one written word, the likeliest first; empty for what is not said, such as a dash.

    `known` tells which words need no taking apart. Words that stay unknown are given as they are, in letters and apostrophes only.
    """
    plain = unicodedata.normalize("NFKC", written).translate({0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-", 0x2212: "-"})
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    core = plain.strip('"“”()[]{}<>,;:!?…«»*_~—–')
    found = _core(core, known)
    return tuple(dict.fromkeys(found))[:MOST]


def _core(core: str, known: Known) -> Readings:
    low = core.lower()
    bare = low.rstrip(".")
    if bare in ABBREVIATIONS and (low != bare or not known(bare)):
        return ABBREVIATIONS[bare]
    if any(c.isdecimal() for c in bare):
        return _numeric(bare.removesuffix("'s") if not _PLURAL.fullmatch(bare) else bare, known)
    if bare in SYMBOLS:
        return (SYMBOLS[bare],)
    if known(bare) and not (core.isupper() and 1 < len(bare) <= 3 and bare not in ("ok", "the", "and", "not", "yes", "you")):
        return ((bare,),)
    return _letters(core.rstrip("."), known)


def _letters(core: str, known: Known) -> Readings:
    """A word without digits that is in no dictionary as it stands, or that may be spelled."""
    low = core.lower().strip("-'.")
    letters = [c for c in low if c in LETTERS]
    if not letters:
        return ()
    spelled = tuple(LETTERS[c] for c in letters)
    if re.fullmatch(r"(?:[a-z]\.)+[a-z]", low):
        return (spelled,)
    if low.isalpha() and core.isupper() and len(low) <= 5:
        return ((low,), spelled) if known(low) or len(low) > 2 else (spelled,)
    runs = _RUN.findall(low)
    if len(runs) == 1:
        return ((low,),) if known(low) else ((_spelling(low),),)
    joined: Words = ()
    for run in runs:
        if run in SYMBOLS:
            joined += SYMBOLS[run]
        elif run == "." and len(runs) > 2:
            joined += ("dot",)
        elif run[0] in LETTERS:
            caps = len(run) <= 3 and run.upper() in core and (core.isupper() or not known(run))
            joined += tuple(LETTERS[c] for c in run) if caps else (_spelling(run),)
    slashed = tuple(word for run in runs for word in (("slash",) if run == "/" else (_spelling(run),) if run[0] in LETTERS else ()))
    return (joined, slashed) if "/" in runs else (joined,)


def _spelling(run: str) -> str:
    return "".join(c for c in run if c in LETTERS or c == "'").strip("'") or run


def _numeric(low: str, known: Known) -> Readings:
    """A word with digits in it."""
    for pattern, reader in _READERS:
        match = pattern.fullmatch(low)
        if match:
            return reader(match)
    if re.fullmatch(_NUMBER, low):
        return readings(low.replace(",", ""))
    if low.startswith("-") and re.fullmatch(rf"-{_NUMBER}(\.\d+)?", low):
        return tuple((sign, *each) for each in _numeric(low[1:], known) for sign in ("minus", "negative"))
    return _code(low, known)


def _code(low: str, known: Known) -> Readings:
    """Letters, digits and marks together, run by run: a number plate, a post code, a telephone number, a web address."""
    wholes: list[Words] = [()]
    singles: list[Words] = [()]
    ranges: Words = ()
    for run in _RUN.findall(low):
        if run.isdecimal():
            each = readings(run)
            wholes = [(*w, *r) for w in wholes for r in each[:2]][:4]
            singles = [(*s, *one_by_one(run, zero)) for s, zero in zip((singles * 2)[:2], ("oh", "zero"), strict=False)]
            ranges += (*(("to",) if ranges else ()), *cardinal(run))
        else:
            said: Words = SYMBOLS.get(run, ("dot",) if run == "." else ())
            if run[0] in LETTERS:
                said = (
                    (_spelling(run),) if len(run) > 3 or (known(run) and len(run) > 2) else tuple(LETTERS[c] for c in run if c in LETTERS)
                )
            wholes = [(*w, *said) for w in wholes]
            singles = [(*s, *said) for s in singles]
    found = (*wholes, *singles)
    return (*found[:6], ranges) if re.fullmatch(r"\d+[-–]\d+", low) else found


def _amounts(digits: str) -> Readings:
    """Readings of a number as one, not digit by digit."""
    pairs = in_pairs(digits)
    return (cardinal(digits), *((pairs,) if pairs else ()))


def _money(match: re.Match[str]) -> Readings:
    sign, whole, small, size = match.group(1), match.group(2).replace(",", ""), match.group(3), match.group(4)
    big, little = MONEY[sign]
    names = (big,) if whole == "1" else (f"{big}s",)
    if size:
        unit = UNITS[{"b": "bn"}.get(size, size)][1]
        return ((*cardinal(whole), unit, f"{big}s"),)
    if small is None:
        return tuple((*each, *names) for each in _amounts(whole))
    cents = (*cardinal(small), little if small == "01" else SMALL[little])
    if small == "00":
        return ((*cardinal(whole), *names), (*cardinal(whole), "hundred"))
    short = ("oh", *cardinal(small)) if small[0] == "0" else cardinal(small)
    if whole == "0":
        return (cents,)
    return ((*cardinal(whole), *names, "and", *cents), (*cardinal(whole), *short), (*cardinal(whole), *names, *cents))


def _time(match: re.Match[str]) -> Readings:
    hour, minute = cardinal(match.group(1)), match.group(2) or match.group(4)
    half: Words = tuple((match.group(3) or match.group(5) or "").replace(".", ""))
    half = tuple(LETTERS[c] for c in half)
    if minute == "00":
        return ((*hour, *half), (*hour, "o'clock", *half), (*hour, "hundred"))
    said = ("oh", *cardinal(minute)) if minute[0] == "0" else cardinal(minute)
    readings_: list[Words] = [(*hour, *said, *half)]
    if minute in ("15", "30"):
        readings_.append((*(("half",) if minute == "30" else ("quarter",)), "past", *hour, *half))
    return tuple(readings_)


def _decimal(match: re.Match[str]) -> Readings:
    whole = cardinal(match.group(1).replace(",", ""))
    return tuple((*whole, "point", *tail) for tail in dict.fromkeys((one_by_one(match.group(2)), one_by_one(match.group(2), "oh"))))


def _fraction(match: re.Match[str]) -> Readings:
    top, bottom = match.group(1), match.group(2)
    named = _FRACTIONS.get(bottom.lstrip("0"))
    below: Words = (named,) if named else ordinal(bottom)
    if top != "1":
        below = ("halves",) if below == ("half",) else plural(below)
    plain: Words = (*cardinal(top), *cardinal(bottom))
    return ((*cardinal(top), *below), plain, (*cardinal(top), "slash", *cardinal(bottom)), (*cardinal(top), "over", *cardinal(bottom)))


def _unit(match: re.Match[str]) -> Readings:
    digits = match.group(1).replace(",", "")
    name = UNITS[match.group(2)][0 if digits == "1" else 1].split()
    return ((*cardinal(digits), *(LETTERS.get(part, part) if len(part) == 1 and len(name) == 2 else part for part in name)),)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Readings]], ...] = (
    (_MONEY, _money),
    (_TIME, _time),
    (_ORDINAL, lambda match: (ordinal(match.group(1).replace(",", "")),)),
    (_PLURAL, lambda match: tuple(plural(each) for each in _amounts(match.group(1)))),
    (_DECIMAL, _decimal),
    (_FRACTION, _fraction),
    (_UNIT, _unit),
    (re.compile(rf"({_NUMBER})%"), lambda match: tuple((*each, "percent") for each in _amounts(match.group(1).replace(",", "")))),
    (re.compile(rf"({_NUMBER})\.(\d+)%"), lambda match: tuple((*each, "percent") for each in _decimal(match))),
    (re.compile(r"#(\d+)"), lambda match: tuple(("number", *each) for each in readings(match.group(1))[:3])),
)
