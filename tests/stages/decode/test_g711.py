"""G.711 tables against the standard's known values and against libsndfile."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.decode.g711 import ALAW, ULAW, compress_ulaw


def wav_of_codes(format_tag: int) -> bytes:
    """A WAV file that holds every 8-bit code once."""
    form = struct.pack("<HHIIHH", format_tag, 1, 8000, 8000, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 256) + bytes(range(256))
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(("tag", "table"), [(7, ULAW), (6, ALAW)])
def test_every_code_equals_libsndfile(tag: int, table: NDArray[np.int16]) -> None:
    samples, _ = soundfile.read(io.BytesIO(wav_of_codes(tag)), dtype="int16")
    np.testing.assert_array_equal(table, samples)


def test_values_that_the_standard_names() -> None:
    assert [int(ULAW[c]) for c in (0x00, 0x7F, 0x80, 0xFF, 0xFE)] == [-32124, 0, 32124, 0, 8]
    assert [int(ALAW[c]) for c in (0xD5, 0x55, 0xAA, 0x2A)] == [8, -8, 32256, -32256]


def test_tables_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ULAW[0] = 1


def test_compress_undoes_expand_except_for_minus_zero() -> None:
    codes = np.arange(256)
    np.testing.assert_array_equal(compress_ulaw(ULAW), np.where(codes == 0x7F, 0xFF, codes))


@given(st.integers(-32768, 32767))
def test_compress_never_moves_a_sample_by_more_than_half_a_step_of_its_segment(sample: int) -> None:
    error = abs(int(ULAW[compress_ulaw(np.array([sample]))][0]) - sample)
    step = 8 << max(0, min(7, (min(abs(sample), 32635) + 132).bit_length() - 8))
    assert error <= max(step // 2, 32768 - 32124 if abs(sample) > 32124 else 0)
