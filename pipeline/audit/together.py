"""What is found of all recordings of an audit together: copies, rights, the shape of the talk, personal data, and splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.audit.copies import find_copies
from pipeline.audit.items import Item
from pipeline.audit.listed import extra
from pipeline.audit.splits import split_up
from schemas.prints import Prints
from schemas.row import RowWeights
from stages.audit.outliers import outliers
from stages.audit.shape import corpus_shape
from stages.rights.ledger import findings
from stages.rights.policy import Policy
from stages.rights.recorded import rights_of


def judge_together(items: Sequence[Item], policy: Policy, evaluation: Sequence[tuple[str, Prints]], seed: int) -> dict[str, Any]:
    """Add to the items what follows from all of them, and return the sections of `audit.json` about it."""
    copies = find_copies(items, evaluation)
    shaped = _shape(items)
    rights, personal = _rights(items, policy), _personal(items)
    return {**shaped, "rights": rights, "personal": personal, "duplicates": copies, "splits": split_up(items, copies, seed)}


def _shape(items: Sequence[Item]) -> dict[str, Any]:
    known = [
        (item.source, item.measured.seconds, item.measured.stats, item.measured.rate)
        for item in items
        if item.source is not None and item.measured is not None
    ]
    by_id = outliers(known)
    for item in items:
        if item.measured is not None:
            item.findings += by_id.get(item.id, [])
    return corpus_shape(known)


def _rights(items: Sequence[Item], policy: Policy) -> dict[str, Any]:
    """Findings under the policy in every item that has a source, and how many hours each licence allows or not."""
    hours: dict[str, Counter[str]] = {}
    for item in items:
        if item.source is None:
            continue
        rights = rights_of(item.source)
        found = findings(rights, weights_of(item), policy)
        item.findings += found
        verdict = "refused" if any(policy.severity(each.name) == "reject" for each in found) else "allowed"
        hours.setdefault(str(rights.known), Counter())[verdict] += item.seconds or 0.0  # type: ignore[assignment]
    table = [
        {"licence": licence, "allowed_hours": round(count["allowed"] / 3600, 6), "refused_hours": round(count["refused"] / 3600, 6)}
        for licence, count in sorted(hours.items())
    ]
    return {"on": policy.on.isoformat(), "policy": policy.name, "licences": table}


def weights_of(item: Item) -> list[RowWeights]:
    """The model weights that shaped a recording of a data set made here, as its manifest names them; none for recordings as they came."""
    named = extra(item).get("weights")
    found = []
    for each in named if isinstance(named, list) else []:
        if isinstance(each, dict):
            texts = {field: str(each.get(field) or "") for field in ("name", "revision", "sha256", "licence")}
            found.append(RowWeights(**texts))
    return found


def _personal(items: Sequence[Item]) -> dict[str, Any]:
    kinds: Counter[str] = Counter()
    recordings: Counter[str] = Counter()
    for item in items:
        if item.measured is not None:
            mine = Counter(span.kind for span in item.measured.personal)
            kinds.update(mine)
            recordings.update(mine.keys())
    read = sum(item.measured is not None and item.measured.words is not None for item in items)
    table = [{"kind": kind, "spans": count, "recordings": recordings[kind]} for kind, count in sorted(kinds.items())]
    return {"recordings_with_words": read, "kinds": table}
