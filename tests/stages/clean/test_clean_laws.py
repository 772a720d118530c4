"""What holds of cleaned tracks whatever was recorded: what is not called cleaned is the same to the bit, and nothing else changes."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stages.clean.render as rendering
from schemas.errors import UsageError
from schemas.span import Span, Spans, total
from schemas.tracks import Origin, Tracks
from stages.clean.crosstalk import CrosstalkClean
from stages.spool import Spool
from stages.stage import Stage
from tests.stages.clean.talk import Call, call
from tests.stages.restore.sound import anything, mask, tracks


@cache
def cleaner() -> Any:
    return CrosstalkClean().load("cpu")


@cache
def leaky(seed: int, into: tuple[int, ...], delay: float, rate: int) -> Call:
    return call(14, rate, into=into, db=-16, delay=delay, seed=seed)


CALLS = st.builds(
    leaky, st.integers(0, 2), st.sampled_from([(0,), (1,), (0, 1)]), st.sampled_from([0.0, 0.08, 0.3]), st.sampled_from([8000, 11025])
)
"""A few, so that those that come again are at hand."""


def swapped(given_tracks: Tracks) -> Tracks:
    """The same with its channels the other way round."""
    origins = sorted((replace(o, channel=1 - o.channel) for o in given_tracks.origins), key=lambda o: (o.channel, o.span))
    return replace(given_tracks, samples=given_tracks.samples[::-1], origins=tuple(origins))


def cleaned(made: Tracks, channel: int) -> Spans:
    return tuple(o.span for o in made.origins if o.kind == "cleaned" and o.channel == channel)


def test_is_a_stage() -> None:
    made = CrosstalkClean()
    assert isinstance(made, Stage)
    assert (made.name, made.backend, made.takes, made.gives, made.weights()) == ("clean", "crosstalk", (Tracks,), Tracks, ())


@given(CALLS, st.sampled_from([16, 24]))
@settings(max_examples=5)
def test_what_is_not_called_cleaned_is_the_same_to_the_bit(made: Call, bits: int) -> None:
    before = made.tracks(bits)
    out: Tracks = cleaner()(before)
    there = mask(out, ("cleaned",))
    heard = [channel for channel in (0, 1) if made.echoes[channel].any()]
    assert [channel for channel in (0, 1) if there[channel].any()] == heard
    assert np.array_equal(out.samples[~there], before.samples[~there])
    assert out.samples.dtype == before.samples.dtype
    assert replace(out, samples=before.samples, origins=before.origins) == before
    for channel in heard:
        changed = out.samples[channel] != before.samples[channel]
        assert changed[there[channel]].mean() > 0.5
        assert all(left.end < right.start for left, right in pairwise(cleaned(out, channel)))
    again: Tracks = cleaner()(made.tracks(bits))
    assert np.array_equal(again.samples, out.samples)
    assert again.origins == out.origins


@given(CALLS)
@settings(max_examples=3)
def test_swapped_channels_give_the_swapped_result(made: Call) -> None:
    out = swapped(cleaner()(made.tracks()))
    other: Tracks = cleaner()(swapped(made.tracks()))
    assert np.array_equal(out.samples, other.samples)
    assert out.origins == other.origins


@given(anything())
@settings(max_examples=20)
def test_noise_of_any_length_in_stretches_of_any_kind_stays(given_tracks: Tracks) -> None:
    assert cleaner()(given_tracks) is given_tracks


@given(st.lists(st.integers(0, 14 * 8000), max_size=6), st.sampled_from([None, 0.5]))
@settings(max_examples=5)
def test_only_original_stretches_are_touched(cuts: list[int], confidence: float | None) -> None:
    made = leaky(0, (1,), 0.08, 8000)
    given_tracks = made.tracks()
    edges = sorted({0, given_tracks.length, *cuts})
    parts = [
        Origin(1, Span(start, end), ("original", "redacted", "restored")[index % 3], confidence)
        for index, (start, end) in enumerate(pairwise(edges))
    ]
    before = replace(given_tracks, origins=(given_tracks.origins[0], *parts))
    out: Tracks = cleaner()(before)
    whole: Tracks = cleaner()(given_tracks)
    originals = mask(before, ("original",))
    assert np.array_equal(mask(out, ("cleaned",)), mask(whole, ("cleaned",)) & originals)
    assert np.array_equal(out.samples[~originals], before.samples[~originals])
    for kind in ("redacted", "restored"):
        assert np.array_equal(mask(out, (kind,)), mask(before, (kind,)))
    assert {o.confidence for o in out.origins if o.channel == 1} == {confidence}


def test_tracks_of_a_mixture_are_not_touched() -> None:
    given_tracks = replace(leaky(0, (1,), 0.08, 8000).tracks(), order=None)
    assert cleaner()(given_tracks) is given_tracks


def test_the_residual_stays() -> None:
    given_tracks = leaky(0, (1,), 0.08, 8000).tracks()
    given_tracks = replace(given_tracks, residual=np.full((1, given_tracks.length), 7, np.int16))
    assert cleaner()(given_tracks).residual is given_tracks.residual


@pytest.mark.parametrize("bits", [16, 24])
def test_nothing_is_beyond_full_scale(bits: int) -> None:
    made = leaky(1, (0, 1), 0.08, 8000)
    loud = replace(made, voices=made.voices * 8, echoes=made.echoes * 8)
    given_tracks = loud.tracks(bits)
    top = 1 << (bits - 1)
    assert given_tracks.samples.max() == top - 1
    out: Tracks = cleaner()(given_tracks)
    assert cleaned(out, 0)
    assert -top <= out.samples.min() <= out.samples.max() < top
    wrapped = np.abs(out.samples.astype(np.int64) - given_tracks.samples) > top // 2
    assert not wrapped.any()


def test_blocks_leave_no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    given_tracks = leaky(2, (0, 1), 0.3, 8000).tracks()
    made: Tracks = cleaner()(given_tracks)
    assert cleaned(made, 0)
    monkeypatch.setattr(rendering, "BLOCK", 997)
    again: Tracks = cleaner()(given_tracks)
    assert np.array_equal(again.samples, made.samples)


def test_changes_fade_in_and_out() -> None:
    given_tracks = leaky(2, (1,), 0.08, 8000).tracks()
    out: Tracks = cleaner()(given_tracks)
    change = np.abs(out.samples[1].astype(int) - given_tracks.samples[1])
    for span in cleaned(out, 1):
        assert change[span.start : span.start + 4].max(initial=0) <= 0.02 * change.max()
        assert span.end == out.length or change[span.end - 4 : span.end].max() <= 0.02 * change.max()


@pytest.mark.parametrize("rate", [6000, 8000, 16000, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.1, 1.0])
def test_recordings_too_short_to_tell_stay(rate: int, seconds: float) -> None:
    length = max(1, round(rate * seconds))
    noisy = np.random.default_rng(0).integers(-20_000, 20_000, (2, length)).astype(np.int16)
    for samples in (noisy, np.zeros_like(noisy), np.full_like(noisy, -32768)):
        given_tracks = tracks(samples, rate)
        assert cleaner()(given_tracks) is given_tracks


def test_memory_does_not_grow_with_the_recording() -> None:
    made = call(30, 8000, db=-16, delay=0.05, seed=1).tracks()
    cleaner()(made)  # what is imported on first use is not measured
    peaks = []
    for times in (3, 10):
        spool = Spool(np.int16, 2)
        for _ in range(times):
            spool.write(made.samples.T)
        long = tracks(spool.samples(), 8000)
        tracemalloc.start()
        out: Tracks = cleaner()(long)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total(cleaned(out, 1)) > 0.2 * long.length
    # One float32 copy of one channel of the three and a half minutes more would take 6.7 MB.
    assert peaks[1] - peaks[0] < 2e6


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"max_delay": -0.1}, r"clean\.max_delay: -0\.1 s; wanted a number from 0 to 2"),
        ({"max_delay": float("nan")}, r"clean\.max_delay"),
        ({"tail": 0.0}, r"clean\.tail: 0\.0 s; wanted a number from 0\.01 to 0\.5"),
        ({"weakest_db": 0.0}, r"clean\.weakest_db: 0\.0 dB; wanted a number from -90 to -10"),
        ({"least_gain_db": 30.0}, r"clean\.least_gain_db: 30\.0 dB"),
    ],
)
def test_wrong_settings_are_told(settings_: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CrosstalkClean(**settings_)
