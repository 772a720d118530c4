"""`duologue export` and `duologue lint` as typed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from schemas.row import Row, RowSource
from tests.pipeline.calling import Cli
from tests.pipeline.exports import sets


@pytest.fixture
def duologue(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def test_both_orders_of_arguments_do_the_same(duologue: Cli, made: Path, tmp_path: Path) -> None:
    first = duologue.json("export", made, tmp_path / "a", "--to", "chat", "--main", "both", "--workers", 0, "-q")
    second = duologue.json("export", made, "chat", tmp_path / "b", "--main", "both", "--workers", 0, "-q")
    assert {**first, "out": ""} == {**second, "out": ""}
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "b")
    assert first["items"] == 6


def test_the_text_tells_what_came_what_was_written_and_where_the_rest_went(duologue: Cli, made: Path, tmp_path: Path, model: str) -> None:
    told = duologue("export", made, tmp_path / "a", "--to", "tokens", "--tokenizer", model, "--workers", 0, "-q").splitlines()
    assert told[0].startswith("tokens in ")
    assert told[0].endswith("3 of 4 rows as 3 items")
    assert told[1].startswith("  codec frames: ")
    assert "  left out: 1 rows, 5 s: licence LicenseRef-LDC" in told
    assert any(line.startswith("  text tokens: ") and "% dropped" in line for line in told)
    assert "--allow-licence" in told[-1]


def test_refused_rows_come_when_they_are_allowed(duologue: Cli, made: Path, tmp_path: Path) -> None:
    told = duologue.json("export", made, tmp_path / "a", "--to", "chat", "--allow-licence", "LicenseRef-LDC", "--workers", 0, "-q")
    assert told["written"]["rows"] == 4


def test_rows_for_non_commercial_use_are_told(duologue: Cli, tmp_path: Path) -> None:
    def of(id: str, licence: str) -> Row:
        return sets.talk(id, 4.0, source=RowSource("calls", (), licence, None, "en", "{}"))

    made = sets.publish(tmp_path / "set", [of("a", "CC-BY-NC-4.0"), of("b", "CC-BY-4.0"), of("c", "CC-BY-NC-ND-4.0")], 1)
    told = duologue("export", made, tmp_path / "a", "--to", "chat", "--workers", 0, "-q").splitlines()
    assert "  for non-commercial use only: 1 rows, 4 s: licence CC-BY-NC-4.0" in told
    assert len([line for line in told if "non-commercial" in line]) == 1, "what is refused is not also told as exported"


def test_splits_are_files_of_their_own(duologue: Cli, made: Path, tmp_path: Path) -> None:
    splits = ("--split", "valid=0.4", "--split", "test=0.3", "--split", "none=0.00001")
    told = duologue("export", made, tmp_path / "a", "--to", "moshi", *splits, "--workers", 0, "-q").splitlines()
    lines = {path.stem: sets.lines(path) for path in (tmp_path / "a").glob("*.jsonl")}
    assert sum(len(each) for each in lines.values()) == 3
    rows = {name: len(lines.get(name, [])) for name in ("none", "test", "train", "valid")}
    assert [line for line in told if line.startswith("  split ")] == [f"  split {name}: {count} rows" for name, count in rows.items()]
    assert rows["none"] == 0, "a split that got nothing is told"
    assert all(line["path"].startswith(f"{split}/") for split, each in lines.items() for line in each)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "mochi"), "did you mean 'moshi'"),
        ((), "wanted: duologue export SET DEST --to FORMAT"),
        (("--to", "chat", "--split", "valid=2"), "--split: wanted a name and a share below 1"),
        (("--to", "chat", "--push", "me/calls"), "--push goes with --to hf"),
        (("--to", "hf", "--public"), "--public with --push"),
        (("--to", "tokens"), "--tokenizer PATH"),
        (("--to", "moshi", "--tokenizer", "absent.model"), "not a SentencePiece model"),
        (("--to", "chat", "--local", "--address", "auto"), "exclude each other"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(duologue: Cli, made: Path, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in duologue("export", made, tmp_path / "a", *arguments, code=2)
    assert not (tmp_path / "a").exists()


def test_workers_give_the_bytes_that_one_process_gives(duologue: Cli, made: Path, tmp_path: Path) -> None:
    duologue("export", made, tmp_path / "a", "--to", "moshi", "--local", "--workers", 2, "-q")
    duologue("export", made, tmp_path / "b", "--to", "moshi", "--workers", 0, "-q")
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "b")


@pytest.mark.slow
def test_the_ray_pool_gives_the_bytes_that_one_process_gives(duologue: Cli, made: Path, tmp_path: Path) -> None:
    duologue("export", made, tmp_path / "a", "--to", "moshi", "--workers", 2, "-q")
    duologue("export", made, tmp_path / "b", "--to", "moshi", "--workers", 0, "-q")
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "b")


def test_lint_ends_with_0_or_1(duologue: Cli, made: Path, tmp_path: Path) -> None:
    assert duologue("lint", made).splitlines()[-1] == "fit for training"
    duologue("export", made, tmp_path / "a", "--to", "moshi", "--workers", 0, "-q")
    (tmp_path / "a" / "train.jsonl").write_text(json.dumps({"path": "gone.wav", "duration": 1.0}) + "\n")
    told = duologue.json("lint", tmp_path / "a", code=1)
    assert {each["check"] for each in told["findings"]} == {"changed", "missing"}
    assert "no such file or folder" in duologue("lint", tmp_path / "absent", code=2)


@pytest.mark.slow
def test_an_export_that_is_killed_again_and_again_ends_as_one_that_is_not(duologue: Cli, tmp_path: Path) -> None:
    made = sets.publish(tmp_path / "set", [sets.talk(f"call/{i}", 20.0, 24000) for i in range(12)], 4)
    command = [sys.executable, "-m", "pipeline.cli", "export", str(made), str(tmp_path / "a"), "--to", "moshi", "--workers", "0", "-q"]
    rng = np.random.default_rng(5)
    for _ in range(8):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = len(list((tmp_path / "a").rglob("*.wav")))
        while process.poll() is None and len(list((tmp_path / "a").rglob("*.wav"))) <= before:
            time.sleep(0.02)
        time.sleep(float(rng.uniform(0, 0.15)))
        process.kill()
        process.wait()
    duologue("export", made, tmp_path / "a", "--to", "moshi", "--workers", 0, "-q")
    duologue("export", made, tmp_path / "b", "--to", "moshi", "--workers", 0, "-q")
    assert sets.tree(tmp_path / "a") == sets.tree(tmp_path / "b")
    assert not list((tmp_path / "a").rglob(".tmp-*"))
