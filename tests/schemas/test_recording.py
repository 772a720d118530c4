"""Recordings: shape, depth and exact float windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import LawError
from schemas.recording import Decoding, Recording, as_float, full_scale

SEEN = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)


def made(samples: NDArray[np.generic], bits: int = 16, rate: int = 8000) -> Recording:
    return Recording(samples=samples, rate=rate, bits=bits, decoding=SEEN)  # type: ignore[arg-type]


def test_a_recording_knows_its_channels_and_duration() -> None:
    recording = made(np.zeros((2, 11025), np.int16), rate=22050)
    assert (recording.channels, recording.length, recording.duration) == (2, 11025, 0.5)


@pytest.mark.parametrize("shape", [(8,), (0, 8), (3, 8), (2, 0), (1, 2, 8)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(LawError, match="samples of shape"):
        made(np.zeros(shape, np.int16))


@pytest.mark.parametrize(("dtype", "bits"), [(np.int32, 16), (np.int16, 24), (np.float32, 16), (np.int16, 8), (np.int32, 32)])
def test_depth_and_dtype_belong_together(dtype: type[np.generic], bits: int) -> None:
    with pytest.raises(LawError, match=f"samples for {bits} bits"):
        made(np.zeros((1, 8), dtype), bits)


@pytest.mark.parametrize("rate", [0, -8000])
def test_the_rate_is_positive(rate: int) -> None:
    with pytest.raises(LawError, match="rate"):
        made(np.zeros((1, 8), np.int16), rate=rate)


@pytest.mark.parametrize("value", [2**23, -(2**23) - 1, 2**31 - 1])
def test_values_beyond_24_bits_are_refused(value: int) -> None:
    with pytest.raises(LawError, match="24"):
        made(np.full((1, 8), value, np.int32), bits=24)


@given(st.sampled_from([16, 24]), st.integers(0, 2**24 - 1))
def test_floats_are_exact_at_both_depths(bits: int, number: int) -> None:
    value = number % 2**bits - 2 ** (bits - 1)
    samples = np.array([[value]], np.int16 if bits == 16 else np.int32)
    window = as_float(samples, bits)  # type: ignore[arg-type]
    assert window.dtype == np.float32
    assert float(window[0, 0]) * full_scale(bits) == value
    assert -1.0 <= float(window[0, 0]) < 1.0
