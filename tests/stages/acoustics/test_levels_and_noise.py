"""Active speech level, noise at a distance from it, and the decay of rooms, each against its number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from schemas.errors import UsageError
from stages.acoustics.levels import BLOCK, Signal, active_level, gain
from stages.acoustics.noise import Colour, add_noise, noise
from stages.acoustics.room import reverberate, room_response

RATES = (8000, 11025, 16000, 48000)


def bursts(rate: int, seconds: float, level_db: float, share: float, seed: int = 0) -> Signal:
    """Noise at `level_db` for the first `share` of every two seconds, digital silence for the rest."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    on = (np.arange(n) % (2 * rate)) < share * 2 * rate
    return (rng.standard_normal(n) * 10 ** (level_db / 20) * on).astype(np.float32)


def rms_db(samples: Signal) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_the_active_level_leaves_pauses_out(rate: int, share: float) -> None:
    # The hangover of 0.2 s and the envelope's rise and fall count as active: at 0.6 s of sound that is up to 1.8 dB.
    level = active_level(bursts(rate, 10, -30, share), rate)
    assert level is not None
    allowed = 10 * np.log10(1 + 0.3 / (2 * share)) if share < 1 else 0.1
    assert -30 - allowed <= level <= -29.9


@settings(max_examples=20, deadline=None)
@given(st.floats(-40, 10))
def test_the_active_level_follows_the_gain(db: float) -> None:
    samples = bursts(8000, 4, -30, 0.7)
    before, after = active_level(samples, 8000), active_level(gain(samples, db), 8000)
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(db, abs=0.15)


def test_the_active_level_hardly_heeds_a_low_noise_floor() -> None:
    samples = bursts(8000, 20, -25, 0.4)
    hum = (np.random.default_rng(1).standard_normal(len(samples)) * 10 ** (-65 / 20)).astype(np.float32)
    clean, noisy = active_level(samples, 8000), active_level(samples + hum, 8000)
    assert clean is not None
    assert noisy == pytest.approx(clean, abs=0.1)


def test_the_active_level_of_long_signals_is_that_of_its_parts() -> None:
    samples = bursts(48000, 30, -25, 0.5)
    assert len(samples) > BLOCK
    whole, half = active_level(samples, 48000), active_level(samples[: 10 * 48000], 48000)
    assert half == pytest.approx(whole, abs=0.1)


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(8000, np.float32)])
def test_silence_has_no_active_level(samples: Signal) -> None:
    assert active_level(samples, 8000) is None


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("colour", ["pink", "white", "speech_shaped"])
@pytest.mark.parametrize("snr_db", [0.0, 12.0, 30.0])
def test_noise_lies_as_far_below_the_speech_as_asked(rate: int, colour: Colour, snr_db: float) -> None:
    speech = bursts(rate, 6, -25, 0.8)
    level = active_level(speech, rate)
    noisy = add_noise(speech, rate, snr_db, np.random.default_rng(3), colour)
    assert level is not None
    assert noisy.dtype == np.float32
    assert level - rms_db(noisy - speech) == pytest.approx(snr_db, abs=0.05)


@pytest.mark.parametrize("rate", RATES)
def test_colours_fall_as_they_say(rate: int) -> None:
    def density(colour: Colour, low: float, high: float) -> float:
        f, power = welch(noise(30 * rate, rate, np.random.default_rng(0), colour), rate, nperseg=rate // 4)
        return float(10 * np.log10(power[(f >= low) & (f < high)].mean()))

    for low in (62, 125, 250, 500, 1000):
        assert density("pink", low, 2 * low) - density("pink", 2 * low, 4 * low) == pytest.approx(3, abs=1)
        assert density("white", low, 2 * low) == pytest.approx(density("white", 2 * low, 4 * low), abs=0.5)
    assert density("speech_shaped", 150, 300) - density("speech_shaped", 2400, 3000) > 12


def test_silence_gets_no_noise_and_colours_have_names() -> None:
    silence = np.zeros(100, np.float32)
    assert not add_noise(silence, 8000, 20, np.random.default_rng(0)).any()
    with pytest.raises(UsageError, match="brown"):
        noise(10, 8000, np.random.default_rng(0), "brown")  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("rt60", [0.15, 0.4, 1.0])
def test_rooms_decay_in_their_time(rate: int, rt60: float) -> None:
    response = room_response(rate, rt60, np.random.default_rng(5), 3.0)
    assert response[0] == 1
    left = np.cumsum(response[1:][::-1].astype(np.float64) ** 2)[::-1]
    decay = 10 * np.log10(left / left[0])
    measured = 2 * (np.argmax(decay < -35) - np.argmax(decay < -5)) / rate
    assert measured == pytest.approx(rt60, rel=0.15)
    assert 10 * np.log10(left[0]) == pytest.approx(-3.0, abs=0.01)


def test_a_room_delays_nothing_and_keeps_the_length() -> None:
    click = np.zeros(4000, np.float32)
    click[1000] = 1
    response = room_response(8000, 0.2, np.random.default_rng(0), 10.0)
    heard = reverberate(click, response)
    assert heard.shape == click.shape
    assert np.abs(heard[:1000]).max() < 1e-6
    np.testing.assert_allclose(heard[1000:2600], response[:1600], atol=1e-6)
    np.testing.assert_array_equal(reverberate(click, room_response(8000, 0.0, np.random.default_rng(0))), click)
    with pytest.raises(UsageError, match="rt60"):
        room_response(8000, -1.0, np.random.default_rng(0))


def test_the_same_seed_gives_the_same_noise_and_room() -> None:
    first, again, other = (np.random.default_rng(seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(noise(1000, 8000, first), noise(1000, 8000, again))
    tail = room_response(8000, 0.3, first)
    np.testing.assert_array_equal(tail, room_response(8000, 0.3, again))
    assert (tail != room_response(8000, 0.3, other)).any()
