"""The result of a calibration for a terminal."""

from __future__ import annotations

from typing import Any

from pipeline.calibrate.page import text_of, value_of
from pipeline.calibrate.panel import text_inside
from pipeline.calibrate.words import LABELS
from pipeline.calibrate.words_inside import INSIDE_LABELS
from pipeline.show import table


def lines(result: dict[str, Any]) -> list[str]:
    """A table of pooled scores, the second chain's beside the first's, and where the rest is."""
    found = [f"rejects: {', '.join(f'{count} {reason}' for reason, count in result['rejects'].items())}"] if result["rejects"] else []
    if result["overall"] is None:
        return [*found, "interrupted; the same command continues from here"]
    columns = [(result["name"], result["overall"])]
    if result["beside"]:
        columns.append((result["beside"]["name"], result["beside"]["overall"]))
    rows = [["", *(name for name, _ in columns)]]
    rows.append(["mixtures scored", *(f"{overall['scored']} of {overall['mixtures']}" for _, overall in columns)])
    for name, (label, unit) in LABELS.items():
        cells = [text_of(value_of(overall, name), name) or "–" for _, overall in columns]
        rows.append([label + ("" if unit in ("share", "dB") else f" ({unit})"), *(cell.replace("\u00a0", " ") for cell in cells)])
    rows.append(["inside overlaps", *("" for _ in columns)])
    for name, (label, _) in INSIDE_LABELS.items():
        cells = [text_inside(overall["overlaps"], name) or "–" for _, overall in columns]
        rows.append([f"  {label}", *(cell.replace("\u00a0", " ") for cell in cells)])
    for name, overall in columns:
        for reason, count in overall["refused"].items():
            found.append(f"{name} refused {count} as {reason}")
    if result["balance"]["errors"]:
        found.append("errors: they are in calibration.json, and the same command tries them again")
    return [*found, *table(rows), f"page: {result['report']}"]
