"""kill -9 of the driver and of workers at random moments; `make crash` does the same 200 times."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.pipeline.crash import SLOW, Clean, Job, check_end, check_reader, clean_build, finish, kill_worker, start, trials
from tests.pipeline.toy import contents

GROUPS = 4
TRIALS = 20


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    return clean_build(tmp_path_factory.mktemp("clean") / "build", SLOW)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("group", range(GROUPS))
def test_a_killed_build_resumes_to_the_bytes_of_a_clean_one(tmp_path: Path, clean: Clean, group: int) -> None:
    seeds = range(group * TRIALS // GROUPS, (group + 1) * TRIALS // GROUPS)
    done = list(trials(seeds, tmp_path, clean))
    assert len(done) == TRIALS // GROUPS
    assert sum(t.driver_kills for t in done) >= TRIALS // GROUPS - 1, "hardly any build was still running when it was to be killed"
    assert all(t.redone <= t.allowed for t in done)


def test_workers_die_with_a_killed_driver(tmp_path: Path) -> None:
    process = start(Job(str(tmp_path / "out"), workers=2, wait=0.5), tmp_path)
    while len(list((tmp_path / "out").glob(".duologue/work/*/*.flac"))) < 2:
        time.sleep(0.01)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_a_killed_worker_is_replaced_and_its_dialogue_tried_again(tmp_path: Path, clean: Clean) -> None:
    job = Job(str(tmp_path / "out"), workers=1, wait=0.1)
    process = start(job, tmp_path)
    while len(list((tmp_path / "out").glob(".duologue/work/decode-*/*.flac"))) < 3:
        time.sleep(0.005)
    assert kill_worker(process.pid, random.Random(0)) == 1
    summary = finish(process)
    found = {name: data for name, data in contents(tmp_path / "out").items() if name.startswith("data/")}
    assert found == {name: data for name, data in clean.files.items() if name.startswith("data/")}
    assert summary["balance"]["results"] == job.dialogues
    assert len((tmp_path / job.trace).read_text().split()) <= job.dialogues + 1


def test_a_stopped_process_that_nobody_reaped_does_not_keep_the_lock(tmp_path: Path, clean: Clean) -> None:
    """In a container without an init process a killed driver stays a zombie."""
    job = Job(str(tmp_path / "out"), wait=0.1)
    process = start(job, tmp_path)
    while not list((tmp_path / "out").glob(".duologue/work/decode-*/*.flac")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.005)
    assert json.loads((tmp_path / "out/.duologue/lock").read_text())["pid"] == process.pid
    assert finish(start(job, tmp_path))["balance"]["results"] == job.dialogues
    process.communicate()


def test_the_harness_itself_sees_a_changed_byte_and_a_dialogue_done_again(tmp_path: Path, clean: Clean) -> None:
    job = Job(str(tmp_path / "out"), dialogues=8)
    summary = finish(start(job, tmp_path))
    assert check_end(job, tmp_path, summary, clean) == 0
    with (tmp_path / job.trace).open("a") as trace:
        trace.write("call-03\n")
    assert check_end(job, tmp_path, summary, clean) == 1
    name = next(name for name in clean.files if name.startswith("data/"))
    changed = dataclasses.replace(clean, files={**clean.files, name: clean.files[name][:-1]})
    with pytest.raises(AssertionError, match="not the bytes of a clean run"):
        check_end(job, tmp_path, summary, changed)
    (tmp_path / "out" / name).write_bytes(clean.files[name][:-1])
    with pytest.raises(AssertionError, match="a reader finds a damaged data set"):
        check_reader(job.out)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", [0.0, 1.0, 2.5])
def test_a_killed_build_on_ray_resumes_and_leaves_no_process(tmp_path: Path, clean: Clean, moment: float) -> None:
    """`moment` counts in seconds from the first stored result; Ray takes most of its time to start."""
    job = Job(str(tmp_path / "out"), workers=2, ray=True)
    process = start(job, tmp_path, slow=0.15)
    family: set[psutil.Process] = set()
    began: float | None = None
    while process.poll() is None and (began is None or time.monotonic() < began + moment):
        with contextlib.suppress(psutil.NoSuchProcess):
            family |= set(psutil.Process(process.pid).children(recursive=True))
        if began is None and list((tmp_path / "out").glob(".duologue/work/decode-*/*.flac")):
            began = time.monotonic()
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()[1]
    assert len(family) >= 4, "Ray's own processes and two workers"
    process.kill()
    process.communicate()
    check_reader(job.out)
    killed = time.monotonic()
    while (workers := _named("_Actor", family)) and time.monotonic() < killed + 10:
        time.sleep(0.05)
    assert workers == []
    summary = finish(start(job, tmp_path))
    assert check_end(job, tmp_path, summary, clean) <= job.workers
    while (left := _named("", family)) and time.monotonic() < killed + 90:
        time.sleep(0.2)
    assert left == [], "Ray's own agents look for their parent for a minute, and then end"


def _named(part: str, family: set[psutil.Process]) -> list[str]:
    """Names of the processes that live and have `part` in their name."""
    found = []
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            if each.is_running() and each.status() != psutil.STATUS_ZOMBIE and part in each.name():
                found.append(each.name())
    return found
