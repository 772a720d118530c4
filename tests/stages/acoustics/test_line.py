"""Codecs keep shape, rate and time; and each does to the sound what it is known for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, correlate, sosfilt, welch

from schemas.errors import UsageError
from stages.acoustics.levels import Signal
from stages.acoustics.line import MP3_KBPS, through

NAMES = ("telephone", "mulaw", "alaw", "gsm", "mp3:16", "mp3:64", "opus:12", "opus:48")


def voice(rate: int, seconds: float = 4.0, seed: int = 0) -> Signal:
    """Noise in the band of speech that comes and goes eight times a second."""
    rng = np.random.default_rng(seed)
    n = round(rate * seconds)
    band = butter(2, (200, 3000), "bandpass", fs=rate, output="sos")
    swell = np.repeat(rng.random(round(seconds * 8) + 1), -(-rate // 8))[:n]
    return np.asarray(0.2 * sosfilt(band, rng.standard_normal(n)) * swell, np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("codec", NAMES)
def test_nothing_moves_in_time(rate: int, codec: str) -> None:
    samples = voice(rate)
    out = through(samples, rate, codec)
    assert out.shape == samples.shape
    assert out.dtype == np.float32
    found = correlate(out, samples, method="fft")
    lag = int(np.argmax(found)) - (len(samples) - 1)
    assert abs(lag) / rate <= 0.001
    assert found.max() > 0.55 * np.linalg.norm(out) * np.linalg.norm(samples)


@pytest.mark.parametrize("codec", ["none", "telephone", "mulaw", "alaw", "gsm", "mp3:64", "opus:48"])
def test_two_channels_stay_two(codec: str) -> None:
    pair = np.stack([voice(16000, seed=1), voice(16000, seed=2)])
    out = through(pair, 16000, codec)
    assert out.shape == pair.shape
    for side in (0, 1):
        own, other = (abs(float(np.corrcoef(out[side], pair[each])[0, 1])) for each in (side, 1 - side))
        assert own > 0.5 > 4 * other


def test_none_changes_nothing() -> None:
    samples = voice(8000)
    np.testing.assert_array_equal(through(samples, 8000, "none"), samples)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_telephone_keeps_its_band_only(rate: int) -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(rate * 10)).astype(np.float32)
    f, before = welch(noise, rate, nperseg=2048)
    _, after = welch(through(noise, rate, "telephone"), rate, nperseg=2048)
    change = 10 * np.log10(after / before)
    assert np.abs(change[(f > 400) & (f < 3300)]).max() < 1
    assert change[(f > 10) & (f < 200)].max() < -20
    assert change[f > 3600].max() < -20


@pytest.mark.parametrize(("codec", "least"), [("mulaw", 34), ("alaw", 34)])
def test_g711_is_as_good_as_it_should_be(codec: str, least: float) -> None:
    samples = voice(8000)
    error = through(samples, 8000, codec) - samples
    assert 10 * np.log10(np.sum(samples**2) / np.sum(error**2)) > least


@pytest.mark.parametrize(("worse", "better"), [("mp3:16", "mp3:64"), ("opus:8", "opus:64")])
def test_more_bits_are_nearer_to_the_original(worse: str, better: str) -> None:
    samples = voice(16000)
    errors = [float(np.sum((through(samples, 16000, codec) - samples) ** 2)) for codec in (worse, better)]
    assert errors[1] < 0.3 * errors[0]


@pytest.mark.parametrize("codec", NAMES)
@pytest.mark.parametrize("n", [0, 1, 7, 333])
def test_short_signals_come_back_as_long_as_they_were(codec: str, n: int) -> None:
    assert through(voice(16000)[:n], 16000, codec).shape == (n,)


@pytest.mark.parametrize("kbps", MP3_KBPS)
def test_every_mp3_bit_rate_works_at_every_rate(kbps: int) -> None:
    for rate in (8000, 16000, 48000):
        samples = voice(rate, 1.0)
        out = through(samples, rate, f"mp3:{kbps}")
        assert float(np.corrcoef(out, samples)[0, 1]) > 0.5


@pytest.mark.parametrize("codec", NAMES)
def test_codecs_are_deterministic(codec: str) -> None:
    np.testing.assert_array_equal(through(voice(16000), 16000, codec), through(voice(16000), 16000, codec))


@pytest.mark.parametrize(
    ("codec", "says"),
    [
        ("mulow", "did you mean 'mulaw'"),
        ("telefone", "did you mean 'telephone'"),
        ("mp3", "mp3:32"),
        ("mp3:33", "mp3:32"),
        ("opus:9999", "bit rate"),
        ("opus:300", "opus:256"),
        ("zzz", "valid are none, telephone"),
        ("gsm:13", "gsm"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest_right_one(codec: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        through(voice(8000), 8000, codec)
