"""Whether a licence is an SPDX expression.

One that is not is kept as written and noted, for a wrong name is no reason to lose a recording.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

_OUTSIDE = ("LicenseRef-", "DocumentRef-")
_NO_EXPRESSION = ("NONE", "NOASSERTION")


@cache
def licence_problem(licence: str) -> str | None:
    """What is wrong with a licence, as the end of a sentence, or None.

    The grammar is that of SPDX 2.3, annex D; `LicenseRef-` names, `NONE` and `NOASSERTION` are accepted.
    """
    from license_expression import ExpressionError, ExpressionParseError

    if licence in _NO_EXPRESSION:
        return None
    licensing = _spdx()
    try:
        parsed = licensing.parse(licence)
        unknown = [] if parsed is None else [key for key in licensing.unknown_license_keys(parsed) if not key.startswith(_OUTSIDE)]
    except (ExpressionError, ExpressionParseError, RecursionError) as error:
        return f"cannot be read as an SPDX expression: {_short(licence)} ({_short(str(error))}). It is kept as written."
    if parsed is None:
        return "is empty; leave it out, or write NOASSERTION."
    if not unknown:
        return None
    near = difflib.get_close_matches(unknown[0].replace(" ", "-").upper(), [key.upper() for key in licensing.known_symbols], 1, 0.6)
    spelled = next((key for key in licensing.known_symbols if near and key.upper() == near[0]), None)
    hint = f"did you mean {spelled}?" if spelled else "write LicenseRef-<name> for a licence outside SPDX."
    return f"is no SPDX expression: {_short(licence)} (no such licence: {_short(unknown[0])}). It is kept as written; {hint}"


@cache
def _spdx() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def _short(text: str, limit: int = 80) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "…")
