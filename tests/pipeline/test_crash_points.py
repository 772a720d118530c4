"""A build that dies just before each change it makes to the disk, one after another: points taken in order, not at random."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.build import Build, Summary, build
from pipeline.config import PackSettings
from pipeline.drive import Stop
from pipeline.pools import InProcess, Pool
from tests.pipeline.crash import check_reader
from tests.pipeline.toy import contents, request

CHANGES = {"os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
DIED = 9

each_point = pytest.mark.parametrize("every", [pytest.param(5, id="a fifth"), pytest.param(1, id="all", marks=pytest.mark.slow)])
"""The default suite takes every fifth point, up to the last one; the slow one takes all."""


def _in_process() -> tuple[Pool, int]:
    return InProcess(), 1


def single(**settings: Any) -> PackSettings:
    """One dialogue to a shard: smaller shards than a config may ask for, so that dialogues of 0.6 s make several."""
    pack = PackSettings(**settings)
    object.__setattr__(pack, "shard_mb", 0)
    return pack


def job(out: Path, ids: list[str], pack: PackSettings) -> Build:
    """A build in one process, of dialogues short enough to be done again at every point."""
    made = request(out, ids, _in_process, seconds=0.6)
    return dataclasses.replace(made, config=dataclasses.replace(made.config, pack=pack))


def in_child(work: Callable[[], object], root: Path, die_at: int | None) -> tuple[int, int]:
    """Run in a forked process that ends itself before change number `die_at` below `root`; its exit status and how many changes it made."""
    count = 0

    def change() -> None:
        nonlocal count
        count += 1
        if count == die_at:
            os._exit(DIED)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and isinstance(args[0], str) and args[0].startswith(str(root)) and args[2] & WRITING):
            change()

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fsync = os.fsync

            def counted(fd: Any) -> None:
                change()
                fsync(fd)

            os.fsync = counted
            sys.addaudithook(hook)
            work()
            os.write(writing, str(count).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        made = pipe.read()
    return os.waitstatus_to_exitcode(status), int(made or 0)


def die_everywhere(wanted: Build, before: Path | None, tmp_path: Path, every: int) -> int:
    """Kill `wanted`, begun on a copy of `before`, at each point or each fifth; check what a reader then finds and the next run makes."""

    def run(out: Path) -> Callable[[], Summary]:
        return lambda: build(dataclasses.replace(wanted, out=str(out)), Stop())

    def fresh(name: str) -> Path:
        if before is not None:
            shutil.copytree(before, tmp_path / name)
        return tmp_path / name

    assert run(fresh("clean"))().rows > 0
    expected = contents(tmp_path / "clean")
    status, changes = in_child(run(fresh("counted")), tmp_path / "counted", None)
    assert status == 0
    assert contents(tmp_path / "counted") == expected
    for point in range(1 + changes % every, changes + 1, every):
        out = fresh(f"point-{point}")
        status, _ = in_child(run(out), out, point)
        assert status == DIED, f"change {point} of {changes} was not reached"
        check_reader(str(out))
        run(out)()
        assert contents(out) == expected, f"another data set after a death at change {point} of {changes}"
        left = [path for path in out.rglob("*") if path.name.startswith((".tmp-", "lock", ".staging"))]
        assert left == [], f"left after a death at change {point} of {changes}"
        shutil.rmtree(out)
    return changes


@each_point
@pytest.mark.timeout(900)
def test_a_first_build(tmp_path: Path, every: int) -> None:
    wanted = job(tmp_path, ["call-1", "call-2"], single())
    assert die_everywhere(wanted, None, tmp_path, every) > 60


@each_point
@pytest.mark.timeout(900)
def test_a_data_set_packed_anew_into_more_shards(tmp_path: Path, every: int) -> None:
    before = tmp_path / "before"
    build(job(before, ["call-1", "call-2"], PackSettings()), Stop())
    assert len(list(before.glob("data/*"))) == 1
    wanted = job(tmp_path, ["call-1", "call-2"], single())
    assert die_everywhere(wanted, before, tmp_path, every) > 30


@each_point
@pytest.mark.timeout(900)
def test_a_data_set_packed_anew_into_shards_of_the_same_names(tmp_path: Path, every: int) -> None:
    before = tmp_path / "before"
    build(job(before, ["call-1", "call-2"], single()), Stop())
    wanted = job(tmp_path, ["call-1", "call-2"], single(clip_minutes=0.005))
    assert die_everywhere(wanted, before, tmp_path, every) > 30


@each_point
@pytest.mark.timeout(900)
def test_a_data_set_whose_rejects_alone_change(tmp_path: Path, every: int) -> None:
    before = tmp_path / "before"
    build(job(before, ["call-1"], PackSettings()), Stop())
    wanted = job(tmp_path, ["call-1", "reject-1"], PackSettings())
    assert die_everywhere(wanted, before, tmp_path, every) > 20


def test_settings_tried_halfway_and_taken_back_leave_the_data_set_as_it_was(tmp_path: Path) -> None:
    """Shards of the same names packed by other settings wait in staging; going back must not move them into the data set."""
    out, first, second = tmp_path / "out", single(), single(clip_minutes=0.005)
    ids = ["call-1", "call-2"]
    build(job(out, ids, first), Stop())
    expected = contents(out)
    tried = tmp_path / "tried"
    shutil.copytree(out, tried)
    _, changes = in_child(lambda: build(job(tried, ids, second), Stop()), tried, None)
    assert contents(tried)["data/train-00000-of-00002.parquet"] != expected["data/train-00000-of-00002.parquet"]
    seen = set()
    for point in range(1, changes + 1, 4):
        again = tmp_path / f"point-{point}"
        shutil.copytree(out, again)
        in_child(lambda again=again: build(job(again, ids, second), Stop()), again, point)  # type: ignore[misc]
        seen.add(len(list(again.glob(".staging/*.parquet"))))
        build(job(again, ids, first), Stop())
        assert contents(again) == expected, f"after change {point} of {changes}"
        check_reader(str(again))
    assert seen == {0, 1, 2}


@pytest.mark.parametrize("harm", ["torn in staging", "changed in staging", "changed in data", "no record", "stale count"])
def test_what_is_torn_or_stale_is_packed_again(tmp_path: Path, harm: str) -> None:
    """States that no order of our own writes leaves, but a disk that lost its cache may."""
    out, ids, pack = tmp_path / "out", ["call-1", "call-2", "call-3"], single()
    expected_of = tmp_path / "clean"
    build(job(expected_of, ids, pack), Stop())
    _, changes = in_child(lambda: build(job(tmp_path / "count", ids, pack), Stop()), tmp_path / "count", None)
    low, high = 1, changes
    while high - low > 1:  # the last point at which nothing is in place yet, and so all shards wait in staging
        point = (low + high) // 2
        shutil.rmtree(out, ignore_errors=True)
        in_child(lambda: build(job(out, ids, pack), Stop()), out, point)
        low, high = (low, point) if list(out.glob("data/*")) else (point, high)
    shutil.rmtree(out)
    in_child(lambda: build(job(out, ids, pack), Stop()), out, low)
    staged = sorted(out.glob(".staging/*.parquet"))
    assert len(staged) == 3
    data = bytearray(staged[1].read_bytes())
    data[len(data) // 2] ^= 1
    if harm == "torn in staging":
        staged[1].write_bytes(data[: len(data) // 2])
    elif harm == "changed in staging":
        staged[1].write_bytes(data)
    elif harm == "changed in data":
        (out / "data").mkdir(exist_ok=True)
        staged[1].unlink()
        (out / "data" / staged[1].name).write_bytes(data)
    elif harm == "no record":
        Path(f"{staged[1]}.json").unlink()
    else:
        (out / "data").mkdir(exist_ok=True)
        (out / "data/train-00000-of-00007.parquet").write_bytes(b"of an earlier data set")
    build(job(out, ids, pack), Stop())
    assert contents(out) == contents(expected_of)
    check_reader(str(out))
