"""The result of an audit for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {"pass": "ready to use", "flag": "usable after a look", "reject": "not ready as it is"}
SHOWN = 12


def lines(result: Mapping[str, Any]) -> list[str]:
    """A few lines: the verdict, what touches most hours, and where the page is."""
    if "verdict" not in result:
        return ["interrupted; the same command goes on where this one stopped"]
    counts = result["counts"]
    found = [
        f"{result['src']}: {WORDS[result['verdict']]}",
        f"{counts['recordings']} recordings: {counts['pass']} pass, {counts['flag']} to look at, {counts['reject']} not to be used",
    ]
    width = max((len(each["name"]) for each in result["findings"][:SHOWN]), default=0)
    for each in result["findings"][:SHOWN]:
        amount = f"{each['recordings']:5d} recordings {each['hours']:8.2f} h"
        found.append(f"  {each['severity']:6} {each['name'].replace('_', ' '):{width}} {amount}  {each['meaning']}")
    if len(result["findings"]) > SHOWN:
        found.append(f"  and {len(result['findings']) - SHOWN} more kinds of findings")
    found += [f"note: {problem}" for problem in result["problems"][:5]]
    found.append(f"the policy is {'not met' if result['failed'] else 'met'}; page: {result['report']}")
    return found
