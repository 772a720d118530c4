"""How long each overlap of a dialogue is to be, so that together they make the budget's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.simulate.draws import lengths
from stages.simulate.ipu import Ipu, Supply, single
from stages.simulate.shape import BACKCHANNEL, FAILED, INTERRUPTION, TRANSITION, Budget


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Samples of each overlap, by kind; backchannels are chosen already."""

    backchannels: tuple[Ipu, ...]
    failed: tuple[int, ...]
    interruptions: tuple[int, ...]
    transitions: tuple[int, ...]


def overlaps(budget: Budget, supply: Supply, rate: int, rng: np.random.Generator) -> Overlaps:
    """Draw the overlaps of one dialogue.

    Backchannels come as they were spoken; the rest is spread over failed and successful interruptions and transitions, all as far
    between their shortest and longest as the sum needs. Where even the shortest are too much, backchannels are cut short.
    """
    counts = (budget.failed_interruptions, budget.interruptions, budget.transitions)
    kinds = tuple((round(low * rate), round(high * rate)) for low, high in (FAILED, INTERRUPTION, TRANSITION))
    least = sum(n * low for n, (low, _) in zip(counts, kinds, strict=True))
    most = sum(n * high for n, (_, high) in zip(counts, kinds, strict=True))
    backchannels = _backchannels(budget, supply, rate, rng)
    spoken = sum(len(each) for each in backchannels)
    if spoken and spoken + least > budget.overlap:
        share = max(0.0, budget.overlap - least) / spoken
        shortest = round(BACKCHANNEL[0] * rate)
        backchannels = [each.shortened(max(shortest, int(len(each) * share))) for each in backchannels]
        spoken = sum(len(each) for each in backchannels)
    part = min(1.0, max(0.0, (budget.overlap - spoken - least) / max(1, most - least)))
    sums = [round(n * (low + part * (high - low))) for n, (low, high) in zip(counts, kinds, strict=True)]
    drawn = [tuple(lengths(total, n, *kind, rng, 0.6)) for total, n, kind in zip(sums, counts, kinds, strict=True)]
    return Overlaps(tuple(backchannels), drawn[0], drawn[1], drawn[2])


def _backchannels(budget: Budget, supply: Supply, rate: int, rng: np.random.Generator) -> list[Ipu]:
    shortest, longest = (round(seconds * rate) for seconds in BACKCHANNEL)
    found: list[Ipu] = []
    for channel in rng.integers(2, size=budget.backchannels).tolist():
        near = int(np.clip(budget.backchannel * np.exp(0.25 * rng.standard_normal()), shortest, longest))
        given = supply.short(channel, near, longest)
        if given is None:
            # Nobody recorded a short word: the first of an utterance has to do.
            utterance = supply.talk(channel)
            given = utterance, utterance.pieces[0]
            found.append(single(channel, *given).shortened(near))
        else:
            found.append(single(channel, *given))
    return found
