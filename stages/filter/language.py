"""The language of gates: comparisons of named numbers, joined by and, or and not.

    quality.dnsmos.ovrl >= 2.8 and health.leakage_db <= -20 and (stats.overlap_share >= 0.01 or stats.backchannels_per_minute > 2)

Operators bind as in Python, loosest first: `or`, `and`, `not`, comparisons (which may be chained: `0 < x <= 1`), `+ -`, `* /`, sign. A name
may stand alone, with one channel in brackets (`quality.dnsmos.ovrl[0]`), and with what to take where it is not known
(`health.hum_db ?? 0`). `min`, `max` and `mean` make one number of both channels, `abs` takes off the sign, and `known(x)` asks whether
every channel has a number at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

FUNCTIONS = ("min", "max", "mean", "abs")
COMPARED = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, 0 or more."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A named number, of one channel where `channel` says which."""

    name: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Otherwise:
    """`of ?? value`: the value where `of` is not known."""

    of: Amount
    value: float


@dataclass(frozen=True, slots=True)
class Call:
    """One of `FUNCTIONS`."""

    function: str
    of: Amount


@dataclass(frozen=True, slots=True)
class Negative:
    """`-of`."""

    of: Amount


@dataclass(frozen=True, slots=True)
class Chain:
    """Sums, or products, from left to right."""

    first: Amount
    rest: tuple[tuple[str, Amount], ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Comparisons in a row: all must hold, in every channel."""

    first: Amount
    rest: tuple[tuple[str, Amount], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Whether every channel has a number."""

    of: Amount


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Truth


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more."""

    parts: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more."""

    parts: tuple[Truth, ...]


Amount = Number | Name | Otherwise | Call | Negative | Chain
Truth = Compare | Known | Not | And | Or
Node = Amount | Truth
TRUTHS = (Compare, Known, Not, And, Or)


def terms(of: Truth) -> tuple[Truth, ...]:
    """The parts that are joined by `and` at the top, in order."""
    return tuple(part for each in of.parts for part in terms(each)) if isinstance(of, And) else (of,)


def names(node: Node) -> Iterator[Name]:
    """Every name in it, in order, as often as it stands there."""
    if isinstance(node, Name):
        yield node
        return
    for field in fields(node):
        yield from _names_in(getattr(node, field.name))


def _names_in(value: object) -> Iterator[Name]:
    if isinstance(value, tuple):
        for item in value:
            yield from _names_in(item)
    elif isinstance(value, (*TRUTHS, Number, Name, Otherwise, Call, Negative, Chain)):
        yield from names(value)


def text(node: Node, within: int = 0) -> str:
    """It as text that parses to itself, with the brackets that it needs; `within` is how tightly what surrounds it binds."""
    binds, written = _written(node)
    return f"({written})" if binds < within else written


def _written(node: Node) -> tuple[int, str]:
    """How tightly it binds, and its text."""
    match node:
        case Number(value):
            return 8, repr(value).removesuffix(".0")
        case Name(name, channel):
            return 8, name if channel is None else f"{name}[{channel}]"
        case Otherwise(of, value):
            return 7, f"{text(of, 8)} ?? {repr(value).removesuffix('.0')}"
        case Call(function, of):
            return 8, f"{function}({text(of)})"
        case Known(of):
            return 8, f"known({text(of)})"
        case Negative(of):
            return 6, f"-{text(of, 6)}"
        case Chain(first, rest):
            binds = 5 if rest[0][0] in "*/" else 4
            return binds, text(first, binds + 1) + "".join(f" {sign} {text(each, binds + 1)}" for sign, each in rest)
        case Compare(first, rest):
            return 3, text(first, 4) + "".join(f" {sign} {text(each, 4)}" for sign, each in rest)
        case Not(of):
            return 2, f"not {text(of, 2)}"
        case And(parts):
            return 1, " and ".join(text(part, 2) for part in parts)
        case Or(parts):
            return 0, " or ".join(text(part, 1) for part in parts)
