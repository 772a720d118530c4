"""Different calls cut from the same voices, and versions of one call as they travel; all from fixed seeds."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording
from stages.audit.marks import RATE
from tests.shared import SHARED
from tests.stages.health.calls import recording, voices

Signal = NDArray[np.float32]
LONGEST = 3.0
"""Seconds of the longest piece: no two calls share more."""
ANNOUNCED = 20.0
"""Seconds of the announcement that some calls begin with."""
REAL = (
    *("aws_lca/Auto_Repairs_40_UTC_agent.wav", "aws_lca/Auto_Repairs_40_UTC_caller.wav", "google/Google_Gnome.wav"),
    *(
        "google/commercial_mono.wav",
        "faster_whisper/multilingual.mp3",
        "faster_whisper/jfk.flac",
        "pyannote/sample.wav",
        "pyannote/tst00.wav",
    ),
    *(
        "pyannote/dev00.wav",
        "silero_vad/test.wav",
        "pyaudioanalysis/diarizationExample.wav",
        "azure/katiesteve.wav",
        "picovoice_falcon/test.wav",
    ),
    *("spokenwoz/MUL1423.wav", "spokenwoz/SNG0072.wav", "spokenwoz/SNG0480.wav", "lhotse/libri-1088-134315-0000.wav"),
)


def real_call(*names: str) -> Signal:
    """Files of the shared data, one channel after another, float32 [channels, n] at 8 kHz."""
    import soundfile
    import soxr

    sides: list[Signal] = []
    for name in names:
        samples, rate = soundfile.read(str(SHARED / name), dtype="float32", always_2d=True)
        sides += list((soxr.resample(samples, rate, RATE) if rate != RATE else samples).T)
    length = max(len(side) for side in sides)
    return np.stack([np.pad(side, (0, length - len(side))) for side in sides])


@cache
def pool() -> tuple[Signal, ...]:
    """Long stretches of many voices at 8 kHz: packaged ones, made ones, and the shared data's real ones where it is present."""
    found = [np.concatenate(voice).astype(np.float32) for voice in voices(RATE)]
    found += [babble(np.random.default_rng(1000 + number), 60.0) for number in range(8)]
    for name in REAL:
        if (SHARED / name).exists():
            found += list(real_call(name))
    return tuple(each / max(1e-4, float(np.sqrt(np.mean(each**2)))) * 0.06 for each in found)


def babble(rng: np.random.Generator, seconds: float) -> Signal:
    """Syllables of harmonics under moving formants: nobody's speech, but shaped as it."""
    n = round(seconds * RATE)
    made = np.zeros(n, np.float32)
    at, base = 0, float(rng.uniform(90, 240))
    while at < n:
        size = min(n - at, round(float(rng.uniform(0.08, 0.35)) * RATE))
        time = np.arange(size) / RATE
        pitch = base * float(rng.uniform(0.8, 1.3)) * (1 + float(rng.uniform(-0.4, 0.4)) * time)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formants = [(float(rng.uniform(*band)), float(rng.uniform(-400, 400))) for band in ((300, 900), (900, 2300), (2200, 3200))]
        for harmonic in range(1, int(3400 / base)):
            gain = sum(np.exp(-(((harmonic * pitch - centre - slope * time) / 120) ** 2)) for centre, slope in formants)
            made[at : at + size] += (np.sin(harmonic * phase) * gain * np.hanning(size)).astype(np.float32)
        at += size + round(float(rng.exponential(0.08)) * RATE)
    return made * np.float32(0.1)


def call(seed: int, seconds: float = 60.0, intro: bool = False) -> Signal:
    """A call of two sides [2, n] that take turns in pieces of `pool`, over line noise; `intro`: 20 s that all such calls begin with."""
    rng = np.random.default_rng(seed)
    made = (rng.standard_normal((2, round(seconds * RATE))) * 3e-4).astype(np.float32)
    at, side = (ANNOUNCED if intro else 0.2), 0
    if intro:
        heard = announcement()
        made[:, : heard.shape[1]] += heard
    while at < seconds - 0.5:
        for _ in range(int(rng.integers(1, 4))):
            voice = pool()[int(rng.integers(len(pool())))]
            size = min(round(float(rng.uniform(1.0, LONGEST)) * RATE), len(voice), made.shape[1] - round(at * RATE))
            if size <= 0:
                break
            start = int(rng.integers(len(voice) - size + 1))
            made[side, round(at * RATE) : round(at * RATE) + size] += voice[start : start + size] * np.float32(rng.uniform(0.4, 1.5))
            at += size / RATE
        at, side = max(0.0, at + float(rng.uniform(-0.4, 0.6))), 1 - side
    return np.clip(made, -1.0, 1.0)


@cache
def announcement() -> Signal:
    """Ringing on both sides, then hold music and a spoken greeting on the second, [2, n]."""
    time = np.arange(round(ANNOUNCED * RATE)) / RATE
    ring = 0.05 * (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time)) * (time % 3 < 1.0) * (time < 4)
    tune = np.zeros_like(time)
    for number, note in enumerate(np.random.default_rng(7).integers(0, 24, 16).tolist()):
        begun = time - 4 - number * 0.25
        tune += 0.08 * np.sin(2 * np.pi * 350 * 2 ** (note / 12) * begun) * np.exp(-4 * np.maximum(begun, 0)) * (begun > 0)
    greeting = np.zeros_like(time)
    line = np.concatenate(voices(RATE)[0])[: 12 * RATE]
    greeting[8 * RATE : 8 * RATE + len(line)] = line
    return np.stack((ring, ring + tune + greeting)).astype(np.float32)


def through(sound: Signal, rate: int, container: str, encoding: str, **settings: Any) -> tuple[Signal, int]:
    """Written with libsndfile and read again."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, sound.T, rate, format=container, subtype=encoding, **settings)
    buffer.seek(0)
    samples, found = soundfile.read(buffer, dtype="float32", always_2d=True)
    return samples.T, found


def resampled(sound: Signal, rate: int, wanted: int) -> Signal:
    import soxr

    made: Signal = soxr.resample(np.ascontiguousarray(sound.T, np.float32), rate, wanted).T
    return made


def noisy(sound: Signal, snr: float, seed: int = 5) -> Signal:
    """White noise below each side's speech by `snr` dB; the speech is what is within 30 dB of the loudest 20 ms."""
    noise = np.random.default_rng(seed).standard_normal(sound.shape).astype(np.float32)
    frames = (sound[:, : sound.shape[1] // 160 * 160].reshape(len(sound), -1, 160) ** 2).mean(axis=2)
    active = frames > frames.max(axis=1, keepdims=True) * 1e-3
    power = np.array([each[use].mean() if use.any() else 0.0 for each, use in zip(frames, active, strict=True)])
    return (sound + noise * np.sqrt(power / 10 ** (snr / 10))[:, None]).astype(np.float32)


VERSIONS = (
    *("ulaw", "gsm", "mp3", "mp3 at 16 kHz", "opus", "gain -20 dB", "gain +12 dB", "16 kHz", "48 kHz", "noise 20 dB", "noise 15 dB"),
    *(
        "first half",
        "last half",
        "middle, opus",
        "swapped, ulaw",
        "mono",
        "mono, noise 15 dB, ulaw",
        "one side",
        "slower 0.1 %",
        "faster 0.1 %",
    ),
)


def version(sound: Signal, name: str) -> tuple[Signal, int]:
    """One of `VERSIONS` of a call [2, n] at 8 kHz, and its rate (Hz); most start a little later, so no frames fall on old ones."""
    n = sound.shape[1]
    late = sound[:, 1037:]
    match name:
        case "ulaw":
            return through(late, RATE, "WAV", "ULAW")
        case "gsm":
            return np.concatenate([through(side[None], RATE, "WAV", "GSM610")[0] for side in late]), RATE
        case "mp3":
            return through(late, RATE, "MP3", "MPEG_LAYER_III", compression_level=0.9, bitrate_mode="CONSTANT")
        case "mp3 at 16 kHz":
            return through(resampled(late, RATE, 16000), 16000, "MP3", "MPEG_LAYER_III", compression_level=0.9, bitrate_mode="CONSTANT")
        case "opus":
            return through(late, RATE, "OGG", "OPUS", compression_level=1.0)
        case "gain -20 dB":
            return late * np.float32(0.1), RATE
        case "gain +12 dB":
            return np.clip(late * np.float32(3.98), -1, 1), RATE
        case "16 kHz" | "48 kHz":
            rate = int(name.split()[0]) * 1000
            return resampled(late, RATE, rate), rate
        case "noise 20 dB" | "noise 15 dB":
            return noisy(late, float(name.split()[1])), RATE
        case "first half":
            return sound[:, : n // 2], RATE
        case "last half":
            return sound[:, n // 2 + 77 :], RATE
        case "middle, opus":
            return through(sound[:, n // 4 : 3 * n // 4], RATE, "OGG", "OPUS", compression_level=1.0)
        case "swapped, ulaw":
            return through(late[::-1], RATE, "WAV", "ULAW")
        case "mono":
            return late.mean(axis=0, keepdims=True), RATE
        case "mono, noise 15 dB, ulaw":
            return through(noisy(late.mean(axis=0, keepdims=True), 15.0), RATE, "WAV", "ULAW")
        case "one side":
            return late[1:], RATE
        case "slower 0.1 %":
            return resampled(late, RATE, 8008), RATE
        case "faster 0.1 %":
            return resampled(late, RATE, 7992), RATE
    raise AssertionError(name)


def recorded(sound: Signal, rate: int = RATE, bits: int = 16) -> Recording:
    return recording(sound.astype(np.float64), rate, bits)
