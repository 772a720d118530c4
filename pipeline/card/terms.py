"""What may be done with the rows of a set: the licences of the data and of the model weights that shaped it, together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.report.totals import Amount, Key
from stages.rights.licences import Expression, listed, strictest, together


@dataclass(frozen=True, slots=True)
class Granted:
    """One licence of rows as it was written, None where none is stated, and what it comes to with the weights."""

    licence: str | None
    amount: Amount
    combined: Expression


def weights_of(chain: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Every model file of a manifest's chain with the stage that it belongs to, in chain order."""
    return [(stage["stage"], weights) for stage in chain for weights in stage["weights"]]


def granted(terms: Mapping[Key, Amount], chain: Iterable[Mapping[str, Any]]) -> list[Granted]:
    """The licences of a report's `Totals.terms` (corpus, licence, consent, language), most hours first."""
    amounts: defaultdict[str | None, Amount] = defaultdict(Amount)
    for (_, licence, _, _), amount in terms.items():
        mine = amounts[licence or None]
        mine.rows += amount.rows
        mine.recordings += amount.recordings
        mine.seconds += amount.seconds
    weights = [each["licence"] for _, each in weights_of(chain)]
    ordered = sorted(amounts.items(), key=lambda item: (-item[1].seconds, item[0] is None, item[0] or ""))
    return [Granted(licence, amount, strictest(licence, *weights)) for licence, amount in ordered]


def all_together(found: Iterable[Granted]) -> Expression:
    """What holds for the set as a whole."""
    return together(each.combined for each in found)


def own(found: Iterable[Granted]) -> Expression:
    """What holds by the data's own licences, without the models'."""
    return together(strictest(each.licence) for each in found)


def answers(expression: Expression) -> list[str]:
    """Commercial use, adaptations, share alike and credit, in a word each."""
    terms = expression.terms
    return [
        *(_word(each, "yes", "no") for each in (terms.commercial, terms.derivatives)),
        *(_word(each, "asked", "not asked") for each in (terms.share_alike, terms.attribution)),
    ]


def addresses(expression: Expression) -> list[str]:
    """Where the texts of the licences that an expression names stand; a name outside SPDX's list as it is."""
    return [f"https://spdx.org/licenses/{name}.html" if listed(name) and " WITH " not in name else name for name in expression.names]


def _word(answer: bool | None, yes: str, no: str) -> str:
    return "not known" if answer is None else yes if answer else no
