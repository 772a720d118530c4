"""Whose voice an output is like, for overlaps beside which nobody speaks alone."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording, as_float
from schemas.span import Span, Spans
from stages.separate.render import Source as Mixture

Floats = NDArray[np.float32]
Vector = NDArray[np.float64]

LEAST_S = 2.0
"""Seconds of solo speech of each speaker below which a voice is not known."""
MOST_S = 20.0
"""Seconds of it that are listened to, the longest stretches first."""
ENOUGH_S = 0.6
"""Seconds of an overlap below which a voice is not asked for."""
FAINT = 0.01
"""Share of an overlap's energy below which an output has no voice."""


class Voices:
    """The voice model, which is loaded when a recording first needs it."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.model = cache(self._model)

    def of(self, mixture: Mixture, recording: Recording, solos: tuple[Spans, ...]) -> Speakers:
        """The two speakers of a recording, from their solo stretches; nothing is computed before it is asked for."""
        return Speakers(self, mixture, recording, solos)

    def embed(self, sound: Floats, rate: int) -> Vector:
        """Unit vector of the voice in sound [n]."""
        import soxr
        import torch

        from stages.diarize.carrier import RATE, fbank

        bank = fbank(np.asarray(soxr.resample(sound, rate, RATE) if rate != RATE else sound, np.float32))
        with torch.inference_mode():
            given = self.model()(torch.from_numpy(bank - bank.mean(axis=0))[None].to(self.device))[0]
        found: Vector = given.cpu().numpy().astype(np.float64)
        return found / max(float(np.linalg.norm(found)), 1e-9)

    def _model(self) -> Any:
        from stages.diarize.carrier import embedding_model

        return embedding_model(self.device)


class Speakers:
    """Both speakers of one recording."""

    def __init__(self, voices: Voices, mixture: Mixture, recording: Recording, solos: tuple[Spans, ...]) -> None:
        self.voices, self.mixture, self.recording, self.solos = voices, mixture, recording, solos

    def likeness(self, outputs: Floats, energy: NDArray[np.float64]) -> Vector | None:
        """How much more alike each output [outputs, n] is to the first speaker than to the second: a difference of cosines, [outputs].

        An output with hardly any of the `energy` [outputs] says nothing (0). None where a speaker is not known for lack of solo speech.
        """
        if self._known is None:
            return None
        first, second = self._known
        found = np.zeros(len(outputs))
        for index, output in enumerate(outputs):
            if energy[index] > FAINT:
                voice = self.voices.embed(output, self.recording.rate)
                found[index] = float(voice @ first - voice @ second)
        return found

    @cached_property
    def _known(self) -> tuple[Vector, Vector] | None:
        spans = [self._longest(speaker) for speaker in (0, 1)]
        if min(sum(len(span) for span in each) for each in spans) < LEAST_S * self.recording.rate:
            return None
        first, second = (self.voices.embed(self._sound(each), self.recording.rate) for each in spans)
        return first, second

    def _longest(self, speaker: int) -> list[Span]:
        """Solo stretches, the longest first, up to `MOST_S` in all."""
        left, found = round(MOST_S * self.recording.rate), []
        for span in sorted(self.solos[speaker], key=lambda each: (-len(each), each.start)):
            found.append(Span(span.start, min(span.end, span.start + left)))
            left -= len(found[-1])
            if left <= 0:
                break
        return sorted(found)

    def _sound(self, spans: list[Span]) -> Floats:
        return np.concatenate([as_float(self.mixture[span.start : span.end], self.recording.bits) for span in spans])
