"""The audit of a messy delivery, end to end, against what is known to be wrong with each file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pipeline import toy
from tests.pipeline.audit.delivery import SECONDS, TRUTH, deliver
from tests.pipeline.calling import Cli
from tests.pipeline.talks import talk, write_call
from tests.stages.audit.made import RATE, activity, recording, voices

ASKED = ("--local", "--workers", "0", "-q", "--players", "3", "--set", "source.licence=CC-BY-4.0", "--on", "2026-11-28")


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deliver(tmp_path_factory.mktemp("audit") / "delivery")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def contents(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    return found


def names(found: dict[str, Any]) -> dict[str, set[str]]:
    return {each["id"].rsplit("/", 1)[-1]: {finding["name"] for finding in each["findings"]} for each in found["recordings"]}


def test_what_is_wrong_is_found_and_what_is_right_passes(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    result = cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, code=1)
    assert result["verdict"] == "reject"
    found = contents(tmp_path / "a")
    told = names(found)
    assert set(told) == set(TRUTH)
    for id, wanted in TRUTH.items():
        assert wanted <= told[id], id
    every = {name for wanted in TRUTH.values() for name in wanted}
    assert not (told["other"] | told["copied"]) & every
    decoded = [each for each in found["recordings"] if each["seconds"] is not None]
    assert found["hours"] == pytest.approx(sum(each["seconds"] for each in decoded) / 3600, abs=1e-6)
    assert all(each["seconds"] == pytest.approx(SECONDS, abs=0.01) for each in decoded)
    balance = found["balance"]
    assert balance["inputs"] == balance["results"] + balance["rejects"] + balance["errors"] + balance["pending"] == len(TRUTH)


def test_every_file_of_the_delivery_has_a_verdict(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, code=1)
    found = contents(tmp_path / "a")
    there = {path.relative_to(delivery).as_posix() for path in delivery.rglob("*") if path.is_file()}
    accounts = {each["path"]: each for each in found["files"]}
    assert set(accounts) == there
    assert {name: each["verdict"] for name, each in accounts.items() if each["what"] != "audio"} == {
        "README.md": "none",
        "md5sums.txt": "none",
        "stray.TextGrid": "flag",
    }
    assert all(each["verdict"] in ("pass", "flag", "reject") for each in accounts.values() if each["what"] == "audio")
    assert any("calls/gone.wav" in problem for problem in found["problems"])


def test_a_second_run_computes_nothing_says_the_same_and_clears_what_a_killed_one_left(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    first = cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, code=1)
    before = toy.contents(tmp_path / "a")
    assert {Path(name).suffix for name in before} == {".html", ".js", ".json", ".parquet"}
    for left in (".tmp-1-abcd.json", "audit_files/.tmp-1-abcd.js"):
        (tmp_path / "a" / left).write_bytes(b"left")
    again = cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, code=1)
    after = toy.contents(tmp_path / "a")
    assert first["computed"] > 0
    assert again["computed"] == 0
    assert after == before


def test_child_processes_say_the_same_as_one(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, code=1)
    cli.json("audit", delivery, "-o", tmp_path / "b", "--local", "--workers", "2", *ASKED[3:], code=1)
    assert (tmp_path / "a" / "audit.json").read_bytes() == (tmp_path / "b" / "audit.json").read_bytes()
    assert (tmp_path / "a" / "audit.html").read_bytes() == (tmp_path / "b" / "audit.html").read_bytes()


def test_the_exit_code_is_the_policys(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    policy = tmp_path / "mine.yaml"
    policy.write_text("fail_on: never\n", encoding="utf-8")
    assert cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, "--policy", policy)["failed"] is False
    names_ = sorted({name for wanted in TRUTH.values() for name in wanted} | {"duplicate"})
    policy.write_text("findings:\n" + "".join(f"  {name}: note\n" for name in names_), encoding="utf-8")
    result = cli.json("audit", delivery, "-o", tmp_path / "a", *ASKED, "--policy", policy)
    assert result["computed"] == 0
    assert result["verdict"] in ("pass", "flag")
    policy.write_text("commercial: true\nfindings:\n" + "".join(f"  {name}: note\n" for name in names_), encoding="utf-8")
    asked = [each.replace("CC-BY-4.0", "CC-BY-NC-4.0") for each in ASKED]
    refused = cli.json("audit", delivery, "-o", tmp_path / "a", *asked, "--policy", policy, code=1)
    assert {each["name"] for each in refused["findings"] if each["severity"] == "reject"} == {"licence_refused"}


def test_a_missing_source_and_a_wrong_day_are_told(cli: Cli, tmp_path: Path) -> None:
    assert "no such folder" in cli("audit", tmp_path / "nowhere", *ASKED, code=2)
    (tmp_path / "empty").mkdir()
    assert "nothing lies here" in cli("audit", tmp_path / "empty", *ASKED, code=2)
    assert "no day" in cli("audit", tmp_path / "empty", *ASKED[:-1], "soon", code=2)


def test_files_that_are_no_recordings_are_held_against_their_checksums_too(delivery: Path, cli: Cli, tmp_path: Path) -> None:
    copy = tmp_path / "delivery"
    copy.mkdir()
    write_call(copy / "a.wav", talk(2, SECONDS))
    (copy / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nA: hello\n", encoding="utf-8")
    (copy / "sums.sha256").write_text(f"{'0' * 64}  a.srt\n", encoding="utf-8")
    cli.json("audit", copy, "-o", tmp_path / "a", *ASKED, code=1)
    found = contents(tmp_path / "a")
    account = {each["path"]: each for each in found["files"]}
    assert account["a.srt"]["verdict"] == found["verdict"] == "reject"
    assert account["a.srt"]["why"].startswith("checksum: the list says sha256:000")
    assert any(problem.startswith("a.srt: ") for problem in found["problems"])


def test_evaluation_audio_is_found_and_what_of_it_cannot_be_read_is_told(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "corpus" / "a.wav", speech(1))
    write_call(tmp_path / "corpus" / "b.wav", speech(2))
    write_call(tmp_path / "evaluation" / "held_out.wav", speech(2)[:, 5 * RATE : 30 * RATE])
    (tmp_path / "evaluation" / "broken.wav").write_text("no sound", encoding="utf-8")
    cli.json("audit", tmp_path / "corpus", "-o", tmp_path / "a", *ASKED, "--against", tmp_path / "evaluation", code=1)
    found = contents(tmp_path / "a")
    assert {id for id, told in names(found).items() if "evaluation" in told} == {"b"}
    assert [each["recordings"] for each in found["duplicates"] if each["kind"] == "evaluation"] == [["b", "held_out"]]
    assert any("evaluation audio broken" in problem for problem in found["problems"])


def speech(seed: int) -> NDArray[np.int16]:
    """Forty seconds of two buzzing voices that take turns."""
    return recording(voices(activity(40, seed=seed), seed=seed)).samples.astype(np.int16)
