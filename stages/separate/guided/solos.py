"""What can be learnt from: each speaker's solo speech in the recording itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.recording import as_float
from schemas.span import Span, Spans, subtract, union
from stages.separate.guided.spectra import working_rate

Floats = NDArray[np.float32]

GUARD = 0.05
"""Seconds off both ends of a solo stretch: where one speaker gives way to the other, either may be heard."""
SHORTEST = 0.2
"""Seconds of a solo stretch, after that, below which it is left out."""
MOST = 180.0
"""Seconds of solo speech that are learnt from, spread over the recording: more costs memory and teaches little."""


@dataclass(frozen=True, slots=True)
class Solos:
    """Solo speech of both speakers at the working rate, full scale 1."""

    rate: int
    voices: tuple[Floats, Floats]
    """Each speaker's stretches joined, [n]."""

    @property
    def seconds(self) -> float:
        """Solo speech of the speaker who has less."""
        return min(map(len, self.voices)) / self.rate


def solo_spans(diarization: Diarization) -> tuple[Spans, Spans]:
    """Where one speaker surely speaks, nobody else perhaps, and no other sound is known."""
    rate = diarization.rate
    guard, shortest = round(GUARD * rate), round(SHORTEST * rate)
    every = [union(s.span for s in diarization.segments if s.speaker == speaker) for speaker in (0, 1)]
    sounds = union(other.span for other in diarization.others)
    found = []
    for speaker in (0, 1):
        sure = union(s.span for s in diarization.segments if s.speaker == speaker and s.sure)
        doubt = union(s.span for s in diarization.segments if s.speaker == speaker and not s.sure)
        alone = subtract(sure, union([*every[1 - speaker], *doubt, *sounds]))
        found.append(tuple(Span(s.start + guard, s.end - guard) for s in alone if len(s) >= shortest + 2 * guard))
    return found[0], found[1]


def solos(mixture: NDArray[Any], bits: int, diarization: Diarization) -> Solos:
    """The solo speech of a mixture [n] of integer samples."""
    rate = working_rate(diarization.rate)
    first, second = (_joined(mixture, bits, diarization.rate, rate, spans) for spans in solo_spans(diarization))
    return Solos(rate, (first, second))


def _joined(mixture: NDArray[Any], bits: int, rate: int, wanted: int, spans: Spans) -> Floats:
    chosen = _spread(spans, round(MOST * rate))
    parts = [as_float(mixture[span.start : span.end], bits).astype(np.float32) for span in chosen]
    whole = np.concatenate([np.zeros(0, np.float32), *parts])
    if rate == wanted or not len(whole):
        return whole
    import soxr

    resampled: Floats = soxr.resample(whole, rate, wanted)
    return resampled


def _spread(spans: Spans, most: int) -> Spans:
    """As many spans as come to about `most` samples, at even steps through all of them."""
    whole = sum(map(len, spans))
    if whole <= most:
        return spans
    step, at, owed = most / whole, 0.0, []
    for span in spans:
        at += step
        if at >= 1:
            at -= 1
            owed.append(span)
    return tuple(owed)
