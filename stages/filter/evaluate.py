"""What an expression says of many dialogues at once: true, false or unknown of each.

A number is an array [rows, 1], or [rows, 2] with one column for each channel; NaN stands for what is not known, here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from stages.filter.language import Amount, And, Call, Chain, Compare, Known, Name, Negative, Not, Number, Or, Otherwise, Truth

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Figures = Callable[[str], Floats]
"""Gives the numbers of a name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """For each row whether it is true, and whether it is false; where it is neither it is unknown."""

    yes: Mask
    no: Mask

    @property
    def unknown(self) -> Mask:
        return ~(self.yes | self.no)


def decide(node: Truth, figures: Figures) -> Verdict:
    """Of every row, [rows].

    A comparison holds when it holds in every channel, and is unknown when a number in it is, unless a channel that is known fails it.
    `and`, `or` and `not` follow Kleene: what is unknown makes a whole unknown unless the rest decides it.
    """
    match node:
        case Compare(first, rest):
            return _compare(first, rest, figures)
        case Known(of):
            known: Mask = np.asarray(np.isfinite(amount(of, figures)).all(axis=1))
            return Verdict(known, ~known)
        case Not(of):
            inner = decide(of, figures)
            return Verdict(inner.no, inner.yes)
        case And(parts):
            return reduce(lambda a, b: Verdict(a.yes & b.yes, a.no | b.no), (decide(part, figures) for part in parts))
        case Or(parts):
            return reduce(lambda a, b: Verdict(a.yes | b.yes, a.no & b.no), (decide(part, figures) for part in parts))


COMPARISONS: dict[str, Callable[[Floats, Floats], Mask]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
SUMS: dict[str, Callable[[Floats, Floats], Floats]] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
OF_CHANNELS: dict[str, Callable[[Floats], Floats]] = {
    "min": lambda of: of.min(axis=1, keepdims=True),
    "max": lambda of: of.max(axis=1, keepdims=True),
    "mean": lambda of: of.mean(axis=1, keepdims=True),
    "abs": np.abs,
}


def _compare(first: Amount, rest: tuple[tuple[str, Amount], ...], figures: Figures) -> Verdict:
    left = amount(first, figures)
    yes = no = None
    for sign, right in ((sign, amount(each, figures)) for sign, each in rest):
        known = np.isfinite(left) & np.isfinite(right)
        holds = COMPARISONS[sign](left, right)
        held, failed = np.asarray((holds & known).all(axis=1)), np.asarray((~holds & known).any(axis=1))
        yes, no = (held if yes is None else yes & held), (failed if no is None else no | failed)
        left = right
    assert yes is not None
    assert no is not None
    return Verdict(yes, no)


def amount(node: Amount, figures: Figures) -> Floats:
    """The numbers of every row; what is no finite number, such as a quotient by zero, is unknown."""
    with np.errstate(all="ignore"):
        found = _amount(node, figures)
    return np.where(np.isfinite(found), found, np.nan)


def _amount(node: Amount, figures: Figures) -> Floats:
    match node:
        case Number(value):
            return np.full((1, 1), value)
        case Name(name, channel):
            found = figures(name)
            return found if channel is None or found.shape[1] == 1 else found[:, channel : channel + 1]
        case Otherwise(of, value):
            inner = amount(of, figures)
            return np.where(np.isnan(inner), value, inner)
        case Call(function, of):
            return OF_CHANNELS[function](amount(of, figures))
        case Negative(of):
            return -amount(of, figures)
        case Chain(first, rest):
            return reduce(lambda total, each: SUMS[each[0]](total, amount(each[1], figures)), rest, amount(first, figures))
