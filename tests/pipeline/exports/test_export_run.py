"""What all exports share: order, licences, splits, checksums, resuming, refusing, and an account that adds up."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drive import Halt, Stop
from pipeline.exports.exchanges import exchanges
from pipeline.exports.format import Account, Options, Tally
from pipeline.exports.licence import allows, non_commercial
from pipeline.exports.moshi import alignments
from pipeline.exports.run import export
from pipeline.exports.table import FORMATS, format_named
from pipeline.exports.unit import UnitJob, split_of
from pipeline.pools import InProcess
from schemas.errors import LawError, UsageError
from schemas.row import Row, RowSource
from tests.pipeline.exports import sets


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_the_table_is_there_and_says_whom_it_serves(name: str) -> None:
    format = format_named(name)
    assert format.serves
    assert set(format.carries) <= {"seconds", "words", "frames"}
    assert set(format.understands) <= {"main", "tokenizer", "text"}


def test_a_format_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no format 'mochi'; did you mean 'moshi'"):
        format_named("mochi")


def test_equal_calls_give_equal_bytes_and_a_second_call_changes_nothing(made: Path, tmp_path: Path) -> None:
    first = sets.run(made, tmp_path / "a", "moshi")
    sets.run(made, tmp_path / "b", "moshi")
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "b")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a" / "train").rglob("*")}
    again = sets.run(made, tmp_path / "a", "moshi")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a" / "train").rglob("*")} == before
    assert {**first, "out": ""} == {**again, "out": ""}


def test_checksums_are_those_of_all_files(made: Path, tmp_path: Path) -> None:
    sets.run(made, tmp_path / "a", "labels")
    files = sets.tree(tmp_path / "a")
    pairs = (line.partition("  ") for line in files["SHA256SUMS"].decode().splitlines())
    listed = {name: digest for digest, _, name in pairs}
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name not in ("SHA256SUMS", "export.json")}
    assert json.loads(files["export.json"])["SHA256SUMS"] == hashlib.sha256(files["SHA256SUMS"]).hexdigest()


def test_an_export_that_was_cut_short_goes_on_with_what_is_missing(made: Path, tmp_path: Path) -> None:
    whole = sets.run(made, tmp_path / "whole", "moshi")
    done: list[str] = []

    class Dies(InProcess):
        def give(self, slot: int, job: UnitJob) -> None:
            if len(done) == 1:
                raise Halt("the power went")
            done.append(job.shard)
            super().give(slot, job)

    with pytest.raises(Halt):
        export(str(made), str(tmp_path / "a"), "moshi", Options(), lambda: (Dies(), 1), Stop(), quiet=True)
    assert not (tmp_path / "a" / "export.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "a" / "train" / "00000").iterdir()}
    assert kept
    resumed = sets.run(made, tmp_path / "a", "moshi")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert {**resumed, "out": ""} == {**whole, "out": ""}
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "whole")


def test_a_file_that_went_missing_is_written_again(made: Path, tmp_path: Path) -> None:
    sets.run(made, tmp_path / "a", "moshi")
    files = sets.tree(tmp_path / "a")
    (lost,) = (path for path in (tmp_path / "a" / "train").rglob("*.wav") if path.name.startswith("call-1"))
    lost.unlink()
    sets.run(made, tmp_path / "a", "moshi")
    assert sets.tree(tmp_path / "a") == files


def test_arrow_sets_give_what_parquet_sets_give(rows: list[Row], made: Path, tmp_path: Path) -> None:
    arrow = sets.publish(tmp_path / "set", rows, format="arrow")
    told = [sets.run(source, tmp_path / name, "moshi") for source, name in ((made, "a"), (arrow, "b"))]
    assert [each["written"] for each in told] == [told[0]["written"]] * 2
    trees = [{name: data for name, data in sets.tree(tmp_path / name).items() if name != "export.json"} for name in ("a", "b")]
    assert trees[0] == trees[1]


def test_rows_are_refused_for_their_licence_unless_the_person_answers_for_it(made: Path, tmp_path: Path) -> None:
    told = sets.run(made, tmp_path / "a", "chat")
    assert told["left_out"] == {"licence LicenseRef-LDC": told["licences"]["LicenseRef-LDC"]}
    assert told["written"]["rows"] == 3
    allowed = sets.run(made, tmp_path / "b", "chat", allowed=("LicenseRef-LDC",))
    assert (allowed["written"]["rows"], allowed["left_out"]) == (4, {})


def test_a_set_of_which_nothing_may_be_exported_is_no_export(tmp_path: Path) -> None:
    row = sets.talk("x", 4.0, source=RowSource("x", (), None, None, None, "{}"))
    with pytest.raises(UsageError, match=r"1 rows: licence NOASSERTION.*--allow-licence"):
        sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "a", "chat")
    assert not (tmp_path / "a" / "export.json").exists()


@pytest.mark.parametrize(
    ("licence", "answer"),
    [
        *(("CC-BY-4.0", True), ("CC-BY-NC-4.0", True), ("CC0-1.0", True), ("MIT", True), ("cc-by-sa-4.0", True)),
        *(("CC-BY-ND-4.0", False), ("CC-BY-NC-ND-4.0", False), ("LicenseRef-LDC-User-Agreement", False), (None, False), ("", False)),
        *(("NOASSERTION", False), ("NONE", False), ("by arrangement", False), ("(", False)),
        *(("MIT OR LicenseRef-x", True), ("MIT AND LicenseRef-x", False), ("GPL-2.0-only WITH Classpath-exception-2.0", True)),
        ("LicenseRef-scancode-proprietary-license", False),
    ],
)
def test_what_licences_allow(licence: str | None, answer: bool) -> None:
    assert allows(licence) is answer
    assert allows(licence, ("any",))
    assert allows(licence, (licence or "NOASSERTION",))


def test_a_licence_allowed_by_name_counts_in_an_expression() -> None:
    assert allows("MIT AND LicenseRef-x", ("LicenseRef-x",))
    assert not allows("LicenseRef-y AND LicenseRef-x", ("LicenseRef-x",))


@given(st.lists(st.text(max_size=8), unique=True, max_size=40), st.floats(0.05, 0.9))
def test_recordings_are_split_by_their_id_alone(ids: list[str], share: float) -> None:
    splits = (("valid", share),)
    alone = {id: split_of(id, splits) for id in ids}
    assert {id: split_of(id, splits) for id in reversed(ids)} == alone
    assert all(split_of(id, (("valid", min(0.99, share + 0.05)),)) == "valid" for id, split in alone.items() if split == "valid")


def test_splits_have_about_their_share() -> None:
    found = [split_of(f"call/{i}", (("valid", 0.1), ("test", 0.2))) for i in range(4000)]
    assert abs(found.count("valid") - 400) < 80
    assert abs(found.count("test") - 800) < 110


def test_clips_of_one_recording_stay_together(tmp_path: Path) -> None:
    parts = [sets.talk(f"call/{i}#{part:04d}", 3.0) for i in range(6) for part in range(2)]
    out = tmp_path / "a"
    told = sets.run(sets.publish(tmp_path / "set", parts, 3), out, "chat", splits=(("valid", 0.4),))
    found = {name: {line["id"].partition("#")[0] for line in sets.lines(out / f"{name}.jsonl")} for name in ("train", "valid")}
    assert not found["train"] & found["valid"]
    assert len(found["train"] | found["valid"]) == 6
    assert found["valid"]
    assert told["written"]["rows"] == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"main": (1,)}, "--main means nothing to labels"),
        ({"tokenizer": "x"}, "--tokenizer means nothing to labels"),
        ({"splits": (("train", 0.5),)}, "wanted different names, not 'train'"),
        ({"splits": (("a", 0.5), ("b", 0.5))}, "leave something of 1"),
    ],
)
def test_options_that_mean_nothing_are_refused(made: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sets.run(made, tmp_path / "a", "labels", **options)
    assert not (tmp_path / "a").exists()


def test_a_folder_with_anything_else_is_left_alone(made: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds thesis\.txt and is no export"):
        sets.run(made, tmp_path / "a", "chat")
    sets.run(made, tmp_path / "b", "chat")
    with pytest.raises(UsageError, match="export of another format"):
        sets.run(made, tmp_path / "b", "labels")
    with pytest.raises(UsageError, match="export of other options"):
        sets.run(made, tmp_path / "b", "chat", main=(1,))
    grown = sets.publish(tmp_path / "grown", [sets.talk("new", 4.0)], 1)
    with pytest.raises(UsageError, match="another state"):
        sets.run(grown, tmp_path / "b", "chat")


def test_what_is_no_finished_set_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest\.json"):
        sets.run(tmp_path, tmp_path / "a", "chat")
    shutil.copytree(made, tmp_path / "set")
    (tmp_path / "set" / "manifest.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        sets.run(tmp_path / "set", tmp_path / "a", "chat")


def test_an_account_that_does_not_add_up_is_a_broken_law() -> None:
    account = Account(came=Tally(2, 9.0, 5, 0), written=Tally(1, 5.0, 3, 0), left_out={"x": Tally(1, 4.0, 1, 0)})
    with pytest.raises(LawError, match="1 words came in"):
        account.check(("seconds", "words"), "toy")
    account.lose("too long", words=1)
    account.check(("seconds", "words"), "toy")


@pytest.mark.parametrize("format", ["moshi", "jmoshi", "labels", "hf", "lhotse", "shar", "nemo", "webdataset", "chat", "realtime", "s2st"])
def test_words_and_frames_are_counted_in_what_was_written(made: Path, rows: list[Row], tmp_path: Path, model: str, format: str) -> None:
    told = sets.run(made, tmp_path / "a", format, tokenizer=model if format == "jmoshi" else None)
    free = [row for row in rows if row.source.licence == "CC-BY-4.0"]
    assert told["written"]["words"] == sum(len(row.words) for row in free)
    carried = sum(row.codes.frames for row in free if row.codes is not None) if "frames" in told["carries"] else 0
    assert told["written"]["frames"] == carried


def test_a_format_that_loses_words_without_a_word_is_stopped(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.exports.chat.exchanges", lambda item: exchanges(item)[:-1])
    with pytest.raises(Halt, match="words came in and are neither written nor accounted for"):
        sets.run(made, tmp_path / "a", "chat")
    monkeypatch.setattr("pipeline.exports.moshi.alignments", lambda item, main: alignments(item, main)[main:])
    sets.run(made, tmp_path / "b", "moshi")
    with pytest.raises(Halt, match="words came in and are neither written nor accounted for"):
        sets.run(made, tmp_path / "c", "moshi", main=(0, 1))


def test_a_shard_without_all_its_rows_is_no_export(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "set")
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    manifest["shards"][1]["rows"] += 1
    (tmp_path / "set" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Halt, match=r"train-00001-of-00002\.parquet: 2 rows were read, and the manifest says 3"):
        sets.run(tmp_path / "set", tmp_path / "a", "chat")
    assert not (tmp_path / "a" / "export.json").exists()


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_damaged_shard_is_told_as_one(rows: list[Row], tmp_path: Path, format: Literal["parquet", "arrow"]) -> None:
    folder = sets.publish(tmp_path / "set", rows, 1, format)
    shard = folder / "data" / f"train-00000-of-00001.{format}"
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size * 2 // 3])
    for out in ("a", "b"):
        with pytest.raises(Halt, match=rf"^export: data/train-00000-of-00001\.{format}: the shard cannot be read: "):
            sets.run(folder, tmp_path / out, "chat")
        shard.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("licence", "answer"),
    [
        *(("CC-BY-NC-4.0", True), ("cc-by-nc-sa-4.0", True), ("PolyForm-Noncommercial-1.0.0", True), ("CC-BY-4.0", False)),
        *(("MIT OR CC-BY-NC-4.0", False), ("MIT AND CC-BY-NC-4.0", True), ("CC-BY-NC-4.0 AND LicenseRef-x", True), ("", False)),
        *(("NOASSERTION", False), ("LicenseRef-x", False), ("(", False)),
    ],
)
def test_which_licences_are_told_as_non_commercial(licence: str, answer: bool) -> None:
    assert non_commercial(licence) is answer
