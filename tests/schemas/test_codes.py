"""Codes: their laws, and clips of a recording whose codes are slices of the recording's."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clips import clips
from schemas.codes import Codes, clip_codes, frames_of, grid
from schemas.errors import LawError
from schemas.span import Span

LAYOUTS = [(24_000, 1920), (24_000, 320), (16_000, 320)]
RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]


def codes(length: int, rate: int, layout: tuple[int, int] = (24_000, 1920), books: int = 2, **changed: Any) -> Codes:
    frames = -(-length * layout[0] // (rate * layout[1]))
    samples = np.random.default_rng(length).integers(0, 2048, (2, books, frames)).astype(np.int16)
    fields = {"codec": "mimi", "sha256": "ab", "codec_rate": layout[0], "hop": layout[1], "bins": 2048, "length": length, "rate": rate}
    return Codes(**{"samples": samples, **fields, **changed})


@given(st.integers(1, 10**7), st.sampled_from([*RATES, 8001, 65535]), st.sampled_from(LAYOUTS))
def test_frames_cover_the_recording_and_no_more(length: int, rate: int, layout: tuple[int, int]) -> None:
    codec_rate, hop = layout
    frames = frames_of(length, rate, codec_rate, hop)
    assert frames == ceil(Fraction(length * codec_rate, rate * hop)) == ceil(ceil(Fraction(length * codec_rate, rate)) / hop)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"samples": np.zeros((2, 2, 12), np.int16)}, "12 frames of mimi; 8000 samples at 8000 Hz have 13"),
        ({"samples": np.zeros((2, 2, 14), np.int16)}, "14 frames"),
        ({"samples": np.zeros((1, 2, 13), np.int16)}, "shape"),
        ({"samples": np.zeros((2, 0, 13), np.int16)}, "shape"),
        ({"samples": np.zeros((2, 2, 13), np.int32)}, "int32"),
        ({"samples": np.full((2, 2, 13), 2048, np.int16)}, "values from 2048 to 2048; mimi has 2048"),
        ({"samples": np.full((2, 2, 13), -1, np.int16)}, "values from -1"),
        ({"bins": 40_000}, "bins 40000"),
        ({"hop": 0}, "hop 0"),
    ],
)
def test_laws(changed: dict[str, Any], said: str) -> None:
    assert codes(8000, 8000).frames == 13
    with pytest.raises(LawError, match=said):
        codes(8000, 8000, **changed)


@given(
    st.sampled_from(RATES),
    st.sampled_from(LAYOUTS),
    st.floats(0.05, 30),
    st.floats(0.2, 7),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3)), max_size=9),
)
def test_codes_of_clips_on_the_grid_are_slices_that_make_up_the_recording(
    rate: int, layout: tuple[int, int], seconds: float, longest: float, talk: list[tuple[float, float]]
) -> None:
    length = max(1, round(seconds * rate))
    whole = codes(length, rate, layout)
    speech = [Span(min(round(a * rate), length), min(round((a + n) * rate), length)) for a, n in talk]
    found = clips(length, round(longest * rate), (tuple(speech),), grid(rate))
    parts = [clip_codes(whole, clip.span) for clip in found]
    np.testing.assert_array_equal(np.concatenate([samples for samples, _ in parts], axis=2), whole.samples)
    for clip, (samples, begins) in zip(found, parts, strict=True):
        assert begins == clip.span.start
        assert samples.shape[2] == frames_of(len(clip.span), rate, *layout)


@given(st.sampled_from([*RATES, 8001, 44056]), st.sampled_from(LAYOUTS), st.integers(0, 90_000), st.integers(1, 90_000))
def test_codes_of_any_stretch_cover_it_and_say_where_they_begin(rate: int, layout: tuple[int, int], start: int, size: int) -> None:
    whole = codes(start + size + 1000, rate, layout)
    samples, begins = clip_codes(whole, Span(start, start + size))
    frame = Fraction(layout[1] * rate, layout[0])
    assert begins <= start < begins + frame + 1
    first = ceil(Fraction(begins) / frame)
    assert first * frame <= start < (first + 1) * frame
    assert (first + samples.shape[2] - 1) * frame < start + size <= (first + samples.shape[2]) * frame


@pytest.mark.parametrize("window", [Span(0, 8001), Span(4000, 4000), Span(8000, 8001)])
def test_a_window_outside_the_recording_has_no_codes(window: Span) -> None:
    with pytest.raises(LawError, match="no frames"):
        clip_codes(codes(8000, 8000), window)


@pytest.mark.parametrize("rate", RATES)
def test_the_usual_rates_divide_into_80_ms(rate: int) -> None:
    assert grid(rate) == Fraction(rate * 80, 1000)
    assert grid(8001) == 1
