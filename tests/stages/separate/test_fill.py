"""What a separator has to do: fill overlaps. Here it knows the two voices, and everything around them is checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stages.separate.render as rendering
from schemas.diarization import Diarization
from schemas.recording import Recording, Samples
from schemas.span import Span
from stages.separate.assemble import Assembly, assemble
from stages.separate.layout import Filled, Layout
from stages.separate.render import FULL, Filling, Source, rising, shared
from tests.stages.separate.mixtures import SOURCE, diarized, recording

LENGTH, FADE = 4000, 40
TALK = diarized(LENGTH, (0, 500, 2000), (1, 1000, 1200), (1, 1800, 3000), (0, 3500, 4000), (1, 3500, 3600))
"""A backchannel, a change of speaker in overlap, and two who begin at once."""
HOW = Assembly(crossfade=FADE / 8000, residual=True, margin=0.0)


@pytest.mark.parametrize("block", [1 << 16, 33])
def test_overlaps_hold_what_the_separator_gives_and_fade_from_the_source(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(rendering, "BLOCK", block)
    voices = np.random.default_rng(1).integers(-8000, 8001, (2, LENGTH))
    mixture = voices.sum(axis=0).astype(np.int16)
    asked: list[tuple[Span, Span]] = []

    def oracle(source: Source, sound: Recording, diarization: Diarization, layout: Layout) -> Filling:
        assert np.array_equal(source, mixture)
        assert (sound.length, diarization, len(layout.overlaps)) == (LENGTH, TALK, 3)

        def fill(overlap: Span, window: Span) -> Samples:
            asked.append((overlap, window))
            return voices[:, window.start : window.end].astype(np.int16)

        return Filling(fill, (Filled("separated", 0.5), Filled("separated", 0.75), Filled("routed")))

    made = assemble(SOURCE, recording(mixture), TALK, HOW, oracle)
    assert {overlap for overlap, _ in asked} == {Span(1000, 1200), Span(1800, 2000), Span(3500, 3600)}
    windows = [window for _, window in asked]
    assert sum(len(window) for window in windows) == 500
    assert windows == sorted(windows)
    assert all(len(window) <= block and overlap.start <= window.start < window.end <= overlap.end for overlap, window in asked)
    assert {o.kind for o in made.origins} == {"original", "separated", "silence", "routed"}
    assert [(o.span, o.confidence) for o in made.origins if (o.channel, o.kind) == (1, "separated")] == [
        (Span(1000, 1200), 0.5),
        (Span(1800, 2000), 0.75),
    ]
    assert made.residual is not None
    both = made.samples.astype(np.int64).sum(axis=0) + made.residual[0]
    assert np.array_equal(both[:3500], mixture[:3500])
    assert not made.residual[0, 3500:3600].any()
    assert not made.residual[0, 1000:2000].any(), "one of them is heard on either side of each overlap"
    wide, total = voices.astype(np.int64), mixture.astype(np.int64)
    for overlap in TALK.overlaps:
        inner = slice(overlap.start + FADE, overlap.end - FADE)
        assert np.array_equal(made.samples[:, inner], voices[:, inner])
    up = rising(FADE)
    enter, leave = slice(1000, 1000 + FADE), slice(2000 - FADE, 2000)
    for at, weights in ((enter, up), (leave, FULL - up)):
        wanted = total[at] * (FULL - weights) + wide[0, at] * weights if at == enter else wide[0, at] * weights
        assert np.array_equal(made.samples[0, at], np.floor(wanted / FULL + 0.5))
        assert np.array_equal(made.samples[1, at], total[at] - made.samples[0, at])
    assert np.array_equal(made.samples[0, 1200:1800], mixture[1200:1800])
    assert np.array_equal(made.samples[1, 2000:3000], mixture[2000:3000])


@pytest.mark.parametrize("n", [1, 2, 3, 40, 441])
def test_ramps_rise_and_fall_in_mirror(n: int) -> None:
    up = rising(n)
    assert 0 <= up[0] <= up[-1] <= FULL
    assert (np.diff(up) >= 0).all()
    assert np.abs(up + up[::-1] - FULL).max() <= 1


@given(st.sampled_from([16, 24, 32]), st.integers(0, 2**32 - 1), st.integers(1, 50))
def test_two_parts_that_make_a_whole_leave_nothing_and_fit_the_depth(bits: int, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    mixture = rng.integers(low, high, n, endpoint=True)
    voice = rng.integers(np.maximum(low, mixture - high), np.minimum(high, mixture - low), n, endpoint=True)
    weights = rng.integers(0, FULL, n, endpoint=True)
    crossed = mixture * (FULL - weights) + voice * weights
    for first, second in ((crossed, (mixture - voice) * weights), (mixture * weights, mixture * (FULL - weights))):
        out = shared(mixture, first, second)
        assert np.array_equal(out[0] + out[1], mixture)
        assert not out[2].any()
        assert low <= out[:2].min() <= out[:2].max() <= high
        assert (2 * np.abs(out[:2] * FULL - np.stack([first, second])) <= FULL).all()


def test_what_is_given_to_neither_is_told() -> None:
    mixture = np.array([-5, -1, 0, 3, 7])
    assert shared(mixture, mixture * FULL, mixture * 0).tolist() == [[-5, -1, 0, 3, 7], [0] * 5, [0] * 5]
    assert shared(mixture, mixture * 0, mixture * 0).tolist() == [[0] * 5, [0] * 5, [-5, -1, 0, 3, 7]]
    assert shared(mixture, mixture * FULL, mixture * FULL)[2].tolist() == [5, 1, 0, -3, -7]
