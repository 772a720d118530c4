"""`duologue redact`: a set becomes a redacted set that says so, verifies, resumes, and opens like any other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.place import LocalPlace, place_at
from pipeline.redact.run import run_redact
from pipeline.redact.settings import Redaction
from pipeline.shape.reading import held_set, without_audio
from pipeline.shape.run import run_shape
from pipeline.shards import group_ranges, hash_range
from pipeline.verify import verify
from schemas.errors import UsageError
from tests.pipeline.calling import Cli
from tests.pipeline.redact.made import private, set_of
from tests.pipeline.report_sets import RATE
from tests.pipeline.shape.made import spoken
from tests.pipeline.test_crash_points import DIED, in_child
from tests.pipeline.toy import contents


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows: one that holds personal data, one that holds none, one without words."""
    out = tmp_path_factory.mktemp("sets") / "set"
    set_of(out, [private(1, "a").row, replace(spoken(2, 12.0, "b"), codes=None), spoken(3, 12.0, "c", bare=True)])
    return out


@pytest.fixture(scope="module")
def done(source: Path) -> Path:
    """The same, redacted."""
    out = source.parent / "redacted"
    run_redact(str(source), str(out), Redaction(), None, "cpu", False)
    return out


def read(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "data").to_pylist()
    return found


def test_a_set_is_redacted_and_says_so(source: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    text = cli("redact", source, out, "--how", "silence")
    assert "1 of 3 rows hold personal data: 3 stretches" in text
    assert "1 rows have no words" in text
    assert "biometric" in text
    before, after = read(source), read(out)
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert {k: v for k, v in after[1].items() if k != "redactions"} == {k: v for k, v in before[1].items() if k != "redactions"}
    assert [(r["kind"], r["channel"], r["how"]) for r in sorted(after[0]["redactions"], key=lambda r: str(r["kind"]))] == [
        ("email", 0, "silence"),
        ("name", 0, "silence"),
        ("phone", 1, "silence"),
    ]
    manifest, was = (json.loads((where / "manifest.json").read_text()) for where in (out, source))
    about = manifest["redactions"]
    assert about["rows"] == {"inputs": 3, "redacted": 1, "without_words": 1}
    assert {each["kind"]: each["spans"] for each in about["by_kind"]} == {"name": 1, "phone": 1, "email": 1}
    seconds = sum(span.end - span.start for _, _, span in private(1, "a").muted) / RATE
    assert about["hours"] * 3600 == pytest.approx(seconds, abs=0.01)
    assert about["settings"]["how"] == "silence"
    assert (manifest["rows"], manifest["hours"]) == (3, pytest.approx(was["hours"], abs=1e-5))
    assert verify(place_at(str(out))).damages == ()
    assert b"turner" not in b"".join(contents(out).values())
    assert "cheryl" not in json.dumps(after, default=str)


def test_the_same_again_changes_nothing_and_again_on_itself_finds_nothing(source: Path, done: Path, tmp_path: Path) -> None:
    before = contents(done)
    stamps = {path: path.stat().st_mtime_ns for path in (done / "data").iterdir()}
    run_redact(str(source), str(done), Redaction(), None, "cpu", False)
    assert contents(done) == before
    assert {path: path.stat().st_mtime_ns for path in (done / "data").iterdir()} == stamps
    run_redact(str(done), str(tmp_path / "two"), Redaction(), None, "cpu", False)
    assert read(done) == read(tmp_path / "two")
    assert json.loads((tmp_path / "two" / "manifest.json").read_text())["redactions"]["spans"] == 3


def test_a_dry_run_writes_nothing_and_shows_no_text(source: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    result = cli.json("redact", source, out, "--dry-run", "--kinds", "phone,name")
    assert not out.exists()
    assert {each["kind"] for each in result["would_mute"]} == {"phone", "name"}
    assert {each["shown"] for each in result["would_mute"]} == {"07… (11 digits)", "c… (2 words)"}
    text = cli("redact", source, out, "--dry-run")
    assert "nothing was written" in text
    assert "cheryl" not in text
    assert "smith" not in text
    assert not out.exists()


def test_sets_of_before_there_were_redactions_open(source: Path, done: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(source, old)
    manifest = json.loads((old / "manifest.json").read_text())
    for shard in manifest["shards"]:
        path = old / shard["name"]
        table = pq.read_table(path).drop_columns(["redactions"])
        pq.write_table(table, path, row_group_size=table.num_rows, write_page_checksum=True)
        (rows, offset, length) = group_ranges(path)[0]
        group = {"rows": rows, "offset": offset, "length": length, "sha256": hash_range(path, offset, length)}
        shard |= {"bytes": path.stat().st_size, "sha256": hash_range(path), "groups": [group]}
    (old / "manifest.json").write_text(json.dumps(manifest))
    assert [row.redactions for _, _, row in without_audio(held_set(LocalPlace(str(old))))] == [(), (), ()]
    run_redact(str(old), str(tmp_path / "new"), Redaction(), None, "cpu", False)
    assert read(tmp_path / "new") == read(done)


def test_arrow_and_shaped_sets_and_shaping_what_was_redacted(tmp_path: Path) -> None:
    set_of(tmp_path / "set", [private(1, "a").row], 1, format="arrow")
    run_shape(str(tmp_path / "set"), str(tmp_path / "shaped"), None, {"max_turn": "none", "max_monologue": "none", "min_clip": "2"}, False)
    run_redact(str(tmp_path / "shaped"), str(tmp_path / "out"), Redaction(), None, "cpu", False)
    assert verify(place_at(str(tmp_path / "out"))).damages == ()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {"shape", "redactions"} <= set(manifest)
    options = {"max_turn": "none", "max_monologue": "none", "min_clip": "2", "max_clip": "25"}
    run_shape(str(tmp_path / "out"), str(tmp_path / "again"), None, options, False)
    for _, _, row in without_audio(held_set(LocalPlace(str(tmp_path / "again")))):
        for each in row.redactions:
            assert 0 <= each.start < each.end <= row.duration


@pytest.mark.parametrize("every", [pytest.param(40, id="a fortieth"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_wherever_it_dies_a_reader_finds_all_or_nothing_and_the_next_run_finishes(tmp_path: Path, every: int) -> None:
    source = tmp_path / "set"
    set_of(source, [replace(private(1, "a").row, codes=None), replace(spoken(2, 12.0, "b"), codes=None)], tokenize=False)

    def run(out: Path, how: str) -> Callable[[], Any]:
        return lambda: run_redact(str(source), str(out), Redaction(how=how), None, "cpu", False)

    before, after = tmp_path / "before", tmp_path / "after"
    run(before, "noise")()
    run(after, "silence")()
    old, new = contents(before), contents(after)
    shutil.copytree(before, tmp_path / "count")
    code, changes = in_child(run(tmp_path / "count", "silence"), tmp_path, None)
    assert (code, contents(tmp_path / "count")) == (0, new)
    for point in range(2, changes + 1, every):
        out = tmp_path / f"at-{point}"
        shutil.copytree(before, out)
        code, _ = in_child(run(out, "silence"), tmp_path, point)
        assert code == DIED
        if (out / "manifest.json").exists():
            found = contents(out)
            committed = old if found["manifest.json"] == old["manifest.json"] else new
            assert {name: data for name, data in found.items() if name in committed} == committed
        run(out, "silence")()
        assert contents(out) == new
        shutil.rmtree(out)


def test_what_cannot_be_redacted_is_refused(source: Path, tmp_path: Path, cli: Cli) -> None:
    def refused(where: Path, out: Path, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            run_redact(str(where), str(out), Redaction(), None, "cpu", False)

    refused(source, source, "cannot be redacted into its own folder")
    refused(tmp_path, tmp_path / "out", "no manifest.json")
    set_of(tmp_path / "built", [replace(spoken(2, 12.0, "b"), codes=None)], 1)
    refused(source, tmp_path / "built", "holds a data set that is not a redacted one")
    assert "--kinds: no kind 'nmae' of personal data; did you mean 'name'?" in cli("redact", source, tmp_path, "--kinds", "nmae", code=2)
    assert "--how: no 'beep'" in cli("redact", source, tmp_path, "--how", "beep", code=2)
    assert "--margin: 3.0 must be from 0 to 2 seconds" in cli("redact", source, tmp_path, "--margin", "3", code=2)
