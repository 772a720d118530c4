"""Which output of a network is which speaker, and how sure that is.

A network has no order of its own: each window may give the voices another way round. What it makes of stretches where one speaker talks
alone tells the order: the output that holds them is that speaker's. The parts of a long overlap form a chain, in which neighbours are
compared where they share sound; sums over the chain give the probability of each order in each part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Order = tuple[int, ...]
"""The speaker of each output."""

SOLO = 10.0
"""Log odds for a whole solo stretch in one output; half of it in either says nothing."""
LINK = 20.0
"""The same for two windows that agree in all of what they share."""
ABSENT = 0.05
"""Share of a speaker's solo speech below which an output with a part in the overlap is not that speaker's; half of `SOLO` against it."""
VOICE = 6.0
"""The same for a difference of one between cosines of voices."""
SURE = 0.95
"""Probability of an order below which it would be a guess."""
ENOUGH_S = 0.5
"""Seconds of solo speech on one side of an overlap that count in full."""
MINOR = 0.06
"""Share of an overlap's energy (-12 dB) below which the fainter voice counts as not found."""


@dataclass(frozen=True, slots=True)
class Solo:
    """What a network made of one speaker's solo speech on one side of an overlap."""

    speaker: int
    seconds: float
    shares: Floats
    """Of its energy, in each output; they add up to one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One overlap as heard in one window."""

    solos: tuple[Solo, ...]
    energy: Floats
    """Share of the overlap's energy in each output; they add up to one."""


@cache
def orders(outputs: int) -> tuple[Order, ...]:
    """Every way to give outputs to two speakers that leaves neither without one."""
    return tuple(order for order in product((0, 1), repeat=outputs) if len(set(order)) == 2)


@dataclass(frozen=True, slots=True)
class Told:
    """The order of each part of one overlap."""

    orders: tuple[Order, ...]
    sureness: float
    """Least probability among parts that energy lies with the right speaker."""
    purity: float
    """Share of solo speech that lies with its speaker; a half says nothing."""


def tell(parts: list[Part], links: list[Floats], likeness: Floats | None) -> Told:
    """The likeliest orders of one overlap's parts.

    `links` [parts - 1] say how much energy neighbours have together in each pair of their outputs [outputs, outputs], adding up to one;
    `likeness` [outputs] is how much more alike each output of the first part is to speaker 0 than to speaker 1, from voices, if known.
    """
    known = orders(len(parts[0].energy))
    own = np.array([[_solo_score(order, part) for order in known] for part in parts])
    if likeness is not None:
        own[0] += [VOICE * sum((1 - 2 * speaker) * likeness[k] for k, speaker in enumerate(order)) for order in known]
    between = [np.array([[LINK * _agreed(left, right, link) for right in known] for left in known]) for link in links]
    chosen = [known[index] for index in _best(own, between)]
    sureness = 1.0
    for part, belief, order in zip(parts, _beliefs(own, between), chosen, strict=True):
        right = [sum(e for e, a, b in zip(part.energy, order, other, strict=True) if a == b) for other in known]
        sureness = min(sureness, float(np.dot(belief, right)))
    return Told(tuple(chosen), sureness, _purity(parts, chosen))


def confidence(told: Told, energy: Floats) -> float:
    """In [0, 1], from the order, the purity and the energies [2] of both speakers in the overlap; 0 where the order would be a guess.

    The product of three numbers from 0 to 1: twice the order's probability less one, twice the purity less one, and the fainter voice's
    share of the energy over `MINOR`, at most one.
    """
    if told.sureness < SURE:
        return 0.0
    minor = float(energy.min() / max(float(energy.sum()), 1e-30))
    return (2 * min(1.0, told.sureness) - 1) * max(0.0, 2 * min(1.0, told.purity) - 1) * min(1.0, minor / MINOR)


def _solo_score(order: Order, part: Part) -> float:
    score = 0.0
    for solo in part.solos:
        own = np.equal(order, solo.speaker)
        absent = own & (solo.shares < ABSENT) & (part.energy > ABSENT)
        score += SOLO * min(1.0, solo.seconds / ENOUGH_S) * float(solo.shares[own].sum() - 0.5 * absent.any())
    return score


def _agreed(left: Order, right: Order, link: Floats) -> float:
    return float(link[np.equal.outer(left, right)].sum())


def _purity(parts: list[Part], chosen: list[Order]) -> float:
    total = time = 0.0
    for part, order in zip(parts, chosen, strict=True):
        for solo in part.solos:
            total += solo.seconds * float(sum(s for s, speaker in zip(solo.shares, order, strict=True) if speaker == solo.speaker))
            time += solo.seconds
    # A network that nothing is known of is trusted half.
    return total / time if time else 0.75


def _best(own: Floats, between: list[Floats]) -> list[int]:
    """The best path through the chain."""
    score, back = own[0], []
    for index, link in enumerate(between):
        through = score[:, None] + link
        back.append(through.argmax(axis=0))
        score = through.max(axis=0) + own[index + 1]
    path = [int(score.argmax())]
    for each in reversed(back):
        path.append(int(each[path[-1]]))
    return path[::-1]


def _beliefs(own: Floats, between: list[Floats]) -> list[Floats]:
    """Probability of every order in each part: sums over all paths, forwards and backwards."""
    ahead = [own[0]]
    for index, link in enumerate(between):
        ahead.append(np.logaddexp.reduce(ahead[-1][:, None] + link, axis=0) + own[index + 1])
    behind = [np.zeros(own.shape[1])]
    for index in range(len(between) - 1, -1, -1):
        behind.insert(0, np.logaddexp.reduce(between[index] + (own[index + 1] + behind[0])[None], axis=1))
    return [np.exp(a + b - np.logaddexp.reduce(a + b)) for a, b in zip(ahead, behind, strict=True)]
