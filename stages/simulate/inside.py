"""Backchannels and failed interruptions: laid into the partner's speech where the plan has room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.simulate.floor import Held
from stages.simulate.ipu import Ipu

HOST = 1.5
"""Seconds; a shorter IPU carries none, so that it can be no backchannel itself."""
AFTER_START = 0.3
"""Seconds of the partner's IPU before one starts."""
BEFORE_END = 0.1
APART = 0.25
"""Seconds between two IPUs of one channel; under 0.2 s they would be one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples in which one channel may speak inside the other's IPU."""

    channel: int
    start: int
    end: int


def free_stretches(held: Sequence[Held], starts: Sequence[int], rate: int) -> list[Stretch]:
    """Where the channel without the floor can come in: inside a long IPU of the other, clear of its own IPUs around it."""
    found: list[Stretch] = []
    ends = [start + len(each.ipu) for start, each in zip(starts, held, strict=True)]
    for place, each in enumerate(held):
        if len(each.ipu) < HOST * rate:
            continue
        channel = 1 - each.ipu.channel
        before = next((ends[i] for i in range(place - 1, -1, -1) if held[i].ipu.channel == channel), -rate)
        after = next((starts[i] for i in range(place + 1, len(held)) if held[i].ipu.channel == channel), ends[-1] + rate)
        start = max(starts[place] + round(AFTER_START * rate), before + round(APART * rate))
        end = min(ends[place] - round(BEFORE_END * rate), after - round(APART * rate))
        if end > start:
            found.append(Stretch(channel, start, end))
    return found


def place_inside(
    wanted: Sequence[Ipu], stretches: Sequence[Stretch], rate: int, rng: np.random.Generator
) -> tuple[list[tuple[Ipu, int]], int]:
    """IPUs with their starts, the longest placed first, at random where they fit; and how many found no room."""
    free = list(stretches)
    apart = round(APART * rate)
    placed: list[tuple[Ipu, int]] = []
    for ipu in sorted(wanted, key=len, reverse=True):
        room = np.array([max(0, s.end - s.start - len(ipu) + 1) if s.channel == ipu.channel else 0 for s in free], np.float64)
        if not room.sum():
            continue
        chosen = free.pop(int(rng.choice(len(free), p=room / room.sum())))
        start = int(rng.integers(chosen.start, chosen.end - len(ipu), endpoint=True))
        placed.append((ipu, start))
        rest = (Stretch(chosen.channel, chosen.start, start - apart), Stretch(chosen.channel, start + len(ipu) + apart, chosen.end))
        free += [each for each in rest if each.end > each.start]
    return placed, len(wanted) - len(placed)
