"""One writer per output folder: who is refused, who may take over, and that of many contenders exactly one wins."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.lock import NAME, locked
from pipeline.place import LocalPlace, Place, place_at
from schemas.errors import UsageError
from tests.pipeline.calling import ENERGY
from tests.pipeline.crash import Job, finish, start

DEAD: dict[str, Any] = {
    "host": socket.gethostname(),
    "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip() if Path("/proc/sys/kernel/random/boot_id").exists() else "",
    "pid": 2**22 + 1,
    "started": 1.0,
    "since": "2024-01-01 00:00:00 +0000",
    "beat": 0.0,
    "token": "dead",
}
"""The lock of a process that no longer lives: its number is above Linux's highest."""


def _leave(place: Place, **changed: Any) -> None:
    place.put(NAME, json.dumps({**DEAD, **changed}).encode())


def _owner(place: Place) -> dict[str, Any]:
    owner: dict[str, Any] = json.loads(place.get(NAME))
    return owner


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_at(str(tmp_path) if request.param == "local" else f"memory://lock-{tmp_path.name}")


def test_a_held_lock_refuses_and_names_its_owner(place: Place) -> None:
    with locked(place):
        assert _owner(place)["pid"] == os.getpid()
        with pytest.raises(UsageError, match=rf"in use by process {os.getpid()} on {socket.gethostname()}"), locked(place):
            raise AssertionError("both have it")
        assert _owner(place)["pid"] == os.getpid()
    assert place.names() == []


@pytest.mark.parametrize(
    "left",
    [{}, {"boot": "of an earlier start"}, {"host": "elsewhere"}, {"pid": os.getpid()}],
    ids=["killed process", "earlier boot", "silent host", "reused process number"],
)
def test_the_lock_of_the_dead_is_taken_over(place: Place, left: dict[str, Any]) -> None:
    _leave(place, **left)
    with locked(place):
        assert _owner(place)["token"] != "dead"
        assert place.names() == [NAME]
    assert place.names() == []


@pytest.mark.parametrize("data", [b"", b"\0" * 200, b'{"host": "x"', b'{"host": "x"}', b"[]"])
def test_a_lock_torn_by_a_power_cut_is_taken_over(place: Place, data: bytes) -> None:
    place.put(NAME, data)
    with locked(place):
        assert _owner(place)["pid"] == os.getpid()


@pytest.mark.parametrize("left", [{"host": "elsewhere"}, {"boot": "of an earlier start"}])
def test_another_host_is_believed_alive_until_it_is_stale(place: Place, left: dict[str, Any]) -> None:
    _leave(place, **left, beat=time.time())
    with pytest.raises(UsageError, match="in use by process"), locked(place, stale=0.5):
        raise AssertionError("taken from a living owner")
    time.sleep(0.6)
    with locked(place, stale=0.5):
        assert _owner(place)["token"] != "dead"


def test_signs_of_life_keep_the_lock_of_a_long_run(place: Place) -> None:
    with locked(place, beat=0.05):
        first = _owner(place)["beat"]
        time.sleep(0.4)
        assert _owner(place)["beat"] > first


def test_an_owner_that_slept_is_told_and_leaves_the_new_owner_alone(place: Place) -> None:
    told = threading.Event()
    with locked(place, beat=0.05, lost=told.set):
        _leave(place, token="new", beat=time.time())
        assert told.wait(5)
        time.sleep(0.2)
        assert _owner(place)["token"] == "new"
    assert _owner(place)["token"] == "new"


def test_claims_of_processes_that_died_while_taking_over_are_taken_over_too(place: Place) -> None:
    _leave(place)
    place.put(f"{NAME}.dead", json.dumps({**DEAD, "token": "dead-too"}).encode())
    place.put(f"{NAME}.of-long-ago", json.dumps(DEAD).encode())
    with locked(place):
        assert place.names() == [NAME]
    assert place.names() == []


class _Slow(LocalPlace):
    """A disk that stalls between what a contender reads and what it writes next."""

    def get(self, name: str) -> bytes:
        data = super().get(name)
        time.sleep(0.3 * (os.getpid() % 5))
        return data


CONTENDERS = 6


def _contend(folder: str, slow: bool, begin: Any, refusals: Any, results: Any) -> None:
    place = _Slow(folder) if slow else LocalPlace(folder)
    begin.wait()
    try:
        with locked(place):
            seen = sum(refusals.acquire(timeout=15) for _ in range(CONTENDERS - 1))
            results.put(f"had it until {seen} others were refused")
    except UsageError:
        results.put("refused")
        refusals.release()


@pytest.mark.parametrize("slow", [False, True], ids=["fast disk", "stalling disk"])
@pytest.mark.parametrize("dead", [False, True], ids=["no lock", "dead owner"])
def test_of_contenders_at_one_moment_exactly_one_wins(tmp_path: Path, dead: bool, slow: bool) -> None:
    if dead:
        _leave(LocalPlace(str(tmp_path)))
    context = multiprocessing.get_context("fork")
    begin, refusals, results = context.Barrier(CONTENDERS), context.Semaphore(0), context.Queue()
    contenders = [context.Process(target=_contend, args=(str(tmp_path), slow, begin, refusals, results)) for _ in range(CONTENDERS)]
    for each in contenders:
        each.start()
    said = sorted(results.get(timeout=100) for _ in range(CONTENDERS))
    for each in contenders:
        each.join()
    assert said == ["had it until 5 others were refused"] + ["refused"] * 5
    assert LocalPlace(str(tmp_path)).names() == []


def _wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def test_a_second_build_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "a.wav").touch()
    job = Job(str(tmp_path / "out"), wait=0.3)
    process = start(job, tmp_path)
    _wait_for((tmp_path / "out/.duologue/lock").exists)
    second = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "build", str(calls), job.out, "--local", *ENERGY],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert second.returncode == 2, second.stderr
    assert f"in use by process {process.pid} on {socket.gethostname()}" in second.stderr
    assert "Traceback" not in second.stderr
    assert finish(process)["balance"]["results"] == job.dialogues
