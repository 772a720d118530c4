"""What a shaping kept and left out, as lines for people."""

from __future__ import annotations

from typing import Any

from pipeline.progress import human_time

SHOWN = 20
"""Clips that a dry run names."""


def lines(result: dict[str, Any]) -> list[str]:
    """The lines of `duologue shape`."""
    from pipeline.show import table

    rows, seconds = result["rows"], result["seconds"]
    found = [
        f"{rows['inputs']} rows of {human_time(seconds['inputs'])} = {human_time(seconds['kept'])} in {result['clips']} clips "
        f"+ {human_time(seconds['left_out'])} left out",
        f"{rows['inputs']} rows = {rows['whole']} kept as they are + {rows['cut']} cut + {rows['left_out']} left out",
    ]
    if result["goals"]:
        cells = [["of the set", "wanted", "before", "achieved"]]
        cells += [[goal["name"], goal["wanted"], _number(goal["before"]), _number(goal["achieved"])] for goal in result["goals"]]
        found += table(cells)
    found += [f"not met: {goal['name']}: {goal['remark']}" for goal in result["goals"] if not goal["met"]]
    if result["left_out"]:
        found.append("left out by reason:")
        for each in result["left_out"]:
            amount = f"{human_time(each['seconds'])} in {each['parts']} {'part' if each['parts'] == 1 else 'parts'}"
            found.append(f"  {amount}: {each['reason']}: {result['meanings'][each['reason']]}")
    if "kept" not in result:
        return [*found, f"{result['clips']} clips in {result['shards']} shards in {result['out']}", f"report: {result['report']}"]
    for clip in result["kept"][:SHOWN]:
        found.append(f"would keep {clip['id']}: {human_time(clip['seconds'])} from {human_time(clip['start'])} of {clip['recording']}")
    more = len(result["kept"]) - SHOWN
    return [*found, *([f"and {more} more; --json names all"] if more > 0 else []), "nothing was written"]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
