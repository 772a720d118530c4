"""A second opinion that is not trained: short-time spectra of either voice alone, of which the mixture is made up again (exemplar NMF)."""

from __future__ import annotations

from typing import Any

import numpy as np

from stages.separate.guided.solos import Floats, Solos
from stages.separate.guided.spectra import Spectra

EACH = 1000
"""Spectra of a voice at most; 300 give 0.1 dB less."""
ROUNDS = 60
"""Multiplicative updates (Lee and Seung 1999, for the Kullback-Leibler divergence of magnitudes)."""
QUIETEST = 0.4
"""Share of a voice's frames, the quietest, that are no examples of it."""
TINY = 1e-10


class Exemplars:
    """Spectra of both voices of a recording, as a function from a mixture to the share of either in every bin."""

    def __init__(self, solos: Solos, device: str) -> None:
        import torch

        rng = np.random.default_rng(0)
        spectra = Spectra(solos.rate)
        parts = [_examples(voice, spectra, rng) for voice in solos.voices]
        self.bins = spectra.bins
        self.first = parts[0].shape[1]
        self.examples = torch.cat(parts, 1).to(device)

    def share(self, mixture: Any) -> Any:
        """From complex spectra [bins, t] to the share of speaker 0 [bins, t], by the powers that both voices' examples come to there."""
        import torch

        seen = mixture.abs() + TINY
        seen = seen / seen.mean()
        amounts = torch.ones(self.examples.shape[1], seen.shape[1], device=seen.device)
        sums = self.examples.sum(0)[:, None]
        for _ in range(ROUNDS):
            amounts *= self.examples.T @ (seen / (self.examples @ amounts + TINY)) / sums
        own = (self.examples[:, : self.first] @ amounts[: self.first]) ** 2
        other = (self.examples[:, self.first :] @ amounts[self.first :]) ** 2
        return (own + TINY) / (own + other + 2 * TINY)


def _examples(voice: Floats, spectra: Spectra, rng: np.random.Generator) -> Any:
    """[bins, up to `EACH`]: magnitudes of frames of a voice drawn from all but its quietest, each adding up to one."""
    import torch

    found = spectra.of(torch.from_numpy(voice)).abs()
    level = found.sum(0)
    loud = np.flatnonzero((level >= torch.quantile(level, QUIETEST)).numpy())
    drawn = np.sort(rng.choice(loud, min(EACH, len(loud)), replace=False))
    chosen = found[:, torch.from_numpy(drawn)] + TINY
    return chosen / chosen.sum(0)
