"""What a changed setting computes again, and what `plan`, `prune` and `retry` make of it; on the real chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import run_plan, run_prune
from tests.pipeline.crash_calls import complaint, duologue, ended, here, local, toy_backend, write_calls, write_names
from tests.pipeline.toy import contents

CALLS = 3
AFTER_VAD = {"vad", "turns", "stats"}
OTHER = "vad.enter=15.0"


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_calls(tmp_path_factory.mktemp("calls"), CALLS)


def _stored(out: Path) -> dict[str, tuple[int, int]]:
    """Each stored result with its inode and time of change, which tell a file written again from one left alone."""
    work = out / ".duologue/work"
    return {str(p.relative_to(work)): (p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(work.rglob("*")) if p.is_file()}


def _plan(src: Path, out: Path, *overrides: str) -> dict[str, dict[str, Any]]:
    said = run_plan(str(src), str(out), "stereo_channels", ["vad.backend=energy", *overrides], None)
    return {stage["stage"]: stage for stage in said["stages"]}


def _folders(out: Path) -> set[str]:
    return {path.name for path in (out / ".duologue/work").iterdir()}


def test_one_changed_vad_setting_recomputes_vad_and_what_follows_and_nothing_else(tmp_path: Path, src: Path) -> None:
    out = tmp_path / "out"
    first = here(src, out)
    assert first.computed == CALLS * 6
    published, before, folders = contents(out), _stored(out), _folders(out)

    planned = _plan(src, out, OTHER)
    assert {name for name, stage in planned.items() if stage["to_do"]} == AFTER_VAD
    assert all(planned[name]["to_do"] == CALLS for name in AFTER_VAD)
    assert _stored(out) == before, "plan wrote something"

    second = here(src, out, OTHER)
    assert second.computed == CALLS * len(AFTER_VAD)
    after = _stored(out)
    assert {name: after[name] for name in before} == before, "a result of the first run was written again"
    assert {name.split("-")[0] for name in after.keys() - before.keys()} == AFTER_VAD
    assert contents(out) != published

    back = here(src, out)
    assert back.computed == 0, "the results of the first setting are still there"
    assert contents(out) == published

    orphans = {stage["address"] for name, stage in planned.items() if name in AFTER_VAD}
    assert set(run_prune(str(out), dry_run=True)["folders"]) == orphans
    assert _folders(out) == folders | orphans
    assert set(run_prune(str(out), dry_run=False)["folders"]) == orphans
    assert _stored(out) == before
    assert here(src, out).computed == 0
    assert contents(out) == published


def test_a_speed_setting_recomputes_nothing(tmp_path: Path, src: Path) -> None:
    out = tmp_path / "out"
    here(src, out)
    published = contents(out)
    again = here(src, out, "run.deadline=100", "run.workers=2")
    assert again.computed == 0
    assert contents(out) == published


def test_an_input_added_and_one_removed(tmp_path: Path) -> None:
    src, out = write_calls(tmp_path / "calls", CALLS + 1), tmp_path / "out"
    kept = src / f"call-{CALLS}.wav"
    data = kept.read_bytes()
    kept.unlink()
    here(src, out)
    kept.write_bytes(data)
    (src / "call-0.wav").unlink()
    assert here(src, out).computed == 6
    here(src, tmp_path / "clean")
    assert contents(out) == contents(tmp_path / "clean")
    assert run_prune(str(out), dry_run=False)["files"] == 6, "the results of the input that is gone"
    assert here(src, out).computed == 0


def test_errors_stay_until_retry_clears_them(tmp_path: Path) -> None:
    src, out, trace = write_names(tmp_path / "calls", "call-1", "raise-1", "reject-1"), tmp_path / "out", tmp_path / "trace"
    environment = toy_backend(tmp_path / "plugin")
    more = ("--set", "decode.backend=toy", "--set", f"decode.trace={trace}")

    def tried() -> int:
        return trace.read_text().split().count("raise-1")

    first = ended(local(src, out, *more, environment=environment), 1)
    assert first["balance"] == {"inputs": 3, "results": 1, "rejects": 1, "errors": 1, "pending": 0}
    assert tried() == 1
    assert ended(local(src, out, *more, environment=environment), 1)["computed"] == 0
    assert tried() == 1, "an error is not tried again by itself"
    said = ended(duologue("status", out, "--json", **environment))
    assert ["raise-1" in error["error"] for error in said["errors_listed"]] == [True]
    complaint(duologue("retry", out, "--stage", "polish", "--json", **environment), 2)
    assert ended(duologue("retry", out, "--stage", "vad", "--json", **environment))["cleared"] == 0
    assert ended(duologue("retry", out, "--json", **environment))["cleared"] == 1
    assert ended(duologue("status", out, "--json", **environment))["balance"]["pending"] == 1
    ended(local(src, out, *more, environment=environment), 1)
    assert tried() == 2
    assert trace.read_text().split().count("reject-1") == 1, "a verdict on the data is no error"
