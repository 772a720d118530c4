"""The network taught the two voices of one recording, in a fixed number of steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stages.separate.guided.network import network
from stages.separate.guided.sampler import mixtures
from stages.separate.guided.solos import Solos
from stages.separate.guided.spectra import Spectra

BATCH = 16
"""Mixtures in a step."""
RATE_OF_LEARNING = 2e-3
DECAY = 0.01
LONGEST_STEP = 5.0
"""Norm at which a gradient is cut."""
QUIET = 1e-2
"""Share of the mixture's energy below which a voice's own counts no less: a silent voice asks for silence, not for perfection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schooling:
    """How long and how much is learnt."""

    steps: int
    width: int
    seed: int


def adapted(solos: Solos, how: Schooling, device: str) -> Any:
    """A network that knows the two voices; equal for equal solos, schooling and machine.

    Torch's global state is left as it was: its draws, and its threads, of which one is used here, for sums over several come out otherwise.
    """
    import torch

    spectra = Spectra(solos.rate, device)
    with one_thread(), torch.random.fork_rng(devices=[device] if device.startswith("cuda") else []):
        torch.manual_seed(how.seed)
        net = network(spectra.bins, how.width).to(device)
        drawn = mixtures(solos, BATCH, how.seed)
        voices = torch.from_numpy(next(drawn)).to(device)
        with torch.no_grad():
            net.fit_levels(spectra.of(voices.sum(1)))
        optimiser = torch.optim.AdamW(net.parameters(), lr=RATE_OF_LEARNING, weight_decay=DECAY)
        pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.steps)
        for _ in range(how.steps):
            loss = _loss(net, spectra, voices)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), LONGEST_STEP)
            optimiser.step()
            pace.step()
            voices = torch.from_numpy(next(drawn)).to(device)
    return net.eval()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of torch's own inside, as many as before outside."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _loss(net: Any, spectra: Spectra, voices: Any) -> Any:
    """Mean over mixtures and voices of the error's energy over the voice's, in dB, phases included.

    In dB every mixture counts alike, hard or easy: as a plain ratio the loss is ruled by the few loudest errors and gives 1.5 dB less.
    """
    import torch

    wanted, mixture = spectra.of(voices), spectra.of(voices.sum(1))
    error = net(mixture) * mixture[:, None] - wanted
    own, whole = _energy(wanted), _energy(mixture)[:, None]
    return 10 * torch.log10((_energy(error) + QUIET / 10 * whole) / (own + QUIET * whole)).mean()


def _energy(spectra: Any) -> Any:
    return (spectra.abs() ** 2).sum((-2, -1))
