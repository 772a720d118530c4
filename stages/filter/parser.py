"""Reads the language of gates by hand, one method for each level of binding; nothing of an expression is ever run as Python."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from schemas.errors import UsageError
from stages.filter.language import (
    COMPARED,
    FUNCTIONS,
    TRUTHS,
    Amount,
    And,
    Call,
    Chain,
    Compare,
    Known,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Otherwise,
    Truth,
)

MAX_LENGTH, MAX_DEPTH = 10_000, 40
"""Characters of an expression, and brackets, signs and `not` inside one another."""
HINTS = {"=": "==", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "%": "a share, such as 0.05"}
RESERVED = {"and", "or", "not", "known", *FUNCTIONS}
TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<sign><=|>=|==|!=|\?\?|&&|\|\||[-+*/()<>\[\]])|(?P<other>\S)",
    re.ASCII,
)


def parse(written: str, place: str) -> Truth:
    """The expression; raises `UsageError`, with `place` at its head, that says where it goes wrong and what was wanted there."""
    if len(written) > MAX_LENGTH:
        raise UsageError(f"{place}: an expression of {len(written)} characters; wanted at most {MAX_LENGTH}")
    return _Parser(written, place).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """`number`, `name`, `sign`, `other` or `end`."""
    text: str
    at: int
    """Its first character, from 1."""


class _Parser:
    """Goes through the tokens from left to right. Every method leaves `here` at the first token that is not its own."""

    def __init__(self, written: str, place: str) -> None:
        self.place = place
        self.tokens = [_Token(str(found.lastgroup), found.group(), found.start() + 1) for found in TOKEN.finditer(written)]
        self.tokens.append(_Token("end", "", len(written) + 1))
        self.at = self.depth = 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.at]

    def wrong(self, wanted: str, token: _Token | None = None) -> UsageError:
        token = token or self.here
        found = repr(token.text) if token.text else "the end"
        hint = f"; write {HINTS[token.text]}" if token.text in HINTS else ""
        return UsageError(f"{self.place}: wanted {wanted} at character {token.at}, found {found}{hint}")

    def took(self, *words: str) -> str | None:
        """The next token where it is one of `words`, taken; None where it is not."""
        token = self.here
        if token.kind not in ("name", "sign") or token.text not in words:
            return None
        self.at += 1
        return token.text

    def need(self, word: str) -> None:
        if self.took(word) is None:
            raise self.wrong(repr(word))

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(f"at most {MAX_DEPTH} brackets and signs inside one another")
        yield
        self.depth -= 1

    def truth(self, node: Node, start: _Token) -> Truth:
        """The node read from `start`, which must be true or false."""
        if not isinstance(node, TRUTHS):
            raise self.wrong("a comparison, such as stats.overlap_share >= 0.01,", start)
        return node

    def amount(self, node: Node, start: _Token) -> Amount:
        """The node read from `start`, which must be a number."""
        if isinstance(node, TRUTHS):
            raise self.wrong("a number or a name, and no comparison,", start)
        return node

    def whole(self) -> Truth:
        start, found = self.here, self.either()
        if self.here.kind != "end":
            raise self.wrong("'and', 'or' or the end" if isinstance(found, TRUTHS) else "a comparison, such as x >= 2,")
        return self.truth(found, start)

    def either(self) -> Node:
        start, node = self.here, self.both()
        if self.here.text != "or":
            return node
        parts = [self.truth(node, start)]
        while self.took("or"):
            start = self.here
            parts.append(self.truth(self.both(), start))
        return Or(tuple(parts))

    def both(self) -> Node:
        start, node = self.here, self.denied()
        if self.here.text != "and":
            return node
        parts = [self.truth(node, start)]
        while self.took("and"):
            start = self.here
            parts.append(self.truth(self.denied(), start))
        return And(tuple(parts))

    def denied(self) -> Node:
        if not self.took("not"):
            return self.compared()
        start = self.here
        with self.deeper():
            return Not(self.truth(self.denied(), start))

    def compared(self) -> Node:
        start, node = self.here, self.summed()
        if self.here.text not in COMPARED:
            return node
        first, rest = self.amount(node, start), []
        while sign := self.took(*COMPARED):
            start = self.here
            rest.append((sign, self.amount(self.summed(), start)))
        return Compare(first, tuple(rest))

    def summed(self) -> Node:
        start, node = self.here, self.multiplied()
        if self.here.text not in ("+", "-"):
            return node
        first, rest = self.amount(node, start), []
        while sign := self.took("+", "-"):
            start = self.here
            rest.append((sign, self.amount(self.multiplied(), start)))
        return Chain(first, tuple(rest))

    def multiplied(self) -> Node:
        start, node = self.here, self.signed()
        if self.here.text not in ("*", "/"):
            return node
        first, rest = self.amount(node, start), []
        while sign := self.took("*", "/"):
            start = self.here
            rest.append((sign, self.amount(self.signed(), start)))
        return Chain(first, tuple(rest))

    def signed(self) -> Node:
        if not self.took("-"):
            return self.otherwise()
        start = self.here
        with self.deeper():
            return Negative(self.amount(self.signed(), start))

    def otherwise(self) -> Node:
        start, node = self.here, self.single()
        if not self.took("??"):
            return node
        sign = -1.0 if self.took("-") else 1.0
        return Otherwise(self.amount(node, start), sign * self.number())

    def single(self) -> Node:
        token = self.here
        if token.kind == "number":
            return Number(self.number())
        if self.took("("):
            return self.bracketed()
        if function := self.took("known", *FUNCTIONS):
            self.need("(")
            start = self.here
            of = self.amount(self.bracketed(), start)
            return Known(of) if function == "known" else Call(function, of)
        if token.kind != "name" or token.text in RESERVED:
            raise self.wrong("a name, a number or '('")
        self.at += 1
        return Name(token.text, self.channel())

    def bracketed(self) -> Node:
        """What stands between a bracket that was taken and the one that closes it."""
        with self.deeper():
            node = self.either()
            self.need(")")
            return node

    def channel(self) -> int | None:
        if not self.took("["):
            return None
        token = self.here
        if token.text not in ("0", "1"):
            raise self.wrong("channel 0 or 1")
        self.at += 1
        self.need("]")
        return int(token.text)

    def number(self) -> float:
        token = self.here
        value = float(token.text) if token.kind == "number" else math.nan
        if not math.isfinite(value):
            raise self.wrong("a finite number")
        self.at += 1
        return value
