"""Which windows are heard: every overlap with its context, and long ones in windows that share enough."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from stages.separate.network.fill import _weights
from stages.separate.network.plan import plan, sizes_of

CONTEXT, GRAIN = 12, 4


@st.composite
def overlaps(draw: st.DrawFn) -> tuple[int, list[Span]]:
    cuts = sorted(draw(st.sets(st.integers(0, 2000), max_size=12)))
    spans = [Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return max([draw(st.integers(1, 2000)), *(span.end for span in spans)]), spans


@given(overlaps(), st.sampled_from([(100,), (50, 100), (60, 61, 200)]))
def test_every_overlap_is_heard_with_its_context(drawn: tuple[int, list[Span]], sizes: tuple[int, ...]) -> None:
    length, spans = drawn
    made = plan(spans, length, sizes, CONTEXT, GRAIN)
    assert [index for stretch in made for index in stretch.overlaps] == list(range(len(spans)))
    for stretch in made:
        windows = stretch.windows
        assert {len(window) for window in windows} <= set(sizes)
        first, last = spans[stretch.overlaps[0]], spans[stretch.overlaps[-1]]
        assert windows[0].start <= max(0, first.start - CONTEXT)
        assert windows[-1].end >= min(length, last.end + CONTEXT)
        assert len(windows) == 1 or len(stretch.overlaps) == 1
        for left, right in pairwise(windows):
            assert (right.start - left.start) % GRAIN == 0
            assert 2 * CONTEXT <= left.end - right.start <= len(left) // 2 + GRAIN
        # Nothing is heard beyond the recording but what fills the last window.
        assert all(window.start < length for window in windows)


@given(st.integers(1, 6), st.integers(40, 80))
def test_windows_that_share_a_part_count_as_one(count: int, hop: int) -> None:
    spans = [Span(i * hop, i * hop + 84) for i in range(count)]
    total = np.zeros(spans[-1].end)
    for span, weight in zip(spans, _weights(spans), strict=True):
        total[span.start : span.end] += weight
    assert np.allclose(total, 1.0, atol=1e-6)


def test_short_overlaps_near_each_other_are_heard_together() -> None:
    spans = [Span(100, 110), Span(120, 130), Span(500, 505)]
    made = plan(spans, 1000, (50, 100), CONTEXT, GRAIN)
    assert [stretch.overlaps for stretch in made] == [(0, 1), (2,)]
    assert [len(stretch.windows[0]) for stretch in made] == [100, 50]


@pytest.mark.parametrize(("lengths", "wanted"), [((), (48000, 96000)), ((40000,), (20000,)), ((16000, 80000), (8000, 40000))])
def test_sizes_are_those_of_the_network_where_it_has_any(lengths: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    assert sizes_of(12.0, 8000, lengths, 16000) == wanted
