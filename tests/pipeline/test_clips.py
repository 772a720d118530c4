"""Cuts: they tile the recording, keep the limit and fall into silence wherever one is in reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.clips import MAX_NATIVE_BYTES, clip_limit, clips, clips_inside, within
from schemas.errors import LawError
from schemas.span import Span, Spans, intersect, union


@st.composite
def recordings(draw: st.DrawFn) -> tuple[int, int, tuple[Spans, Spans]]:
    length = draw(st.integers(1, 300))
    limit = draw(st.integers(1, 120))
    span = st.tuples(st.integers(0, length), st.integers(0, length)).map(lambda pair: Span(min(pair), max(pair)))
    channels = draw(st.tuples(*[st.lists(span, max_size=14).map(union)] * 2))
    return length, limit, channels


def talk_of(speech: tuple[Spans, ...], length: int) -> NDArray[np.bool_]:
    """Which samples hold speech of anybody."""
    talk = np.zeros(length, bool)
    for span in (span for channel in speech for span in channel):
        talk[span.start : span.end] = True
    return talk


@given(recordings())
@settings(max_examples=400)
def test_clips_tile_keep_the_limit_and_cut_in_silence_where_they_can(made: tuple[int, int, tuple[Spans, Spans]]) -> None:
    length, limit, speech = made
    found = clips(length, limit, speech)
    assert [c.span.start for c in found] == [0, *(c.span.end for c in found[:-1])]
    assert found[-1].span.end == length
    assert all(1 <= len(c.span) <= limit for c in found)
    assert [c.cut for c in found].count("end") == 1
    assert found[-1].cut == "end"
    talk = talk_of(speech, length)
    quiet = {at for at in range(1, length) if not talk[at - 1] and not talk[at]}
    for clip in found[:-1]:
        start = clip.span.start
        late = {at for at in quiet if start + limit // 2 + 1 < at <= start + limit}
        after_speech = {at for at in quiet if start + 1 < at <= start + limit and talk[start : at - 1].any()}
        assert (clip.cut == "silence") == bool(late | after_speech)
        assert clip.span.end in quiet if clip.cut == "silence" else len(clip.span) == limit
        assert len(clip.span) >= limit // 2 or talk[start : clip.span.end].any()


@given(recordings())
def test_the_same_speech_gives_the_same_cuts(made: tuple[int, int, tuple[Spans, Spans]]) -> None:
    length, limit, speech = made
    assert clips(length, limit, speech) == clips(length, limit, speech[::-1]) == clips(length, limit, (union((*speech[0], *speech[1])),))


@given(st.integers(1, 50))
def test_a_recording_within_the_limit_is_one_clip(length: int) -> None:
    (only,) = clips(length, length, ((Span(0, length),),))
    assert (only.span, only.cut) == (Span(0, length), "end")


def test_the_longest_silence_of_the_second_half_is_cut_in_its_middle() -> None:
    talk = (Span(20, 60), Span(64, 80), Span(90, 200))
    assert clips(200, 100, (talk, ()))[0].span == Span(0, 85)
    assert clips(200, 100, (talk, (Span(80, 90),)))[0].span == Span(0, 62)
    assert [clip.span.end for clip in clips(200, 100, (talk, (Span(60, 90),)))] == [100, 200]


def test_what_is_left_of_a_silence_is_not_cut_again() -> None:
    found = clips(3000, 1000, ((Span(0, 800), Span(900, 3000)),))
    assert [(clip.span.end, clip.cut) for clip in found] == [(850, "silence"), (1850, "speech"), (2850, "speech"), (3000, "end")]


def test_no_limit_below_one_sample() -> None:
    with pytest.raises(LawError, match="limit 0"):
        clips(10, 0, ())


@given(recordings(), st.integers(0, 300), st.integers(1, 300))
def test_a_conversation_is_cut_like_a_recording_and_keeps_its_place(
    made: tuple[int, int, tuple[Spans, Spans]], start: int, size: int
) -> None:
    length, limit, speech = made
    window = Span(min(start, length - 1), min(min(start, length - 1) + size, length))
    found = clips_inside(window, length, limit, speech)
    alone = clips(len(window), limit, [within(channel, window) for channel in speech])
    assert [clip.span.start for clip in found] == [window.start, *(clip.span.end for clip in found[:-1])]
    assert [len(clip.span) for clip in found] == [len(clip.span) for clip in alone]
    assert [clip.cut for clip in found[:-1]] == [clip.cut for clip in alone[:-1]]
    assert (found[-1].span.end, found[-1].cut) == (window.end, "end" if window.end == length else "conversation")


@given(st.floats(0.001, 1000), st.sampled_from([8000, 11025, 48000, 384000]), st.sampled_from([16, 24]))
def test_the_limit_in_samples_keeps_minutes_and_bytes(minutes: float, rate: int, bits: int) -> None:
    limit = clip_limit(minutes, rate, bits)
    assert 1 <= limit <= max(1, minutes * 60 * rate)
    assert limit * 2 * (2 if bits == 16 else 4) <= MAX_NATIVE_BYTES


@given(recordings(), st.integers(0, 300), st.integers(0, 300))
def test_within_keeps_what_is_inside_and_counts_from_there(made: tuple[int, int, tuple[Spans, Spans]], one: int, other: int) -> None:
    window = Span(min(one, other), max(one, other))
    inside = within(made[2][0], window)
    assert tuple(Span(s.start + window.start, s.end + window.start) for s in inside) == intersect(made[2][0], (window,))


@given(recordings(), st.integers(2, 16), st.integers(0, 40))
@settings(max_examples=400)
def test_cuts_keep_to_a_grid(made: tuple[int, int, tuple[Spans, Spans]], step: int, offset: int) -> None:
    length, limit, speech = made
    found = clips(length, limit, speech, step, offset)
    assert [c.span.start for c in found] == [0, *(c.span.end for c in found[:-1])]
    assert found[-1].span.end == length
    assert all(1 <= len(c.span) <= limit for c in found)
    if limit < 2 * step:
        assert found == clips(length, limit, speech)
        return
    talk = talk_of(speech, length)
    points = {at for at in range(1, length) if (at + offset) % step == 0}
    quiet = {at for at in points if not talk[at - 1] and not talk[at]}
    for clip in found[:-1]:
        start, end = clip.span.start, clip.span.end
        assert end in points
        late = {at for at in quiet if start + limit // 2 + 1 < at <= start + limit}
        after_speech = {at for at in quiet if start + 1 < at <= start + limit and talk[start : at - 1].any()}
        assert (clip.cut == "silence") == bool(late | after_speech)
        assert clip.cut == "speech" or end in quiet
        assert clip.cut == "silence" or start + limit - step < end


def test_a_cut_on_the_grid_is_the_point_nearest_to_the_middle() -> None:
    talk = (Span(0, 61), Span(84, 200))
    assert [clips(200, 100, (talk,), step)[0].span.end for step in (1, 5, 10, 8, 20)] == [72, 70, 70, 72, 80]
    assert clips(200, 100, (talk,), 10, 4)[0].span.end == 76


def test_a_conversation_keeps_to_the_grid_of_its_recording() -> None:
    found = clips_inside(Span(103, 903), 1000, 300, (), 80)
    assert [(clip.span.end, clip.cut) for clip in found] == [(320, "silence"), (560, "silence"), (800, "silence"), (903, "conversation")]
