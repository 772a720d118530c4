"""The card, its plots and `croissant.json` beside the shards of a set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import yaml

from pipeline.card.calibrated import holds_for
from pipeline.card.croissant import croissant
from pipeline.card.drawings import FOLDER, drawings, standing_alone
from pipeline.card.front import front_matter, licence_of
from pipeline.card.page import name_of, page, splits_of
from pipeline.card.terms import all_together, granted, own
from pipeline.place import Place
from pipeline.report.view import Gathered
from schemas.errors import UsageError

CALIBRATION = "calibration.json"
"""When `duologue calibrate` wrote it with the chain of the set and it lies in the set's folder, the card tells what it measured."""


def write_card(out: Place, manifest: Mapping[str, Any], gathered: Gathered) -> list[dict[str, str]]:
    """Write what has changed of the files of `card_files`, and delete plots that are none of them; name and SHA-256 of each.

    A manifest that stands is retracted before the first change, for it names other files; committing the new one is up to the caller.
    """
    files = card_files(manifest, gathered, _calibration(out))
    out.sweep(FOLDER)
    old = [f"{FOLDER}/{name}" for name in out.names(FOLDER) if f"{FOLDER}/{name}" not in files]
    changed = [name for name, data in files.items() if out.get_or_none(name) != data]
    if changed or old:
        out.delete("manifest.json")
    for name in changed:
        out.put(name, files[name])
    for name in old:
        out.delete(name)
    return [{"name": name, "sha256": hashlib.sha256(data).hexdigest()} for name, data in sorted(files.items())]


def card_files(manifest: Mapping[str, Any], gathered: Gathered, calibration: Any = None) -> dict[str, bytes]:
    """`README.md`, `croissant.json` and the plots by name: of equal values equal bytes, without any time or place."""
    plots = drawings(gathered)
    recipe = None if calibration is None else holds_for(calibration, manifest["chain"])
    text = f"---\n{_front(manifest, gathered)}---\n\n{page(manifest, gathered, plots, recipe)}"
    described = croissant(manifest, gathered)
    return {
        "README.md": text.encode(),
        "croissant.json": (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode(),
        **{name: standing_alone(figure) for name, figure in plots.items()},
    }


def _front(manifest: Mapping[str, Any], gathered: Gathered) -> str:
    terms = gathered.totals.terms
    found = granted(terms, manifest["chain"])
    licence = licence_of([each.licence for each in found], own(found), all_together(found)) if found else {"license": "unknown"}
    splits = [(split, pattern) for split, pattern, _ in splits_of(manifest)]
    front = front_matter(name_of(manifest), gathered.totals.whole.rows, (key[3] for key in terms), licence, splits)
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)


def _calibration(out: Place) -> Any:
    data = out.get_or_none(CALIBRATION)
    try:
        return None if data is None else json.loads(data)
    except ValueError as error:
        raise UsageError(f"{out.root}/{CALIBRATION}: is no JSON ({error}); delete it, or write it anew with duologue calibrate") from error
