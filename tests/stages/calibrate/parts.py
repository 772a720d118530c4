"""A call whose two sides are known to the sample, and a chain whose every stage but one is the real thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from schemas.activity import Activity
from schemas.recording import Decoding, Recording, Samples
from schemas.source import Source
from schemas.span import Span, Spans, union
from schemas.tracks import Tracks
from stages.diarize.rttm import RttmDiarize
from stages.health.measure import ChannelHealth
from stages.separate.route import RouteSeparate
from stages.stage import Weights
from stages.turns.channels import ChannelTurns
from stages.turns.stats import TurnTaking
from tests.stages.vad.talk import speech

RATE = 8000
Seconds = tuple[tuple[float, float], ...]

TALK: tuple[Seconds, Seconds] = (
    ((1.0, 9.0), (12.0, 20.0), (24.0, 30.0), (40.0, 48.0)),
    ((9.5, 11.5), (19.0, 23.5), (26.0, 26.6), (31.0, 39.0), (49.0, 58.0)),
)
"""One overlap from 19 to 20 s, and a backchannel at 26 s."""
EVEN: tuple[Seconds, Seconds] = (
    ((1.0, 8.0), (16.0, 23.0), (31.0, 38.0), (46.0, 53.0)),
    ((8.5, 15.5), (23.5, 29.5), (38.5, 45.5), (53.5, 59.5)),
)
"""Two halves of equal speech without overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonZero:
    """Speech wherever samples are not zero, pauses up to 20 ms closed: exact on sides that are silent outside their speech."""

    name: ClassVar[str] = "vad"
    backend: ClassVar[str] = "nonzero"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Activity

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks], Activity]:
        def vad(tracks: Tracks) -> Activity:
            return Activity(channels=tuple(_nonzero(each, tracks.rate) for each in tracks.samples), length=tracks.length, rate=tracks.rate)

        return vad


def _nonzero(samples: Samples, rate: int) -> Spans:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (samples != 0).astype(np.int8), [0])))).tolist()
    return union((Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)), rate // 50)


def spans(seconds: Seconds, rate: int = RATE) -> Spans:
    return tuple(Span(round(a * rate), round(b * rate)) for a, b in seconds)


@cache
def call(talk: tuple[Seconds, Seconds] = TALK, level: float = 0.1, seconds: float = 60.0, seed: int = 0) -> Samples:
    """Two synthetic voices, int16 [2, n], zero outside `talk`; first and last sample of every stretch are not.

    A fifth of every second is 40 dB down, as voices have it; channel health takes what never falls for a steady sound.
    """
    made = np.zeros((2, round(seconds * RATE)), np.int16)
    for side, pitch in enumerate((110.0, 190.0)):
        rng = np.random.default_rng((seed, side))
        for span in spans(talk[side]):
            whispered = np.where(np.arange(len(span)) % RATE >= 0.8 * RATE, 0.01, 1.0)
            voice = np.clip(np.rint(speech(len(span), RATE, rng, pitch) * whispered * level * 32768), -32768, 32767)
            voice[0], voice[-1] = 1, 1
            made[side, span.start : span.end] = voice
    made.flags.writeable = False
    return made


def recording(samples: Samples, rate: int = RATE, bits: int = 16) -> Recording:
    decoding = Decoding(container="made", encoding=f"PCM_{bits}", decoder="test", exact=True)
    return Recording(samples=samples, rate=rate, bits=bits, decoding=decoding)


def rttm(path: Path, *speakers: Sequence[tuple[float, float]]) -> None:
    """Write who speaks when; speakers are called v0, v1, ..."""
    lines = [
        f"SPEAKER {path.stem} 1 {start:.6f} {end - start:.6f} <NA> <NA> v{number} <NA> <NA>\n"
        for number, stretches in enumerate(speakers)
        for start, end in stretches
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")


def source(folder: Path, id: str = "call") -> Source:
    return Source(id=id, uris=(f"{id}.wav",), base=str(folder))


def chain(vad: Any = None) -> tuple[Any, ...]:
    """For mono: who speaks is read from `<id>.rttm` beside the audio; nothing fades, so that ends are exact."""
    return (ChannelHealth(), RttmDiarize(), RouteSeparate(crossfade=0.0, margin=0.0), vad or NonZero(), ChannelTurns(), TurnTaking())
