"""What a card says of a set that was chosen and cut out of another: what was wanted, what came of it, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.card.text import cell, table
from pipeline.report.words import count, hours
from stages.shape.targets import LEFT_OUT


def shaped(shape: Mapping[str, Any]) -> list[str]:
    """Lines about the entry `shape` of a manifest."""
    return [*_summary(shape), *_targets(shape), *_left_out(shape)]


def _summary(shape: Mapping[str, Any]) -> list[str]:
    rows, seconds = shape["rows"], shape["seconds"]
    return [
        "## Shaped",
        "",
        f"{count(shape['clips'])} clips, {hours(seconds['kept'])}, chosen and cut from {count(rows['inputs'])} rows, "
        f"{hours(seconds['inputs'])}, of the set {cell(shape['from']['name'])}: {count(rows['whole'])} rows are kept as they are, "
        f"{count(rows['cut'])} are cut, and of {count(rows['left_out'])} nothing is kept. What is left out, {hours(seconds['left_out'])}, "
        f"is listed with its reason in `{shape['table']['name']}`.",
        "",
        "A clip that is cut out of a row has the row's id with `#shape-` and a number: its place among the clips that the rules make of "
        "that row, whether or not the others were chosen.",
        "",
    ]


def _targets(shape: Mapping[str, Any]) -> list[str]:
    rules = ", ".join(f"{name} {value}" for name, value in shape["rules"].items() if value is not None)
    rows = []
    for goal in shape["goals"]:
        known = ["" if goal[name] is None else f"{goal[name]:.4g}" for name in ("before", "achieved")]
        rows.append(
            [goal["name"], str(goal["wanted"]), *known, " ".join(f"{'met' if goal['met'] else 'not met'} {goal['remark']}".split())]
        )
    return [f"Every clip: {rules}.", "", *table(["Of the whole set", "Wanted", "Before", "Achieved", ""], rows, (2, 3))]


def _left_out(shape: Mapping[str, Any]) -> list[str]:
    rows = [[f"`{each['reason']}`", count(each["parts"]), hours(each["seconds"]), LEFT_OUT[each["reason"]]] for each in shape["left_out"]]
    return table(["Left out for", "Parts", "Time", "Meaning"], rows, (1, 2)) or ["Nothing was left out.", ""]
