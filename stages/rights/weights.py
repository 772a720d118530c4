"""The licence of weights that a person names: told, and accepted by name where it forbids commercial use."""

from __future__ import annotations

from schemas.errors import UsageError
from stages.rights.licences import expression_of


def check_licence(stage: str, licence: str, accepted: str) -> None:
    """Raises `UsageError`, with the setting of `stage` at its head, for an empty licence, and for one that forbids commercial use unless
    `accepted` means the same one."""
    if not licence.strip():
        raise UsageError(f"{stage}.licence: must not be empty; write NOASSERTION when you do not know it")
    expression = expression_of(licence)
    if expression is None or expression.terms.commercial is not False:
        return
    if expression_of(accepted or None) != expression:
        raise UsageError(
            f"{stage}.accept_licence: the network is under {licence}, which forbids commercial use, and so would what it makes; "
            f"write 'accept_licence: {licence}' if that suits you, or choose another backend"
        )
