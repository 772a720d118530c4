"""Two-channel calls with known truth: synthetic voices in dialogue, and what goes wrong with channels."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.recording import Decoding, Recording, Samples
from tests.shared import SHARED

Signal = NDArray[np.float64]

TEXTS = (
    "Hello, I would like to book a table for two on Friday evening, please.",
    "Of course, what time would suit you best?",
    "Half past seven, if you still have something near the window.",
    "Let me see. Yes, we do. Under which name shall I put it?",
    "Under Morrison, and could we have a chair for a small child?",
    "That is no problem at all. Is there anything else I can do for you?",
    "No, that was all. Thank you very much for your help.",
    "You are welcome. We look forward to seeing you. Goodbye!",
    "Wait, I nearly forgot, my sister cannot eat any nuts.",
    "I will tell the kitchen, they are used to cooking without them.",
)
STRETCH = (1.0, 1.3)
"""The second voice is the first one spoken faster and played slower: deeper, with longer vocal tract."""
LEVEL_DB = -24.0
"""Mean power of each sentence, dBFS."""


@cache
def voices(rate: int) -> tuple[tuple[Signal, ...], tuple[Signal, ...]]:
    """The even sentences by one voice and the odd ones by another, at `rate` Hz and `LEVEL_DB`."""
    hibari = pytest.importorskip("hibari")
    import soxr

    said: list[tuple[Signal, ...]] = []
    speaker = hibari.Hibari()
    for side, stretch in enumerate(STRETCH):
        lines = [np.concatenate(list(speaker.stream(text, speed=stretch, seed=1))) for text in TEXTS[side::2]]
        played = speaker.sample_rate / stretch
        said.append(tuple(_at_level(soxr.resample(line.astype(np.float64), played, rate)) for line in lines))
    return said[0], said[1]


def _at_level(signal: Signal) -> Signal:
    level: Signal = signal * 10 ** (LEVEL_DB / 20) / np.sqrt(np.mean(signal**2))
    return level


def dialogue(seconds: float = 60.0, rate: int = 8000, seed: int = 0, breaths: bool = True) -> Signal:
    """[2, n]: turns with gaps and overlaps of up to a second, and breaths in each side's own pauses; no noise, no leak."""
    rng = np.random.default_rng(seed)
    call = np.zeros((2, round(seconds * rate)))
    lines = voices(rate)
    at, turn = 0.3, 0
    while at < seconds - 0.5:
        line = lines[turn % 2][int(rng.integers(len(lines[0])))]
        start = round(at * rate)
        end = min(start + len(line), call.shape[1])
        call[turn % 2, start:end] += line[: end - start]
        if breaths:
            _breathe(call[1 - turn % 2], start + round(0.8 * rate), rate, rng)
        at += len(line) / rate + float(rng.uniform(-0.7, 0.9))
        turn += 1
    return call


def _breathe(channel: Signal, start: int, rate: int, rng: np.random.Generator) -> None:
    """Half a second of soft noise, 22 dB below speech."""
    n = round(0.5 * rate)
    if start + n < len(channel):
        channel[start : start + n] += rng.standard_normal(n) * np.hanning(n) * 10 ** ((LEVEL_DB - 22) / 20)


def noise(shape: tuple[int, ...], dbfs: float, seed: int = 1) -> Signal:
    """White noise of the given power."""
    return np.random.default_rng(seed).standard_normal(shape) * 10 ** (dbfs / 20)


def delayed(signal: Signal, seconds: float, rate: int) -> Signal:
    """The signal later by any time, fractions of a sample included, exact for a band-limited signal; negative is earlier."""
    n = signal.shape[-1]
    padded = 2 * n
    turned = np.fft.rfft(signal, padded) * np.exp(-2j * np.pi * np.fft.rfftfreq(padded, 1 / rate) * seconds)
    moved: Signal = np.fft.irfft(turned, padded)[..., :n]
    return moved


def leaked(call: Signal, rate: int, db: float, delay: float, fir: Signal | None = None, source: int = 0) -> tuple[Signal, float]:
    """The call with one side in the other's channel, and the true level of the leak in dB: its power over the source's."""
    path = np.array([1.0]) if fir is None else fir
    heard = delayed(np.convolve(call[source], path)[: call.shape[1]], delay, rate)
    heard *= 10 ** (db / 20) * np.sqrt(np.mean(call[source] ** 2) / np.mean(heard**2))
    out = call.copy()
    out[1 - source] += heard
    return out, db


def recording(signal: Signal, rate: int, bits: int = 16) -> Recording:
    """[channels, n] or [n] floats in [-1, 1) as a recording, rounded and limited to its depth."""
    full = 1 << (bits - 1)
    rounded = np.clip(np.round(np.atleast_2d(signal) * full), -full, full - 1)
    samples: Samples = rounded.astype(np.int16) if bits == 16 else rounded.astype(np.int32)
    decoding = Decoding(container="WAV", encoding=f"PCM_{bits}", decoder="test", exact=True)
    return Recording(samples=samples, rate=rate, bits=bits, decoding=decoding)


def shared(*names: str) -> Recording:
    """Files of the shared data as one recording: one file, or one file per side padded to the same length."""
    soundfile: Any = pytest.importorskip("soundfile")
    sides: list[Signal] = []
    rate = 0
    for name in names:
        signal, rate = soundfile.read(str(Path(SHARED) / name), dtype="float64", always_2d=True)
        sides += list(signal.T / max(1.0, float(np.abs(signal).max())))
    length = max(len(side) for side in sides)
    return recording(np.stack([np.pad(side, (0, length - len(side))) for side in sides]), rate)
