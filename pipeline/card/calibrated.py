"""A recipe's measured quality as lines for a data set card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.calibrate.words import MOST_DB
from pipeline.card.text import cell

DECIDING = ("diarize", "separate")
"""Stages that decide what each channel of a mono recording holds; an address covers all that a stage reads."""
ROWS = (
    ("der_collar_250ms", "Diarization error rate, collar ±0.25 s", "share"),
    ("der", "Diarization error rate, no collar", "share"),
    ("speech_kept", "Speech kept in the right channel", "share"),
    ("leakage_db", "Leakage of the other voice (median)", "dB"),
    ("si_sdr_db", "SI-SDR, whole call (median)", "dB"),
    ("overlap_recall", "Overlap recall", "share"),
    ("overlap_precision", "Overlap precision", "share"),
    ("backchannel_recall", "Backchannel recall", "share"),
    ("cpwer_true", "cpWER of the true channels", "share"),
    ("cpwer", "cpWER of the made channels", "share"),
    ("swaps_per_hour", "Speaker swaps per hour", "number"),
    ("turn_taking_error", "Largest error of IPU, pause, gap and overlap time", "share"),
)


def card(recipe: Mapping[str, Any]) -> str:
    """The `recipe` section of a `calibration.json` as Markdown: what was measured on what, and the scores that are known."""
    overall, worst = recipe["overall"], recipe["overall"]["worst"]
    amount = f"{recipe['calls']} {'call' if recipe['calls'] == 1 else 'calls'} ({recipe['hours']:.2f} h)"
    mixed = f"true two-channel recordings mixed to mono ({', '.join(recipe['conditions'])})"
    lines = ["## Measured quality of the mono recipe", "", f"Chain {cell(recipe['name'])} on {amount} of {mixed}:", ""]
    lines += ["| score | pooled | worst |", "|---|---|---|"]
    for name, label, unit in ROWS:
        if overall[name] is not None:
            extreme = worst.get(name)
            lines.append(f"| {label} | {_text(overall[name], unit)} | {_text(extreme['value'], unit) if extreme else ''} |")
    refused = sum(recipe["refused"].values())
    if refused:
        reasons = ", ".join(f"{count} {reason}" for reason, count in recipe["refused"].items())
        lines += ["", f"The chain refused {refused} {'mixture' if refused == 1 else 'mixtures'} ({reasons}); the scores are of the others."]
    made = "; ".join(f"{stage['stage']} `{stage['address']}`" for stage in recipe["chain"])
    weights = [cell(f"{w['name']} {w['revision']} ({w['licence']})") for stage in recipe["chain"] for w in stage["weights"]]
    lines += ["", f"Stages: {made}."]
    if weights:
        lines.append(f"Weights: {', '.join(dict.fromkeys(weights))}.")
    return "\n".join(lines) + "\n"


def holds_for(calibration: Any, chain: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The recipe of a `calibration.json` when the stages that make two channels of one are those of `chain`, by their addresses."""
    for variant in (calibration, calibration.get("beside") or {}) if isinstance(calibration, dict) else ():
        recipe: dict[str, Any] = variant.get("recipe") or {"chain": []}
        measured = {stage["stage"]: stage["address"] for stage in recipe["chain"]}
        ours = {stage["stage"]: stage["address"] for stage in chain}
        if all(name in measured and measured[name] == ours.get(name) for name in DECIDING):
            return recipe
    return None


def _text(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "dB" and abs(value) >= MOST_DB:
        return f"{'≤' if value < 0 else '≥'} {value:.0f} dB"
    return f"{value:.1f} dB" if unit == "dB" else f"{value:.1f}"
