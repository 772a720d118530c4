"""Utterances cut at their own pauses, and lengths that add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reject
from schemas.span import Span
from stages.acoustics.levels import Signal
from stages.acoustics.noise import noise
from stages.simulate.draws import lengths
from stages.simulate.ipu import Fragment, Ipu
from stages.simulate.material import Utterance, pieces
from tests.stages.simulate.bursts import hiss, utterance


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([8000, 16000, 44100]), st.floats(0.2, 3))
def test_bursts_are_found_to_the_sample(seed: int, rate: int, mean: float) -> None:
    made = utterance("u", rate, np.random.default_rng(seed), mean)
    assert pieces(made.samples, rate) == made.pieces


def test_short_silences_are_inside_and_quiet_background_is_outside() -> None:
    rng = np.random.default_rng(0)
    parts = [hiss(8000, rng), np.zeros(1000, np.float32), hiss(4000, rng), np.zeros(4000, np.float32), hiss(8000, rng)]
    loud = np.concatenate(parts)
    assert pieces(loud, 8000) == (Span(0, 13000), Span(17000, 25000))
    found = pieces(loud + 0.001 * noise(len(loud), 8000, rng), 8000)
    assert len(found) == 2
    for span, wanted in zip(found, (Span(0, 13000), Span(17000, 25000)), strict=True):
        assert abs(span.start - wanted.start) <= 400
        assert abs(span.end - wanted.end) <= 400


@pytest.mark.parametrize("samples", [np.zeros(8000, np.float32), np.full(8000, 1e-6, np.float32), np.zeros(3, np.float32)])
def test_silence_is_a_reject(samples: Signal) -> None:
    with pytest.raises(Reject, match="silent"):
        pieces(samples, 8000)


@settings(max_examples=200)
@given(st.integers(0, 50), st.integers(0, 10**6), st.integers(0, 100), st.integers(1, 3000) | st.none(), st.integers(0, 999))
def test_lengths_add_up_inside_their_bounds(n: int, total: int, low: int, room: int | None, seed: int) -> None:
    high = None if room is None else low + room
    found = lengths(total, n, low, high, np.random.default_rng(seed), 0.8)
    assert len(found) == n
    assert all(low <= each and (high is None or each <= high + 1) for each in found)
    if n:
        wanted = max(total, n * low) if high is None else min(max(total, n * low), n * high)
        assert abs(sum(found) - wanted) <= 1


def test_shortening_an_ipu_ends_it_inside_a_fragment() -> None:
    said = Utterance("u", "s", np.ones(100, np.float32), (Span(0, 40), Span(60, 100)))
    ipu = Ipu(0, (Fragment(said, Span(0, 40), 0), Fragment(said, Span(60, 100), 50)), finished=True)
    assert len(ipu) == 90
    assert ipu.shortened(200) is ipu
    assert [len(ipu.shortened(size)) for size in (90, 89, 51, 50, 45, 40, 10)] == [90, 89, 51, 40, 40, 40, 10]
    assert ipu.shortened(89).cut
    assert not ipu.shortened(89).finished
