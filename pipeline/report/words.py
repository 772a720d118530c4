"""Numbers and foreign text as the report shows them."""

from __future__ import annotations

import math
import unicodedata

from markupsafe import Markup, escape

LONGEST = 160
"""Characters of a foreign text that are shown; longer ones lose their middle."""
NB = "\u00a0"
MINUS = "\u2212"
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories without a glyph of their own, among them the controls that reverse or reorder what follows."""


def visible(text: str) -> Markup:
    """Foreign text as safe HTML: isolated from its surroundings' direction, every character without a glyph spelled as its code point."""
    parts = [_character(c) for c in shortened(text)]
    return Markup("<bdi>{}</bdi>").format(Markup("").join(parts))


def plainly(text: str) -> str:
    """Foreign text for places that hold no markup, such as an SVG title; the caller escapes it."""
    return "".join(f"[{_code(c)}]" if unicodedata.category(c) in INVISIBLE else c for c in shortened(text))


def shortened(text: str) -> str:
    """At most `LONGEST` characters, the middle replaced by how much is left out."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


def _character(c: str) -> Markup:
    if unicodedata.category(c) in INVISIBLE:
        return Markup('<span class="code-point">{}</span>').format(_code(c))
    return escape(c)


def _code(c: str) -> str:
    return f"U+{ord(c):04X}"


def number(value: float, digits: int = 1) -> str:
    """With thousands separators and a true minus sign; never a negative zero."""
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else MINUS + text[1:]
    return text


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return number(value, 0)


def with_unit(value: float | None, unit: str, digits: int = 1) -> str:
    """`-26.4 dBFS`; empty when the value is unknown."""
    return "" if value is None else f"{number(value, digits)}{NB}{unit}"


def share(value: float | None) -> str:
    """A share as a percentage of about three significant digits; empty when unknown."""
    if value is None:
        return ""
    percent = 100.0 if math.isclose(value, 1.0, rel_tol=1e-9) else 100 * value
    if 0 < percent < 0.01:
        return f"<0.01{NB}%"
    digits = 0 if percent in (0, 100) else 1 if percent >= 10 else 2
    text = number(percent, digits)
    return f">99.9{NB}%" if percent < 100 and text == "100.0" else f"{text}{NB}%"


def hours(seconds: float) -> str:
    """An amount of audio in hours, in minutes below one hour."""
    if seconds < 3600:
        return lasting(seconds)
    amount = seconds / 3600
    return f"{number(amount, 2 if amount < 10 else 1 if amount < 1000 else 0)}{NB}h"


def lasting(seconds: float) -> str:
    """A duration as a person would say it: `4.2 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds == 0:
        return f"0{NB}s"
    if seconds < 59.95:
        return f"{number(seconds, 2 if seconds < 1 else 1)}{NB}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}{NB}min{NB}{whole % 60:02d}{NB}s"
    minutes = round(seconds / 60)
    return f"{minutes // 60}{NB}h{NB}{minutes % 60:02d}{NB}min"


def hertz(value: float | None) -> str:
    """A frequency in kHz; empty when unknown."""
    return "" if value is None else f"{number(value / 1000, 1 if value % 1000 else 0)}{NB}kHz"


def several(amount: int, one: str, many: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count(amount)}{NB}{one if amount == 1 else many}"
