"""What may be done with a row, as the row itself says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowRights:
    """The strictest of the recording's licence and of those of all model weights that shaped the row; null is not known, never yes.

    Where a licence leaves a choice, each of the four answers is that of the choice which is best for it.
    """

    expression: str
    """SPDX expression of data and weights, all of which hold at once; in one spelling, and `NOASSERTION` where nothing is known."""
    commercial: bool | None
    """Commercial use is permitted."""
    derivatives: bool | None
    """Adaptations may be passed on."""
    share_alike: bool | None
    """Adaptations are passed on under the same terms, or must carry a part of them."""
    attribution: bool | None
    """Credit, or a notice, goes with every copy."""
    jurisdiction: tuple[str, ...]
    """ISO 3166 codes, as far as the corpus says."""
    permitted_uses: tuple[str, ...] | None
    """The only uses that are permitted, `any` for all; null where the corpus names none."""
    expires: str | None
    """The last day, ISO 8601, on which the permission holds; null where the corpus names none."""
    weights: tuple[str, ...]
    """Names of the model weights whose licence makes one of the four answers stricter than the recording's own."""
