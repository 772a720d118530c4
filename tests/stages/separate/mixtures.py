"""Mixtures with known speakers, drawn at random or built by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.diarization import Diarization, Segment
from schemas.recording import Decoding, Recording
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.route import RouteSeparate

RATE = 8000
DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
SOURCE = Source("call", ("call.wav",))


def recording(samples: NDArray[Any], rate: int = RATE) -> Recording:
    """Mono when given [n]."""
    shaped = np.atleast_2d(samples)
    return Recording(samples=shaped, rate=rate, bits=16 if shaped.dtype == np.int16 else 24, decoding=DECODING)


def noise(length: int, bits: int = 16, seed: int = 0) -> NDArray[Any]:
    """Uniform integers of the full range, both ends of it included and no zero, so that nothing equals silence by chance."""
    top = 1 << (bits - 1)
    samples = np.random.default_rng(seed).integers(-top, top, length).astype(np.int16 if bits == 16 else np.int32)
    samples[samples == 0] = 1
    samples[: min(2, length)] = [-top, top - 1][: min(2, length)]
    return samples


def diarized(length: int, *turns: tuple[int, int, int], rate: int = RATE, **more: Any) -> Diarization:
    """Turns are (speaker, start, end) in samples."""
    found = sorted(
        (Segment(speaker, Span(start, end)) for speaker, start, end in turns), key=lambda s: (s.span.start, s.span.end, s.speaker)
    )
    return Diarization(length=length, rate=rate, channel=0, segments=tuple(found), **more)


@st.composite
def diarizations(draw: st.DrawFn, longest: int = 400) -> Diarization:
    """Up to seven segments of each speaker, touching and crossing in every way, some in doubt, some of unknown confidence."""
    length = draw(st.integers(1, longest))
    segments = []
    for speaker in (0, 1):
        cuts = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
        for start, end in pairwise(cuts):
            if draw(st.booleans()):
                confidence = draw(st.none() | st.integers(0, 8).map(lambda eighths: eighths / 8))
                segments.append(Segment(speaker, Span(start, end), confidence, draw(st.booleans())))
    ordered = tuple(sorted(segments, key=lambda s: (s.span.start, s.span.end, s.speaker)))
    return Diarization(length=length, rate=RATE, channel=0, segments=ordered, speakers=("ann", "bob"))


def route(samples: NDArray[Any], diarization: Diarization, fade: int = 0, source: Source = SOURCE, **settings: Any) -> Tracks:
    """`fade` in samples."""
    stage = RouteSeparate(**{"crossfade": fade / diarization.rate, "margin": 0.0, **settings})
    return stage.load("cpu")(source, recording(samples, diarization.rate), diarization)


def heard(diarization: Diarization, unsure: str = "likely") -> NDArray[np.bool_]:
    """[2, n]: who is given what, told sample by sample."""
    found = np.zeros((2, diarization.length), bool)
    for segment in diarization.segments:
        at = slice(segment.span.start, segment.span.end)
        if segment.sure or unsure == "likely":
            found[segment.speaker, at] = True
        elif unsure == "both":
            found[:, at] = True
    return found
