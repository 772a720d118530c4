"""Laws of the step from decoded samples to final integers."""

from __future__ import annotations

import hashlib
import math
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.finish import Finished, finish
from stages.decode.stream import Header, Stream

SHAPES = st.tuples(st.integers(1, 50), st.integers(1, 2))
CUTS = st.lists(st.integers(0, 50), max_size=4)


def run(samples: NDArray[Any], cuts: list[int] | None = None, *, lossy: bool = False, most: int = 10**9) -> tuple[Finished, NDArray[Any]]:
    header = Header(container="X", encoding="X", rate=8000, channels=samples.shape[1], frames=None)
    blocks = [block for block in np.split(samples, sorted(cuts or [])) if len(block)]
    out = BytesIO()
    done = finish(Stream(header=header, decoder="x", blocks=iter(blocks), lossy=lossy), out, most)
    final = np.frombuffer(out.getvalue(), np.int16 if done.bits == 16 else np.int32).reshape(-1, samples.shape[1])
    assert done.frames == len(samples) == len(final)
    assert done.sha256 == hashlib.sha256(final.astype("<i2" if done.bits == 16 else "<i4").tobytes()).hexdigest()
    return done, final


@given(hnp.arrays(np.int16, SHAPES), CUTS)
def test_int16_stays_bit_for_bit(samples: NDArray[np.int16], cuts: list[int]) -> None:
    done, final = run(samples, cuts)
    assert (done.bits, done.exact, done.gain_db, done.clipped) == (16, True, 0.0, 0)
    assert np.array_equal(final, samples)


@given(hnp.arrays(np.int32, SHAPES, elements=st.integers(-(2**23), 2**23 - 1)), CUTS)
def test_left_justified_24_bits_come_out_exact(samples: NDArray[np.int32], cuts: list[int]) -> None:
    done, final = run(samples << 8, cuts)
    assert (done.bits, done.exact) == (24, True)
    assert np.array_equal(final, samples)


@given(hnp.arrays(np.int32, SHAPES, elements=st.integers(-(2**31), 2**31 - 1)), CUTS)
def test_32_bits_are_rounded_to_the_nearest_of_24(samples: NDArray[np.int32], cuts: list[int]) -> None:
    done, final = run(samples, cuts)
    assert done.exact == (not np.any(samples & 0xFF))
    wide = np.minimum(np.floor(samples / 256 + 0.5), 2**23 - 1)
    assert np.array_equal(final, wide)


@given(hnp.arrays(np.int16, SHAPES), CUTS, st.sampled_from([np.float32, np.float64]), st.integers(0, 20))
def test_float_copies_of_16_bits_return_to_them(samples: NDArray[np.int16], cuts: list[int], kind: Any, up: int) -> None:
    """Also when the file holds them far beyond full scale, as unnormalised integers in float files do.

    A highest sample that lands on +1.0 itself is limited to the highest integer, and has a test of its own.
    """
    high, low = (float(value) * 2.0 ** (up - 15) for value in (samples.max(initial=0), samples.min(initial=0)))
    assume(not (high >= 1.0 and high >= -low and math.frexp(high)[0] == 0.5))
    done, final = run(samples.astype(kind) * kind(2.0 ** (up - 15)), cuts)
    assert done.exact
    expected = samples.astype(np.float64) * 2.0 ** (up - 15 + done.gain_db / 6.020599913279624)
    assert np.array_equal(final / 2.0 ** (done.bits - 1), expected)
    if up == 0:
        assert done.bits == 16


@given(hnp.arrays(np.int32, SHAPES, elements=st.integers(-(2**23), 2**23 - 1)), st.sampled_from([np.float32, np.float64]))
def test_float_copies_of_24_bits_return_to_them(samples: NDArray[np.int32], kind: Any) -> None:
    done, final = run(samples.astype(kind) * kind(2.0**-23))
    assert done.exact
    shift = 0 if done.bits == 24 else 8
    assert np.array_equal(final.astype(np.int32) << shift, samples)


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(-64, 64)), CUTS)
def test_other_floats_are_off_by_half_a_step_at_most(samples: NDArray[np.float64], cuts: list[int]) -> None:
    done, final = run(samples, cuts)
    gain = 2.0 ** round(done.gain_db / 6.020599913279624)
    step = 2.0 ** -(done.bits - 1)
    top = np.max(np.abs(samples)) * gain
    assert top <= 1
    assert gain == 1 or top > 0.5
    limit = 0.5 if np.max(samples) * gain <= 1 - step else 1.0
    assert np.max(np.abs(final * step - samples * gain)) <= limit * step
    assert done.exact == np.array_equal(final * step, samples * gain)


def test_plus_one_is_inside_full_scale() -> None:
    done, final = run(np.array([[1.0], [-1.0], [0.25]], np.float32))
    assert (done.bits, done.gain_db, done.exact) == (24, 0.0, False)
    assert final[:, 0].tolist() == [2**23 - 1, -(2**23), 2**21]


@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(-2, 2, width=32)), CUTS)
def test_lossy_floats_become_16_bits_and_count_what_was_limited(samples: NDArray[np.float32], cuts: list[int]) -> None:
    done, final = run(samples, cuts, lossy=True)
    wanted = np.rint(samples.astype(np.float64) * 32768)
    assert (done.bits, done.exact, done.gain_db) == (16, False, 0.0)
    assert np.array_equal(final, np.clip(wanted, -32768, 32767))
    assert done.clipped == np.count_nonzero((wanted > 32767) | (wanted < -32768))


@pytest.mark.parametrize("lossy", [False, True])
def test_samples_that_are_no_numbers_are_a_verdict(lossy: bool) -> None:
    samples = np.zeros((30, 2), np.float32)
    samples[17, 1] = np.nan
    samples[25, 0] = np.inf
    with pytest.raises(Reject) as caught:
        run(samples, [5, 20], lossy=lossy)
    assert caught.value.reason == "non_finite"
    assert caught.value.facts == {"count": 2, "first_sample": 17, "first_channel": 1}


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_longest_accepted_is_accepted_and_one_more_is_not(frames: int, most: int) -> None:
    samples = np.zeros((frames, 1), np.int16)
    if frames <= most:
        run(samples, [most // 2], most=most)
    else:
        with pytest.raises(Reject, match="too_long"):
            run(samples, [most // 2], most=most)


def test_nothing_is_no_error_here() -> None:
    done, _ = run(np.zeros((0, 1), np.int16))
    assert done.frames == 0


def test_windows_join_without_a_seam() -> None:
    """More samples than one rewriting window holds, at each change of width."""
    ramp = np.arange(300_001, dtype=np.int32)[:, None] - 150_000
    for samples, expected in ((ramp << 8, ramp), (ramp * 2.0**-23, ramp), ((ramp % 65536 - 32768) * 2.0**-15, ramp % 65536 - 32768)):
        done, final = run(samples, [70_000, 200_000])
        assert done.exact
        assert np.array_equal(final, expected)
