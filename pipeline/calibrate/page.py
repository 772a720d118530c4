"""The calibration as one page, from the contents of `calibration.json` and the excerpts that are to be heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.calibrate import panel
from pipeline.calibrate.figures import distributions, scatter
from pipeline.calibrate.overlaps import Heard
from pipeline.calibrate.words import LABELS, MOST_DB
from pipeline.report import template
from pipeline.report.lines import words as plain_words
from pipeline.report.words import count, hours, number, several, share, with_unit
from schemas.errors import REASONS

COLUMNS = (
    *("der_collar_250ms", "der", "confusion", "speech_kept", "leakage_db", "si_sdr_db", "si_sdr_overlap_db", "overlap_recall"),
    *("overlap_precision", "backchannel_recall", "swaps_per_hour", "turn_taking_error", "cpwer_true", "cpwer", "confidence", "rtf"),
)
"""Scores in the table of calls."""
SHOWN_CALLS = 200
"""Mixtures listed; the JSON has all."""
STATES = (
    ("ipu", "Speech (IPUs)"),
    ("pause", "Pauses"),
    ("gap", "Gaps"),
    ("overlap", "Overlap"),
    ("backchannels", "Backchannels"),
    ("interruptions", "Interruptions"),
    ("failed_interruptions", "Failed interruptions"),
)


def page(data: Mapping[str, Any], heard: Sequence[Sequence[Heard]] | None = None) -> str:
    """The page, with style, drawings and sounds inside it; the same contents give the same page.

    `heard` are the worst overlaps of each chain; None leaves recorded speech off the page.
    """
    variants = [data] if data["beside"] is None else [data, data["beside"]]
    names = [each["name"] for each in variants]
    return str(
        _template().render(
            data=data,
            variants=variants,
            names=names,
            cards=_cards(data),
            notices=_notices(data, variants),
            scores=[(label, _definition(data, name), [_cell(each["overall"], name) for each in variants]) for name, label in _labels()],
            worst=_worst(variants),
            taking=_taking(variants),
            conditions=_conditions(variants) if len(data["conditions"]) > 1 else [],
            calls=_calls(variants),
            shown_calls=SHOWN_CALLS,
            columns=[LABELS[name][0] for name in COLUMNS],
            figures=[*distributions(variants), *scatter(variants)],
            stages=_stages(variants),
            refused=_refused(variants),
            several_chains=len(variants) > 1,
            panel_style=_panel_style(),
            **panel.view([{**each, "definitions": data["definitions"]} for each in variants], heard),
        )
        + "\n"
    )


@cache
def _template() -> Any:
    return template("calibration.html.j2", Path(__file__).parent)


@cache
def _panel_style() -> Markup:
    return Markup((Path(__file__).parent / "panel.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _labels() -> list[tuple[str, str]]:
    return [(name, label) for name, (label, _) in LABELS.items()]


def _definition(data: Mapping[str, Any], name: str) -> str:
    return str(data["definitions"][name]) if name in data["definitions"] else ""


def value_of(scores: Mapping[str, Any], name: str) -> float | None:
    """One score as a number; of turn-taking errors the largest."""
    found = scores[name]
    if name == "turn_taking_error":
        found = found["largest"] if found else None
    return None if found is None else float(found)


def text_of(value: float | None, name: str) -> str:
    """A score with its unit; empty when it is not known."""
    unit = LABELS[name][1]
    if value is None:
        return ""
    if unit == "share":
        return share(value)
    if unit == "dB" and abs(value) >= MOST_DB:
        return f"{'≤' if value < 0 else '≥'}\u00a0{with_unit(value, 'dB', 0)}"
    return number(value, 3 if unit == "of real time" else 1) if unit != "dB" else with_unit(value, "dB")


def _cell(scores: Mapping[str, Any], name: str) -> str:
    return text_of(value_of(scores, name), name)


def _cards(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    overall = data["overall"]
    worst = overall["worst"]

    def least(name: str) -> str:
        return f"worst {text_of(worst[name]['value'], name)}" if worst[name] else "not known"

    return [
        ("Calls", count(overall["scored"]), f"{hours(3600 * overall['hours'])} of mixtures scored"),
        ("DER, collar ±0.25 s", _cell(overall, "der_collar_250ms") or "–", least("der_collar_250ms")),
        ("Speech kept", _cell(overall, "speech_kept") or "–", least("speech_kept")),
        ("Leakage", _cell(overall, "leakage_db") or "–", least("leakage_db")),
        ("SI-SDR", _cell(overall, "si_sdr_db") or "–", least("si_sdr_db")),
        ("Swaps", count(overall["swaps"]), "in all mixtures together"),
    ]


def _notices(data: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for each in variants:
        refused = sum(each["overall"]["refused"].values())
        if refused:
            found.append(f"{each['name']} refused {several(refused, 'mixture', 'mixtures')}; its scores are of the others.")
    if unread := data["overall"]["transcripts_unread"]:
        what = "The transcript" if unread == 1 else "The transcripts"
        found.append(f"{what} of {several(unread, 'mixture', 'mixtures')} could not be read; see words.unread in calibration.json.")
    if data["inputs"]["rejects"]:
        rejected = several(data["inputs"]["rejects"], "input was", "inputs were")
        found.append(f"{rejected} rejected, most often for not being two true channels; see below.")
    if data["inputs"]["errors"]:
        found.append(f"{several(data['inputs']['errors'], 'input', 'inputs')} ended in a fault rather than a verdict; see below.")
    if data["overall"]["confidence"] is None and data["overall"]["scored"]:
        found.append("The diarization gives no confidence, so nothing can be said of how well it predicts the errors.")
    return found


def _worst(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines = []
    for name in (name for name in LABELS if name in variants[0]["overall"]["worst"]):
        cells = []
        for each in variants:
            worst = each["overall"]["worst"][name]
            where = "" if worst is None or worst["channel"] is None else f", channel {worst['channel']}"
            cells.append(None if worst is None else (text_of(worst["value"], name), worst["id"], where))
        lines.append({"label": LABELS[name][0], "cells": cells})
    return lines


def _signed(value: float | None) -> str:
    return "" if value is None else f"{'+' if value > 0 else ''}{number(100 * value)}\u00a0%"


def _taking(variants: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    errors = [each["overall"]["turn_taking_error"] for each in variants]
    lines = [(label, [_signed(each.get(name)) for each in errors]) for name, label in STATES]
    offset = "Median floor transfer offset, difference"
    return [*lines, (offset, [with_unit(each.get("fto_median_s"), "s", 2) for each in errors])]


def _conditions(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines = []
    for condition in variants[0]["recipe"]["conditions"]:
        for each in variants:
            scores = each["conditions"][condition]
            cells = [_cell(scores, name) for name in COLUMNS]
            lines.append({"condition": condition, "name": each["name"], "scored": scores["scored"], "cells": cells})
    return lines


def _calls(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    beside = {(call["id"], call["condition"]): call for each in variants[1:] for call in each["calls"]}
    lines = []
    for call in variants[0]["calls"][:SHOWN_CALLS]:
        pair = [call, beside.get((call["id"], call["condition"]))]
        lines.append(
            {
                "id": call["id"],
                "condition": call["condition"],
                "seconds": call["seconds"],
                "rows": [
                    {
                        "name": variant["name"],
                        "refusal": None if each is None or each["refusal"] is None else plain_words(each["refusal"]["reason"]),
                        "absent": each is None,
                        "cells": [] if each is None else [_cell(each, name) for name in COLUMNS],
                    }
                    for variant, each in zip(variants, pair, strict=False)
                ],
            }
        )
    return lines


def _stages(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines = []
    for each in variants:
        costs = each["overall"]["stages"]
        for stage in each["recipe"]["chain"]:
            weights = ", ".join(f"{w['name']} {w['revision']} ({w['licence']})" for w in stage["weights"])
            cost = number(costs[stage["stage"]], 4) if stage["stage"] in costs else ""
            lines.append({"name": each["name"], **stage, "weights": weights, "cost": cost})
    return lines


def _refused(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    lines = []
    for each in variants:
        for reason, amount in sorted(Counter(c["refusal"]["reason"] for c in each["calls"] if c["refusal"]).items()):
            first = next(c for c in each["calls"] if c["refusal"] and c["refusal"]["reason"] == reason)
            lines.append(
                {
                    "name": each["name"],
                    "reason": plain_words(reason),
                    "count": count(amount),
                    "meaning": REASONS.get(reason, ""),
                    "first": f"{first['id']} ({first['condition']})",
                    "detail": first["refusal"]["detail"],
                }
            )
    return lines
