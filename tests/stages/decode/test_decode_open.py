"""Every container and encoding that is accepted gives the samples written; everything else is named and refused."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.chunks import wave_promise
from stages.decode.ffmpeg import without_padding
from stages.decode.open import open_stream
from stages.decode.stream import BLOCK_FRAMES, Stream
from tests.stages.decode.made import RATE, encoded, noise16, wav, written

TONE = (12000 * np.sin(np.arange(24000)[:, None] * np.array([0.05, 0.031]))).astype(np.int16)
TONE[:3000] = 0


def read(data: bytes) -> tuple[Stream, NDArray[Any]]:
    stream = open_stream(BytesIO(data))
    blocks = list(stream.blocks)
    assert all(len(block) <= BLOCK_FRAMES for block in blocks)
    return stream, np.concatenate(blocks) if blocks else np.zeros((0, stream.header.channels), np.int16)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "kind", ["WAV", "WAV BIG", "WAVEX", "RF64", "W64", "CAF", "AIFF", "AIFF LITTLE", "AU", "AU LITTLE", "NIST", "FLAC"]
)
def test_16_bits_come_back_bit_for_bit(kind: str, channels: int) -> None:
    format, _, endian = kind.partition(" ")
    samples = noise16(70_001, channels)
    stream, got = read(written(samples, format, "PCM_16", endian or "FILE"))
    assert got.dtype == np.int16
    assert np.array_equal(got, samples)
    header = stream.header
    assert (header.rate, header.channels, stream.lossy, stream.damaged) == (RATE, channels, False, 0)
    assert header.frames == (None if format in ("W64", "CAF") else len(samples))


@pytest.mark.parametrize("format", ["WAV", "RF64", "AIFF", "AU", "CAF", "FLAC"])
def test_24_bits_come_back_left_justified(format: str) -> None:
    samples = (noise16(5000, 2).astype(np.int32) << 16) + (noise16(5000, 2, 1).astype(np.int32) & 0xFF00)
    _, got = read(written(samples, format, "PCM_24"))
    assert got.dtype == np.int32
    assert np.array_equal(got, samples)


@pytest.mark.parametrize("format", ["WAV", "AIFF", "AU"])
def test_32_bits_come_back_bit_for_bit(format: str) -> None:
    samples = (noise16(5000, 1).astype(np.int32) << 16) + noise16(5000, 1, 1)
    _, got = read(written(samples, format, "PCM_32"))
    assert np.array_equal(got, samples)


@pytest.mark.parametrize(("format", "subtype"), [("WAV", "PCM_U8"), ("AIFF", "PCM_S8"), ("AU", "PCM_S8"), ("FLAC", "PCM_S8")])
def test_8_bits_come_back_as_the_high_byte(format: str, subtype: str) -> None:
    samples = noise16(5000, 2) & np.int16(-256)
    _, got = read(written(samples, format, subtype))
    assert got.dtype == np.int16
    assert np.array_equal(got, samples)


@pytest.mark.parametrize(("subtype", "dtype"), [("FLOAT", "float32"), ("DOUBLE", "float64")])
@pytest.mark.parametrize("format", ["WAV", "RF64", "AIFF", "AU", "CAF"])
def test_floats_come_back_as_they_are(format: str, subtype: str, dtype: str) -> None:
    samples = (noise16(5000, 2) / 7.0).astype(dtype)
    _, got = read(written(samples, format, subtype))
    assert got.dtype == dtype
    assert np.array_equal(got, samples)


@pytest.mark.parametrize(("subtype", "tag"), [("ULAW", 7), ("ALAW", 6)])
@pytest.mark.parametrize("format", ["WAV", "AIFF", "AU", "WAVEX"])
def test_telephone_laws_decode_as_the_g711_tables(format: str, subtype: str, tag: int) -> None:
    from stages.decode.g711 import ALAW, ULAW

    codes = np.arange(256, dtype=np.uint8)
    table = {"ULAW": ULAW, "ALAW": ALAW}[subtype]
    _, got = read(wav(codes.tobytes(), tag=tag, bits=8))
    assert np.array_equal(got[:, 0], table[codes])
    _, again = read(written(got, format, subtype))
    assert np.array_equal(again, got)


@pytest.mark.parametrize(("bits", "dtype"), [(5, np.int16), (12, np.int16), (20, np.int32), (27, np.int32)])
def test_odd_depths_keep_their_container_values(bits: int, dtype: Any) -> None:
    width = (bits + 7) // 8
    values = np.arange(-40, 40) << 1
    stored = values + 128 if width == 1 else values << (width * 8 - bits)
    payload = b"".join(int(value).to_bytes(width, "little", signed=width > 1) for value in stored)
    _, got = read(wav(payload, bits=bits))
    wanted = values << 8 if width == 1 else stored << (8 * np.dtype(dtype).itemsize - 8 * width)
    assert got.dtype == dtype
    assert np.array_equal(got[:, 0], wanted)


@pytest.mark.parametrize(("codec", "format"), [("flac", "flac"), ("alac", "ipod"), ("wavpack", "wv"), ("tta", "tta"), ("flac", "matroska")])
def test_lossless_codecs_come_back_bit_for_bit(codec: str, format: str) -> None:
    samples = noise16(30_000, 2)
    stream, got = read(encoded(samples, codec, format, 16000))
    kept = got if got.dtype == np.int16 else got >> 16
    assert np.array_equal(kept, samples)
    assert not stream.lossy
    assert stream.header.frames in (None, len(samples))


@pytest.mark.parametrize(
    ("codec", "format", "rate"),
    [("aac", "ipod", 16000), ("aac", "mp4", 44100), ("aac", "mov", 8000), ("libmp3lame", "mp3", 16000), ("libmp3lame", "mp3", 8000)],
)
def test_encoder_delay_and_padding_are_taken_off(codec: str, format: str, rate: int) -> None:
    """Speech must not slide by a frame: the decoded file is as long as the original and its onset where it was."""
    stream, got = read(encoded(TONE, codec, format, rate))
    assert stream.lossy
    assert len(got) == stream.header.frames
    # An MP4's length is told in ticks of a clock that may run at 1000 Hz.
    assert abs(len(got) - len(TONE)) <= (rate // 1000 if format in ("mp4", "mov") else 0)
    onset = int(np.argmax(np.abs(got[:, 0]) > 0.1))
    assert abs(onset - 3005) < 40
    assert np.corrcoef(got[4000:20000, 0], TONE[4000:20000, 0])[0, 1] > 0.98


@pytest.mark.parametrize(
    ("codec", "format", "rate", "slack"),
    [
        ("aac", "adts", 16000, 3072),
        ("ac3", "ac3", 48000, 1536),
        ("libopus", "webm", 48000, 0),
        ("adpcm_ima_wav", "wav", 8000, 0),
        ("adpcm_ms", "wav", 8000, 2048),
        ("libmp3lame", "wav", 16000, 2304),
        ("mp2", "mp2", 48000, 2304),
    ],
)
def test_lossy_codecs_decode_near_the_original(codec: str, format: str, rate: int, slack: int) -> None:
    stream, got = read(encoded(TONE, codec, format, rate))
    assert stream.lossy
    assert 0 <= len(got) - len(TONE) <= slack + 4096
    full = 32768.0 if got.dtype == np.int16 else 1.0
    assert 0.1 < np.std(got[8000:16000]) / full < 0.4


def test_telephone_amr_decodes() -> None:
    stream, got = read(encoded(TONE[:, :1], "libopencore_amrnb", "amr", 8000))
    assert (stream.header.encoding, stream.header.channels) == ("amr_nb", 1)
    assert abs(len(got) - len(TONE)) <= 320


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_keeps_length_and_rate(subtype: str) -> None:
    stream, got = read(written(TONE, "OGG", subtype, rate=16000))
    assert (stream.header.rate, len(got), got.dtype.name, stream.lossy) == (16000, len(TONE), "float32", True)


def test_flac_behind_an_id3_tag_is_flac() -> None:
    samples = noise16(9000, 2)
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    stream, got = read(tag + written(samples, "FLAC", "PCM_16"))
    assert stream.header.frames == 9000
    assert np.array_equal(got, samples)


def test_a_damaged_flac_frame_is_skipped_and_counted() -> None:
    samples = noise16(100_000, 1)
    data = bytearray(written(samples, "FLAC", "PCM_16"))
    data[len(data) // 2] ^= 0x55
    stream, got = read(bytes(data))
    assert stream.damaged >= 1
    assert 0 < len(samples) - len(got) <= 8192
    assert np.array_equal(got[:40_000], samples[:40_000])
    assert np.array_equal(got[-40_000:], samples[-40_000:])


@pytest.mark.parametrize(
    ("claimed", "promised"),
    [(None, 1000), (2_000_000, 1_000_000), (0xFFFFFFFF, None), (0xFFFFF800, None), (0x7FFFFFFF, None), (0x7FFFF000, None), (1000, 500)],
)
def test_a_wav_header_is_read_for_its_promise(claimed: int | None, promised: int | None) -> None:
    assert wave_promise(BytesIO(wav(bytes(2000), claimed=claimed))).frames == promised


def test_rf64_lengths_come_from_their_own_chunk() -> None:
    data = written(noise16(4000, 2), "RF64", "PCM_16")
    assert wave_promise(BytesIO(data)).frames == 4000


def test_open_ended_wav_is_read_to_its_end() -> None:
    samples = noise16(1000, 1)
    _, got = read(wav(samples.tobytes(), claimed=0xFFFFFFFF))
    assert np.array_equal(got, samples)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is no audio\n" * 400, "not_audio"),
        (noise16(20_000, 1).tobytes(), "not_audio"),
        (bytes(50_000), "not_audio"),
        (b"\xff\xfb" * 20_000, "not_audio"),
        (b"#EXTM3U\nhttp://localhost/x.wav\n", "not_audio"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_audio"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "not_audio"),
        (b"RIFF\x24\0\0\0AVI LIST" + bytes(100), "unsupported"),
        (wav(bytes(1000), tag=0x0160), "unsupported"),
        (wav(bytes(1000), tag=0x0014), "unsupported"),
        (wav(bytes(1000), bits=64), "unsupported"),
        (b"RIFF\x04\0\0\0WAVE", "unreadable"),
        (b"FORM\0\0\0\4AIFF", "unreadable"),
        (b".snd\0\0", "unreadable"),
        (b".snd" + struct.pack(">5I", 24, 100, 23, 8000, 1) + bytes(100), "unsupported"),
        (b"ID3\x03\0\0\0\0\0\x7f" + bytes(127) + b"no frames here" * 100, "unreadable"),
        (b"fLaC" + bytes(60), "unreadable"),
        (b"OggS" + bytes(60), "unreadable"),
        (b"\0\0\0\x18ftypM4A " + bytes(40), "unreadable"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "unreadable"),
        (b"\x0b\x77" + bytes(range(200)) * 40, "unreadable"),
    ],
)
def test_what_is_no_accepted_audio_gets_its_own_verdict(data: bytes, reason: str) -> None:
    with pytest.raises(Reject) as caught:
        read(data)
    assert caught.value.reason == reason or (reason == "unreadable" and caught.value.reason == "not_audio")


@pytest.mark.parametrize("frames", [90, 100, 110, 100 + 4096, 100 + 4097, 9000])
@pytest.mark.parametrize("block", [1, 7, 100, 5000])
def test_padding_is_cut_only_when_it_can_be_padding(frames: int, block: int) -> None:
    samples = np.arange(frames)[:, None]
    got = np.concatenate(list(without_padding(iter(np.split(samples, range(block, frames, block))), 100)))
    wanted = samples[:100] if frames <= 100 + 4096 else samples
    assert np.array_equal(got, wanted)
