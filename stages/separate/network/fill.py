"""The overlaps of one recording, filled by a network: heard in windows, put in order, and carried to the recording's own samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording, as_float
from schemas.span import Span
from stages.separate.collect import Collected
from stages.separate.layout import Layout
from stages.separate.network.base import NetworkSeparate, Separator
from stages.separate.network.carry import HOP_S, Divided, divide, hop_of, shared
from stages.separate.network.hear import hear
from stages.separate.network.order import Order, Part, Solo, Told, confidence, tell
from stages.separate.network.plan import Stretch, plan, sizes_of
from stages.separate.network.voice import ENOUGH_S, Voices
from stages.separate.render import Filling
from stages.separate.render import Source as Mixture
from stages.sureness import touching

Floats = NDArray[np.float32]

THIN_S = 0.25
"""Seconds of solo speech beside an overlap below which voices are asked as well."""
CHUNK = 8
"""Batches that are heard before their overlaps are finished."""


def filling(network: Separator, how: NetworkSeparate, voices: Voices, mixture: Mixture, recording: Recording, layout: Layout) -> Filling:
    """Hear and divide all overlaps; the first speaker's samples of those that are separated go to scratch disk.

    Raises `UsageError` when the network gives something that is not two voices or more, or numbers that are not finite.
    """
    desk = _Desk(network, how, voices, mixture, recording, layout)
    collected = Collected(mixture, recording.bits)
    for overlap, made in zip(layout.overlaps, desk.separated(), strict=True):
        if made.confidence > 0.0 and made.confidence >= how.least_confidence:
            collected.separate(overlap.span, made.first, made.confidence)
        else:
            collected.route(overlap.span)
    return collected.filling()


@dataclass(frozen=True, slots=True)
class _Made:
    """The first speaker's voice [n] in one overlap."""

    first: Floats
    confidence: float


class _Desk:
    """One recording on its way through a network."""

    def __init__(
        self, network: Separator, how: NetworkSeparate, voices: Voices, mixture: Mixture, recording: Recording, layout: Layout
    ) -> None:
        self.network, self.how, self.mixture = network, how, mixture
        self.rate, self.bits = recording.rate, recording.bits
        self.overlaps = [overlap.span for overlap in layout.overlaps]
        self.solos = tuple(tuple(p.span for p in layout.pieces if p.kind == "solo" and p.channel == speaker) for speaker in (0, 1))
        self.speakers = voices.of(mixture, recording, self.solos)
        self.context = round(how.context * self.rate)
        sizes = sizes_of(how.window, self.rate, network.lengths, network.rate)
        self.context = min(self.context, (max(sizes) - hop_of(self.rate)) // 2)
        self.plan = plan(self.overlaps, len(mixture), sizes, self.context, hop_of(self.rate))

    def separated(self) -> Iterator[_Made]:
        """Every overlap, in their order."""
        for group in self._groups():
            spans = [window for stretch in group for window in stretch.windows]
            heard = iter(hear(self.network, [self._sound(span) for span in spans], self.rate, self.how.batch))
            for stretch in group:
                yield from self._stretch(stretch, [self._divided(span, next(heard)) for span in stretch.windows])

    def _groups(self) -> Iterator[list[Stretch]]:
        """Stretches that are heard together, so that batches are full and memory is bounded."""
        group: list[Stretch] = []
        for stretch in self.plan:
            group.append(stretch)
            if sum(len(each.windows) for each in group) >= self.how.batch * CHUNK:
                yield group
                group = []
        yield group

    def _sound(self, span: Span) -> Floats:
        found = as_float(self.mixture[span.start : span.end], self.bits)
        return np.pad(found, (0, len(span) - len(found)))

    def _divided(self, span: Span, outputs: Floats) -> Divided:
        band = min(self.network.rate, self.network.given, self.rate) / 2
        return divide(self._sound(span), outputs, self.rate, band, self.network.adds_up)

    def _stretch(self, stretch: Stretch, windows: list[Divided]) -> Iterator[_Made]:
        for index in stretch.overlaps:
            overlap = self.overlaps[index]
            heard = [k for k, span in enumerate(stretch.windows) if span.start < overlap.end and overlap.start < span.end]
            spans, divided = [stretch.windows[k] for k in heard], [windows[k] for k in heard]
            parts = [self._part(overlap, span, each) for span, each in zip(spans, divided, strict=True)]
            links = [shared(a, b, t.start - s.start) for a, b, s, t in zip(divided, divided[1:], spans, spans[1:], strict=False)]
            told = tell(parts, links, self._likeness(parts, overlap, spans[0], divided[0]))
            yield self._made(overlap, spans, divided, told)

    def _part(self, overlap: Span, window: Span, divided: Divided) -> Part:
        sides = (Span(max(0, overlap.start - self.context), overlap.start), Span(overlap.end, overlap.end + self.context))
        solos = []
        for speaker in (0, 1):
            for side in sides:
                found = self._frames(self._solo(speaker, side), window, divided)
                energy = divided.power[:, found].sum(axis=1)
                if found.any() and energy.sum() > 0:
                    solos.append(Solo(speaker, float(found.sum()) * HOP_S, energy / energy.sum()))
        energy = divided.power[:, self._frames([overlap], window, divided)].sum(axis=1)
        total = float(energy.sum())
        return Part(tuple(solos), energy / total if total > 0 else np.full(len(energy), 1 / len(energy)))

    def _solo(self, speaker: int, side: Span) -> list[Span]:
        spans = self.solos[speaker]
        return [Span(max(spans[i].start, side.start), min(spans[i].end, side.end)) for i in touching(spans, side)]

    def _frames(self, spans: Sequence[Span], window: Span, divided: Divided) -> NDArray[np.bool_]:
        """Which frames of a window have their centres in spans of the recording."""
        found = np.zeros(divided.power.shape[1], bool)
        for span in spans:
            first, last = (-(-(edge - window.start) // divided.hop) + 1 for edge in (span.start, span.end))
            found[max(0, first) : max(0, last)] = True
        # Frames that reach beyond the window see silence there.
        found[:3] = found[-3:] = False
        return found

    def _likeness(self, parts: list[Part], overlap: Span, window: Span, divided: Divided) -> NDArray[np.float64] | None:
        """How much more alike each output is to the first speaker, asked where nearly nobody speaks alone beside the overlap."""
        inner = Span(max(overlap.start, window.start), min(overlap.end, window.end))
        told = sum(solo.seconds for part in parts for solo in part.solos) >= THIN_S
        if told or len(inner) < ENOUGH_S * self.rate or not self.mixture[inner.start : inner.end].any():
            return None
        return self.speakers.likeness(divided.parts[:, inner.start - window.start : inner.end - window.start], parts[0].energy)

    def _made(self, overlap: Span, spans: list[Span], windows: list[Divided], told: Told) -> _Made:
        voices: Floats = np.zeros((2, len(overlap)), np.float32)
        for span, divided, order, weight in zip(spans, windows, told.orders, _weights(spans), strict=True):
            inner = Span(max(overlap.start, span.start), min(overlap.end, span.end))
            at = slice(inner.start - span.start, inner.end - span.start)
            voices[:, inner.start - overlap.start : inner.end - overlap.start] += weight[at] * _by_speaker(divided.parts[:, at], order)
        energy = np.square(voices, dtype=np.float64).sum(axis=1)
        return _Made(voices[0], confidence(told, energy))


def _by_speaker(parts: Floats, order: Order) -> Floats:
    """[2, n]"""
    return np.stack([parts[[k for k, each in enumerate(order) if each == speaker]].sum(axis=0) for speaker in (0, 1)])


def _weights(spans: list[Span]) -> list[Floats]:
    """How far each of some windows counts, sample by sample; neighbours cross over in the inner half of what they share."""
    found = [np.ones(len(span), np.float32) for span in spans]
    for index in range(len(spans) - 1):
        both = spans[index].end - spans[index + 1].start
        ramp = np.asarray([0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, 2 * x - 0.5))) for x in np.linspace(0, 1, both)], np.float32)
        found[index][len(spans[index]) - both :] *= 1 - ramp
        found[index + 1][:both] *= ramp
    return found
