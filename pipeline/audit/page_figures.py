"""The audit's distributions and bars, drawn beside what is known of recorded talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.report.axes import percent_label, plain_label
from pipeline.report.charts import Look, histogram
from pipeline.report.figures import Figure, describe, offset, one
from pipeline.report.tally import Tally
from pipeline.report.words import hours, number, several, share, with_unit
from schemas.stats import CANDOR_MEDIAN_FTO, FISHER_SHAPE

LABELS = {
    "ipu": "Speech, both sides added",
    "pause": "Pauses inside one side's talk",
    "gap": "Gaps between the sides",
    "overlap": "Overlap",
}
SHOWN_BARS = 8


def all_of(contents: Mapping[str, Any]) -> list[Figure]:
    """Floor transfers, overlap and balance; nothing is drawn where nothing is known."""
    taking = [each["taking"] for each in contents["recordings"] if each.get("taking")]
    return [_transfers(contents.get("shape") or {}, taking), _overlap(taking), _balance(taking)]


def _tally(edges: Any, taking: Sequence[Mapping[str, Any]], name: str) -> Tally:
    tally = Tally(np.asarray(edges, np.float64), (1, 2, 5))
    tally.add(np.array([np.nan if each.get(name) is None else each[name] for each in taking], np.float64))
    return tally


def _transfers(shape: Mapping[str, Any], taking: Sequence[Mapping[str, Any]]) -> Figure:
    """All offsets together where they were counted; else the median of each recording."""
    found = shape.get("fto") or {}
    pooled = bool(found.get("counts")) and sum(found["counts"]) > 0
    if pooled:
        tally = Tally(np.asarray(found["edges"], np.float64))
        below, *inside, above = found["counts"]
        tally.counts, tally.below, tally.above = np.asarray(inside, np.int64), below, above
        tally.least, tally.most = float(tally.edges[0]) - (below > 0), float(tally.edges[-1]) + (above > 0)
        middle = tally.quantile(0.5)
        first, last = (offset(tally.quantile(q)) for q in (0.25, 0.75))
        words = f"n = {several(tally.n, 'transfer', 'transfers')}; median {offset(middle)}, middle half {first} to {last}"
    else:
        tally = _tally(np.linspace(-3, 3, 61), taking, "fto_median")
        middle = tally.quantile(0.5)
        words = describe(tally, ("recording", "recordings"), lambda value: with_unit(value, "s", 2))
    marks = [(0.0, "zero", "zero"), (CANDOR_MEDIAN_FTO, "reference", "CANDOR")] + ([(middle, "own", "here")] if middle is not None else [])
    title = "Floor transfer offset (FTO)" if pooled else "Median floor transfer offset (FTO) of each recording"
    look = Look(
        title=title,
        axis="start of the next turn minus end of the one before (s); below zero they overlap",
        of="transfers" if pooled else "recordings",
        label=plain_label,
        width=900,
        whole=True,
        lines=tuple(marks),
    )
    svg = histogram([tally], [], look, words) if tally.n else None
    note = f"Solid line: median here. Dashed line: median in CANDOR, {with_unit(CANDOR_MEDIAN_FTO, 's', 2)}. Dotted line: zero."
    return Figure(title, svg, (words,), note if svg else "", wide=True)


def _overlap(taking: Sequence[Mapping[str, Any]]) -> Figure:
    reference = FISHER_SHAPE["overlap"] / 60
    look = Look(
        title="Overlap",
        axis="share of a recording's time in which both speak (%)",
        of="recordings",
        label=percent_label,
        lines=((reference, "reference", "Fisher"),),
    )
    tally = _tally(np.linspace(0, 1, 201), taking, "overlap_share")
    return one(tally, ("recording", "recordings"), look, share, f"The dashed line marks the share in Fisher, {share(reference)}.")


def _balance(taking: Sequence[Mapping[str, Any]]) -> Figure:
    look = Look(title="Dominance", axis="the more talkative side's share of all speech (%)", of="recordings", label=percent_label)
    tally = _tally(np.linspace(0.5, 1, 51), taking, "speech_dominance")
    return one(tally, ("recording", "recordings"), look, share, "50 % where both speak as much; 100 % where one side is silent.")


def beside_references(shape: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Seconds per minute here and in Fisher, as bars on one scale."""
    own = shape.get("seconds_per_minute") or {}
    known = [name for name in FISHER_SHAPE if own.get(name) is not None]
    most = max((max(own[name], FISHER_SHAPE[name]) for name in known), default=1.0)
    return [
        {
            "label": LABELS[name],
            "own": with_unit(own[name], "s"),
            "reference": with_unit(FISHER_SHAPE[name], "s"),
            "difference": f"{'+' if own[name] >= FISHER_SHAPE[name] else ''}{number(100 * (own[name] / FISHER_SHAPE[name] - 1), 0)}\u00a0%",
            "width": round(100 * own[name] / most, 2),
            "at": round(100 * FISHER_SHAPE[name] / most, 2),
        }
        for name in known
    ]


def bars(contents: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Hours by one property, most first; the rest added up."""
    found = [each for each in (contents.get("hours_by") or {}).get(name) or () if each.get("hours")]
    found = sorted(found, key=lambda each: (-each["hours"], str(each["name"])))
    most = found[0]["hours"] if found else 1.0
    lines = [
        {"name": each["name"], "hours": hours(3600 * each["hours"]), "width": round(100 * each["hours"] / most, 2), "others": False}
        for each in found[:SHOWN_BARS]
    ]
    rest = found[SHOWN_BARS:]
    if rest:
        lines.append({"name": f"{len(rest)} others", "hours": hours(3600 * sum(e["hours"] for e in rest)), "width": 0, "others": True})
    return lines
