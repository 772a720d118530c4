"""The decode stage: one file, or one per side, as a recording with its facts, or a verdict."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.errors import Reject, UsageError
from schemas.recording import Recording
from schemas.source import Source
from stages.decode.fetch import resolve
from stages.decode.file import FileDecode
from stages.stage import Stage, what_fields
from tests.stages.decode.made import encoded, noise16, wav, written

Decode = Callable[[Source], Recording]


@pytest.fixture(scope="module")
def decode() -> Decode:
    return FileDecode().load("cpu")


def source(*paths: Path | str, base: str = "") -> Source:
    return Source(id="x", uris=tuple(str(path) for path in paths), base=base)


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def verdict(decode: Decode, *paths: Path | str) -> Reject:
    with pytest.raises(Reject) as caught:
        decode(source(*paths))
    return caught.value


def sha(samples: NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(samples.T).astype(samples.dtype.newbyteorder("<")).tobytes()).hexdigest()


def test_it_is_a_stage() -> None:
    stage = FileDecode()
    assert isinstance(stage, Stage)
    assert sorted(what_fields(stage)) == ["max_hours", "min_seconds", "side_tolerance", "truncated", "truncated_tolerance"]
    assert stage.weights() == ()


@pytest.mark.parametrize(
    "wrong", [{"truncated": "maybe"}, {"truncated_tolerance": 2.0}, {"min_seconds": -1.0}, {"max_hours": 0.0}, {"memory_mb": 0}]
)
def test_wrong_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        FileDecode(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [1, 2])
def test_one_file(decode: Decode, tmp_path: Path, channels: int) -> None:
    samples = noise16(20_000, channels)
    got = decode(source(put(tmp_path, "a.wav", written(samples, "WAV", "PCM_16"))))
    assert np.array_equal(got.samples, samples.T)
    facts = got.decoding
    assert (got.rate, got.bits, facts.container, facts.encoding, facts.exact) == (8000, 16, "WAV", "PCM_16", True)
    assert (facts.header_frames, facts.gain_db, facts.clipped, facts.padded, facts.damaged) == (20_000, 0.0, 0, 0, 0)
    assert facts.pcm_sha256 == sha(samples.T)
    assert "libsndfile" in facts.decoder


def test_24_bits_and_float_beyond_full_scale(decode: Decode, tmp_path: Path) -> None:
    wide = noise16(5000, 2).astype(np.int32) * 256 + 7
    got = decode(source(put(tmp_path, "a.flac", written(wide << 8, "FLAC", "PCM_24"))))
    assert (got.bits, got.decoding.exact) == (24, True)
    assert np.array_equal(got.samples, wide.T)
    assert got.decoding.pcm_sha256 == sha(wide.T)
    loud = noise16(5000, 2).astype(np.float32) / np.float32(8192)
    got = decode(source(put(tmp_path, "b.wav", written(loud, "WAV", "FLOAT"))))
    assert got.decoding.gain_db == pytest.approx(-12.0412)
    assert np.array_equal(got.samples, noise16(5000, 2).T)


def test_two_sides_become_two_channels(decode: Decode, tmp_path: Path) -> None:
    samples = noise16(200_000, 2)
    paths = [put(tmp_path, f"{side}.wav", written(samples[:, side], "WAV", "PCM_16")) for side in (0, 1)]
    got = decode(source(*paths))
    assert np.array_equal(got.samples, samples.T)
    assert (got.decoding.container, got.decoding.encoding, got.decoding.exact) == ("WAV", "PCM_16", True)
    assert got.decoding.header_frames == 200_000
    assert got.decoding.pcm_sha256 == sha(samples.T)


def test_the_shorter_side_is_padded_within_the_tolerance(decode: Decode, tmp_path: Path) -> None:
    long, short = noise16(20_000, 1), noise16(16_000, 1)
    a, b = put(tmp_path, "a.wav", wav(long.tobytes())), put(tmp_path, "b.wav", wav(short.tobytes()))
    c = put(tmp_path, "c.wav", wav(short[:15_999].tobytes()))
    for order in ((a, b), (b, a)):
        got = decode(source(*order))
        assert got.decoding.padded == 4000
        assert np.array_equal(got.samples[order.index(b)], np.concatenate([short[:, 0], np.zeros(4000, np.int16)]))
    refused = verdict(decode, a, c)
    assert refused.reason == "sides_differ_in_length"
    assert refused.facts["frames"] == [20_000, 15_999]


def test_sides_of_two_depths_meet_exactly_at_24(decode: Decode, tmp_path: Path) -> None:
    narrow, wide = noise16(5000, 1), noise16(5000, 1, 1).astype(np.int32) * 256 + 3
    a, b = put(tmp_path, "a.wav", wav(narrow.tobytes())), put(tmp_path, "b.flac", written(wide << 8, "FLAC", "PCM_24"))
    got = decode(source(a, b))
    assert (got.bits, got.decoding.exact, got.decoding.container) == (24, True, "WAV+FLAC")
    assert np.array_equal(got.samples, np.stack([narrow[:, 0].astype(np.int32) << 8, wide[:, 0]]))
    assert got.decoding.pcm_sha256 == sha(got.samples)


def test_a_side_scaled_down_takes_the_other_along(decode: Decode, tmp_path: Path) -> None:
    quiet = (noise16(5000, 1).astype(np.float32) / 32768).astype(np.float32)
    a = put(tmp_path, "a.wav", written(quiet, "WAV", "FLOAT"))
    b = put(tmp_path, "b.wav", written(quiet * 4, "WAV", "FLOAT"))
    got = decode(source(a, b))
    assert got.decoding.gain_db == pytest.approx(-12.0412)
    assert got.decoding.exact
    assert np.array_equal(got.samples[0] * 4, got.samples[1].astype(np.int32) << (0 if got.bits == 24 else 8))


def test_sides_must_match(decode: Decode, tmp_path: Path) -> None:
    mono = put(tmp_path, "a.wav", wav(noise16(8000, 1).tobytes()))
    fast = put(tmp_path, "b.wav", wav(noise16(8000, 1).tobytes(), rate=16000))
    stereo = put(tmp_path, "c.wav", wav(noise16(8000, 2).tobytes(), channels=2))
    assert verdict(decode, mono, fast).reason == "sides_differ_in_rate"
    refused = verdict(decode, mono, stereo)
    assert (refused.reason, refused.facts["side"], refused.facts["channels"]) == ("too_many_channels", 1, 2)
    assert refused.facts["file"] == str(stereo)
    assert verdict(decode, mono, tmp_path / "none.wav").reason == "missing"


def test_what_is_no_file_is_refused(decode: Decode, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert verdict(decode, tmp_path / "pipe").reason == "not_audio"
    assert verdict(decode, tmp_path).reason == "not_audio"
    assert verdict(decode, "/dev/zero").reason == "not_audio"
    assert verdict(decode, tmp_path / "none.wav").reason == "missing"
    assert verdict(decode, put(tmp_path, "a.wav", GOOD) / "b.wav").reason == "missing"
    assert verdict(decode, "bad\0name.wav").reason == "missing"
    assert verdict(decode, "x" * 300 + ".wav").reason == "missing"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert verdict(decode, tmp_path / "loop").reason == "missing"


GOOD = wav(noise16(8000, 1).tobytes())


def test_verdicts_on_content(decode: Decode, tmp_path: Path) -> None:
    for name, data, reason in (
        ("six", written(noise16(8000, 6), "WAV", "PCM_16"), "too_many_channels"),
        ("slow", wav(noise16(8000, 1).tobytes(), rate=3999), "rate_out_of_range"),
        ("fast", wav(noise16(8000, 1).tobytes(), rate=400_000), "rate_out_of_range"),
        ("odd", wav(noise16(8000, 1).tobytes(), rate=88_201), "rate_out_of_range"),
        ("none", wav(b""), "empty"),
        ("short", wav(noise16(799, 1).tobytes()), "too_short"),
        ("cut", wav(noise16(9899, 1).tobytes(), claimed=20_000), "truncated"),
        ("lie", wav(noise16(8000, 1).tobytes(), claimed=2 * 8000 * 3600 * 10), "truncated"),
        ("nan", written(np.full((9000, 1), np.nan, np.float32), "WAV", "FLOAT"), "non_finite"),
        ("text", b"words " * 1000, "not_audio"),
    ):
        assert verdict(decode, put(tmp_path, name, data)).reason == reason, name


def test_small_losses_are_recorded_and_large_ones_kept_on_request(decode: Decode, tmp_path: Path) -> None:
    got = decode(source(put(tmp_path, "a.wav", wav(noise16(9900, 1).tobytes(), claimed=20_000))))
    assert (got.length, got.decoding.header_frames) == (9900, 10_000)
    keep = FileDecode(truncated="keep").load("cpu")
    got = keep(source(put(tmp_path, "b.wav", wav(noise16(5000, 1).tobytes(), claimed=0x60000000))))
    assert (got.length, got.decoding.header_frames) == (5000, 0x30000000)
    with pytest.raises(Reject, match="empty"):
        keep(source(put(tmp_path, "c.wav", wav(b"", claimed=20_000))))


def test_too_long_is_judged_by_what_is_there(tmp_path: Path) -> None:
    short = FileDecode(max_hours=0.001).load("cpu")
    assert verdict(short, put(tmp_path, "a.wav", wav(noise16(28_801, 1).tobytes()))).reason == "too_long"
    assert short(source(put(tmp_path, "b.wav", wav(noise16(28_800, 1).tobytes())))).length == 28_800


CUT = {
    "wav": written(noise16(40_000, 2), "WAV", "PCM_16"),
    "flac": written(noise16(40_000, 2), "FLAC", "PCM_16"),
    "aiff": written(noise16(40_000, 2), "AIFF", "PCM_16"),
    "mp3": encoded(noise16(40_000, 2), "libmp3lame", "mp3", 16000),
    "m4a": encoded(noise16(40_000, 2), "aac", "ipod", 16000, {"movflags": "+faststart"}),
    "ogg": written(noise16(40_000, 2), "OGG", "VORBIS", rate=16000),
    "sph": written(noise16(40_000, 2), "NIST", "PCM_16"),
}


KEPT_AT_99 = ("m4a", "mp3", "ogg")
"""Lossy codecs may lack two long frames: their own counts are no more exact than that."""


@pytest.mark.parametrize("kind", sorted(CUT))
@pytest.mark.parametrize("percent", [1, 50, 99])
def test_truncations(decode: Decode, tmp_path: Path, kind: str, percent: int) -> None:
    """A cut file is refused where its header promised a length; Ogg promises none, so half of one is a shorter recording."""
    path = put(tmp_path, f"a.{kind}", CUT[kind][: len(CUT[kind]) * percent // 100])
    if (kind, percent) == ("ogg", 50) or (percent == 99 and kind in KEPT_AT_99):
        assert 8000 < decode(source(path)).length <= 40_000
    else:
        assert verdict(decode, path).reason in ("truncated", "unreadable", "too_short", "not_audio", "empty")


def test_relative_paths_and_urls(decode: Decode, tmp_path: Path) -> None:
    path = put(tmp_path, "a.wav", GOOD)
    assert decode(source("a.wav", base=str(tmp_path))).length == 8000
    assert decode(source(path, base="/nowhere")).length == 8000
    assert decode(source(f"file://{path}")).length == 8000
    assert resolve("a/b.wav", "s3://bucket/calls/") == "s3://bucket/calls/a/b.wav"
    assert resolve("s3://other/b.wav", "s3://bucket") == "s3://other/b.wav"


def test_remote_files_are_copied(decode: Decode) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/calls/a.wav", GOOD)
    assert decode(source("a.wav", base="memory://calls")).length == 8000
    assert verdict(decode, "memory://calls/none.wav").reason == "missing"
    with pytest.raises(UsageError, match="nosuchscheme"):
        decode(source("nosuchscheme://x/a.wav"))


def test_no_scratch_file_is_left_open_or_named(decode: Decode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    good, bad = put(tmp_path, "a.wav", GOOD), put(tmp_path, "b.wav", b"RIFF")
    decode(source(good))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        decode(source(good, good))
        for paths in ((bad,), (good, bad)):
            verdict(decode, *paths)
    assert len(os.listdir("/proc/self/fd")) <= before + 4
    assert list(scratch.iterdir()) == []


def test_the_same_file_gives_the_same_facts(decode: Decode, tmp_path: Path) -> None:
    path = put(tmp_path, "a.mp3", CUT["mp3"])
    first, second = decode(source(path)), FileDecode().load("cpu")(source(path))
    assert dataclasses.asdict(first.decoding) == dataclasses.asdict(second.decoding)
    assert np.array_equal(first.samples, second.samples)
