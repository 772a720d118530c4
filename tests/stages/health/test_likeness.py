from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reject
from schemas.health import Health
from stages.health.measure import ChannelHealth, measure
from tests.shared import needs_shared
from tests.stages.health.calls import Signal, delayed, dialogue, noise, recording, shared, voices

RATE = 8000


def mono(seconds: float = 20, rate: int = RATE, seed: int = 0) -> Signal:
    mixed: Signal = dialogue(seconds, rate, seed).sum(axis=0) + noise((round(seconds * rate),), -60)
    return mixed


def mulaw(signal: Signal) -> Signal:
    """Through eight bits of mu-law and back, uncertain by half a step."""
    bent = np.sign(signal) * np.log1p(255 * np.abs(signal)) / np.log(256)
    bent = np.round(bent * 127) / 127
    back: Signal = np.sign(bent) * (np.exp(np.abs(bent) * np.log(256)) - 1) / 255
    return back


def judged(pair: Signal, rate: int = RATE) -> Health | Reject:
    try:
        return ChannelHealth().load("cpu")(recording(pair, rate))
    except Reject as reject:
        return reject


CASES: dict[str, tuple[Any, str, float, float]] = {
    "identical": (lambda x: x, "identical", 0.0, 0.0),
    "noisy": (lambda x: x + noise(x.shape, -45, 5), "identical", 0.0, 0.0),
    "mulaw": (mulaw, "identical", 0.0, 0.0),
    "scaled": (lambda x: 0.3 * x, "scaled", 0.0, -10.46),
    "inverted": (lambda x: -x, "inverted", 0.0, 0.0),
    "inverted later": (lambda x: -0.5 * delayed(x, 0.004, RATE), "inverted", 4.0, -6.02),
    "half a sample": (lambda x: delayed(x, 0.0001, RATE), "delayed", 0.1, 0.0),
    "delayed": (lambda x: delayed(x, 0.0123, RATE), "delayed", 12.3, 0.0),
    "delayed long": (lambda x: delayed(x, 0.3, RATE), "delayed", 300.0, 0.0),
    "advanced, noise, codec": (lambda x: mulaw(delayed(x, -0.02, RATE)) + noise(x.shape, -50, 6), "delayed", -20.0, 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_copies(case: str) -> None:
    make, kind, lag, gain = CASES[case]
    signal = mono()
    pair = np.stack([signal, make(signal)])
    like = measure(recording(pair, RATE)).likeness
    assert like is not None
    assert like.copy == kind
    assert like.lag_ms == pytest.approx(lag, abs=0.05)
    assert like.gain_db == pytest.approx(gain, abs=0.6)
    assert like.correlation is not None
    assert abs(like.correlation) > 0.95
    assert (like.correlation < 0) == (kind == "inverted")
    assert like.same_samples == (case == "identical")
    verdict = judged(pair)
    assert isinstance(verdict, Reject)
    assert verdict.reason == "dual_mono"


@settings(max_examples=12)
@given(st.floats(-15, 15), st.floats(-0.1, 0.1), st.booleans())
def test_any_gain_any_delay_any_sign(gain: float, seconds: float, flip: bool) -> None:
    signal = mono(12) * 0.2
    copy = delayed(signal, seconds, RATE) * 10 ** (gain / 20) * (-1 if flip else 1)
    like = measure(recording(np.stack([signal, copy + noise(copy.shape, -80, 3)]), RATE)).likeness
    assert like is not None
    assert like.copy is not None
    assert like.lag_ms == pytest.approx(1000 * seconds, abs=0.05)
    assert (like.copy == "inverted") == flip


def test_drifting_copy() -> None:
    """Two recorders whose clocks differ by 300 ppm."""
    signal = mono(60)
    at = np.arange(len(signal)) * (1 + 3e-4)
    drifting = np.interp(at, np.arange(len(signal)), signal)
    verdict = judged(np.stack([signal, drifting]))
    assert isinstance(verdict, Reject)
    assert verdict.reason in ("dual_mono", "one_scene")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("apart", "tail_gain", "far_db"), [(0.0002, 0.04, 0), (0.002, 0.06, 0), (0.003, 0.1, 0), (0.0002, 0.04, -6)])
def test_two_microphones_in_one_room(seed: int, apart: float, tail_gain: float, far_db: float) -> None:
    """Two talkers, two microphones 7 cm to 1 m apart, each pair with its own reverberant path, up to 7 dB stronger than the direct one."""
    rng = np.random.default_rng(seed)
    call = dialogue(40, RATE, seed)
    scene = np.zeros_like(call)
    for talker, lag in ((0, apart), (1, -0.7 * apart)):
        for microphone in (0, 1):
            n = RATE // 4
            tail = rng.standard_normal(n) * np.exp(-np.arange(n) / (0.05 * RATE)) * tail_gain
            tail[0] = 1
            heard = np.convolve(call[talker], tail)[: call.shape[1]]
            far = 10 ** (far_db / 20) if microphone != talker else 1.0
            scene[microphone] += delayed(heard, 0.01 + lag * microphone, RATE) * far
    verdict = judged(scene * 0.3 + noise(scene.shape, -55))
    assert isinstance(verdict, Reject)
    assert verdict.reason in ("one_scene", "dual_mono")


@pytest.mark.parametrize("db", [-10, -14, -20])
def test_a_leaky_call_is_no_scene(db: float) -> None:
    call = dialogue(60, RATE, seed=3)
    g = 10 ** (db / 20)
    verdict = judged(call + g * delayed(call[::-1], 0.003, RATE) + noise(call.shape, -60))
    assert isinstance(verdict, Health), verdict
    assert [finding.channel for finding in verdict.found("leakage")] == [1, 0]


def test_one_side_mixed_into_the_other_is_a_leak_and_no_copy() -> None:
    """One channel holds one side, the other both: a common way to record a call."""
    call = dialogue(60, RATE, seed=3)
    verdict = judged(np.stack([call[0], call[1] + 0.7 * call[0]]) + noise(call.shape, -60))
    assert isinstance(verdict, Health), verdict
    assert [finding.channel for finding in verdict.found("leakage")] == [1]


@pytest.mark.parametrize(("hum_hz", "loud"), [(50.0, 0.08), (60.0, 0.08), (440.0, 0.01)])
def test_a_loud_shared_hum_is_no_likeness(hum_hz: float, loud: float) -> None:
    call = dialogue(40, RATE, seed=1)
    time = np.arange(call.shape[1]) / RATE
    hum = sum(loud / k * np.sin(2 * np.pi * hum_hz * k * time + k) for k in range(1, 8))
    verdict = judged(call + hum + noise(call.shape, -60))
    assert isinstance(verdict, Health), verdict
    assert verdict.likeness is not None
    assert abs(verdict.likeness.correlation or 0.0) < 0.05


def test_a_clean_call_is_unlike() -> None:
    call = dialogue(60, RATE)
    like = measure(recording(call + noise(call.shape, -60), RATE)).likeness
    assert like is not None
    assert like.copy is None
    assert like.correlation is not None
    assert abs(like.correlation) < 0.03
    assert like.separation_db is not None
    assert like.separation_db > 30


def test_full_overlap_is_unlike() -> None:
    first, second = voices(RATE)
    n = min(len(np.concatenate(first)), len(np.concatenate(second)))
    verdict = judged(np.stack([np.concatenate(first)[:n], np.concatenate(second)[:n]]) + noise((2, n), -60))
    assert isinstance(verdict, Health), verdict


@needs_shared
@pytest.mark.parametrize(
    ("name", "reason", "copy"),
    [
        ("pocketsphinx/chan3.2chan.wav", "dual_mono", "identical"),
        ("praatio/bobby_16bit_16khz_2ch.wav", "dual_mono", "identical"),
        ("faster_whisper/jfk.flac", "dual_mono", "identical"),
        ("faster_whisper/hotwords.mp3", "dual_mono", "identical"),
        ("sph2pipe/123_2alaw.sph", "dual_mono", "inverted"),
        ("torchcodec/nasa_13013.mp4.audio.mp3", "dual_mono", "identical"),
        ("silero_vad/test.mp3", "dual_mono", "identical"),
        ("wavefile_zoo/RF64-16bit-8kHz-stereo-reaper.wav", "dual_mono", "identical"),
        ("wavefile_zoo/16bit-8kHz-stereo.wav", "dual_mono", "delayed"),
        ("zoo_mutagen/multipage-setup.ogg", "one_scene", None),
    ],
)
def test_real_fakes(name: str, reason: str, copy: str | None) -> None:
    found = shared(name)
    like = measure(found).likeness
    assert like is not None
    assert like.copy == copy
    with pytest.raises(Reject) as caught:
        ChannelHealth().load("cpu")(found)
    assert caught.value.reason == reason


@needs_shared
@pytest.mark.parametrize(
    "names",
    [
        ("aws_lca/Auto_Repairs_40_UTC_agent.wav", "aws_lca/Auto_Repairs_40_UTC_caller.wav"),
        ("spokenwoz/MUL1423.wav",),
        ("spokenwoz/SNG0072.wav",),
        ("spokenwoz/SNG0480.wav",),
        ("google/two_channel_16k.wav",),
        ("faster_whisper/stereo_diarization.wav",),
        ("speechbrain/spk1_and_2_snt5.wav",),
        ("wavefile_zoo/M1F1-int12WE-AFsp.wav",),
        ("wavefile_zoo/M1F1-float32-AFsp.wav",),
        ("azure/test_audio_stereo.wav",),
    ],
)
def test_real_calls_raise_no_alarm(names: tuple[str, ...]) -> None:
    health = ChannelHealth().load("cpu")(shared(*names))
    assert health.findings == ()
    assert all(side.own_speech_s > 0.3 for side in health.sides)
