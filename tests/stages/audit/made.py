"""Two-channel talk with exact truth for the audit's measures: voiced sounds that take turns, and what is done to them."""

from __future__ import annotations

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.recording import Decoding, Recording
from schemas.span import Span

RATE = 8000
Floats = NDArray[np.float64]


def activity(seconds: float, rate: int = RATE, seed: int = 0) -> Activity:
    """Turns of 1 to 3 s with gaps between and some overlap, drawn by seed."""
    draw = np.random.default_rng(seed)
    channels: tuple[list[Span], list[Span]] = ([], [])
    at, side = 0.5, 0
    while at < seconds - 4:
        length = draw.uniform(1, 3)
        channels[side].append(Span(round(at * rate), round((at + length) * rate)))
        at += length + draw.uniform(-0.3, 0.8)
        side = 1 - side
    return Activity(channels=(_apart(channels[0]), _apart(channels[1])), length=round(seconds * rate), rate=rate)


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for span in spans:
        start = max(span.start, found[-1].end + 800) if found else span.start
        if start < span.end:
            found.append(Span(start, span.end))
    return tuple(found)


def voices(truth: Activity, noise: float = 3.0, seed: int = 0) -> Floats:
    """Samples [2, n] of two buzzing voices of different pitch whose sound changes 5 times a second, over noise of `noise` in 2**15."""
    draw = np.random.default_rng(seed)
    found = draw.normal(0, noise, (2, truth.length))
    for side, pitch in ((0, 118.0), (1, 203.0)):
        for span in truth.channels[side]:
            n = len(span)
            steps = np.repeat(draw.uniform(0.9, 1.1, n // 1600 + 1), 1600)[:n]
            buzz = scipy.signal.sawtooth(2 * np.pi * np.cumsum(pitch * steps) / truth.rate)
            formants = np.concatenate([_formed(part, draw) for part in np.array_split(buzz, n // 1600 + 1)])
            loud = np.repeat(draw.uniform(0.3, 1.0, n // 1600 + 1), 1600)[:n]
            found[side, span.start : span.end] += 4000 * formants * loud
    return found


def _formed(part: Floats, draw: np.random.Generator) -> Floats:
    for centre in (draw.uniform(300, 800), draw.uniform(1000, 2400)):
        b, a = scipy.signal.iirpeak(centre, 4, fs=RATE)
        part = 0.3 * part + scipy.signal.lfilter(b, a, part)
    return part / max(1e-9, float(np.abs(part).max()))


def recording(samples: Floats, rate: int = RATE) -> Recording:
    """16-bit samples [channels, n] as a recording."""
    whole = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return Recording(samples=whole, rate=rate, bits=16, decoding=Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True))


def leaking(samples: Floats, db: float, taps: int = 60, seed: int = 1) -> Floats:
    """The same with each side heard in the other's channel through one fixed filter of its own."""
    draw = np.random.default_rng(seed)
    found = samples.copy()
    for side in (0, 1):
        path = draw.normal(size=taps) * np.exp(-np.arange(taps) / 12)
        path /= np.sqrt((path**2).sum())
        found[1 - side] += 10 ** (db / 20) * scipy.signal.lfilter(path, [1.0], samples[side])
    return found


def separated(samples: Floats, seed: int = 1) -> Floats:
    """The mixture of both sides, separated by masks that err at random from bin to bin and frame to frame."""
    draw = np.random.default_rng(seed)
    _, _, each = scipy.signal.stft(samples, RATE, nperseg=256)
    power = np.abs(each) ** 2 + 1e-9
    true = np.log(power[0] / power[1])
    slow = scipy.signal.lfilter([1], [1, -0.5], draw.normal(size=true.shape), axis=1) * np.sqrt(0.75)
    mask = 1 / (1 + np.exp(-(0.5 * true + 2.0 * slow)))
    mixed = each.sum(axis=0)
    made = [scipy.signal.istft(mixed * m, RATE, nperseg=256)[1][: samples.shape[1]] for m in (mask, 1 - mask)]
    return np.stack(made)


def cut(samples: Floats, truth: Activity, both: bool) -> Floats:
    """The mono mixture cut up by speaker: perfectly silent elsewhere. Overlap goes to both sides, or with `both` false to the first."""
    mixed, found = samples.sum(axis=0), np.zeros_like(samples)
    for side in (0, 1):
        for span in truth.channels[side]:
            found[side, span.start : span.end] = mixed[span.start : span.end]
    if not both:
        found[1, found[0] != 0] = 0
    return found


def gated(samples: Floats, truth: Activity, hang: float = 0.15) -> Floats:
    """Each side's own microphone, perfectly silent further than `hang` seconds from its speech."""
    found = np.zeros_like(samples)
    margin = round(hang * truth.rate)
    for side in (0, 1):
        for span in truth.channels[side]:
            found[side, max(0, span.start - margin) : span.end + margin] = samples[side, max(0, span.start - margin) : span.end + margin]
    return found
