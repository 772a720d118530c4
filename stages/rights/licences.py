"""Licence expressions: read, brought to one form, and put together so that the strictest wins.

The grammar is that of SPDX 2.3, annex D. Names are taken in any letter case, and as the Hugging Face hub writes them; what is still no
expression is an unknown licence, never a guessed one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from stages.rights.terms import ALIASES, KNOWN, Terms, all_of, any_of, terms_of

ABSENT = "NOASSERTION"
"""SPDX's name for a licence that nobody has told."""
UNKNOWN_NAME = "LicenseRef-Unknown"
"""Stands in an expression for a licence that is not known, beside others that are: `NOASSERTION` may only stand alone."""
NO_LICENCE = (ABSENT, "NONE")
_OUTSIDE = ("licenseref-", "documentref-")
_OURS = {name.casefold(): name for name in (*KNOWN, UNKNOWN_NAME) if name.lower().startswith(_OUTSIDE)}
_MOST = 256
"""Clauses of an expression; one of more is nothing that a person has written."""
_LONGEST = 4096
_URL = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)(?:/([a-z]{2,3}))?(?:/.*)?", re.IGNORECASE
)
_SPELLED = re.compile(r"(?:creative commons|cc)[ -]+(by(?:[ -](?:nc|nd|sa))*)[ -]+v?(\d\.\d)", re.IGNORECASE)

Clause = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """What has to be met: one licence of each clause. Equal expressions mean the same, whatever their spelling, and in any order."""

    clauses: tuple[Clause, ...]
    """Names sorted in each clause, clauses sorted, and none of them holds another."""

    def __str__(self) -> str:
        """In SPDX's grammar; `NOASSERTION` where nothing is known."""
        if self.clauses in ((), ((UNKNOWN_NAME,),)):
            return ABSENT
        alone = len(self.clauses) == 1
        texts = (" OR ".join(clause) for clause in self.clauses)
        return " AND ".join(text if alone or " OR " not in text else f"({text})" for text in texts)

    @property
    def names(self) -> tuple[str, ...]:
        """Every licence that is named, sorted."""
        return tuple(sorted({name for clause in self.clauses for name in clause}))

    @property
    def known(self) -> bool:
        """Whether every licence in it has a name."""
        return bool(self.clauses) and UNKNOWN_NAME not in self.names

    @property
    def terms(self) -> Terms:
        """What it permits and asks; where there is a choice, each question is answered by the choice that is best for it."""
        return all_of([any_of([terms_of(name) for name in clause]) for clause in self.clauses])

    def met(self, one: Callable[[str], bool]) -> bool:
        """Whether it can be met by licences for which `one` holds: exact also where questions hang together, as `terms` is not."""
        return bool(self.clauses) and all(any(one(name) for name in clause) for clause in self.clauses)


UNKNOWN_EXPRESSION = Expression(((UNKNOWN_NAME,),))


def expression_of(licence: str | None) -> Expression | None:
    """A licence as written; one that is absent, `NONE` or `NOASSERTION` is unknown, and None is one that nothing here can read."""
    if licence is None or licence.strip() in ("", *NO_LICENCE):
        return UNKNOWN_EXPRESSION
    return _read(licence)


def strictest(data: str | Expression | None, *weights: str | None) -> Expression:
    """The licences of data and of the model weights that shaped it, all at once; one that cannot be read is an unknown one."""
    found = [data if isinstance(data, Expression) else expression_of(data), *(expression_of(each) for each in weights)]
    return Expression(_least(clause for each in found for clause in (each or UNKNOWN_EXPRESSION).clauses))


def together(expressions: Iterable[Expression]) -> Expression:
    """All of several expressions at once."""
    return Expression(_least(clause for each in expressions for clause in each.clauses))


def spdx_name(name: str) -> str | None:
    """The one spelling of a licence's name: SPDX's own, or a `LicenseRef-`; None where it names none."""
    found = _read(name)
    return found.clauses[0][0] if found is not None and len(found.clauses) == 1 and len(found.clauses[0]) == 1 else None


@cache
def licence_problem(licence: str) -> str | None:
    """Why a licence is no SPDX expression, as the end of a sentence, or None. It is kept as written whatever it is."""
    from license_expression import ExpressionError, ExpressionParseError

    if licence in NO_LICENCE:
        return None
    licensing = licensing_of_spdx()
    try:
        parsed = licensing.parse(licence)
        unknown = [] if parsed is None else [key for key in licensing.unknown_license_keys(parsed) if not key.lower().startswith(_OUTSIDE)]
    except (ExpressionError, ExpressionParseError, RecursionError) as error:
        if (read := _read(licence)) is not None:
            return f"is no SPDX expression: {_short(licence)}. It is kept as written, and read as {read}."
        return f"cannot be read as an SPDX expression: {_short(licence)} ({_short(str(error))}). It is kept as written."
    if parsed is None:
        return "is empty; leave it out, or write NOASSERTION."
    if not unknown:
        return None
    if (read := _read(licence)) is not None:
        return f"is no SPDX expression: {_short(licence)}. It is kept as written, and read as {_short(str(read), 120)}."
    return f"is no SPDX expression: {_short(licence)} (no such licence: {_short(unknown[0])}). It is kept as written; {hint(unknown[0])}"


def hint(wrong: str) -> str:
    """The nearest licence to a name that is none, or what to do, as the end of a message."""
    known = [key for key in licensing_of_spdx().known_symbols if not key.lower().startswith(_OUTSIDE)]
    near = difflib.get_close_matches(wrong.replace(" ", "-").upper(), [key.upper() for key in known], 1, 0.6)
    spelled = next((key for key in known if near and key.upper() == near[0]), None)
    return f"did you mean {spelled}?" if spelled else "write LicenseRef-<name> for a licence outside SPDX."


@cache
def listed(name: str) -> bool:
    """Whether SPDX itself lists a licence; the parser also knows thousands of `LicenseRef-` names, whose terms nobody here has read."""
    base = name.partition(" WITH ")[0]
    return not base.lower().startswith(_OUTSIDE) and base in licensing_of_spdx().known_symbols


@cache
def licensing_of_spdx() -> Any:
    """The parser, with SPDX's own list of licences and exceptions."""
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@cache
def _read(licence: str) -> Expression | None:
    from license_expression import ExpressionError, ExpressionParseError

    text = _spelled(" ".join(licence.split()))
    if not text or len(text) > _LONGEST:
        return None
    if (known := ALIASES.get(text.casefold())) is not None:
        return UNKNOWN_EXPRESSION if known == ABSENT else Expression(((known,),))
    try:
        parsed = licensing_of_spdx().parse(text)
        clauses = None if parsed is None else _clauses(parsed)
    except (ExpressionError, ExpressionParseError, RecursionError):
        return None
    return None if clauses is None else Expression(clauses)


def _spelled(text: str) -> str:
    """The SPDX name of a Creative Commons licence that is given as its address or with spaces; any other text as it is."""
    if match := _URL.fullmatch(text):
        kind, elements, number, region = match.groups()
        if kind.lower() == "licenses":
            return "-".join(part.upper() for part in ("cc", elements, number, region) if part)
        names = {"zero": "CC0", "mark": "CC-PDM"}
        return f"{names[elements.lower()]}-{number}" if elements.lower() in names else text
    if match := _SPELLED.fullmatch(text):
        return f"CC-{match[1].upper().replace(' ', '-')}-{match[2]}"
    return text


def _clauses(node: Any) -> tuple[Clause, ...] | None:
    """The clauses of a parsed expression; None where it names what is no licence, or has too many."""
    from license_expression import AND, OR, LicenseWithExceptionSymbol

    if isinstance(node, (AND, OR)):
        parts = []
        for arg in node.args:
            part = _clauses(arg)
            if part is None:
                return None
            parts.append(part)
        if isinstance(node, AND):
            return _least(clause for part in parts for clause in part)
        held = parts[0]
        for part in parts[1:]:
            if len(held) * len(part) > _MOST:
                return None
            held = _least((*one, *other) for one in held for other in part)
        return held
    if isinstance(node, LicenseWithExceptionSymbol):
        known = licensing_of_spdx().known_symbols
        base, more = _name(node.license_symbol.key), node.exception_symbol.key
        return ((f"{base} WITH {more}",),) if base is not None and more in known else None
    name = _name(node.key)
    return None if name is None else ((name,),)


def _name(key: str) -> str | None:
    """The one spelling of one name in a parsed expression."""
    key = ALIASES.get(key.casefold(), key)
    if key in NO_LICENCE:
        return UNKNOWN_NAME
    if key.lower().startswith(_OUTSIDE):
        prefix, _, rest = key.partition("-")
        return _OURS.get(key.casefold(), f"{ {'licenseref': 'LicenseRef', 'documentref': 'DocumentRef'}[prefix.lower()] }-{rest}")
    return key if key in licensing_of_spdx().known_symbols else None


def _least(clauses: Iterable[Iterable[str]]) -> tuple[Clause, ...]:
    """Clauses without those that hold another one, which are met when that is: the one shortest way to say it."""
    sets = sorted({frozenset(clause) for clause in clauses}, key=len)
    kept: list[frozenset[str]] = []
    for each in sets:
        if not any(other <= each for other in kept):
            kept.append(each)
    return tuple(sorted(tuple(sorted(each)) for each in kept))


def _short(text: str, limit: int = 80) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "…")
