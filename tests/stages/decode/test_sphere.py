"""SPHERE files: real ones against published checksums, generated ones against exact truth, malformed ones as rejects."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.g711 import ALAW, ULAW
from stages.decode.sphere import checksum_matches, header_of, is_sphere, open_sphere
from stages.decode.sphere_header import read_header
from stages.decode.stream import BLOCK_FRAMES
from tests.shared import SHARED, needs_shared
from tests.stages.decode import shorten_encoder as enc
from tests.stages.decode.shorten_encoder import encode, sphere

MONO_16: dict[str, Any] = {"channel_count": 1, "sample_rate": 8000, "sample_n_bytes": 2, "sample_byte_format": "01"}


def samples_of(data: bytes) -> NDArray[Any]:
    stream = open_sphere(io.BytesIO(data))
    blocks = list(stream.blocks)
    assert all(0 < len(b) <= BLOCK_FRAMES and b.shape[1] == stream.header.channels for b in blocks)
    return np.concatenate(blocks) if blocks else np.zeros((0, stream.header.channels), np.int16)


def rejected(data: bytes) -> Reject:
    with pytest.raises(Reject) as caught:
        samples_of(data)
    return caught.value


def published_md5(entry: str) -> str:
    lines = (SHARED / "sph2pipe" / "outfile-md5.list.macosx").read_text().splitlines()
    return next(line.split()[0] for line in lines if line.split()[1] == entry)


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode().rstrip("=")


@needs_shared
@pytest.mark.parametrize(
    ("entry", "name", "encoding"),
    [
        ("0487.raw", "123_1pcle_shn.sph", "shorten-PCM_16"),
        ("0489.raw", "123_1pcbe_shn.sph", "shorten-PCM_16"),
        ("0491.raw", "123_1ulaw_shn.sph", "shorten-ULAW"),
        ("0500.raw", "123_2alaw.sph", "ALAW"),
    ],
)
def test_samples_equal_the_published_conversion(entry: str, name: str, encoding: str) -> None:
    data = (SHARED / "sph2pipe" / name).read_bytes()
    samples = samples_of(data)
    assert md5(samples.astype(">i2").tobytes()) == published_md5(entry)
    header = header_of(io.BytesIO(data))
    assert (header.container, header.encoding, header.rate, header.frames) == ("NIST", encoding, 20000, len(samples))
    assert checksum_matches(io.BytesIO(data)) is True


@needs_shared
def test_first_channel_equals_its_published_conversion() -> None:
    listing = (SHARED / "sph2pipe" / "outfile-md5.list.macosx").read_text().split()
    samples = samples_of((SHARED / "sph2pipe" / "123_2alaw.sph").read_bytes())
    for channel in (0, 1):
        assert md5(samples[:, channel].astype(">i2").tobytes()) in listing


@needs_shared
@pytest.mark.parametrize("name", ["pocketsphinx/chan3.sph", "speechbrain/example3.sph", "lhotse/stereo.sph", "sph2pipe/123_2alaw.sph"])
def test_uncompressed_files_equal_libsndfile(name: str) -> None:
    wanted, rate = soundfile.read(SHARED / name, dtype="int16", always_2d=True)
    data = (SHARED / name).read_bytes()
    np.testing.assert_array_equal(samples_of(data), wanted)
    assert header_of(io.BytesIO(data)).rate == rate


@needs_shared
@pytest.mark.parametrize(("name", "size"), [("big1.hdr", 1024), ("big2.hdr", 2048), ("std1.hdr", 1024), ("std2.hdr", 1024)])
def test_a_header_alone_is_a_file_without_samples(name: str, size: int) -> None:
    data = (SHARED / "sph2pipe" / name).read_bytes()
    assert read_header(io.BytesIO(data)).size == size
    assert len(samples_of(data)) == 0
    assert header_of(io.BytesIO(data)).frames == 37120


@needs_shared
def test_one_changed_sample_breaks_the_checksum() -> None:
    data = bytearray((SHARED / "sph2pipe" / "123_2alaw.sph").read_bytes())
    data[5000] ^= 1
    assert checksum_matches(io.BytesIO(bytes(data))) is False


@given(
    st.integers(1, 500),
    st.integers(1, 3),
    st.sampled_from([(1, "1", "b"), (2, "01", "<"), (2, "10", ">"), (3, "012", "<"), (3, "210", ">"), (4, "0123", "<"), (4, "3210", ">")]),
    st.integers(0, 3),
)
def test_pcm_of_every_width_and_order(n: int, channels: int, form: tuple[int, str, str], tail: int) -> None:
    width, order, sign = form
    values = np.random.default_rng(n).integers(-(1 << (8 * width - 1)), 1 << (8 * width - 1), (n, channels))
    wide = values.astype(">i8" if sign == ">" else "<i8").view(np.uint8).reshape(n, channels, 8)
    payload = (wide[..., 8 - width :] if sign == ">" else wide[..., :width]).tobytes()
    checksum = int(values.sum()) % 65536
    fields: dict[str, Any] = {"channel_count": channels, "sample_rate": 8000, "sample_n_bytes": width, "sample_byte_format": order}
    data = sphere(payload, sample_coding="pcm", sample_count=n, sample_checksum=checksum, **fields)
    out = samples_of(data + bytes(min(tail, width * channels - 1)))
    assert out.dtype == (np.int16 if width <= 2 else np.int32)
    np.testing.assert_array_equal(out, values << (8 * (2 if width <= 2 else 4) - 8 * width))
    assert checksum_matches(io.BytesIO(data)) is True


@pytest.mark.parametrize("coding", ["ulaw", "mu-law", "ULAW", "mulaw", "alaw", "a-law"])
@pytest.mark.parametrize("width", [1, None])
def test_companded_samples(coding: str, width: int | None) -> None:
    data = sphere(bytes(range(256)), channel_count=2, sample_rate=8000, sample_n_bytes=width, sample_coding=coding)
    table = ALAW if coding.startswith("a") else ULAW
    np.testing.assert_array_equal(samples_of(data), table.reshape(-1, 2))
    assert header_of(io.BytesIO(data)).encoding == ("ALAW" if coding.startswith("a") else "ULAW")


@pytest.mark.parametrize("said", ["pcm,embedded-shorten-v2.00", "pcm,embedded-shorten-v1.09", "pcm", None])
def test_shorten_is_found_whatever_the_header_says_of_it(said: str | None) -> None:
    samples = np.random.default_rng(1).integers(-3000, 3000, (70_000, 2)).astype(np.int16)
    total = int(samples.sum(dtype=np.int64)) % 65536
    fields = {**MONO_16, "channel_count": 2, "sample_coding": said, "sample_checksum": total}
    data = sphere(encode(samples), **fields)
    np.testing.assert_array_equal(samples_of(data), samples)
    assert header_of(io.BytesIO(data)).encoding == "shorten-PCM_16"
    assert checksum_matches(io.BytesIO(data)) is True


@pytest.mark.parametrize(("coding", "ftype", "table"), [("ulaw", enc.AU2, ULAW), ("ulaw", enc.S8, ULAW), ("alaw", enc.AU3, ALAW)])
def test_shorten_of_companded_samples(coding: str, ftype: int, table: NDArray[np.int16]) -> None:
    codes = np.random.default_rng(2).integers(0, 256, (999, 2)).astype(np.uint8)
    packed = encode(codes.view(np.int8) if ftype == enc.S8 else codes, ftype=ftype)
    data = sphere(packed, channel_count=2, sample_rate=8000, sample_n_bytes=1, sample_coding=f"{coding},embedded-shorten-v2.00")
    np.testing.assert_array_equal(samples_of(data), table[codes])


def test_shorten_of_8_bit_pcm() -> None:
    values = np.arange(-128, 128).astype(np.int8)[:, None]
    data = sphere(encode(values, ftype=enc.S8), channel_count=1, sample_rate=8000, sample_n_bytes=1, sample_coding="pcm,embedded-shorten")
    np.testing.assert_array_equal(samples_of(data), values.astype(np.int16) << 8)


def test_shorten_told_one_channel_of_interleaved_samples() -> None:
    samples = np.arange(602).astype(np.int16).reshape(-1, 2)
    data = sphere(encode(samples.reshape(-1, 1), block=101), **{**MONO_16, "channel_count": 2})
    np.testing.assert_array_equal(samples_of(data), samples)


@pytest.mark.parametrize(
    ("packed", "fields"),
    [
        (encode(np.zeros((10, 1), np.uint8), ftype=enc.AU1), {"sample_n_bytes": 2, "sample_byte_format": "01"}),
        (encode(np.zeros((10, 1), np.uint8), ftype=enc.AU1), {"sample_n_bytes": 1}),
        (encode(np.zeros((10, 2), np.int16)), {"sample_n_bytes": 2, "sample_byte_format": "01"}),
    ],
)
def test_headers_that_contradict_each_other_are_rejected(packed: bytes, fields: dict[str, Any]) -> None:
    reject = rejected(sphere(packed, channel_count=1, sample_rate=8000, sample_coding="pcm,embedded-shorten-v2.00", **fields))
    assert reject.reason == "unreadable"
    assert "shorten stream holds" in reject.detail


def test_what_is_there_counts_and_not_the_header() -> None:
    payload = np.arange(50, dtype="<i2").tobytes()
    for promised in (10, 50, 10_000, 0, -1, None):
        data = sphere(payload, sample_count=promised, **MONO_16)
        assert samples_of(data)[:, 0].tolist() == list(range(50))
        assert header_of(io.BytesIO(data)).frames == (promised if promised and promised > 0 else None)


def test_long_files_come_in_blocks_and_can_be_opened_twice() -> None:
    samples = np.arange(200_001).astype("<i2")
    file = io.BytesIO(sphere(samples.tobytes(), **MONO_16))
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(open_sphere(file).blocks))[:, 0], samples)
    assert checksum_matches(file) is None


class Trickle(io.BytesIO):
    """A file whose reads come short, as from a pipe or a remote object."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, 7))


def test_short_reads_lose_nothing() -> None:
    samples = np.random.default_rng(3).integers(-300, 300, (3000, 1)).astype(np.int16)
    for payload in (samples.astype("<i2").tobytes(), encode(samples)):
        np.testing.assert_array_equal(np.concatenate(list(open_sphere(Trickle(sphere(payload, **MONO_16))).blocks)), samples)


def test_header_quirks_that_are_read() -> None:
    text = (
        b"NIST_1A\r\n  2048\n; a comment\n\nspeaker name without a type\nsample_rate -r 8000.0000\nchannel_count -i 2 ; two\r\n"
        b"sample_n_bytes -i 2\nsample_byte_format -s2 10 swapped\nsample_coding -s3 pcm-2\nchannels_interleaved -s4 TRUE\nend_head\n"
    ).replace(b"1A\r\n  2048\n", b"1A\n   2048\n")
    data = text.ljust(2048) + np.array([[1, -2], [3, -4]], ">i2").tobytes()
    assert is_sphere(data[:8])
    assert header_of(io.BytesIO(data)).rate == 8000
    assert samples_of(data).tolist() == [[1, -2], [3, -4]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"channel_count": None}, "unreadable"),
        ({"channel_count": 0}, "unreadable"),
        ({"channel_count": 65}, "too_many_channels"),
        ({"sample_rate": None}, "unreadable"),
        ({"sample_rate": 8000.5}, "unreadable"),
        ({"sample_n_bytes": 5}, "unreadable"),
        ({"sample_n_bytes": "two"}, "unreadable"),
        ({"sample_byte_format": None}, "unreadable"),
        ({"sample_byte_format": "0123"}, "unreadable"),
        ({"sample_byte_format": "shortpack-v0"}, "unreadable"),
        ({"sample_coding": "pcm,embedded-wavpack-v1.0"}, "unsupported"),
        ({"sample_coding": "adpcm"}, "unsupported"),
        ({"sample_coding": "ulaw"}, "unreadable"),
        ({"sample_coding": "pcm,embedded-shorten-v2.00"}, "unreadable"),
        ({"channel_count": 2, "channels_interleaved": "FALSE"}, "unsupported"),
        ({"sample_count": "9" * 5000}, "unreadable"),
    ],
)
def test_headers_that_cannot_be_used_are_rejected(fields: dict[str, Any], reason: str) -> None:
    assert rejected(sphere(bytes(100), **{**MONO_16, **fields}, size=8192)).reason == reason


def test_malformed_files_are_rejected() -> None:
    good = sphere(bytes(100), **MONO_16)
    assert rejected(b"").reason == "unreadable"
    assert rejected(b"RIFF").reason == "unreadable"
    assert rejected(good[:16]).reason == "truncated"
    assert rejected(good[:1000]).facts == {"header_bytes": 1024, "present": 1000}
    assert "end_head" in rejected(good.replace(b"end_head", b"end_hexx")).detail
    assert "not the header's length" in rejected(good.replace(b"   1024\n", b"   1o24\n")).detail
    assert "claims 9999999 bytes" in rejected(good.replace(b"   1024\n", b"9999999\n")).detail
    assert "twice" in rejected(good.replace(b"sample_rate -i 8000", b"sample_rate -i 8000\nsample_rate -i 16000")).detail
    assert "name -type value" in rejected(good.replace(b"sample_rate -i", b"sample_rate -x")).detail


def test_importing_the_reader_imports_no_compiler() -> None:
    code = "import sys, stages.decode.sphere; sys.exit('numba' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
