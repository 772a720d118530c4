"""What gates would cost: a dry run over the rows of a finished data set. No audio is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.funnel_columns import Columns, wanted
from pipeline.place import place_at
from stages.filter.evaluate import Mask, decide
from stages.filter.language import Truth, names, terms, text
from stages.filter.names import check
from stages.filter.parser import parse

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(slots=True)
class Cost:
    """Rows and their seconds."""

    rows: int = 0
    seconds: float = 0.0

    def add(self, which: Mask, seconds: NDArray[np.float64]) -> None:
        """Count the rows of a mask."""
        self.rows += int(which.sum())
        self.seconds += float(seconds[which].sum())

    def plain(self) -> dict[str, Any]:
        """As the command gives it."""
        return {"rows": self.rows, "hours": self.seconds / 3600}


@dataclass(slots=True)
class TermCost:
    """What one term of the gate costs."""

    term: Truth
    alone: Cost = field(default_factory=Cost)
    """Rows that do not pass it, whatever the others say."""
    unknown: int = 0
    """Those of them of which the term is unknown."""
    left: Cost = field(default_factory=Cost)
    """Rows that pass it and every term before it."""


def run_funnel(out: str, keep: Sequence[str]) -> dict[str, Any]:
    """Rows and hours before, after each term of `keep` in order, and what each term alone would take; with quantiles of every score.

    Several expressions are joined by `and`. Rows are judged, where the stage judges recordings: of a recording cut into clips each
    clip has its own turn-taking. Raises `UsageError` for an expression that is none, a name that is none, or a set that is not finished.
    """
    from pipeline.report.columns import numbers
    from pipeline.report.reading import batches
    from pipeline.shape.reading import held_set

    asked = [TermCost(term) for expression in keep for term in terms(parse(expression, f"--keep {expression!r}"))]
    named = list(dict.fromkeys(name.name for each in asked for name in names(each.term)))
    # Scores of another package are known once all rows are read; until then any name of a score may be one.
    scores, present = {name.removeprefix("quality.") for name in named if name.startswith("quality.")}, set[str]()
    for each in asked:
        check(each.term, "--keep", tuple(scores))
    held = held_set(place_at(out))
    total, recordings, values = Cost(), 0, dict[str, list[NDArray[np.float64]]]()
    columns = wanted(any(name.startswith("transcript.") for name in named))
    for table in batches(held.place, [shard.name for shard in held.shards], columns=columns):
        figures = Columns(table)
        here = figures.score_names()
        present.update(here)
        figures.more = (*scores, *here)
        seconds = figures("duration")[:, 0]
        total.add(np.ones(table.num_rows, bool), seconds)
        recordings += int((numbers(table, "clip.index") == 0).sum())
        _judge(asked, figures, seconds)
        for name in dict.fromkeys((*named, *(f"quality.{score}" for score in here))):
            values.setdefault(name, []).append(figures(name))
    for each in asked:
        check(each.term, "--keep", tuple(sorted(present)))
    return {
        "command": "funnel",
        "out": out,
        "keep": list(keep),
        **total.plain(),
        "recordings": recordings,
        "terms": [_told(each) for each in asked],
        "figures": [_spread(name, np.concatenate(found)) for name, found in values.items()],
    }


def _judge(asked: Sequence[TermCost], figures: Columns, seconds: NDArray[np.float64]) -> None:
    left = np.ones(len(seconds), bool)
    for each in asked:
        verdict = decide(each.term, figures)
        passed, unknown = (np.broadcast_to(mask, left.shape) for mask in (verdict.yes, verdict.unknown))
        left = left & passed
        each.alone.add(~passed, seconds)
        each.unknown += int(unknown.sum())
        each.left.add(left, seconds)


def _told(each: TermCost) -> dict[str, Any]:
    return {"term": text(each.term), "alone": {**each.alone.plain(), "unknown": each.unknown}, "left": each.left.plain()}


def _spread(name: str, found: NDArray[np.float64]) -> dict[str, Any]:
    """Quantiles of the number that decides a comparison from below: of each row the lower channel, of the channels that are known."""
    known = found[~np.isnan(found).all(axis=1)]
    lower = np.nanmin(known, axis=1) if len(known) else np.zeros(0)
    upper = np.nanmax(known, axis=1) if len(known) else np.zeros(0)
    return {"name": name, "rows": len(known), "lower": _quantiles(lower), "upper": _quantiles(upper)}


def _quantiles(values: NDArray[np.float64]) -> dict[str, float | None]:
    at = np.quantile(values, QUANTILES).tolist() if len(values) else [None] * len(QUANTILES)
    return {f"{round(share * 100)}%": value for share, value in zip(QUANTILES, at, strict=True)}


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    from pipeline.show import table

    rows, hours = result["rows"], result["hours"]
    found = [f"{result['out']}: {rows} rows of {result['recordings']} recordings, {hours:.2f} h"]
    if result["terms"]:
        shown = [["term", "rows lost alone", "hours", "unknown", "rows left", "hours left"], ["", "", "", "", str(rows), f"{hours:.2f}"]]
        for each in result["terms"]:
            alone, left = each["alone"], each["left"]
            costs = [str(alone["rows"]), f"{alone['hours']:.2f}", str(alone["unknown"])]
            shown.append([each["term"], *costs, str(left["rows"]), f"{left['hours']:.2f}"])
        kept = result["terms"][-1]["left"]
        share = kept["hours"] / hours if hours else 0.0
        found += ["", *table(shown), f"kept: {kept['rows']} of {rows} rows, {kept['hours']:.2f} h ({share:.1%})"]
    if result["figures"]:
        shown = [["number", "rows", *next(iter(result["figures"]))["lower"]]]
        for each in result["figures"]:
            one = each["lower"] == each["upper"]
            for label, side in (("", "lower"),) if one else ((", lower channel", "lower"), (", upper channel", "upper")):
                cells = ["" if value is None else f"{value:.4g}" for value in each[side].values()]
                shown.append([each["name"] + label, str(each["rows"]), *cells])
        found += ["", *table(shown)]
    return found
