"""Which recordings hold the same sound, as findings and as the section of `audit.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipeline.audit.items import Item
from schemas.audit import AuditFinding
from schemas.prints import Prints
from stages.audit.duplicates import Duplicate, against, duplicates

NAMES = {"exact": "duplicate", "exact_side": "duplicate_side", "near": "near_duplicate", "evaluation": "evaluation"}
"""The finding for each kind of pair."""
MOST_TOLD = 5
"""Other recordings named in a finding's sentence."""


def find_copies(items: Sequence[Item], evaluation: Sequence[tuple[str, Prints]]) -> list[dict[str, Any]]:
    """Every pair of recordings with the same sound.

    Of several that hold one sound the one whose id comes first is kept; the others have the finding, which names it.
    """
    known = sorted((item for item in items if item.measured is not None), key=lambda item: (item.id, item.key))
    by_key = {item.key: item for item in known}
    made = [(item.key, item.measured.prints) for item in known if item.measured is not None]
    pairs = duplicates(made)
    groups: dict[tuple[str, str], list[tuple[Duplicate, str]]] = {}
    for pair in pairs:
        groups.setdefault((pair.second, pair.kind), []).append((pair, by_key[pair.first].id))
    for (key, kind), found in groups.items():
        by_key[key].findings.append(_finding(kind, found))
    held = against(made, evaluation) if evaluation else []
    of_evaluation: dict[str, list[tuple[Duplicate, str]]] = {}
    for pair in held:
        of_evaluation.setdefault(pair.first, []).append((pair, pair.second))
    for key, found in of_evaluation.items():
        by_key[key].findings.append(_finding("evaluation", found))
    return [_pair(pair, by_key) for pair in (*pairs, *held)]


def _finding(kind: str, found: Sequence[tuple[Duplicate, str]]) -> AuditFinding:
    others = [id for _, id in found]
    more = f" and {len(others) - MOST_TOLD} more" if len(others) > MOST_TOLD else ""
    best = max((pair for pair, _ in found), key=lambda pair: pair.seconds)
    detail = f"{best.seconds:.0f} s are the same as in {', '.join(others[:MOST_TOLD])}{more}"
    if kind != "evaluation":
        detail += ", which is kept"
    facts = {
        "others": others,
        "offset_s": best.offset,
        "swapped": best.swapped,
        "sides": [[side.first, side.second] for side in best.sides],
        "similarity": best.similarity,
    }
    return AuditFinding(name=NAMES[kind], detail=detail, value=best.seconds, unit="s", facts=json.dumps(facts, sort_keys=True))


def _pair(pair: Duplicate, by_key: dict[str, Item]) -> dict[str, Any]:
    second = by_key[pair.second].id if pair.kind != "evaluation" else pair.second
    return {
        "kind": NAMES[pair.kind],
        "recordings": [by_key[pair.first].id, second],
        "seconds": round(pair.seconds, 3),
        "offset_s": round(pair.offset, 3),
        "similarity": round(pair.similarity, 4),
        "swapped": pair.swapped,
    }
