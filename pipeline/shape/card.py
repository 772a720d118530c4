"""The data set card of a shaped set: what was wanted, what came of it, and what was left out and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import yaml

from pipeline.shape.plan import Clip
from stages.shape.targets import LEFT_OUT

SPDX_ON_THE_HUB = {
    *("apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-4.0", "odc-by", "odbl", "pddl"),
}
"""Licences whose name in a card is their SPDX name in small letters."""


def card(manifest: dict[str, Any], shape: dict[str, Any], clips: Sequence[Clip]) -> str:
    """Markdown with the YAML front matter that `datasets` and the hub read."""
    head = yaml.safe_dump(_front(manifest, clips), sort_keys=False, allow_unicode=True)
    return "\n".join(
        [
            f"---\n{head}---",
            "",
            f"# {_line(manifest['name'])}, shaped",
            "",
            *_summary(shape),
            *_targets(shape),
            *_out(shape),
            *_terms(clips),
        ]
    )


def _front(manifest: dict[str, Any], clips: Sequence[Clip]) -> dict[str, Any]:
    licences = sorted({str(clip.terms[1]) for clip in clips if clip.terms[1]})
    languages = sorted({clip.terms[3].partition("-")[0].lower() for clip in clips if clip.terms[3]})
    split = manifest["shards"][0]["name"].rsplit("/", 1)[-1].rsplit("-", 3)[0]
    suffix = manifest["shards"][0]["name"].rsplit(".", 1)[-1]
    front: dict[str, Any] = {"pretty_name": f"{manifest['name']}, shaped"}
    if len(licences) == 1 and all(clip.terms[1] for clip in clips):
        known = licences[0].lower() in SPDX_ON_THE_HUB
        front |= {"license": licences[0].lower()} if known else {"license": "other", "license_name": licences[0]}
    if languages:
        front["language"] = languages
    data_files = [{"split": split, "path": f"data/{split}-*.{suffix}"}]
    return {
        **front,
        "tags": ["audio", "dialogue", "full-duplex", "duologue"],
        "configs": [{"config_name": "default", "data_files": data_files}],
    }


def _summary(shape: dict[str, Any]) -> list[str]:
    rows, seconds = shape["rows"], shape["seconds"]
    return [
        f"{shape['clips']} clips, {_hours(seconds['kept'])}, chosen and cut from {rows['inputs']} rows, {_hours(seconds['inputs'])}: "
        f"{rows['whole']} rows are kept as they are, {rows['cut']} are cut, and of {rows['left_out']} nothing is kept. "
        f"What is left out, {_hours(seconds['left_out'])}, is listed with its reason in `{shape['table']['name']}`.",
        "",
        "A clip that is cut out of a row has the row's id with `#shape-` and a number: its place among the clips that the rules make of "
        "that row, whether or not the others were chosen.",
        "",
    ]


def _targets(shape: dict[str, Any]) -> list[str]:
    rules = ", ".join(f"{name} {value}" for name, value in shape["rules"].items() if value is not None)
    lines = ["## Targets", "", f"Every clip: {rules}.", ""]
    if shape["goals"]:
        lines += ["| of the whole set | wanted | before | achieved | |", "|---|---|---|---|---|"]
        for goal in shape["goals"]:
            known = ["" if goal[name] is None else f"{goal[name]:.4g}" for name in ("before", "achieved")]
            lines.append(
                f"| {goal['name']} | {goal['wanted']} | {known[0]} | {known[1]} | {'met' if goal['met'] else 'not met'} {goal['remark']} |"
            )
        lines.append("")
    return lines


def _out(shape: dict[str, Any]) -> list[str]:
    lines = ["## Left out", "", "| reason | parts | time | |", "|---|---|---|---|"]
    for each in shape["left_out"]:
        lines.append(f"| {each['reason']} | {each['parts']} | {_hours(each['seconds'])} | {LEFT_OUT[each['reason']]} |")
    return [*lines, ""] if shape["left_out"] else ["## Left out", "", "Nothing.", ""]


def _terms(clips: Sequence[Clip]) -> list[str]:
    amounts: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for clip in clips:
        amounts[tuple(_line(term or "not stated") for term in clip.terms)] += len(clip.window) / clip.rate
    lines = ["## Terms", "", "| corpus | licence | consent | language | time |", "|---|---|---|---|---|"]
    for terms, seconds in sorted(amounts.items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"| {' | '.join(terms)} | {_hours(seconds)} |")
    return [*lines, ""]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h"


def _line(text: str) -> str:
    """Text from a manifest as one line that ends no cell of a table and starts no markup."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return "".join(f"\\{c}" if c in "|<>[]`*_#\\" else c for c in shown)
