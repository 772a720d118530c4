"""Counts in fixed bins lose nothing that the report says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.tally import Tally, drawn, window

values = st.lists(st.floats(-150, 150) | st.just(float("nan")), max_size=60)


def tally(numbers: list[float]) -> Tally:
    made = Tally(np.linspace(-140, 140, 561))
    made.add(np.array(numbers, np.float64))
    return made


@given(values, values)
def test_parts_add_up_to_the_whole(first: list[float], second: list[float]) -> None:
    parts, whole = tally(first), tally(first + second)
    parts.add(np.array(second, np.float64))
    assert (parts.counts == whole.counts).all()
    assert (parts.n, parts.below, parts.above, parts.absent) == (whole.n, whole.below, whole.above, whole.absent)
    assert whole.n + whole.absent == len(first) + len(second)


@given(st.lists(st.floats(-140, 140), min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_in_the_bin_of_the_true_one(numbers: list[float], q: float) -> None:
    found, truth = tally(numbers).quantile(q), np.quantile(numbers, q, method="inverted_cdf")
    assert found is not None
    assert found == pytest.approx(truth, abs=0.5 + 1e-9)
    assert min(numbers) <= found <= max(numbers)


@given(st.floats(-500, 500))
def test_one_value_is_its_own_median(value: float) -> None:
    assert tally([value]).quantile(0.5) == pytest.approx(value)


def test_nothing_has_no_quantile() -> None:
    assert tally([float("nan")]).quantile(0.5) is None


@given(st.lists(st.floats(-140, 140), min_size=1, max_size=60), st.lists(st.floats(-140, 140), max_size=60))
def test_a_window_shows_every_value_in_few_bins(left: list[float], right: list[float]) -> None:
    both = tally(left), tally(right)
    start, end, factor = window(both)
    for each, numbers in zip(both, (left, right), strict=True):
        edges, counts = drawn(each, start, end, factor)
        assert len(edges) == len(counts) + 1
        assert counts.sum() == len(numbers)
        assert 12 <= len(counts) <= 33


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_end_of_the_range_counts(numbers: list[float]) -> None:
    made = Tally(np.linspace(0, 1, 101), (5,))
    made.add(np.array([*numbers, 1.0]))
    edges, counts = drawn(made, *window((made,)))
    assert counts.sum() == len(numbers) + 1
    assert edges[-1] == pytest.approx(1.0)
