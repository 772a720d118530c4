"""The learnt network at work on one overlap: voices of it at the recording's own rate, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import as_float
from schemas.span import Span
from stages.separate.guided.adapt import one_thread
from stages.separate.guided.exemplars import Exemplars
from stages.separate.guided.heard import both_heard, levels
from stages.separate.guided.solos import Solos
from stages.separate.guided.spectra import PER_WINDOW, Spectra, stretched
from stages.separate.guided.trust import Signs

CONTEXT = 1.0
"""Seconds of the recording shown to the network on either side of an overlap."""
FADE = 0.025
"""Seconds on either side of a cut over which what both pieces give is crossed."""
LONGEST = 16.0
"""Seconds worked on at a time; a longer overlap is cut."""
BY_EXEMPLARS = 0.3
"""What the exemplars' masks count in the mean with the networks': they err elsewhere, which on held-out real voices is worth 0.4 dB."""


@dataclass(frozen=True, slots=True)
class Voiced:
    """An overlap, told apart."""

    first: NDArray[np.float32]
    """Speaker 0's samples [n], full scale 1; what is left of the mixture is speaker 1's."""
    signs: Signs
    both: Span | None
    """From the first to the last of its samples at which both are heard, counted from its start; None where they never are."""


class Masker:
    """Networks and exemplars of one recording's voices, as a function from a span to voices."""

    def __init__(self, nets: list[Any], solos: Solos, rate: int, bits: int, device: str) -> None:
        self.nets, self.rate, self.bits, self.device = nets, rate, bits, device
        self.exemplars, self.levels = Exemplars(solos, device), levels(solos)
        self.spectra = Spectra(rate, device)

    def __call__(self, mixture: NDArray[Any], span: Span) -> Voiced:
        """The voices of a span of the mixture [n]."""
        fade = round(FADE * self.rate)
        pieces = cut(span, self.rate)
        voice, signs = np.zeros(len(span), np.float32), None
        for piece in pieces:
            wide = Span(max(span.start, piece.start - fade), min(span.end, piece.end + fade))
            found, told = self._piece(mixture, wide)
            at = slice(wide.start - span.start, wide.end - span.start)
            voice[at] += found * weights(piece, wide)
            signs = told if signs is None else signs + told
        assert signs is not None
        other = as_float(mixture[span.start : span.end], self.bits) - voice
        return Voiced(voice, signs, both_heard(voice, other, self.levels, self.rate))

    def _piece(self, mixture: NDArray[Any], span: Span) -> tuple[NDArray[np.float32], Signs]:
        import torch

        around = round(CONTEXT * self.rate)
        start, end = max(0, span.start - around), min(len(mixture), span.end + around)
        shown = torch.from_numpy(as_float(mixture[start:end], self.bits)).to(self.device)
        with one_thread(), torch.inference_mode():
            whole = self.spectra.of(shown)
            band = whole[: self.exemplars.bins]
            learnt = torch.stack([net(band[None])[0, 0] for net in self.nets]).mean(0)
            # Exemplars look at no neighbouring frames: of those outside the overlap only the ones whose windows reach into it are needed.
            hop, reach = self.spectra.hop, PER_WINDOW // 2
            at = slice(max(0, (span.start - start) // hop - reach), -(-(span.end - start) // hop) + reach + 1)
            share = (1 - BY_EXEMPLARS) * learnt[:, at] + BY_EXEMPLARS * self.exemplars.share(band[:, at])
            spectrum = torch.zeros_like(whole)
            spectrum[:, at] = stretched(share, self.spectra.bins) * whole[:, at]
            voice = self.spectra.back(spectrum, end - start)[span.start - start : span.end - start]
            signs = Signs.of(share, band[:, at])
        return voice.cpu().numpy(), signs


def weights(piece: Span, wide: Span) -> NDArray[np.float32]:
    """[len(wide)]: how far a piece counts in what was worked on of it: half at its own ends, whole at the ends of the overlap."""
    at = np.arange(wide.start, wide.end) + 0.5
    found = np.ones(len(wide))
    if wide.start < piece.start:
        found = np.minimum(found, (at - wide.start) / (2 * (piece.start - wide.start)))
    if wide.end > piece.end:
        found = np.minimum(found, (wide.end - at) / (2 * (wide.end - piece.end)))
    return found.astype(np.float32)


def cut(span: Span, rate: int) -> list[Span]:
    """A span in pieces of at most `LONGEST` seconds, of about equal length."""
    count = max(1, -(-len(span) // round(LONGEST * rate)))
    edges = [span.start + len(span) * index // count for index in range(count + 1)]
    return [Span(a, b) for a, b in pairwise(edges)]
