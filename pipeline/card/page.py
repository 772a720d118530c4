"""The page of a card, for people: what the set is, how to load it, whose it is, how the talk in it goes, and what not to expect of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from pipeline.card.calibrated import card as calibrated_card
from pipeline.card.columns import COLUMNS
from pipeline.card.limits import limits
from pipeline.card.shaped import shaped
from pipeline.card.talk import talk
from pipeline.card.terms import all_together, answers, granted, weights_of
from pipeline.card.text import cell, known, table, title
from pipeline.report.axes import plain_label
from pipeline.report.figures import Figure
from pipeline.report.totals import by_hours
from pipeline.report.view import Gathered, left_out_lines
from pipeline.report.words import count, hours, number, several, share
from schemas.errors import REASONS

MOST = 40
"""Lines of a table of combinations."""


def page(manifest: Mapping[str, Any], gathered: Gathered, plots: Mapping[str, Figure], recipe: Mapping[str, Any] | None) -> str:
    """The Markdown below the front matter."""
    lines = [
        f"# {cell(name_of(manifest))}",
        "",
        *_summary(manifest, gathered),
        *_loading(manifest),
        *_rights(manifest, gathered),
        *talk(gathered, plots),
        *_splits(manifest),
        *(shaped(manifest["shape"]) if "shape" in manifest else []),
        *_limits(manifest, gathered, recipe),
        *_columns(),
        *_provenance(manifest),
    ]
    return "\n".join(lines).rstrip() + "\n"


def name_of(manifest: Mapping[str, Any]) -> str:
    """The name of a set on one line."""
    kinds = [word for key, word in (("shape", "shaped"), ("redactions", "redacted")) if key in manifest]
    return ", ".join([title(manifest["name"]), *kinds])


def _summary(manifest: Mapping[str, Any], gathered: Gathered) -> list[str]:
    totals, taking = gathered.totals, gathered.taking
    whole = totals.whole
    rates = sorted({int(key[0]) for key in totals.formats})
    words = int(sum(taking.spoken["words"]))
    facts = [
        ["Audio", hours(whole.seconds)],
        ["Recordings", f"{count(whole.recordings)}, in {several(whole.rows, 'row', 'rows')}"],
        ["Sampling rate", ", ".join(f"{plain_label(rate / 1000)} kHz" for rate in rates) or "–"],
        ["Speech on channel 0 / 1", " / ".join(hours(float(each)) for each in totals.speech)],
        ["Overlap", f"{share(taking.share_of_overlap)} of the time both speak" if taking.rows else "not measured"],
        ["Words", count(words) if taking.worded_rows else "none"],
        ["Codec tokens", ", ".join(sorted({cell(key[0]) for key in gathered.tokens.codecs})) or "none"],
        ["Made from one channel", several(gathered.mixtures.recordings, "recording", "recordings")],
    ]
    return [
        "Two-party conversations in two channels, for full-duplex speech models: one speaker on each channel, overlap left intact, and "
        "every word and event in time. A row is one conversation, or one clip of a long one. Channel 0 is the voice that a model learns "
        "to be, channel 1 the other side.",
        "",
        *table(["At a glance", ""], facts),
    ]


def _loading(manifest: Mapping[str, Any]) -> list[str]:
    split, suffix = next(((each[0], each[1].rsplit(".", 1)[-1]) for each in splits_of(manifest)), ("train", "parquet"))
    code = f"""
        import io

        import soundfile
        from datasets import Audio, load_dataset

        rows = load_dataset("path/to/this/folder", split="{split}", streaming=True)
        rows = rows.cast_column("audio", Audio(decode=False))
        row = next(iter(rows))
        samples, rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]))  # [n, 2]
        print(row["id"], rate, samples.shape, row["words"][:3])
        """
    query = """
        import duckdb

        duckdb.sql(
            "select id, duration, stats.overlap_share from 'data/*.parquet' order by 3 desc"
        )
        """
    tables = ["Its columns without the audio, in a moment:", "", *_code(query)] if suffix == "parquet" else []
    return ["## Load it", "", *_code(code), *tables]


def _code(text: str) -> list[str]:
    return ["```python", *textwrap.dedent(text).strip().splitlines(), "```", ""]


def _rights(manifest: Mapping[str, Any], gathered: Gathered) -> list[str]:
    terms, chain = gathered.totals.terms, manifest["chain"]
    found, whole = granted(terms, chain), gathered.totals.whole.seconds
    head = [
        "Licence of the recordings",
        "With the models' licences",
        "Commercial use",
        "Adaptations",
        "Share alike",
        "Credit",
        "Rows",
        "Hours",
    ]
    rows = [
        [known(each.licence), cell(str(each.combined)), *answers(each.combined), count(each.amount.rows), _h(each.amount.seconds)]
        for each in found
    ]
    stated = sum(amount.seconds for key, amount in terms.items() if key[2])
    lines = ["## Licence and consent", ""]
    if not whole:
        return [*lines, "The set has no rows.", ""]
    everything = all_together(found)
    use = dict(zip(("commercial", "adaptations", "alike", "credit"), answers(everything), strict=True))
    lines += [
        f"Everything together is under **{cell(str(everything))}**. Commercial use: {use['commercial']}; "
        f"adaptations: {use['adaptations']}; share alike: {use['alike']}; credit: {use['credit']}. The strictest of the licences of the "
        "recordings and of the models that shaped them holds, row by row in the column `rights`.",
        "",
        *table(head, rows, (6, 7)),
        f"For {hours(stated)} of {hours(whole)} it is stated how the speakers consented (`source.consent`).",
        "",
    ]
    groups = by_hours(terms)
    cells = [[*(known(part) for part in key), count(amount.rows), _h(amount.seconds)] for key, amount in groups[:MOST]]
    lines += table(["Corpus", "Licence", "Consent", "Language", "Rows", "Hours"], cells, (4, 5))
    if len(groups) > MOST:
        rest = sum(amount.seconds for _, amount in groups[MOST:])
        lines += [f"{count(len(groups) - MOST)} more combinations hold {hours(rest)}; see `report.html`.", ""]
    return [*lines, *_models(manifest)]


def _models(manifest: Mapping[str, Any]) -> list[str]:
    rows = [
        [f"`{stage}`", cell(w["name"]), cell(w["revision"]), cell(w["licence"]), f"`{w['sha256'][:12]}`" if w["sha256"] else ""]
        for stage, w in weights_of(manifest["chain"])
    ]
    lines = table(["Stage", "Weights", "Revision", "Licence", "SHA-256"], rows)
    return ["### Models that shaped the rows", "", *(lines or ["None: every step is signal processing or the corpus's own data.", ""])]


def splits_of(manifest: Mapping[str, Any]) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """Each split with the pattern of its files and its shards, in the order in which they come."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for shard in manifest["shards"]:
        name = shard["name"].rsplit("/", 1)[-1]
        split, suffix = name.rsplit("-", 3)[0], name.rsplit(".", 1)[-1]
        found.setdefault((split, f"data/{split}-*.{suffix}"), []).append(shard)
    return [(split, pattern, shards) for (split, pattern), shards in found.items()]


def _splits(manifest: Mapping[str, Any]) -> list[str]:
    rows = [
        [
            cell(split),
            f"`{pattern}`",
            *(count(sum(shard[name] for shard in shards)) for name in ("recordings", "rows")),
            _h(sum(shard["seconds"] for shard in shards)),
            _size(sum(shard["bytes"] for shard in shards)),
        ]
        for split, pattern, shards in splits_of(manifest)
    ]
    lines = table(["Split", "Files", "Recordings", "Rows", "Hours", "Size"], rows, (2, 3, 4, 5))
    return ["## Splits", "", *(lines or ["None: the set has no rows.", ""])]


def _limits(manifest: Mapping[str, Any], gathered: Gathered, recipe: Mapping[str, Any] | None) -> list[str]:
    lines = ["## Known limits", "", *(f"- {each}" for each in limits(manifest, gathered, recipe is not None)), ""]
    return [*lines, calibrated_card(recipe)] if recipe is not None and gathered.mixtures.recordings else lines


def _columns() -> list[str]:
    rows = [[f"`{name}`", meaning] for name, meaning in COLUMNS.items()]
    return ["## Columns", "", *table(["Column", "What it holds"], rows), "Their types are in `croissant.json` and in the shards.", ""]


def _provenance(manifest: Mapping[str, Any]) -> list[str]:
    inputs = manifest["inputs"]
    steps = [
        [str(i), f"`{s['stage']}`", f"`{s['backend']}`", str(s["version"]), f"`{s['address']}`"] for i, s in enumerate(manifest["chain"], 1)
    ]
    reasons = sorted(manifest["rejects"]["by_reason"].items(), key=lambda item: (-item[1], item[0]))
    rejected = [[f"`{reason}`", count(n), REASONS.get(reason, "")] for reason, n in reasons]
    unused = left_out_lines(manifest["left_out"])
    left = [[each["name"], each["pieces"], hours(each["seconds"]), each["meaning"]] for each in unused]
    versions = ", ".join(f"{cell(name)} {cell(str(version))}" for name, version in sorted(manifest["versions"].items()))
    return [
        "## How it was made",
        "",
        f"From {several(inputs['inputs'], 'input', 'inputs')}: {count(inputs['results'])} became recordings of the set, "
        f"{count(inputs['rejects'])} were turned down, {count(inputs['errors'])} ended in a fault.",
        "",
        *table(["", "Stage", "Backend", "Version", "Address"], steps),
        *table(["Turned down for", "Inputs", "Meaning"], rejected, (1,)),
        *table(["Became no row", "Pieces", "Time", "Meaning"], left, (1, 2)),
        "`manifest.json` holds the whole configuration and the SHA-256 of shards, tables and card, `rejects.parquet` every input that was "
        "turned down, and `report.html` the whole report. `duologue verify .` tells whether the set is still what was committed.",
        "",
        f"Made with {versions}.",
    ]


def _size(amount: int) -> str:
    return f"{number(amount / 1e9, 1)} GB" if amount >= 1e9 else f"{number(amount / 1e6, 1)} MB"


def _h(seconds: float) -> str:
    return number(seconds / 3600, 2)
