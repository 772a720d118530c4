"""Kills builds of toy dialogues at random moments, and checks what a reader and the next run find.

`python -m tests.pipeline.crash --trials 200` is the long run (`make crash`); `test_crash.py` makes a short one.
`python -m tests.pipeline.crash run '{...}'` is the build that gets killed: a process of its own, with worker processes of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SLOW_DISK = "DUOLOGUE_TEST_SLOW_DISK"
"""Environment variable: seconds that each rename takes, so that kills also fall between the moves of shards."""
SLOW = 0.02
DIALOGUES = 8


@dataclass(frozen=True)
class Job:
    """One build, as the killed process reads it from its command line."""

    out: str
    workers: int = 1
    dialogues: int = DIALOGUES
    seconds: float = 32.0
    wait: float = 0.05
    trace: str = "trace"
    """Relative to the folder the build runs in: it shows in the manifest's config, which must not differ."""
    work: str | None = None
    ray: bool = False
    """Workers on a Ray that the driver starts, instead of child processes."""
    address: str | None = None


def _slow_renames(seconds: float) -> None:
    replace: Callable[..., None] = os.replace

    def slow(*args: Any, **kwargs: Any) -> None:
        time.sleep(seconds)
        replace(*args, **kwargs)

    os.replace = slow


if SLOW_DISK in os.environ:
    _slow_renames(float(os.environ[SLOW_DISK]))


def run(job: Job) -> dict[str, Any]:
    """Build; returns the summary. Prints `begin` once everything is imported."""
    from pipeline.build import Build, build
    from pipeline.config import Config, PackSettings
    from pipeline.drive import Stop
    from pipeline.pools import Pool, Processes
    from schemas.plain import to_plain
    from tests.pipeline.toy import chain, listing

    def pool() -> tuple[Pool, int]:
        if not job.ray:
            return Processes(), job.workers
        from pipeline.on_ray import RayPool

        return RayPool(job.address, None if job.address else job.workers), job.workers

    stages = chain(seconds=job.seconds, wait=job.wait, trace=job.trace)
    config = Config(name="toy", chain=stages, pack=PackSettings(shard_mb=1))
    ids = listing([f"call-{i:02d}" for i in range(job.dialogues)])
    print("begin", flush=True)
    summary = build(Build(src="toy", out=job.out, config=config, listing=ids, make_pool=pool, work=job.work, quiet=True), Stop())
    plain: dict[str, Any] = to_plain(dataclasses.replace(summary, rejects={}))
    return plain


def start(job: Job, folder: Path, slow: float = 0.0, **environment: str) -> subprocess.Popen[str]:
    """Start the build in a process of its own that runs in `folder`; returns when it begins."""
    settings = {SLOW_DISK: str(slow)} if slow else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.crash", "run", json.dumps(dataclasses.asdict(job))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "begin\n":
        raise AssertionError(f"the build did not start: {process.communicate()[1]}")
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a build that must end well; returns its summary."""
    out, err = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"the build ended with {process.returncode}: {err}")
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


@dataclass(frozen=True)
class Clean:
    """What a build without any incident publishes, and how long it takes."""

    files: dict[str, bytes]
    seconds: float


def clean_build(folder: Path, slow: float = 0.0) -> Clean:
    """Build once, undisturbed."""
    from tests.pipeline.toy import contents

    folder.mkdir(parents=True)
    process = start(Job(str(folder / "out")), folder, slow)
    began = time.monotonic()
    summary = finish(process)
    assert summary["balance"]["results"] == DIALOGUES
    assert summary["shards"] >= 3
    return Clean(contents(folder / "out"), time.monotonic() - began)


@dataclass(frozen=True)
class Trial:
    """What one build went through."""

    driver_kills: int
    worker_kills: int
    phases: tuple[str, ...]
    """Where the kills of the driver fell."""
    redone: int
    """First stages that were computed more than once."""
    allowed: int
    """One per worker that was lost."""


def trial(seed: int, folder: Path, clean: Clean, slow: float = 0.0) -> Trial:
    """Kill a build at a random moment, sometimes a worker first, sometimes twice; then let it finish and check all."""
    draw = random.Random(seed)
    workers = draw.choice((1, 1, 2, 3))
    job = Job(str(folder / "out"), workers)
    folder.mkdir(parents=True)
    phases: list[str] = []
    worker_kills = 0
    for number in range(draw.choice((1, 1, 1, 2))):
        process = start(job, folder, slow)
        if (seed + number) % 3 == 0:
            time.sleep(draw.random() * clean.seconds / 2)
            worker_kills += kill_worker(process.pid, draw)
        await_moment(process, Path(job.out), draw, clean.seconds, anchor=(seed + number) % len(ANCHORS))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            phases.append(phase_of(Path(job.out)))
        process.communicate()
        check_reader(job.out)
    summary = finish(start(job, folder))
    redone = check_end(job, folder, summary, clean)
    allowed = len(phases) * workers + worker_kills
    assert redone <= allowed, f"seed {seed}: {redone} dialogues were redone, {allowed} workers were lost"
    return Trial(len(phases), worker_kills, tuple(phases), redone, allowed)


ANCHORS = ((None, 1.0), (".staging/*", 0.4), (None, 1.0), ("data/*", 0.15))
"""What a kill waits for, and the share of a build's length from there on in which it falls: so that short phases are met too, and however
busy the machine is."""


def await_moment(process: subprocess.Popen[str], out: Path, draw: random.Random, seconds: float, anchor: int) -> None:
    """Wait for a random moment after an anchor, or for the end of the build."""
    pattern, share = ANCHORS[anchor]
    while pattern is not None and process.poll() is None and not list(out.glob(pattern)):
        time.sleep(0.003)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(draw.random() * share * seconds)


def kill_worker(driver: int, draw: random.Random) -> int:
    """SIGKILL one of the driver's worker processes; returns how many were killed, 0 if there was none to kill."""
    import psutil

    try:
        workers = [child for child in psutil.Process(driver).children() if "spawn_main" in " ".join(child.cmdline())]
        if not workers:
            return 0
        draw.choice(workers).kill()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0
    return 1


def phase_of(out: Path) -> str:
    """What a build was doing, from what it left."""
    stored = list(out.glob(".duologue/work/*/*.json"))
    if (out / "manifest.json").exists():
        return "after the commit"
    if list(out.glob("data/*")):
        return "moving shards, publishing"
    if list(out.glob(".staging/*")):
        return "packing"
    return "chain" if stored else "before the first result"


def check_reader(out: str) -> None:
    """There is no data set, or one that verifies: never half of one."""
    from pipeline.place import place_at
    from pipeline.verify import verify

    place = place_at(out)
    if place.size("manifest.json") is not None:
        damages = verify(place).damages
        assert not damages, f"a reader finds a damaged data set: {damages}"


def check_end(job: Job, folder: Path, summary: dict[str, Any], clean: Clean) -> int:
    """The bytes of an undisturbed build, a ledger that adds up, nothing left over; returns how many first stages were done again."""
    from tests.pipeline.toy import contents

    out = Path(job.out)
    counts = summary["balance"]
    assert counts == {"inputs": job.dialogues, "results": job.dialogues, "rejects": 0, "errors": 0, "pending": 0}
    found = contents(out)
    differ = sorted(name for name in found.keys() | clean.files.keys() if found.get(name) != clean.files.get(name))
    assert not differ, f"not the bytes of a clean run: {differ}"
    left = [str(path) for path in out.rglob("*") if path.name.startswith((".tmp-", "lock", ".staging"))]
    assert not left, f"left behind: {left}"
    check_reader(job.out)
    started = Counter((folder / job.trace).read_text().split())
    assert len(started) == job.dialogues
    return sum(started.values()) - job.dialogues


def trials(seeds: Sequence[int], folder: Path, clean: Clean, slow: float = SLOW, at_once: int = 2) -> Iterator[Trial]:
    """One trial for each seed, two at a time."""
    with ThreadPoolExecutor(at_once) as threads:
        yield from threads.map(lambda seed: trial(seed, folder / f"trial-{seed}", clean, slow), seeds)


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "run":
        print(json.dumps(run(Job(**json.loads(sys.argv[2])))), flush=True)
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    done: list[Trial] = []
    phases: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="duologue-crash-") as folder:
        clean = clean_build(Path(folder, "clean"), SLOW)
        for each in trials(range(asked.seed, asked.seed + asked.trials), Path(folder), clean):
            done.append(each)
            phases.update(each.phases)
            print(f"\r{len(done)} of {asked.trials} builds killed and resumed", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"trials {len(done)}: driver killed {sum(t.driver_kills for t in done)} times, workers {sum(t.worker_kills for t in done)} times")
    print(f"dialogues redone {sum(t.redone for t in done)} of {sum(t.allowed for t in done)} allowed (one per lost worker)")
    print("kills fell: " + ", ".join(f"{name} {n}" for name, n in phases.most_common()))


if __name__ == "__main__":
    main()
