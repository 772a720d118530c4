"""Means of confidences over any stretch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from stages.sureness import Sureness, touching


@st.composite
def known(draw: st.DrawFn) -> list[tuple[Span, float | None]]:
    cuts = sorted(draw(st.sets(st.integers(0, 60), max_size=12)))
    spans = [Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return [(span, draw(st.none() | st.floats(0, 1))) for span in spans]


@given(known(), st.integers(0, 60), st.integers(1, 30))
def test_it_is_the_mean_of_what_is_known_sample_by_sample(pairs: list[tuple[Span, float | None]], start: int, length: int) -> None:
    values = np.full(100, np.nan)
    for span, confidence in pairs:
        values[span.start : span.end] = np.nan if confidence is None else confidence
    window = values[start : start + length]
    found = Sureness(pairs).over(Span(start, start + length))
    if np.isnan(window).all():
        assert found is None
    else:
        assert found is not None
        assert 0 <= found <= 1
        assert found == pytest.approx(np.nanmean(window))


@given(known(), st.integers(0, 60), st.integers(1, 30))
def test_touching_finds_those_that_share_a_sample(pairs: list[tuple[Span, float | None]], start: int, length: int) -> None:
    spans = [span for span, _ in pairs]
    wanted = [i for i, span in enumerate(spans) if max(span.start, start) < min(span.end, start + length)]
    assert list(touching(spans, Span(start, start + length))) == wanted
