"""Turns in seconds become segments in samples, rounded once, and come back as an annotation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reject
from schemas.recording import Recording
from schemas.span import Span
from stages.diarize.annotation import annotation_of, diarization_of, heard, turns_of
from tests.stages.diarize.sound import call, recording

LENGTH = 10.0


def silence(rate: int = 8000, seconds: float = LENGTH) -> Recording:
    return recording(np.zeros(round(seconds * rate), np.int16), rate)


def reject(turns: Any, seconds: float = LENGTH) -> Reject:
    with pytest.raises(Reject) as caught:
        diarization_of(turns, silence(seconds=seconds), 0)
    return caught.value


def test_the_voice_heard_first_is_speaker_0() -> None:
    found = diarization_of({"x": [(3.0, 4.0)], "y": [(1.0, 2.0), (5.0, 6.0)]}, silence(), 0)
    assert [(s.speaker, s.span) for s in found.segments] == [(0, Span(8000, 16000)), (1, Span(24000, 32000)), (0, Span(40000, 48000))]
    assert (found.speakers, found.channel, found.confidence) == (("A", "B"), 0, None)


def test_of_two_who_start_together_the_longer_goes_first() -> None:
    found = diarization_of({"short": [(1.0, 2.0)], "long": [(1.0, 3.0)]}, silence(), 0)
    assert found.of(0) == (Span(8000, 24000),)


@pytest.mark.parametrize(("seconds", "wanted"), [(1.00006, 8000), (1.0000625, 8001), (1.00007, 8001)])
def test_times_are_rounded_once_half_up(seconds: float, wanted: int) -> None:
    assert diarization_of({"a": [(0.0, seconds)], "b": [(5, 8)]}, silence(), 0).of(0) == (Span(0, wanted),)


def test_turns_are_cut_at_the_ends_and_what_is_left_of_nothing_is_dropped() -> None:
    found = diarization_of({"a": [(-0.5, 2.0), (11.0, 12.0)], "b": [(9.0, 10.4), (3.0, 3.00001)]}, silence(), 0)
    assert (found.of(0), found.of(1)) == ((Span(0, 16000),), (Span(72000, 80000),))


def test_overlapping_and_touching_turns_of_one_voice_are_one() -> None:
    found = diarization_of({"a": [(0.0, 2.0), (1.0, 3.0), (3.0, 4.0)], "b": [(1.0, 2.0)]}, silence(), 0)
    assert [s.span for s in found.segments] == [Span(0, 32000), Span(8000, 16000)]


def test_no_turns_one_voice_and_three() -> None:
    assert reject({}).reason == "no_speech"
    assert reject({"a": [(12.0, 13.0)]}).reason == "no_speech"
    assert reject({"a": [(0.0, 1.9)]}).reason == "unsure"
    one = reject({"a": [(0.0, 4.0)]})
    assert (one.reason, one.facts["seconds"]) == ("one_speaker", {"a": 4.0})
    three = reject({"a": [(0.0, 4.0)], "b": [(4.0, 6.0)], "c": [(6.0, 8.0)]})
    assert (three.reason, three.facts["shares"]) == ("too_many_speakers", {"a": 0.5, "b": 0.25, "c": 0.25})
    assert three.facts["recording_s"] == LENGTH


times = st.lists(st.tuples(st.integers(0, 999), st.integers(1, 200)), min_size=1, max_size=8)


@given(times, times, st.sampled_from([8000, 11025, 44100]))
def test_an_annotation_comes_back_the_same(first: list[tuple[int, int]], second: list[tuple[int, int]], rate: int) -> None:
    turns = {name: [(at / 100, (at + n) / 100) for at, n in each] for name, each in (("a", first), ("b", second))}
    found = diarization_of(turns, silence(rate, 12.0), 0)
    assert diarization_of(turns_of(annotation_of(found)), silence(rate, 12.0), 0) == found


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_channel_is_heard_at_16_khz(rate: int) -> None:
    made = call(rate)
    blocks = list(heard(made, 0))
    x = np.concatenate(blocks)
    assert x.dtype == np.float32
    assert abs(len(x) - made.duration * 16000) <= 1
    assert np.abs(x).max() <= 1.01
    reference = np.concatenate(list(heard(call(16000), 0)))
    n = min(len(x), len(reference))
    assert np.corrcoef(x[:n], reference[:n])[0, 1] > 0.97


def test_the_channel_asked_for_is_heard() -> None:
    made = call(8000)
    two = recording(np.stack((np.zeros(made.length, np.int16), made.samples[0].astype(np.int16))), 8000)
    np.testing.assert_array_equal(np.concatenate(list(heard(two, 1))), np.concatenate(list(heard(made, 0))))
    assert not np.concatenate(list(heard(two, 0))).any()
