"""The data set card: read by the hub's own library and by `datasets`, true to the set, and safe from others' words."""

from __future__ import annotations

import importlib.resources
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from datasets import load_dataset
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.build import build
from pipeline.card.calibrated import holds_for
from pipeline.card.columns import COLUMNS
from pipeline.card.drawings import PAINT, drawings, standing_alone
from pipeline.card.front import language_codes, size_of
from pipeline.card.terms import granted
from pipeline.card.text import cell, table
from pipeline.card.write import CALIBRATION, card_files, write_card
from pipeline.drive import Stop
from pipeline.place import LocalPlace, place_at
from pipeline.pools import InProcess
from pipeline.report import gather
from pipeline.report.view import Gathered
from pipeline.report.words import number
from pipeline.verify import Damage, verify
from schemas.errors import UsageError
from schemas.row import Row, RowSource
from tests.pipeline.report_sets import HOSTILE, calls, condition, mixed, publish, row, spoken, talk
from tests.pipeline.toy import contents, request

EVERYTHING = [
    *(spoken(np.random.default_rng(seed), f"said{seed}", 50.0) for seed in range(3)),
    *calls(12),
    mixed(np.random.default_rng(1), "m", 60.0),
]


Made = tuple[dict[str, Any], Gathered]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The manifest of `EVERYTHING` and what was added up of it."""
    where = tmp_path_factory.mktemp("everything")
    manifest = publish(where, EVERYTHING, [])
    return manifest, gather(LocalPlace(str(where)), manifest)


def told(manifest: dict[str, Any], gathered: Gathered, calibration: Any = None) -> tuple[str, dict[str, Any], Gathered]:
    """The card's page, its front matter, and what was added up."""
    text = card_files(manifest, gathered, calibration)["README.md"].decode()
    _, front, page = text.split("---\n", 2)
    return page, yaml.safe_load(front), gathered


def card_of(where: Path, rows: Sequence[Row], calibration: Any = None, **more: Any) -> tuple[str, dict[str, Any], Gathered]:
    """The same of some rows, with other entries of the manifest."""
    manifest = {**publish(where, rows, []), **more}
    return told(manifest, gather(LocalPlace(str(where)), manifest), calibration)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "out"
    build(request(out, ["call-1", "call-2", "call-3", "reject-1"], lambda: (InProcess(), 1)), Stop())
    return out


def test_the_hub_and_datasets_read_the_card_of_a_build(built: Path) -> None:
    card = DatasetCard.load(built / "README.md")
    assert card.data.license == "other"
    assert card.data.to_dict()["license_name"] == "not-stated"
    assert card.data.pretty_name == "toy"
    configs = MetadataConfigs.from_dataset_card_data(card.data)
    assert configs["default"]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    rows = load_dataset(str(built), split="train", streaming=True).decode(False)
    assert sorted(each["id"] for each in rows) == ["call-1", "call-2", "call-3"], "the table of rejects is not taken for rows"


def test_every_picture_of_the_card_is_beside_it_and_nothing_else(built: Path) -> None:
    shown = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", (built / "README.md").read_text())
    assert shown
    assert sorted(shown) == sorted(f"card/{path.name}" for path in (built / "card").iterdir())


def test_the_same_build_gives_the_same_files_and_names_no_place(built: Path, tmp_path: Path) -> None:
    ids = ["call-1", "call-2", "call-3", "reject-1"]
    build(request(tmp_path / "elsewhere", ids, lambda: (InProcess(), 1)), Stop())
    mine, theirs = contents(tmp_path / "elsewhere"), contents(built)
    assert {"README.md", "croissant.json", "card/floor_transfers.svg"} < set(mine)
    assert mine == theirs
    for name in ("README.md", "croissant.json"):
        assert str(built.parent).encode() not in theirs[name]


@pytest.mark.parametrize("name", ["README.md", "croissant.json", "card/overlap.svg"])
def test_verify_tells_a_changed_and_a_missing_file(built: Path, name: str) -> None:
    assert verify(place_at(str(built))).damages == ()
    path = built / name
    before = path.read_bytes()
    path.write_bytes(before + b" ")
    changed = verify(place_at(str(built))).damages
    path.unlink()
    missing = verify(place_at(str(built))).damages
    path.write_bytes(before)
    assert changed == (Damage(name, None, "its SHA-256 is not the manifest's"),)
    assert missing == (Damage(name, None, "it is missing"),)


def test_a_card_that_changes_retracts_the_manifest_and_old_plots_go(everything: Made, tmp_path: Path) -> None:
    place, (manifest, gathered) = LocalPlace(str(tmp_path)), everything
    place.put("card/old.svg", b"<svg/>")
    place.put("manifest.json", b"{}")
    named = write_card(place, manifest, gathered)
    assert place.get_or_none("manifest.json") is None
    assert {f"card/{name}" for name in place.names("card")} == {each["name"] for each in named} - {"README.md", "croissant.json"}
    place.put("manifest.json", b"{}")
    stamp = (tmp_path / "README.md").stat().st_mtime_ns
    assert write_card(place, manifest, gathered) == named
    assert place.get_or_none("manifest.json") == b"{}"
    assert (tmp_path / "README.md").stat().st_mtime_ns == stamp


def test_what_others_wrote_is_no_markup(tmp_path: Path) -> None:
    source = RowSource(HOSTILE, (), f"{HOSTILE}|x|", f"![x](http://evil.example/p.png) {HOSTILE}\n# Heading | y", "en\n- de", "{}")
    hostile = replace(row(HOSTILE, talk(np.random.default_rng(2), 40.0), None), source=source)
    page, front, _ = card_of(tmp_path, [hostile], name=f"{HOSTILE}\n---\nlicense: mit\n# x")
    assert front["license"] == "other"
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert "<script" not in html
    assert set(re.findall(r'<img src="([^"]*)"', html)) <= {f"card/{name}.svg" for name in NAMES}
    assert set(re.findall(r'href="(https?://[^/"]*)', html)) == {"https://arxiv.org", "https://doi.org"}
    assert html.count("<h1>") == 1
    for block in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {len(re.findall(r"<t[hd][ >]", line)) for line in re.findall(r"<tr>.*?</tr>", block, re.DOTALL)}
        assert len(widths) == 1
    assert "\u202e" not in page


NAMES = ("floor_transfers", "overlap", "balance", "duration", "backchannels")


@given(st.text(max_size=60))
def test_any_text_stays_in_its_cell(text: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render("\n".join(table(["a", "b"], [["x", cell(text)], ["y", "z"]])))
    assert len(re.findall("<td", html)) == 4
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"table", "thead", "tbody", "tr", "th", "td"}


def test_the_figures_are_those_of_the_set(everything: Made) -> None:
    page, front, gathered = told(*everything)
    taking = gathered.taking
    cells = [[part.strip() for part in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    by_name = {line[0]: line[1:] for line in cells}
    assert by_name["Overlap (both speak)"][:2] == [number(taking.per_minute(taking.lasting["overlap"])), "3.3"]
    assert by_name["Gaps (silence between the sides)"][3] == number(taking.per_minute(taking.counts["gap"]))
    assert by_name["Backchannels per minute"][0] == number(taking.per_minute(float(taking.kinds["backchannels"].sum())), 2)
    licences = [line for line in cells if len(line) == 8 and line[2] in ("yes", "no", "not known")]
    assert sum(int(line[6]) for line in licences) == gathered.totals.whole.rows
    assert sum(float(line[7]) for line in licences) == pytest.approx(gathered.totals.whole.seconds / 3600, abs=0.02)
    whole = gathered.totals.whole
    assert next(line for line in cells if line[0] == "train")[2:4] == [str(whole.recordings), str(whole.rows)]
    assert front["language"] == ["en"]
    assert front["size_categories"] == ["n<1K"]
    assert "extra_gated_prompt" in front, "not all licences are known"


def one_source(licence: str | None, weights: str) -> tuple[list[Row], list[dict[str, Any]]]:
    chain = [{"stage": "vad", "backend": "x", "address": "vad-1", "version": 1, "weights": [WEIGHTS | {"licence": weights}]}]
    return [replace(row("a", talk(np.random.default_rng(2), 40.0), None), source=RowSource("c", (), licence, "yes", "de-AT", "{}"))], chain


WEIGHTS = {"name": "w", "revision": "1", "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("licence", "weights", "wanted", "gated"),
    [
        ("CC-BY-4.0", "MIT", {"license": "cc-by-4.0"}, False),
        ("CC-BY-NC-4.0", "MIT", {"license": "cc-by-nc-4.0"}, True),
        ("CC-BY-4.0", "CC-BY-NC-4.0", {"license": "other", "license_name": "cc-by-4-0-and-cc-by-nc-4-0"}, True),
        ("LicenseRef-Own", "MIT", {"license": "other", "license_name": "licenseref-own-and-mit"}, True),
        (None, "MIT", {"license": "other", "license_name": "not-stated"}, True),
    ],
)
def test_the_strictest_licence_wins(tmp_path: Path, licence: str | None, weights: str, wanted: dict[str, str], gated: bool) -> None:
    rows, chain = one_source(licence, weights)
    page, front, gathered = card_of(tmp_path, rows, chain=chain)
    assert {name: front[name] for name in wanted} == wanted
    assert ("extra_gated_prompt" in front) == gated
    assert front["language"] == ["de"]
    assert f"**{cell(str(granted(gathered.totals.terms, chain)[0].combined))}**" in page


def test_limits_say_what_was_measured_and_what_was_not(everything: Made, tmp_path: Path) -> None:
    bare = [replace(each, health=None, stats=None) for each in EVERYTHING]
    page, _, _ = card_of(tmp_path / "a", bare)
    assert "Channel health (levels, noise, leakage between the channels, bandwidth) was not measured." in page
    assert "Turn-taking was not measured" in page
    healthy = [row("a", talk(np.random.default_rng(2), 40.0), condition(np.random.default_rng(2)))]
    page, _, _ = card_of(tmp_path / "b", healthy)
    assert "Channel health found nothing wrong with 1" in page
    assert "Nothing was transcribed" in page
    assert "was not measured on this chain" not in page
    page, _, _ = told(*everything)
    assert "1\u00a0recording (1\u00a0min\u00a000\u00a0s) had both voices in one channel" in page
    assert "was not measured on this chain" in page
    muted = {
        "rows": {"inputs": 9, "redacted": 3, "without_words": 2},
        "by_kind": [{"kind": "name", "spans": 5, "seconds": 1.0}],
        "spans": 5,
    }
    page, front, _ = told({**everything[0], "redactions": muted}, everything[1])
    assert "5\u00a0stretches were muted in 3\u00a0rows (name 5)" in page
    assert "2\u00a0rows have no words" in page
    assert front["pretty_name"].endswith(", redacted")


def test_an_empty_set_has_a_card(tmp_path: Path) -> None:
    page, front, _ = card_of(tmp_path, [])
    assert "The set has no rows." in page
    assert front["license"] == "unknown"


def calibration(addresses: dict[str, str]) -> dict[str, Any]:
    chain = [{"stage": stage, "address": address, "weights": []} for stage, address in addresses.items()]
    names = (
        "der_collar_250ms",
        "der",
        "speech_kept",
        "leakage_db",
        "si_sdr_db",
        "overlap_recall",
        "overlap_precision",
        "backchannel_recall",
    )
    more = ("cpwer_true", "cpwer", "swaps_per_hour", "turn_taking_error")
    overall = {**dict.fromkeys((*names, *more)), "der": 0.123, "worst": {"der": {"value": 0.456, "id": "x", "channel": None}}}
    about = {"name": "mono", "chain": chain, "calls": 3, "hours": 0.5, "conditions": ["clean"], "refused": {}, "overall": overall}
    return {"recipe": about, "beside": None}


def test_what_a_calibration_measured_is_told_where_it_is_of_this_chain(everything: Made, tmp_path: Path) -> None:
    ours = {"diarize": "diarize-1", "separate": "separate-1"}
    chain = [{"stage": stage, "backend": "x", "address": address, "version": 1, "weights": []} for stage, address in ours.items()]
    manifest, gathered = everything[0] | {"chain": chain}, everything[1]
    page, _, _ = told(manifest, gathered, calibration(ours))
    assert "## Measured quality of the mono recipe" in page
    assert "| Diarization error rate, no collar | 12.3 % | 45.6 % |" in page
    other, _, _ = told(manifest, gathered, calibration(ours | {"separate": "separate-2"}))
    assert "Measured quality" not in other
    two_channels = [each for each in EVERYTHING if each.id != "m"]
    assert "Measured quality" not in card_of(tmp_path, two_channels, calibration(ours), chain=chain)[0]
    assert holds_for([], chain) is None


def test_a_calibration_lies_beside_the_set(everything: Made, tmp_path: Path) -> None:
    place, ours = LocalPlace(str(tmp_path)), {"diarize": "diarize-1", "separate": "separate-1"}
    chain = [{"stage": stage, "backend": "x", "address": address, "version": 1, "weights": []} for stage, address in ours.items()]
    manifest, gathered = everything[0] | {"chain": chain}, everything[1]
    place.put(CALIBRATION, json.dumps(calibration(ours)).encode())
    write_card(place, manifest, gathered)
    assert "Measured quality of the mono recipe" in (tmp_path / "README.md").read_text()
    place.put(CALIBRATION, b"{")
    with pytest.raises(UsageError, match=r"calibration\.json: is no JSON"):
        write_card(place, manifest, gathered)


def test_drawings_stand_alone_with_every_class_painted(everything: Made) -> None:
    found = drawings(everything[1])
    assert set(found) == {f"card/{name}.svg" for name in NAMES}
    for figure in found.values():
        classes = {name for names in re.findall(r'class="([^"]*)"', str(figure.svg)) for name in names.split()}
        assert classes <= {*PAINT, "bar", "own"}, "a class of the style sheet without paint would be drawn black"
        drawn = ET.fromstring(standing_alone(figure))
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert not [each for each in drawn.iter() if "class" in each.attrib or each.tag.endswith("style")]
        assert [each for each in drawn.iter() if each.get("fill") == "#1c5d99"]


def test_every_column_of_a_row_is_described() -> None:
    assert list(COLUMNS) == [each.name for each in fields(Row)]


def test_categories_and_languages_are_those_of_the_hub() -> None:
    resources = importlib.resources.files("datasets.utils.resources")
    sizes = json.loads(resources.joinpath("size_categories.json").read_text())
    amounts = (0, 999, 1_000, 9_999, 10_000, 99_999, 100_000, 10**6, 10**7)
    assert [size_of(n) for n in amounts] == [
        *("n<1K", "n<1K", "1K<n<10K", "1K<n<10K", "10K<n<100K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M"),
    ]
    assert {size_of(n) for n in amounts} <= set(sizes)
    languages = json.loads(resources.joinpath("languages.json").read_text())
    found = language_codes(["en-US", "de", "EN", "und", None, "cmn-Hans-CN", "x-klingon", "nonsense", "pt_BR"])
    assert found == ["cmn", "de", "en", "pt"]
    assert set(found) <= set(languages) | {"cmn"}
