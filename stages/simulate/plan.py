"""One dialogue laid out in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.simulate.floor import FloorPlan
from stages.simulate.inside import HOST, free_stretches, place_inside
from stages.simulate.ipu import Ipu, Speaker, Supply
from stages.simulate.overlaps import overlaps
from stages.simulate.shape import Budget
from stages.turns.floor import Kind

HOST_ROOM = 1.0
"""Seconds by which an IPU is longer than what is to lie inside it, so that there is some choice where."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An IPU in its place, and what it is meant to do to the floor."""

    ipu: Ipu
    start: int
    kind: Kind

    @property
    def end(self) -> int:
        return self.start + len(self.ipu)


BOUNDARY_KINDS = {"transition": Kind.TRANSITION, "interruption": Kind.INTERRUPTION}


def plan(budget: Budget, supply: Supply, rate: int, seed: int) -> tuple[Placed, ...]:
    """The IPUs of one dialogue by start, end and channel; each is meant to be measured as its kind by `stages.turns.floor`.

    Pauses, gaps and overlaps add up to the budget, exactly where the utterances allow it; the speech is what they leave of the time.
    """
    rng = np.random.default_rng((seed, 3))
    over = overlaps(budget, supply, rate, rng)
    # Utterances too short for the silence there is to part them are joined two by two.
    most = budget.pause / (0.35 * rate) + budget.gap / (0.1 * rate) + len(over.transitions) + len(over.interruptions) + 1
    speech = budget.length - 2 * budget.edge - budget.pause - budget.gap
    speakers = (Speaker(supply, 0, rate, int(0.9 * speech / most)), Speaker(supply, 1, rate, int(0.9 * speech / most)))
    hosts = [size + round(HOST_ROOM * rate) for size in (*over.failed, *map(len, over.backchannels))]
    hosts = [max(hosts[i], round(HOST * rate)) for i in rng.permutation(len(hosts)).tolist()]
    floor = FloorPlan(budget, rate, rng, speakers, list(over.transitions), list(over.interruptions), hosts)
    floor.fill()
    starts = floor.starts()
    failed = [_failed(speakers[channel], size) for channel, size in zip(rng.integers(2, size=len(over.failed)), over.failed, strict=True)]
    free = free_stretches(floor.held, starts, rate)
    inside, _ = place_inside([*failed, *over.backchannels], free, rate, rng)
    planned = [
        Placed(each.ipu, start, BOUNDARY_KINDS.get(each.boundary, Kind.PLAIN)) for each, start in zip(floor.held, starts, strict=True)
    ]
    failing = {id(each) for each in failed}
    planned += [Placed(ipu, start, Kind.FAILED if id(ipu) in failing else Kind.BACKCHANNEL) for ipu, start in inside]
    return tuple(sorted(planned, key=lambda each: (each.start, each.end, each.ipu.channel)))


def _failed(speaker: Speaker, size: int) -> Ipu:
    """A start of an utterance that is given up after `size` samples, or just after a silence in which those would end."""
    ipu = speaker.next(True, size)
    given = ipu.shortened(size)
    return given if len(given) >= size else ipu.shortened(size + speaker.join)
