"""The data set card of an export for the Hugging Face hub."""

from __future__ import annotations

from typing import Any

from pipeline.card.front import front_matter as front
from pipeline.card.front import licence_of
from pipeline.card.terms import answers
from pipeline.card.text import cell, title
from pipeline.exports.format import Account
from pipeline.exports.licence import ABSENT
from pipeline.exports.rights import of_all
from stages.rights.licences import UNKNOWN_EXPRESSION, expression_of, together


def card_text(account: Account, about: dict[str, Any], splits: list[str]) -> str:
    """The card: YAML front matter that the hub reads, and a page for people."""
    from huggingface_hub import DatasetCard, DatasetCardData

    data = DatasetCardData(**front_matter(account, about, splits))
    card = DatasetCard(f"---\n{data.to_yaml()}\n---\n\n{_page(account, about)}")
    return str(card)


def front_matter(account: Account, about: dict[str, Any], splits: list[str]) -> dict[str, Any]:
    """What the hub reads of a card."""
    licences = kept_licences(account)
    known = [None if licence == ABSENT else licence for licence in licences]
    own = together(expression_of(licence) or UNKNOWN_EXPRESSION for licence in licences)
    return front(
        title(about.get("name")),
        account.written.rows,
        [name.partition(" ")[2] for name in account.sums if name.startswith("language ") and name != "language unknown"],
        licence_of(known, own, together((own, of_all(account)))),
        [(split, f"data/{split}-*.parquet") for split in splits],
    )


def kept_licences(account: Account) -> list[str]:
    """Licences of rows that were written, by name."""
    refused = {reason.removeprefix("licence ") for reason in account.left_out if reason.startswith("licence ")}
    return sorted(set(account.licences) - refused) or [ABSENT]


def _rights(account: Account) -> list[str]:
    """What may be done with the rows, by the licences of data and models together."""
    if not account.rights:
        return []
    lines = [
        *("", "The strictest of the licences of the data and of the models that shaped it holds for each row (column `rights`):", ""),
        *("| licences together | commercial use | adaptations | share alike | credit | rows | hours |", "|---|---|---|---|---|---|---|"),
    ]
    for name, tally in sorted(account.rights.items()):
        told = answers(expression_of(name) or UNKNOWN_EXPRESSION)
        lines.append(f"| {cell(name)} | {' | '.join(told)} | {tally.rows} | {tally.seconds / 3600:.2f} |")
    return lines


def _page(account: Account, about: dict[str, Any]) -> str:
    written, rows = account.written, account.written.rows
    lines = [f"# {cell(title(about.get('name')))}", ""]
    lines += [
        f"{rows} two-party conversations, {written.seconds / 3600:.2f} hours, {written.words} words. Each row is one conversation, or one "
        "clip of a long one: stereo FLAC with one speaker per channel and overlap left intact, every word in time, and where it came from.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'calls = load_dataset("path/to/this/folder", split="train", streaming=True)',
        "first = next(iter(calls))",
        'print(first["id"], first["words"][:3])',
        "```",
        "",
        "| licence | rows | hours |",
        "|---|---|---|",
    ]
    for name in kept_licences(account):
        tally = account.licences.get(name)
        if tally is not None:
            lines.append(f"| {cell(name)} | {tally.rows} | {tally.seconds / 3600:.2f} |")
    lines += _rights(account)
    lines += ["", f"{int(account.sums.get('consent stated', 0))} rows say how their speakers consented (`source.consent`).", ""]
    lines += ["| corpus | rows |", "|---|---|"]
    lines += [f"| {cell(name.partition(' ')[2])} | {int(n)} |" for name, n in sorted(account.sums.items()) if name.startswith("corpus ")]
    models = [(stage["stage"], weights) for stage in about.get("chain", []) for weights in stage.get("weights", [])]
    if models:
        lines += ["", "Models that shaped the rows:", "", "| stage | weights | revision | licence |", "|---|---|---|---|"]
        lines += [f"| {stage} | {cell(w['name'])} | {cell(w['revision'])} | {cell(w['licence'])} |" for stage, w in models]
    return "\n".join([*lines, "", "Made with duologue.", ""])
