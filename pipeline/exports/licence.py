"""Which rows may be copied into another form under their licence.

An export is an adapted copy. A licence known to SPDX allows it unless it forbids derivatives. Whether a use is commercial only the person
knows, so non-commercial licences pass, are counted by name in the export's manifest, and are told when it ends. Of any other name
(`LicenseRef-…`, no SPDX expression, none at all) a program cannot read the terms, so the person must say that they allow it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

ABSENT = "NOASSERTION"
"""How a row without a licence is counted and allowed."""
ANY = "any"
"""Allows every row, whatever its licence."""
FORBIDS = "-ND-"
"""Part of SPDX names that forbid derivatives."""
NON_COMMERCIAL = ("-nc-", "-noncommercial-")
"""Parts of SPDX names, in small letters, that forbid commercial use."""


def licence_of(licence: str | None) -> str:
    """The name under which a row's licence is counted."""
    return licence or ABSENT


@cache
def allows(licence: str | None, allowed: tuple[str, ...] = ()) -> bool:
    """Whether rows of this licence are exported; `allowed` are the licences that the person answers for, or `any`."""
    name = licence_of(licence)
    return ANY in allowed or name in allowed or (licence is not None and _spdx_allows(name, allowed))


@cache
def non_commercial(licence: str) -> bool:
    """Whether a licence is an SPDX expression that cannot be met without a licence whose name forbids commercial use."""
    return _holds(licence, lambda key, _: not any(part in f"{key}-".lower() for part in NON_COMMERCIAL)) is False


def _spdx_allows(expression: str, allowed: tuple[str, ...]) -> bool:
    def one(key: str, known: bool) -> bool:
        # the parser also knows thousands of LicenseRef- names of its own, whose terms nobody here has read
        read = known and key not in ("NONE", ABSENT) and not key.startswith("LicenseRef-")
        return key in allowed or (read and FORBIDS not in f"{key}-")

    return _holds(expression, one) is True


def _holds(expression: str, one: Callable[[str, bool], bool]) -> bool | None:
    """Whether an SPDX expression is met where `one` tells of each name, and whether the parser knows it; None when it is no expression."""
    from license_expression import AND, OR, ExpressionError, ExpressionParseError

    licensing = _licensing()
    try:
        parsed = licensing.parse(expression)
    except (ExpressionError, ExpressionParseError, RecursionError):
        return None

    def holds(node: Any) -> bool:
        if isinstance(node, OR):
            return any(holds(arg) for arg in node.args)
        if isinstance(node, AND):
            return all(holds(arg) for arg in node.args)
        return one(str(getattr(node, "license_symbol", node).key), not licensing.unknown_license_keys(node))

    return None if parsed is None else holds(parsed)


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
