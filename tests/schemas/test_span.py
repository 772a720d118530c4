"""Span algebra against one boolean per sample."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import LawError
from schemas.span import Span, Spans, check_disjoint, complement, intersect, subtract, total, union

LENGTH = 60
Mask = NDArray[np.bool_]


@st.composite
def any_spans(draw: st.DrawFn, length: int = LENGTH) -> list[Span]:
    pairs = draw(st.lists(st.tuples(st.integers(0, length), st.integers(0, length)), max_size=12))
    return [Span(min(pair), max(pair)) for pair in pairs]


def mask_of(spans: list[Span] | Spans, length: int = LENGTH) -> Mask:
    mask = np.zeros(length, bool)
    for span in spans:
        mask[span.start : span.end] = True
    return mask


def spans_of(mask: Mask) -> Spans:
    """The one canonical set of a mask: its runs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return tuple(Span(int(start), int(end)) for start, end in edges.reshape(-1, 2))


@given(any_spans())
def test_union_is_the_runs_of_the_mask(spans: list[Span]) -> None:
    merged = union(spans)
    assert merged == spans_of(mask_of(spans))
    assert union(merged) == merged
    check_disjoint(merged, LENGTH, "union")


@given(any_spans(), any_spans())
def test_intersect_and_subtract_are_those_of_the_masks(left: list[Span], right: list[Span]) -> None:
    a, b = union(left), union(right)
    assert intersect(a, b) == spans_of(mask_of(a) & mask_of(b)) == intersect(b, a)
    assert subtract(a, b) == spans_of(mask_of(a) & ~mask_of(b))


@given(any_spans(), st.integers(0, LENGTH))
def test_complement_is_the_rest_of_any_length(spans: list[Span], length: int) -> None:
    merged = union(spans)
    assert complement(merged, length) == spans_of(~mask_of(merged)[:length])


@given(any_spans())
def test_set_and_complement_share_out_all_samples(spans: list[Span]) -> None:
    merged = union(spans)
    rest = complement(merged, LENGTH)
    assert total(merged) + total(rest) == LENGTH
    assert complement(rest, LENGTH) == merged
    assert total(merged) == int(mask_of(spans).sum())
    assert total(spans) == sum(span.end - span.start for span in spans)


@given(any_spans(), st.integers(0, 8))
def test_gap_closes_exactly_the_holes_up_to_it(spans: list[Span], gap: int) -> None:
    mask = mask_of(spans)
    inner = complement(union(spans), LENGTH)
    for hole in inner:
        if hole.start > 0 and hole.end < LENGTH and len(hole) <= gap:
            mask[hole.start : hole.end] = True
    assert union(spans, gap) == spans_of(mask)


@given(any_spans())
def test_disjoint_passes_exactly_on_sorted_disjoint_sets_inside(spans: list[Span]) -> None:
    pairs = list(itertools.pairwise(spans))
    lawful = all(len(span) for span in spans) and all(left.end <= right.start for left, right in pairs)
    if lawful:
        check_disjoint(spans, LENGTH, "it")
    else:
        with pytest.raises(LawError, match="it: "):
            check_disjoint(spans, LENGTH, "it")


def test_disjoint_names_a_span_beyond_the_end() -> None:
    check_disjoint([Span(0, 9)], 9, "it")
    with pytest.raises(LawError, match="ends at sample 9, beyond the recording's 8"):
        check_disjoint([Span(0, 9)], 8, "it")


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 2), (0, -1)])
def test_ends_keep_their_order(start: int, end: int) -> None:
    with pytest.raises(LawError, match="0 <= start <= end"):
        Span(start, end)


@pytest.mark.parametrize("end", [1.0, np.int64(1), True, None, "1"])
def test_ends_are_python_integers(end: object) -> None:
    with pytest.raises(LawError, match="must be Python integers"):
        Span(0, end)  # type: ignore[arg-type]


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from([8000, 11025, 44100, 48000]))
def test_seconds_give_the_samples_back(start: int, more: int, rate: int) -> None:
    span = Span(start, start + more)
    low, high = span.seconds(rate)
    assert (round(low * rate), round(high * rate)) == (span.start, span.end)
    assert len(span) == more
