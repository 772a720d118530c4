"""The tables of an audit: every recording, finding and file once, with columns of fixed types that other tools open as they are."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.audit.tables import COLUMNS, tables, write_tables
from pipeline.place import LocalPlace
from schemas.audit import kind_of
from tests.golden.renew import HERE, audit_tables_text
from tests.pipeline.audit.made_contents import HOSTILE, contents

MADE = contents(120)


def test_the_columns_are_those_of_the_golden_file() -> None:
    wanted = (HERE / "audit_tables.txt").read_text(encoding="utf-8")
    assert audit_tables_text() == wanted, "renew on purpose with: python -m tests.golden.renew"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("tables")
    assert write_tables(LocalPlace(str(where)), MADE) == [f"{name}.parquet" for name in COLUMNS]
    return where


def test_pandas_reads_every_recording_with_its_numbers(folder: Path) -> None:
    found = pd.read_parquet(folder / "recordings.parquet")
    assert found["id"].tolist() == [each["id"] for each in MADE["recordings"]]
    assert found["seconds"].tolist() == [each["seconds"] for each in MADE["recordings"]]
    assert found["licence"].isna().sum() == sum(each["licence"] is None for each in MADE["recordings"])
    levels = [None if each is None else list(each) for each in found["levels_dbfs"]]
    assert levels == [each["levels"] for each in MADE["recordings"]]
    for each, overlap in zip(MADE["recordings"], found["overlap_share"].tolist(), strict=True):
        assert (each["taking"] is None and pd.isna(overlap)) or each["taking"]["overlap_share"] == overlap


def test_duckdb_adds_up_what_the_audit_says(folder: Path) -> None:
    for name in (found["name"] for found in MADE["findings"]):
        asked = f"select count(distinct recording), count(*) from '{folder}/findings.parquet' where name = ?"
        mine = [each for each in MADE["recordings"] if any(f["name"] == name for f in each["findings"])]
        row = duckdb.sql(asked, params=[name]).fetchall()[0]
        assert row == (len(mine), sum(f["name"] == name for each in mine for f in each["findings"]))
    files = duckdb.sql(f"select what, count(*), sum(bytes) from '{folder}/files.parquet' group by what order by what").fetchall()
    assert sum(count for _, count, _ in files) == len(MADE["files"])
    assert sum(size for *_, size in files) == sum(each["bytes"] for each in MADE["files"])
    hours = duckdb.sql(f"select sum(hours) from '{folder}/hours.parquet' where property = 'corpus'").fetchall()
    assert hours[0][0] == pytest.approx(sum(line["hours"] for line in MADE["hours_by"]["corpus"]))


def test_findings_keep_their_area_stretches_and_facts(folder: Path) -> None:
    found = tables(MADE)["findings"].to_pylist()
    wanted = [(each, f) for each in MADE["recordings"] for f in each["findings"]]
    assert len(found) == len(wanted)
    for line, (each, finding) in zip(found, wanted, strict=True):
        assert (line["recording"], line["name"], line["area"]) == (each["id"], finding["name"], kind_of(finding["name"]).area)
        assert line["stretches"] == finding["stretches"]
        assert json.loads(line["facts"]) == finding["facts"]
    assert HOSTILE in {line["id"] for line in tables(MADE)["recordings"].to_pylist()}, "foreign text is kept as it is"


def test_what_no_column_is_for_is_kept_as_facts() -> None:
    made = {**MADE, "duplicates": [{"kind": "near", "recordings": ["a", "b"], "detail": "x", "offset": 1.5}]}
    (line,) = tables(made)["duplicates"].to_pylist()
    assert (line["recordings"], json.loads(line["facts"])) == (["a", "b"], {"offset": 1.5})


def test_an_audit_of_nothing_has_the_same_columns() -> None:
    nothing = tables({"recordings": [], "files": []})
    assert [table.num_rows for table in nothing.values()] == [0] * 5
    assert {name: table.schema for name, table in nothing.items()} == {name: table.schema for name, table in tables(MADE).items()}


def test_equal_contents_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    write_tables(LocalPlace(str(tmp_path)), contents(120))
    for name in COLUMNS:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (folder / f"{name}.parquet").read_bytes()
