"""Which rows may be copied into another form under their licence, and under those of the model weights that shaped them.

An export is an adapted copy. A licence known to SPDX allows it unless it forbids derivatives. Whether a use is commercial only the person
knows, so non-commercial licences pass, are counted by name in the export's manifest, and are told when it ends; a policy refuses them. Of
any other name (`LicenseRef-…`, no SPDX expression, none at all) whose terms are not in `stages.rights.terms` a program cannot read them,
so the person must say that they allow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from stages.rights.licences import ABSENT as ABSENT
from stages.rights.licences import expression_of, listed
from stages.rights.recorded import Licensed
from stages.rights.terms import terms_of

ANY = "any"
"""Allows every row, whatever its licence."""
FORBIDS = "-ND-"
"""Part of SPDX names that forbid derivatives."""
NON_COMMERCIAL = ("-nc-", "-noncommercial-")
"""Parts of SPDX names, in small letters, that forbid commercial use."""


def licence_of(licence: str | None) -> str:
    """The name under which a row's licence is counted."""
    return licence or ABSENT


def refusal(licence: str | None, weights: Iterable[Licensed], allowed: tuple[str, ...]) -> str | None:
    """Why a row is left out: its own licence, or one of the weights'; None where both allow a copy."""
    if not allows(licence, allowed):
        return f"licence {licence_of(licence)}"
    bad = next((each for each in weights if not allows(each.licence, allowed)), None)
    return None if bad is None else f"licence {licence_of(bad.licence)} of the weights {bad.name}"


@cache
def allows(licence: str | None, allowed: tuple[str, ...] = ()) -> bool:
    """Whether rows of this licence are exported; `allowed` are the licences that the person answers for, or `any`."""
    if ANY in allowed or licence_of(licence) in allowed:
        return True
    expression = expression_of(licence)

    def one(name: str) -> bool:
        return name in allowed or terms_of(name).derivatives is True or (listed(name) and FORBIDS not in f"{name}-")

    return expression is not None and expression.met(one)


@cache
def non_commercial(licence: str) -> bool:
    """Whether a licence is an SPDX expression that cannot be met without a licence that forbids commercial use."""
    expression = expression_of(licence)

    def open(name: str) -> bool:
        return terms_of(name).commercial is not False and not any(part in f"{name}-".lower() for part in NON_COMMERCIAL)

    return expression is not None and not expression.met(open)
