"""Dialogues of speech-like noise in two channels, and echoes of one in the other, all with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schemas.tracks import Tracks
from tests.stages.health.calls import delayed, noise, recording
from tests.stages.restore.sound import tracks

Signal = NDArray[np.float64]

LEVEL_DB = -24.0


@dataclass(frozen=True)
class Call:
    """What was said and what was heard, in [-1, 1); all [2, n]."""

    voices: Signal
    echoes: Signal
    """Of channel 1's voice in channel 0, and the other way round."""
    floor: Signal
    rate: int

    def tracks(self, bits: int = 16) -> Tracks:
        return tracks(np.array(recording(self.voices + self.echoes + self.floor, self.rate, bits).samples), self.rate)

    def where(self, channel: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """[n]: where only the echo is heard in a channel, and where its own voice is heard over it."""
        wide = np.ones(self.rate // 10)
        echo = np.convolve(np.abs(self.echoes[channel]) > 1e-5, wide, "same") > 0
        voice = np.convolve(np.abs(self.voices[channel]) > 1e-5, wide, "same") > 0
        return echo & ~voice, echo & voice


def utterance(seconds: float, rate: int, pitch: float, rng: np.random.Generator) -> Signal:
    """A pitched buzz and noise through moving resonances, in syllables, at `LEVEL_DB`."""
    from scipy import signal

    n = round(seconds * rate)
    time = np.arange(n) / rate
    wander = pitch * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6)))
    pulses = np.diff(np.floor(np.cumsum(wander) / rate), prepend=0.0)
    raw = pulses * 8 + 0.3 * rng.standard_normal(n)
    made = np.zeros(n)
    step = max(1, rate // 6)
    for start in range(0, n, step):
        spoken = slice(start, min(start + step + step // 4, n))
        formants = rng.uniform((300, 900, 2200), (800, 2000, 3200))
        piece = raw[spoken] * np.hanning(spoken.stop - start) * rng.uniform(0.3, 1.0)
        made[spoken] += sum(signal.lfilter([1 - 0.97], [1, -2 * 0.97 * np.cos(2 * np.pi * f / rate), 0.97**2], piece) for f in formants)
    made = signal.sosfilt(signal.butter(2, 70, "highpass", fs=rate, output="sos"), made)  # no microphone passes an offset of air
    made += 1e-3 * made.std() * rng.standard_normal(n)
    scaled: Signal = made * 10 ** (LEVEL_DB / 20) / max(float(np.sqrt(np.mean(made**2))), 1e-9)
    return scaled


def dialogue(seconds: float, rate: int, seed: int = 0) -> Signal:
    """[2, n]: turns of 1 to 4 s with gaps and overlaps, and short answers inside the other side's turns."""
    rng = np.random.default_rng(seed)
    call = np.zeros((2, round(seconds * rate)))
    at, turn = 0.2, int(rng.integers(2))
    while at < seconds - 0.3:
        long = float(rng.uniform(1.0, 4.0))
        _say(call[turn % 2], utterance(long, rate, (110, 200)[turn % 2], rng), at, rate)
        if rng.random() < 0.3:
            _say(call[1 - turn % 2], utterance(0.5, rate, (200, 110)[turn % 2], rng), at + 0.4 * long, rate)
        at += long + float(rng.uniform(-0.6, 0.8))
        turn += 1
    return call


def _say(channel: Signal, said: Signal, at: float, rate: int) -> None:
    start = min(round(at * rate), len(channel))
    end = min(start + len(said), len(channel))
    channel[start:end] += said[: end - start]


def room(rate: int, seconds: float = 0.06, seed: int = 0) -> Signal:
    """A decaying response of unit power whose first path is the strongest."""
    n = max(1, round(seconds * rate))
    made = np.random.default_rng(seed).standard_normal(n) * np.exp(-5 * np.arange(n) / n)
    made[0] = 3.0
    unit: Signal = made / np.sqrt(np.sum(made**2))
    return unit


def drifting(signal: Signal, ppm: float) -> Signal:
    """The signal later by `ppm` microseconds more each second, of the same length."""
    import soxr

    made = soxr.resample(signal, 1.0 - ppm * 1e-6, 1.0, "VHQ")[: len(signal)]
    longer: Signal = np.pad(made, (0, len(signal) - len(made)))
    return longer


def call(
    seconds: float = 60.0,
    rate: int = 8000,
    *,
    into: tuple[int, ...] = (1,),
    db: float = -20.0,
    delay: float = 0.125,
    ppm: float = 0.0,
    floor_db: float = -75.0,
    seed: int = 0,
) -> Call:
    """A dialogue with an echo, through a room, in each channel of `into`, `db` over its source."""
    voices = dialogue(seconds, rate, seed)
    echoes = np.zeros_like(voices)
    for channel in into:
        source = voices[1 - channel]
        heard = delayed(np.convolve(source, room(rate, seed=seed + channel))[: len(source)], delay, rate)
        heard = drifting(heard, ppm) if ppm else heard
        echoes[channel] = heard * 10 ** (db / 20) * np.sqrt(np.mean(source**2) / np.mean(heard**2))
    return Call(voices, echoes, noise(voices.shape, floor_db, seed=seed + 9), rate)


def silent(made: Call) -> Call:
    """The same call without its echoes."""
    return replace(made, echoes=np.zeros_like(made.echoes))


def decibels(ratio: float) -> float:
    return float(10 * np.log10(ratio))


def power(signal: Signal) -> float:
    return float(np.mean(signal**2))


def si_sdr(made: Signal, wanted: Signal) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019)."""
    target = wanted * float(made @ wanted) / float(wanted @ wanted)
    return decibels(power(target) / power(made - target))
