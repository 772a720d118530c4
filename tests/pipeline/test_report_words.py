"""Foreign text stays text, and numbers read as people write them."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.axes import Axis, clock_label, moment_label, percent_label, steps, whole_steps
from pipeline.report.words import LONGEST, hertz, hours, lasting, number, plainly, share, shortened, visible, with_unit

MARKS = re.compile(r'</?bdi>|<span class="code-point">|</span>')


@given(st.text(st.characters(), max_size=80))
def test_nothing_of_a_foreign_text_is_markup_or_unseen(text: str) -> None:
    shown = MARKS.sub("", str(visible(text)))
    assert "<" not in shown
    assert ">" not in shown
    assert not any(unicodedata.category(c).startswith("C") or unicodedata.category(c) in ("Zl", "Zp") for c in shown)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "M")), max_size=LONGEST))
def test_printable_text_is_shown_as_it_is(text: str) -> None:
    assert html.unescape(MARKS.sub("", str(visible(text)))) == text
    assert plainly(text) == text


@pytest.mark.parametrize("c", ["\u202e", "\u2066", "\x00", "\x1b", "\u200b", "\ufeff", "\u2028", "\ud800", "\ue000"])
def test_unseen_characters_are_spelled(c: str) -> None:
    code = f"U+{ord(c):04X}"
    assert f'<span class="code-point">{code}</span>' in visible(f"a{c}b")
    assert plainly(f"a{c}b") == f"a[{code}]b"


def test_long_text_says_how_much_is_left_out() -> None:
    assert shortened("x" * LONGEST) == "x" * LONGEST
    assert "… 840 characters …" in shortened("x" * 1000)


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (number(-26.44), "−26.4"),
        (number(-0.01), "0.0"),
        (number(1234567.0, 0), "1,234,567"),
        (with_unit(None, "dB"), ""),
        (with_unit(-3.0, "dB"), "−3.0 dB"),
        (share(None), ""),
        (share(0.0), "0 %"),
        (share(1.0), "100 %"),
        (share(1 - 1e-12), "100 %"),
        (share(0.00001), "<0.01 %"),
        (share(0.99999), ">99.9 %"),
        (share(0.0421), "4.21 %"),
        (share(0.421), "42.1 %"),
        (lasting(0.25), "0.25 s"),
        (lasting(59.97), "1 min 00 s"),
        (lasting(3599.7), "1 h 00 min"),
        (lasting(7500), "2 h 05 min"),
        (hours(90), "1 min 30 s"),
        (hours(3600 * 2.5), "2.50 h"),
        (hours(3600 * 12345.6), "12,346 h"),
        (hertz(8000), "8 kHz"),
        (hertz(3412.0), "3.4 kHz"),
        (percent_label(0.05), "5"),
        (moment_label(1800), "30 min"),
        (clock_label(95), "1:35"),
    ],
)
def test_numbers(shown: str, wanted: str) -> None:
    assert shown.replace("\u00a0", " ") == wanted


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(2, 10))
def test_steps_are_few_even_and_inside(low: float, width: float, about: int) -> None:
    found = steps(low, low + width, about)
    assert len(found) <= about + 1
    assert all(low - 1e-6 * width - 1e-6 <= v <= low + width + 1e-6 * width + 1e-6 for v in found)


@given(st.integers(1, 10**7))
def test_counts_are_ticked_in_whole_numbers(most: int) -> None:
    found = whole_steps(most)
    assert found[0] == 0
    assert found == sorted(set(found))
    assert 1 < len(found) <= 5
    assert found[-1] <= most


@given(st.floats(0.1, 1e5), st.floats(1.1, 1e4))
def test_logarithmic_ticks_are_at_least_two_and_inside(low: float, ratio: float) -> None:
    axis = Axis(low, low * ratio, 50, 400, logarithmic=True)
    ticks = axis.ticks(moment_label)
    assert len(ticks) >= 2
    assert all(49.999 <= x <= 400.001 for x, _ in ticks)
