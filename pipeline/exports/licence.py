"""Which rows may be copied into another form under their licence.

An export is an adapted copy. A licence known to SPDX allows it unless it forbids derivatives. Whether a use is commercial only the person
knows, so non-commercial licences pass, and are counted by name in the export's manifest. Of any other name (`LicenseRef-…`, no SPDX
expression, none at all) a program cannot read the terms, so the person must say that they allow it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

ABSENT = "NOASSERTION"
"""How a row without a licence is counted and allowed."""
ANY = "any"
"""Allows every row, whatever its licence."""
FORBIDS = ("-ND-", "-NC-ND")
"""Parts of SPDX names that forbid derivatives."""


def licence_of(licence: str | None) -> str:
    """The name under which a row's licence is counted."""
    return licence or ABSENT


@cache
def allows(licence: str | None, allowed: tuple[str, ...] = ()) -> bool:
    """Whether rows of this licence are exported; `allowed` are the licences that the person answers for, or `any`."""
    name = licence_of(licence)
    return ANY in allowed or name in allowed or (licence is not None and _spdx_allows(name, allowed))


def _spdx_allows(expression: str, allowed: tuple[str, ...]) -> bool:
    from license_expression import AND, OR, ExpressionError, ExpressionParseError

    licensing = _licensing()
    try:
        parsed = licensing.parse(expression)
    except (ExpressionError, ExpressionParseError, RecursionError):
        return False

    def holds(node: Any) -> bool:
        if isinstance(node, OR):
            return any(holds(arg) for arg in node.args)
        if isinstance(node, AND):
            return all(holds(arg) for arg in node.args)
        key = str(getattr(node, "license_symbol", node).key)
        # the parser also knows thousands of LicenseRef- names of its own, whose terms nobody here has read
        known = not licensing.unknown_license_keys(node) and key not in ("NONE", ABSENT) and not key.startswith("LicenseRef-")
        return key in allowed or (known and not any(part in f"{key}-" for part in FORBIDS))

    return parsed is not None and holds(parsed)


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
