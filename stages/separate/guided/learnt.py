"""The voices of one recording, learnt when an overlap first asks for them: of a show, those of each conversation apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.span import Span
from stages.separate.guided.adapt import Schooling, adapted
from stages.separate.guided.masks import Masker, Voiced
from stages.separate.guided.solos import solos

FULL_COURSE_S = 180.0
"""Seconds of conversation from which on each of several is learnt in full: 400 steps then cost a quarter of real time of one core."""
LEAST_COURSE = 0.25


class Learnt:
    """Voices of overlaps of a mixture [n], by what its solo speech teaches."""

    def __init__(
        self, mixture: NDArray[Any], bits: int, diarization: Diarization, how: Schooling, networks: int, least_solo: float, device: str
    ) -> None:
        self.mixture, self.bits, self.diarization = mixture, bits, diarization
        self.how, self.networks, self.least_solo, self.device = how, networks, least_solo, device
        self.scopes = [each.span for each in diarization.kept] or [Span(0, diarization.length)]
        self.maskers: dict[Span, Masker | None] = {}

    def voices(self, span: Span) -> Voiced | None:
        """The voices of an overlap; None where its conversation holds too little solo speech to learn from."""
        scope = next((scope for scope in self.scopes if scope.start <= span.start < scope.end), None)
        if scope is None:
            return None
        if scope not in self.maskers:
            self.maskers[scope] = self._masker(scope)
        masker = self.maskers[scope]
        return None if masker is None else masker(self.mixture, span)

    def _masker(self, scope: Span) -> Masker | None:
        inside = tuple(s for s in self.diarization.segments if scope.start <= s.span.start and s.span.end <= scope.end)
        rate = self.diarization.rate
        known = solos(self.mixture, self.bits, replace(self.diarization, segments=inside))
        if known.seconds < self.least_solo:
            return None
        share = 1.0 if len(self.scopes) == 1 else min(1.0, max(LEAST_COURSE, len(scope) / rate / FULL_COURSE_S))
        course = replace(self.how, steps=max(1, round(share * self.how.steps)))
        nets = [adapted(known, replace(course, seed=seed), self.device) for seed in range(self.networks)]
        return Masker(nets, known, rate, self.bits, self.device)
