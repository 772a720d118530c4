"""The engine on toy dialogues, in child processes of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.build import build
from pipeline.config import RunSettings
from pipeline.drive import Halt, Stop
from pipeline.pools import InProcess, Pool, Processes
from tests.pipeline.toy import contents, request

IDS = [f"call-{i}" for i in range(12)]


def _processes(workers: int) -> tuple[Pool, int]:
    return Processes(), workers


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without any incident publishes."""
    out = tmp_path_factory.mktemp("clean")
    summary = build(request(out, IDS), Stop())
    assert summary.ending == "done"
    assert summary.balance.results == 12
    return contents(out)


@pytest.mark.parametrize("workers", [0, 2, 3])
def test_output_does_not_depend_on_the_number_of_workers(tmp_path: Path, clean: dict[str, bytes], workers: int) -> None:
    pool: tuple[Pool, int] = (InProcess(), 1) if workers == 0 else _processes(workers)
    assert build(request(tmp_path, IDS, lambda: pool), Stop()).ending == "done"
    assert contents(tmp_path) == clean


def test_a_second_run_computes_nothing_and_starts_no_worker(tmp_path: Path, clean: dict[str, bytes]) -> None:
    build(request(tmp_path, IDS), Stop())

    def refuse() -> tuple[Pool, int]:
        raise AssertionError("a pool was asked for")

    summary = build(request(tmp_path, IDS, refuse), Stop())
    assert (summary.computed, summary.ending) == (0, "done")
    assert contents(tmp_path) == clean


def test_every_input_is_a_result_a_reject_or_an_error(tmp_path: Path) -> None:
    ids = [*IDS[:5], "reject-1", "reject-2", "raise-1", "kill-1", "hang-1"]
    settings = RunSettings(deadline=3.0, deadline_per_mb=0.0, failure_after=100)
    summary = build(request(tmp_path, ids, lambda: _processes(2), settings), Stop())
    counts = summary.balance
    assert (counts.inputs, counts.results, counts.rejects, counts.errors, counts.pending) == (10, 5, 2, 3, 0)
    assert (summary.ending, summary.exit_code) == ("errors", 1)
    errors = {path.name.split("-")[0]: json.loads(path.read_text()) for path in (tmp_path / ".duologue/work").rglob("*.error.json")}
    assert set(errors) == {"raise", "kill", "hang"}
    assert "no luck with raise-1" in errors["raise"]["error"]
    assert "SIGKILL" in errors["kill"]["error"]
    assert errors["kill"]["attempts"] == 2
    assert "deadline of 3 s" in errors["hang"]["error"]
    rejects = pq.read_table(tmp_path / "rejects.parquet").to_pylist()
    assert [(r["id"], r["stage"], r["reason"]) for r in rejects] == [
        ("reject-1", "decode", "too_short"),
        ("reject-2", "decode", "too_short"),
    ]
    assert pq.read_table(tmp_path / "data").column("id").to_pylist() == sorted(IDS[:5])


def test_a_value_that_cannot_be_stored_is_an_error_of_its_dialogue(tmp_path: Path) -> None:
    summary = build(request(tmp_path, ["call-1", "unstorable-1"]), Stop())
    assert (summary.balance.results, summary.balance.errors) == (1, 1)
    (path,) = (tmp_path / ".duologue/work").rglob("*.error.json")
    assert "nan is not a finite number" in json.loads(path.read_text())["error"]


def test_many_errors_stop_the_run(tmp_path: Path) -> None:
    ids = [f"raise-{i}" for i in range(8)]
    with pytest.raises(Halt, match=r"run\.failure_limit"):
        build(request(tmp_path, ids, run=RunSettings(failure_after=5)), Stop())
    assert not (tmp_path / "manifest.json").exists()


def test_a_failing_model_stops_the_run_before_the_first_dialogue(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(Halt, match="a worker could not be loaded: toy: not installed; pip install toy"):
        build(request(tmp_path / "out", IDS, trace=str(trace), loads=False), Stop())
    assert not trace.exists()
    assert not list((tmp_path / "out").rglob("*.error.json"))
    summary = build(request(tmp_path / "out", IDS, trace=str(trace)), Stop())
    assert (summary.balance.results, len(trace.read_text().splitlines())) == (len(IDS), len(IDS))
