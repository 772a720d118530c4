"""Every command on small generated calls: what it says, what it leaves, and how it exits."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.source import Source
from tests.pipeline.calling import ENERGY, Cli, rejects, rows
from tests.pipeline.talks import decoded, talk, write_call

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Three stereo calls of 16 and 24 bits, one pair of sides, a mono file, a broken file and a text."""
    src = tmp_path / "src"
    write_call(src / "a.wav", talk(1))
    write_call(src / "b.wav", talk(2, bits=24, rate=16000), 16000)
    write_call(src / "deep/c.wav", talk(3, rate=11025), 11025)
    pair = talk(4)
    write_call(src / "d_agent.wav", pair[:1])
    write_call(src / "d_caller.wav", pair[1:])
    write_call(src / "mono.wav", talk(5)[:1])
    (src / "broken.wav").write_bytes(b"RIFF\0\0\0\0WAVEnothing")
    (src / "notes.txt").write_text("hello")
    return src


TRUTH: dict[str, Callable[[], Any]] = {
    "a": lambda: talk(1),
    "b": lambda: talk(2, bits=24, rate=16000),
    "deep/c": lambda: talk(3, rate=11025),
    "d": lambda: talk(4),
}


@pytest.fixture
def built(cli: Cli, calls: Path, tmp_path: Path) -> Path:
    cli.build(calls, tmp_path / "out")
    return tmp_path / "out"


def test_build_accounts_for_every_input_and_keeps_every_sample(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = cli.build(calls, out)
    assert summary["balance"] == {"inputs": 6, "results": 4, "rejects": 2, "errors": 0, "pending": 0}
    assert (summary["command"], summary["ending"], summary["exit_code"], summary["rows"]) == ("build", "done", 0, 4)
    assert summary["rejects"] == {"not_two_channel": 1, "unreadable": 1}
    assert [cost["stage"] for cost in summary["costs"]] == ["decode", "tracks", "health", "vad", "turns", "stats"]
    assert all(cost["rtf"] > 0 for cost in summary["costs"])
    found = {row["id"]: row for row in rows(out)}
    assert sorted(found) == sorted(TRUTH)
    for id, truth in TRUTH.items():
        samples = decoded(found[id]["audio"]["bytes"])
        assert samples.dtype == truth().dtype
        assert np.array_equal(samples, truth())
        assert found[id]["speech"]
        assert found[id]["turns"]
    assert found["b"]["rate"] == 16000
    assert [(r["id"], r["reason"], r["source"]) for r in rejects(out)] == [
        ("broken", "unreadable", "broken.wav"),
        ("mono", "not_two_channel", "mono.wav"),
    ]
    again = cli.build(calls, out)
    assert (again["computed"], again["balance"], again["costs"]) == (0, summary["balance"], [])
    assert "nothing to compute" in cli("build", calls, out, "--local", "--workers", "0", "-q", *ENERGY)


def test_build_in_child_processes_gives_the_same_bytes(cli: Cli, calls: Path, built: Path, tmp_path: Path) -> None:
    cli.json("build", calls, tmp_path / "other", "--local", "--workers", "2", "-q", *ENERGY)
    for name in ("rejects.parquet", "manifest.json", *[f"data/{path.name}" for path in (built / "data").iterdir()]):
        assert (tmp_path / "other" / name).read_bytes() == (built / name).read_bytes()


def test_a_clipped_build_keeps_every_sample(cli: Cli, calls: Path, tmp_path: Path) -> None:
    cli.build(calls, tmp_path / "out", "--set", "pack.clip_minutes=0.02")
    by_recording: dict[str, list[dict[str, Any]]] = {}
    for row in rows(tmp_path / "out"):
        by_recording.setdefault(row["clip"]["recording"], []).append(row)
    for id, truth in TRUTH.items():
        parts = by_recording[id]
        assert len(parts) > 2
        assert [part["id"] for part in parts] == [f"{id}#{index:04d}" for index in range(len(parts))]
        assert np.array_equal(np.concatenate([decoded(part["audio"]["bytes"]) for part in parts], axis=1), truth())
        assert all(part["duration"] <= 1.2 for part in parts)
        for part in parts:
            assert all(
                0 <= span["start"] < span["end"] <= part["duration"] + 1e-9 for span in part["speech"] + part["turns"] + part["origins"]
            )


def test_scan_counts_and_writes_a_manifest_that_builds(cli: Cli, calls: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "calls.jsonl"
    facts = cli.json("scan", calls, "-o", manifest)
    assert (facts["inputs"], facts["sources"], facts["counts"]["stereo"], facts["counts"]["pair"], facts["counts"]["mono"]) == (
        6,
        5,
        3,
        1,
        1,
    )
    assert facts["ignored"] == {".txt": 1}
    assert "3 stereo files" in cli("scan", calls)
    summary = cli.build(manifest, tmp_path / "out")
    assert summary["balance"]["results"] == 4


def test_plan_writes_nothing_and_says_what_is_to_do(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts = cli.json("plan", calls, out, *ENERGY)
    assert [stage["stage"] for stage in facts["stages"]] == ["decode", "tracks", "health", "vad", "turns", "stats"]
    assert {stage["to_do"] for stage in facts["stages"]} == {6}
    assert not out.exists()
    cli.build(calls, out)
    done = cli.json("plan", calls, out, *ENERGY)
    assert [stage["to_do"] for stage in done["stages"]] == [0] * 6
    assert done["stages"][0]["rejects"] == 1
    other = cli.json("plan", calls, out, *ENERGY, "--set", "vad.enter=13")
    assert [stage["to_do"] for stage in other["stages"]] == [0, 0, 0, 4, 4, 4]
    assert "health" in cli("plan", calls, out, *ENERGY)


def spoil(out: Path, stage: str = "vad") -> str:
    """Turn one result of a stage into an error, as a failing stage would leave it; returns its key."""
    (folder,) = (out / ".duologue/work").glob(f"{stage}-*")
    victim = sorted(folder.glob("*.json"))[0]
    key = victim.name.removesuffix(".json")
    error = {"id": "a\n\x1b[31mred", "key": key, "stage": stage, "attempts": 1, "error": "Traceback\nValueError: x", "uris": ["a.wav"]}
    victim.unlink()
    (folder / f"{key}.error.json").write_text(json.dumps(error))
    return key


def test_errors_show_in_status_and_exit_codes_until_retried(cli: Cli, calls: Path, built: Path) -> None:
    spoil(built)
    summary = cli.build(calls, built, code=1)
    assert (summary["ending"], summary["balance"]["errors"], summary["rows"]) == ("errors", 1, 3)
    status = cli.json("status", built)
    assert (status["balance"]["errors"], status["src"], len(status["errors_listed"])) == (1, str(calls), 1)
    text = cli("status", built)
    assert "ValueError: x" in text
    assert "\x1b" not in text
    assert cli.json("retry", built, "--stage", "turns")["cleared"] == 0
    assert cli.json("retry", built, "--stage", "vad")["cleared"] == 1
    assert cli.json("status", built)["balance"]["pending"] == 1
    assert cli.build(calls, built)["balance"]["results"] == 4
    assert "no asr stage" in cli("retry", built, "--stage", "asr", code=2)


def test_prune_deletes_what_nothing_names_and_no_other_folder(cli: Cli, calls: Path, built: Path) -> None:
    work = built / ".duologue/work"
    for name in ("mine", "vad-short", "vad-0123456789ABCDEF", "vad-0123456789abcdef0", ".hidden", "x-0123456789abcdef"):
        (work / name).mkdir()
        (work / name / "file").write_text("keep")
    (work / "file.txt").write_text("keep")
    before = {path for path in work.iterdir() if path.name != "x-0123456789abcdef"}
    cli.build(calls, built, "--set", "vad.enter=13")
    stale = {path.name for path in before if path.name.startswith(("vad-", "turns-", "stats-")) and len(path.name.partition("-")[2]) == 16}
    stale = {name for name in stale if name == name.lower()} | {"x-0123456789abcdef"}
    dry = cli.json("prune", built, "--dry-run")
    assert set(dry["folders"]) == stale
    assert stale <= {path.name for path in work.iterdir()}
    assert cli.json("prune", built)["folders"] == dry["folders"]
    left = {path.name for path in work.iterdir()}
    assert not left & stale
    assert {"mine", "vad-short", "vad-0123456789ABCDEF", "vad-0123456789abcdef0", ".hidden", "file.txt"} <= left
    assert cli.build(calls, built, "--set", "vad.enter=13")["computed"] == 0


def test_prune_deletes_results_of_inputs_that_are_gone(cli: Cli, calls: Path, built: Path) -> None:
    (calls / "a.wav").unlink()
    cli.build(calls, built)
    assert cli.json("prune", built)["files"] == 6
    assert "deleted 0 stage folders" in cli("prune", built)
    assert [row["id"] for row in rows(built)] == ["b", "d", "deep/c"]


def test_prune_follows_no_link_out_of_the_store(cli: Cli, built: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    (built / ".duologue/work/vad-0123456789abcdef").symlink_to(outside)
    cli("prune", built)
    assert (outside / "precious").read_text() == "keep"


def test_verify_exits_1_on_damage(cli: Cli, calls: Path, built: Path) -> None:
    assert cli.json("verify", built)["damages"] == []
    assert "all as committed" in cli("verify", built)
    (shard,) = (built / "data").iterdir()
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(bytes(data))
    (damage,) = cli.json("verify", built, code=1)["damages"]
    assert (damage["file"], damage["group"]) == (f"data/{shard.name}", 0)
    assert "row group 0" in cli("verify", built, code=1)
    shard.unlink()
    cli.build(calls, built)
    assert cli.json("verify", built)["damages"] == []


def test_config_prints_what_gives_the_same_config(cli: Cli, tmp_path: Path) -> None:
    text = cli("config", "stereo_calls", "--set", "vad.threshold=0.25")
    assert "threshold: 0.25" in text
    (tmp_path / "mine.yaml").write_text(text)
    assert cli("config", tmp_path / "mine.yaml") == text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["build", "nowhere", "OUT"], 2, "nowhere"),
        (["build", "SRC", "OUT", "-c", "nothing.yaml"], 2, "nothing.yaml: no such config file"),
        (["build", "SRC", "OUT", "--set", "vad.treshold=1"], 2, "did you mean 'threshold'?"),
        (["build", "SRC", "OUT", "--local", "--address", "auto"], 2, "exclude each other"),
        (["build", "SRC", "OUT", "--local", "--workers", "2", "-c", "ray_cluster"], 2, "--workers does not go with run.crews"),
        (["build", "SRC"], 2, "Missing argument 'OUT'"),
        (["biuld"], 2, "No such command 'biuld'"),
        (["status", "OUT"], 2, "no run of duologue has written here"),
        (["retry", "OUT"], 2, "no run of duologue has written here"),
        (["prune", "OUT"], 2, "no run of duologue has written here"),
        (["verify", "OUT"], 2, "no manifest.json"),
        (["scan", "nowhere"], 2, "nowhere"),
        (["config", "stereo_cals"], 2, "no such config file; ready-made are"),
        (["build", "SRC", "FILE", "--local", "-q"], 1, "FILE"),
    ],
)
def test_wrong_use_is_one_sentence_and_an_exit_code(
    cli: Cli, calls: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "FILE").write_text("a file, not a folder")
    places = {"SRC": calls, "OUT": tmp_path / "out", "FILE": tmp_path / "FILE"}
    text = cli(*[places.get(argument, argument) for argument in arguments], code=code)
    assert said in text
    assert "Traceback" not in text
    assert len([line for line in text.splitlines() if line.startswith("duologue: ")]) == (0 if "Usage: " in text else 1)


def test_two_builds_into_one_folder_do_not_mix(cli: Cli, calls: Path, built: Path) -> None:
    holder = "import sys,time; from pipeline.lock import locked; from pipeline.state import state_place\n"
    holder += "with locked(state_place(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder, str(built)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        text = cli("build", calls, built, "--local", "-q", *ENERGY, code=2)
        assert f"in use by process {other.pid}" in text
        other.kill()
    assert cli.build(calls, built)["computed"] == 0


def test_an_interrupted_build_exits_130_and_goes_on_from_there(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    for index in range(30):
        write_call(src / f"{index:02d}.wav", talk(index, 6.0))
    command = [sys.executable, "-m", "pipeline.cli", "build", str(src), str(out), "--local", "-q", "--json", *ENERGY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + 60
        while not list(out.glob(".duologue/work/stats-*/*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        text, said = run.communicate(timeout=60)
    summary = json.loads(text)
    assert run.returncode == 130, said
    assert summary["ending"] == "interrupted"
    assert "finishing the dialogues being worked on" in said
    assert summary["balance"]["pending"] > 0
    assert not (out / "manifest.json").exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    again = json.loads(done.stdout)
    assert again["balance"] == {"inputs": 30, "results": 30, "rejects": 0, "errors": 0, "pending": 0}
    assert again["computed"] + summary["computed"] == 30 * 6


def test_a_corpus_may_move_and_a_replaced_file_is_new(cli: Cli, calls: Path, built: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    calls.rename(moved)
    assert cli.build(moved, built)["computed"] == 0
    write_call(moved / "a.wav", talk(9))
    assert cli.build(moved, built)["computed"] == 6
    (row,) = [row for row in rows(built) if row["id"] == "a"]
    assert np.array_equal(decoded(row["audio"]["bytes"]), talk(9))
    assert Source(id="a", uris=("a.wav",)).key.startswith("a-")
