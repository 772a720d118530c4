"""The data set card of an export for the Hugging Face hub."""

from __future__ import annotations

from typing import Any

from pipeline.exports.format import Account
from pipeline.exports.licence import ABSENT
from pipeline.exports.rights import of_all
from schemas.source import slug
from stages.rights.licences import UNKNOWN_EXPRESSION, Expression, expression_of, together
from stages.rights.terms import terms_of

ON_THE_HUB = {
    *("apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-4.0"),
    *("pddl", "odc-by", "odbl", "bsd-3-clause", "bsd-2-clause"),
}
"""Licences that the hub knows by name; of any other it wants `other` and a name."""
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
GATE = (
    "This data set holds recordings of people. By asking for access you agree to use it under the licences in its column "
    "`rights`, not to try to find out who the speakers are, and not to imitate their voices."
)


def card_text(account: Account, about: dict[str, Any], splits: list[str]) -> str:
    """The card: YAML front matter that the hub reads, and a page for people."""
    from huggingface_hub import DatasetCard, DatasetCardData

    data = DatasetCardData(**front_matter(account, about, splits))
    card = DatasetCard(f"---\n{data.to_yaml()}\n---\n\n{_page(account, about)}")
    return str(card)


def front_matter(account: Account, about: dict[str, Any], splits: list[str]) -> dict[str, Any]:
    """What the hub reads of a card."""
    licences = kept_licences(account)
    languages = sorted({name.partition(" ")[2].partition("-")[0] for name in account.sums if name.startswith("language ")} - {"unknown"})
    rows = account.written.rows
    size = next((name for limit, name in SIZES if rows < limit), "n>10M")
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    data: dict[str, Any] = {
        "pretty_name": _title(about),
        "size_categories": [size],
        "task_categories": ["automatic-speech-recognition", "audio-to-audio"],
        "tags": ["audio", "dialogue", "full-duplex", "two-channel", "duologue"],
        "configs": [{"config_name": "default", "data_files": files}],
        "annotations_creators": ["machine-generated"],
    }
    if languages:
        data["language"] = languages
    own = together(expression_of(licence) or UNKNOWN_EXPRESSION for licence in licences)
    everything = together((own, of_all(account)))
    known = licences[0].lower() if len(licences) == 1 else ""
    if everything.terms != own.terms:
        data |= {"license": "other", "license_name": slug(str(everything), 80), "license_link": "README.md"}
    elif known in ON_THE_HUB:
        data["license"] = known
    else:
        data |= {"license": "other", "license_name": slug(licences[0]) if len(licences) == 1 else "mixed", "license_link": "README.md"}
    if not _free(everything):
        data["extra_gated_prompt"] = GATE
        data["extra_gated_fields"] = {"Affiliation": "text", "I agree": "checkbox"}
    return data


def kept_licences(account: Account) -> list[str]:
    """Licences of rows that were written, by name."""
    refused = {reason.removeprefix("licence ") for reason in account.left_out if reason.startswith("licence ")}
    return sorted(set(account.licences) - refused) or [ABSENT]


def _free(expression: Expression) -> bool:
    """Whether no more than credit or likeness is asked for: such data needs no gate."""
    return expression.met(lambda name: terms_of(name).commercial is True and terms_of(name).derivatives is True)


def _rights(account: Account) -> list[str]:
    """What may be done with the rows, by the licences of data and models together."""
    if not account.rights:
        return []
    lines = [
        *("", "The strictest of the licences of the data and of the models that shaped it holds for each row (column `rights`):", ""),
        *("| licences together | commercial use | adaptations | share alike | credit | rows | hours |", "|---|---|---|---|---|---|---|"),
    ]
    for name, tally in sorted(account.rights.items()):
        terms = (expression_of(name) or UNKNOWN_EXPRESSION).terms
        answers = [_word(each, "yes", "no") for each in (terms.commercial, terms.derivatives)]
        answers += [_word(each, "asked", "not asked") for each in (terms.share_alike, terms.attribution)]
        lines.append(f"| {_cell(name)} | {' | '.join(answers)} | {tally.rows} | {tally.seconds / 3600:.2f} |")
    return lines


def _word(answer: bool | None, yes: str, no: str) -> str:
    return "not known" if answer is None else yes if answer else no


def _page(account: Account, about: dict[str, Any]) -> str:
    written, rows = account.written, account.written.rows
    lines = [f"# {_cell(_title(about))}", ""]
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
            lines.append(f"| {_cell(name)} | {tally.rows} | {tally.seconds / 3600:.2f} |")
    lines += _rights(account)
    lines += ["", f"{int(account.sums.get('consent stated', 0))} rows say how their speakers consented (`source.consent`).", ""]
    lines += ["| corpus | rows |", "|---|---|"]
    lines += [f"| {_cell(name.partition(' ')[2])} | {int(n)} |" for name, n in sorted(account.sums.items()) if name.startswith("corpus ")]
    models = [(stage["stage"], weights) for stage in about.get("chain", []) for weights in stage.get("weights", [])]
    if models:
        lines += ["", "Models that shaped the rows:", "", "| stage | weights | revision | licence |", "|---|---|---|---|"]
        lines += [f"| {stage} | {_cell(w['name'])} | {_cell(w['revision'])} | {_cell(w['licence'])} |" for stage, w in models]
    return "\n".join([*lines, "", "Made with duologue.", ""])


def _title(about: dict[str, Any]) -> str:
    """The data set's name on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(about.get("name") or "")).split()) or "Dialogues"


def _cell(text: str) -> str:
    """Text that stays in its table cell, and is no markup: corpus names are others' words."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return "".join(f"&#{ord(c)};" if c in "|<>`*_[]#&" else c for c in clean)
