"""Every file of the shared data, odd and broken ones included, ends as a recording or as the verdict it deserves."""

from __future__ import annotations

import time

import numpy as np
import pytest

from schemas.errors import Reject
from schemas.recording import Recording
from schemas.source import Source
from stages.decode.file import FileDecode
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared
Table = dict[str, Recording | Reject]


@pytest.fixture(scope="module")
def table() -> Table:
    decode = FileDecode().load("cpu")
    found: Table = {}
    for path in sorted(path for path in SHARED.rglob("*") if path.is_file()):
        started = time.monotonic()
        try:
            found[str(path.relative_to(SHARED))] = decode(Source(id="x", uris=(str(path),)))
        except Reject as reject:
            found[str(path.relative_to(SHARED))] = reject
        assert time.monotonic() - started < 20, path
    return found


def recording(table: Table, name: str) -> Recording:
    found = table[name]
    assert isinstance(found, Recording), f"{name}: {found}"
    return found


AUDIO = (".wav", ".flac", ".mp3", ".opus", ".sph", ".m4a", ".mp4", ".aif", ".aiff", ".aifc", ".au", ".ogg", ".oggflac", ".spx", ".wma")

VERDICTS = {
    "azure/enrollment_audio_katie.wav": "truncated",
    "lhotse/big_buck_bunny_small.mp4": "too_many_channels",
    "pocketsphinx/bad.wav": "unreadable",
    "pocketsphinx/null.wav": "empty",
    "google/audio.raw": "not_audio",
    "pocketsphinx/goforward.raw": "not_audio",
    "pocketsphinx/numbers.raw": "not_audio",
    "speechbrain/example4.raw": "not_audio",
    "zoo_cpython/sndhdr.8svx": "unsupported",
    "zoo_cpython/sndhdr.aifc": "too_short",
    "zoo_cpython/sndhdr.aiff": "too_short",
    "zoo_cpython/sndhdr.au": "too_short",
    "zoo_cpython/sndhdr.hcom": "unsupported",
    "zoo_cpython/sndhdr.sndt": "unsupported",
    "zoo_cpython/sndhdr.voc": "unsupported",
    "zoo_cpython/sndhdr.wav": "too_short",
    "zoo_mutagen/52-overwritten-metadata.flac": "unreadable",
    "zoo_mutagen/52-too-short-block-size.flac": "truncated",
    "zoo_mutagen/flac_application.flac": "unreadable",
    "zoo_mutagen/64bit.mp4": "not_audio",
    "zoo_mutagen/8k-4ch-1s-silence.aif": "too_many_channels",
    "zoo_mutagen/adif.aac": "unsupported",
    "zoo_mutagen/emptyfile.mp3": "empty",
    "zoo_mutagen/lame.mp3": "too_short",
    "zoo_mutagen/no-tags.mp3": "too_short",
    "zoo_mutagen/sample.mid": "not_audio",
    "zoo_mutagen/sample.oggtheora": "not_audio",
    "zoo_mutagen/too-short.mp3": "unreadable",
    "zoo_scipy/test-1234Hz-le-1ch-10S-20bit-extra.wav": "rate_out_of_range",
    "zoo_scipy/test-44100Hz-2ch-32bit-float-be.wav": "too_short",
    "zoo_scipy/test-44100Hz-2ch-32bit-float-le.wav": "too_short",
    "zoo_scipy/test-44100Hz-le-1ch-4bytes-early-eof.wav": "truncated",
    "zoo_scipy/test-44100Hz-le-1ch-4bytes-incomplete-chunk.wav": "unreadable",
    "zoo_scipy/test-48000Hz-2ch-64bit-float-le-wavex.wav": "too_short",
    "zoo_scipy/test-8000Hz-be-3ch-5S-24bit.wav": "too_many_channels",
    "zoo_scipy/test-8000Hz-le-1ch-1byte-ulaw.wav": "too_short",
    "zoo_scipy/test-8000Hz-le-3ch-5S-24bit-rf64.wav": "too_many_channels",
    "zoo_scipy/test-8000Hz-le-3ch-5S-24bit.wav": "too_many_channels",
    "zoo_scipy/test-8000Hz-le-3ch-5S-36bit.wav": "unsupported",
    "zoo_scipy/test-8000Hz-le-3ch-5S-45bit.wav": "unsupported",
    "zoo_scipy/test-8000Hz-le-3ch-5S-53bit.wav": "unsupported",
    "zoo_scipy/test-8000Hz-le-3ch-5S-64bit.wav": "unsupported",
    "zoo_scipy/test-8000Hz-le-4ch-9S-12bit.wav": "too_many_channels",
    "zoo_scipy/test-8000Hz-le-5ch-9S-5bit.wav": "too_many_channels",
}


def test_broken_and_refused_files_get_their_verdicts(table: Table) -> None:
    got = {name: found.reason for name, found in table.items() if isinstance(found, Reject) and name in VERDICTS}
    assert got == {name: reason for name, reason in VERDICTS.items() if name in table}


def test_text_is_not_audio_and_all_other_audio_decodes(table: Table) -> None:
    others = {name: found for name, found in table.items() if name not in VERDICTS}
    for name, found in others.items():
        if isinstance(found, Reject):
            assert not name.endswith(AUDIO), f"{name}: {found}"
            assert found.reason == ("truncated" if name.endswith(".hdr") else "not_audio"), f"{name}: {found}"
    assert sum(isinstance(found, Recording) for found in others.values()) > 150


PAIRS = [
    ("wavefile_zoo/RIFX-16bit-mono.wav", "wavefile_zoo/16-bit-8kHz-noBext-mono.wav"),
    ("wavefile_zoo/RF64-64-bit-8kHz--mono-bext.wav", "wavefile_zoo/16-bit-8kHz-noBext-mono.wav"),
    ("wavefile_zoo/M1F1-float32-AFsp.wav", "wavefile_zoo/M1F1-float64-AFsp.wav"),
    ("lhotse/stereo.sph", "lhotse/stereo.wav"),
    ("pocketsphinx/chan3.sph", "pocketsphinx/chan3.wav"),
    ("sph2pipe/123_1pcbe_shn.sph", "sph2pipe/123_1pcle_shn.sph"),
    ("zoo_cpython/pluck-pcm24.aiff", "zoo_cpython/pluck-pcm24.wav"),
    ("zoo_cpython/pluck-pcm24.au", "zoo_cpython/pluck-pcm24.wav"),
    ("zoo_cpython/pluck-pcm32.aiff", "zoo_cpython/pluck-pcm32.wav"),
    ("zoo_cpython/pluck-pcm32.au", "zoo_cpython/pluck-pcm32.wav"),
    ("zoo_scipy/test-44100Hz-be-1ch-4bytes.wav", "zoo_scipy/test-44100Hz-le-1ch-4bytes.wav"),
    ("zoo_scipy/test-44100Hz-le-1ch-4bytes-rf64.wav", "zoo_scipy/test-44100Hz-le-1ch-4bytes.wav"),
    ("zoo_mutagen/silence-44-s.flac", "zoo_mutagen/silence-44-s.wv"),
    ("zoo_mutagen/silence-44-s.flac", "zoo_mutagen/silence-44-s.tak"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_equal_files_decode_equally(table: Table, one: str, other: str) -> None:
    first, second = recording(table, one), recording(table, other)
    assert np.array_equal(first.samples, second.samples)
    assert first.decoding.pcm_sha256 == second.decoding.pcm_sha256
    assert (first.rate, first.bits) == (second.rate, second.bits)


@pytest.mark.parametrize(("name", "order"), [("wav", "<i2"), ("aiff", ">i2"), ("au", ">i2")])
def test_samples_are_the_bytes_of_the_file(table: Table, name: str, order: str) -> None:
    data = (SHARED / f"zoo_cpython/pluck-pcm16.{name}").read_bytes()
    start = {"wav": data.find(b"data") + 8, "aiff": data.find(b"SSND") + 16, "au": len(data) - 3307 * 4}[name]
    wanted = np.frombuffer(data[start : start + 3307 * 4], order).reshape(-1, 2).T
    assert np.array_equal(recording(table, f"zoo_cpython/pluck-pcm16.{name}").samples, wanted)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_telephone_laws_stay_within_their_steps(table: Table, law: str) -> None:
    """A G.711 step is at most 1/16 of the sample, and 8 (mu-law) or 16 (A-law) near zero; the encoder rounds within one step."""
    plain = recording(table, "wavefile_zoo/16-bit-8kHz-noBext-mono.wav").samples.astype(int)
    coded = recording(table, f"wavefile_zoo/8bit-{law}-8kHz-noBext-mono-encoded.wav").samples.astype(int)
    assert np.all(np.abs(plain - coded) <= np.maximum(16, np.abs(plain) / 16 + 16))


def test_one_second_named_empty_is_audio(table: Table) -> None:
    assert recording(table, "pyannote/empty.wav").length == 16000


def test_lossy_files_last_as_long_as_their_originals(table: Table) -> None:
    assert recording(table, "azure/whatstheweatherlike.mp3").length == recording(table, "azure/whatstheweatherlike.wav").length
    assert recording(table, "lhotse/stereo.mp3").length == recording(table, "lhotse/stereo.wav").length
    assert recording(table, "zoo_mutagen/alac.m4a").length == recording(table, "zoo_mutagen/silence-44-s.flac").length


def test_depth_and_gain_follow_the_file(table: Table) -> None:
    jfk = recording(table, "faster_whisper/jfk.flac")
    assert (jfk.bits, jfk.decoding.exact) == (24, True)
    over = recording(table, "wavefile_zoo/64bit-48kHz-noBext-mono-overflow.wav")
    assert (over.bits, round(over.decoding.gain_db, 2)) == (24, -6.02)
    ami = recording(table, "pyannote/dev00.wav")
    assert (ami.bits, ami.decoding.exact) == (16, True)
