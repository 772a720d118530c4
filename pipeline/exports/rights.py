"""The strictest of data and model weights in an export: by row for its account, as a whole for its manifest and card, by policy."""

from __future__ import annotations

import datetime
import json
from typing import Any

from pipeline.exports.format import Account, Tally, tally_of
from pipeline.exports.item import Item
from pipeline.place import Place
from pipeline.policy import load_policy, names_its_day, today
from schemas.plain import to_plain
from stages.rights.ledger import findings
from stages.rights.licences import Expression, expression_of, together
from stages.rights.policy import Policy
from stages.rights.recorded import rights_of


def policy_refusal(item: Item, policy: Policy) -> tuple[str, str] | None:
    """Under which reason a policy leaves a row out, and what it holds against it; None where it does not reject it."""
    found = [each for each in findings(rights_of(item.source), item.weights, policy) if policy.severity(each.name) == "reject"]
    if not found:
        return None
    names = ", ".join(dict.fromkeys(each.name for each in found))
    return f"policy {policy.name}: {names}", "; ".join(f"{each.name}: {each.detail}".removesuffix(": ") for each in found)


def count_rights(item: Item, account: Account) -> None:
    """Count a row that goes into the export under its rights, and under the weights that made them what they are."""
    account.rights.setdefault(item.rights.expression, Tally()).add(tally_of(item))
    for name in item.rights.weights:
        account.weights.setdefault(name, Tally()).add(tally_of(item))


def of_all(account: Account) -> Expression:
    """The licences of everything in the export, all at once."""
    found = (expression_of(name) for name in account.rights)
    return together(each for each in found if each is not None)


def terms_plain(account: Account) -> dict[str, Any]:
    """What may be done with the export as a whole, for its manifest; null is not known."""
    expression = of_all(account)
    return {"expression": str(expression), **to_plain(expression.terms)}


def asked_policy(where: str | None, out: Place, state: str) -> Policy | None:
    """The policy of a file or a ready-made one; for today, or the day on which this very export began, unless it names one itself."""
    if where is None:
        return None
    policy = load_policy(where, today())
    held = out.get_or_none(state)
    if held is None or names_its_day(where):
        return policy
    begun = (json.loads(held).get("options") or {}).get("policy") or {}
    same = {**begun, "on": ""} == {**policy.plain(), "on": ""}
    return policy.at(datetime.date.fromisoformat(begun["on"])) if same else policy
