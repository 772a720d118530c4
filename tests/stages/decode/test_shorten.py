"""The shorten decoder against an encoder of its own, against real files and against damage."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode import shorten
from stages.decode.g711 import ULAW, compress_ulaw
from stages.decode.shorten import Decoder, outward_table, warm_up
from tests.stages.decode import shorten_encoder as enc
from tests.stages.decode.shorten_encoder import Plan, encode

HEADER_BYTES = 10


def decoded(data: bytes) -> NDArray[Any]:
    decoder = Decoder(io.BytesIO(data))
    blocks = list(decoder.blocks())
    return np.concatenate(blocks) if blocks else np.zeros((0, decoder.header.channels), np.uint8)


def speechlike(n: int, channels: int, scale: float = 3000.0, seed: int = 0) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 1, (n, channels)), axis=0)
    smooth = walk - np.linspace(0, 1, n)[:, None] * walk[-1]
    loud = smooth / max(1e-9, np.abs(smooth).max()) * scale + rng.normal(0, 5, (n, channels))
    samples: NDArray[np.int16] = np.clip(loud, -32768, 32767).astype(np.int16)
    return samples


PLANS = st.lists(
    st.sampled_from([Plan(0), Plan(1), Plan(2), Plan(3), Plan(7), Plan(7, 0, (40,)), Plan(7, 0, (55, -26, 3, -1))]), min_size=1
)


@given(
    st.integers(1, 900),
    st.integers(1, 3),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([enc.S16HL, enc.S16LH]),
    st.sampled_from([1, 7, 256, 1024]),
    st.sampled_from([0, 1, 4]),
    PLANS,
    st.integers(0, 99),
)
def test_16_bit_round_trip(n: int, channels: int, version: int, ftype: int, block: int, means: int, plans: list[Plan], seed: int) -> None:
    samples = speechlike(n, channels, 30000.0, seed) + np.int16(100)
    data = encode(samples, version=version, ftype=ftype, block=block, means=means, order=4, plans=plans)
    out = decoded(data)
    assert out.dtype == np.int16
    np.testing.assert_array_equal(out, samples)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=300), st.sampled_from([enc.U16HL, enc.U16LH]))
def test_unsigned_16_bit_comes_back_as_the_same_two_bytes(values: list[int], ftype: int) -> None:
    samples = np.array(values)[:, None]
    np.testing.assert_array_equal(decoded(encode(samples, ftype=ftype)).view(np.uint16), samples)


@given(st.binary(min_size=1, max_size=600), st.sampled_from([enc.AU1, enc.U8, enc.AU2, enc.AU3]), st.integers(0, 3))
def test_8_bit_round_trip(codes: bytes, ftype: int, kind: int) -> None:
    samples = np.frombuffer(codes, np.uint8)[:, None]
    np.testing.assert_array_equal(decoded(encode(samples, ftype=ftype, plans=[Plan(kind)])), samples)


@given(st.binary(min_size=1, max_size=600))
def test_signed_8_bit_comes_back_as_the_same_bytes(data: bytes) -> None:
    samples = np.frombuffer(data, np.int8)[:, None]
    np.testing.assert_array_equal(decoded(encode(samples, ftype=enc.S8)).view(np.int8), samples)


@given(st.binary(min_size=1, max_size=600), st.lists(st.integers(0, 12), min_size=1, max_size=4), st.sampled_from([enc.AU1, enc.AU2]))
def test_mu_law_round_trip_at_every_bit_shift(codes: bytes, shifts: list[int], ftype: int) -> None:
    samples = np.frombuffer(codes, np.uint8)[:, None]
    plans = [Plan(1, shift) for shift in shifts]
    np.testing.assert_array_equal(decoded(encode(samples, ftype=ftype, block=16, plans=plans)), samples)


@given(st.integers(0, 15), st.integers(1, 400))
def test_bit_shift_restores_low_zero_bits(shift: int, n: int) -> None:
    rng = np.random.default_rng(n)
    samples = (rng.integers(-(1 << (15 - shift)), 1 << (15 - shift), (n, 2)) << shift).astype(np.int16)
    np.testing.assert_array_equal(decoded(encode(samples, plans=[Plan(1, shift), Plan(0, shift)], block=32)), samples)


def test_lossy_mu_law_type_gives_the_code_of_the_linear_value() -> None:
    codes = np.delete(np.arange(256), 0x7F)
    linear = ULAW[codes].astype(np.int64)[:, None] >> 3
    out = decoded(encode(linear, ftype=enc.ULAW))
    np.testing.assert_array_equal(out, compress_ulaw(linear << 3))
    np.testing.assert_array_equal(out[:, 0], codes)


def test_zero_blocks() -> None:
    samples = np.zeros((700, 2), np.int16)
    np.testing.assert_array_equal(decoded(encode(samples, plans=[Plan(enc.ZERO), Plan(2), Plan(enc.ZERO)])), samples)


def test_near_lossless_overshoot_is_limited_to_full_scale_and_more_is_damage() -> None:
    def stream(value: int) -> bytes:
        bits = enc.start(block=1).unsigned(enc.BITSHIFT, 2).unsigned(4, 2).unsigned(0, 2).unsigned(3, 3).signed(value, 3)
        return enc.magic() + bits.unsigned(enc.QUIT, 2).pack()

    assert decoded(stream(2048)).tolist() == [[32767]]
    assert decoded(stream(-2048)).tolist() == [[-32768]]
    with pytest.raises(Reject, match="damaged"):
        decoded(stream(2050))


def test_verbatim_bytes_are_stepped_over() -> None:
    bits = enc.start(block=1).unsigned(enc.VERBATIM, 2).unsigned(3, 5).unsigned(np.frombuffer(b"RIF", np.uint8), 8)
    bits.unsigned(0, 2).unsigned(3, 3).signed(-77, 3).unsigned(enc.QUIT, 2)
    assert decoded(enc.magic() + bits.pack()).tolist() == [[-77]]


@pytest.mark.parametrize(
    ("shift", "negative_from_zero", "positive_from_zero"),
    [
        (0, [126, 125, 124], [255, 254, 253]),
        (1, [125, 123, 121, 119, 117, 115, 113, 111, 110], [255, 253, 251, 249, 247, 245, 243, 241, 239, 238]),
        (5, [103, 91, 83, 77, 73, 69, 65, 62], [255, 231, 219, 211, 205, 201, 197, 193, 190]),
        (10, [31, 15, 7, 0, 127, 126], [255, 159, 143, 135, 254, 253]),
        (12, [0, 127, 126], [255, 254, 253]),
    ],
)
def test_mu_law_bit_shift_table_holds_the_formats_known_rows(
    shift: int, negative_from_zero: list[int], positive_from_zero: list[int]
) -> None:
    row = outward_table()[shift]
    assert sorted(row) == list(range(256))
    assert row[127::-1][: len(negative_from_zero)].tolist() == negative_from_zero
    assert row[128:][: len(positive_from_zero)].tolist() == positive_from_zero


@given(st.integers(0, 4000))
def test_a_stream_cut_anywhere_gives_a_prefix_of_whole_blocks(cut: int) -> None:
    samples = speechlike(2000, 2, seed=5)
    data = encode(samples, block=100)
    if cut < HEADER_BYTES:
        with pytest.raises(Reject):
            decoded(data[:cut])
        return
    out = decoded(data[:cut])
    assert len(out) % 100 == 0
    np.testing.assert_array_equal(out, samples[: len(out)])
    if cut >= len(data):
        assert len(out) == 2000


def test_small_windows_give_the_same_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = speechlike(150_000, 2, seed=7)
    data = encode(samples, plans=[Plan(2), Plan(3)])
    monkeypatch.setattr(shorten, "WINDOW_BYTES", 4096)
    np.testing.assert_array_equal(decoded(data), samples)


def test_a_command_larger_than_the_window_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(speechlike(4000, 1, 30000.0), block=4000)
    monkeypatch.setattr(shorten, "WINDOW_BYTES", 1024)
    with pytest.raises(Reject, match="damaged"):
        decoded(data)


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("unknown command", enc.start().unsigned(10, 2)),
        ("empty blocks", enc.start().unsigned(enc.BLOCKSIZE, 2).number(0)),
        ("growing blocks", enc.start().unsigned(enc.BLOCKSIZE, 2).number(257)),
        ("blocks that change between channels", enc.start(channels=2).unsigned(enc.ZERO, 2).unsigned(enc.BLOCKSIZE, 2).number(4)),
        ("wide shift", enc.start().unsigned(enc.BITSHIFT, 2).unsigned(33, 2)),
        ("wide residuals", enc.start().unsigned(0, 2).unsigned(40, 3)),
        ("more coefficients than announced", enc.start(order=2).unsigned(enc.QLPC, 2).unsigned(3, 3).unsigned(5, 2)),
        ("a sample beyond 16 bits", enc.start(block=1).unsigned(0, 2).unsigned(3, 3).signed(32768, 3)),
        ("a long run of zeros", enc.start(block=1).unsigned(0, 2).unsigned(0, 3).unsigned((1 << 22) + 100, 1)),
    ],
)
def test_impossible_commands_are_rejected(name: str, bits: enc.Bits) -> None:
    # More bits follow, so that what is wrong is the command and not the end of the file.
    data = enc.magic() + bits.unsigned(np.zeros(4096, np.int64), 3).pack()
    with pytest.raises(Reject) as caught:
        decoded(data)
    assert caught.value.reason == "unreadable", name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable"),
        (b"fLaC\x02", "unreadable"),
        (b"ajkg", "unsupported"),
        (b"ajkg\x00" + bytes(64), "unsupported"),
        (b"ajkg\x04" + bytes(64), "unsupported"),
        (b"ajkg\x02", "unreadable"),
        (b"ajkg\x02" + bytes(1 << 20), "unreadable"),
        (enc.magic() + enc.start(ftype=10).pack(), "unsupported"),
        (enc.magic() + enc.start(channels=0).pack(), "unreadable"),
        (enc.magic() + enc.start(channels=1 << 20).pack(), "unreadable"),
        (enc.magic() + enc.start(block=0).pack(), "unreadable"),
        (enc.magic() + enc.start(block=1 << 30).pack(), "unreadable"),
        (enc.magic() + enc.start(order=65).pack(), "unreadable"),
        (enc.magic() + enc.start(means=1025).pack(), "unreadable"),
    ],
)
def test_impossible_headers_are_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(Reject) as caught:
        Decoder(io.BytesIO(data))
    assert caught.value.reason == reason


def test_all_zero_bits_end(monkeypatch: pytest.MonkeyPatch) -> None:
    data = enc.magic() + enc.start().pack() + bytes(3 << 20)
    with pytest.raises(Reject, match="damaged"):
        decoded(data)


@pytest.mark.slow
def test_ten_minutes_of_two_channel_mu_law_decode_at_200_times_real_time() -> None:
    warm_up()
    seconds, rate = 600, 8000
    samples = compress_ulaw(speechlike(seconds * rate, 2, 8000.0))
    data = encode(samples, ftype=enc.AU2)
    started = time.process_time()
    out = decoded(data)
    spent = time.process_time() - started
    np.testing.assert_array_equal(out, samples)
    assert seconds / spent >= 200
