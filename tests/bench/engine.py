"""What the engine costs beside the work itself: ratios within one run, for 50 ms dialogues. Run with `python -m tests.bench.engine`."""

from __future__ import annotations

import os
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psutil

from pipeline.drive import Driver, Group, Stop, Task
from pipeline.environment import quiet
from pipeline.ledger import Ledger
from pipeline.place import place_at
from pipeline.plan import Plan, make_plan
from pipeline.pools import Needs, Pool, Processes
from pipeline.worker import CrewWork, Job, Outcome
from schemas.activity import Activity
from schemas.source import Source
from stages.stage import Weights, speed


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWork:
    """A stage that takes `seconds` of processor time and gives a small value."""

    name: ClassVar[str] = "vad"
    backend: ClassVar[str] = "bench"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source,)
    gives: ClassVar[type] = Activity
    seconds: float = speed(0.05)

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Source], Activity]:
        return self._work

    def _work(self, source: Source) -> Activity:
        until = time.process_time() + self.seconds
        while time.process_time() < until:
            sum(range(200))
        return Activity(channels=((), ()), length=16000, rate=8000)


class _Count:
    """A handler that counts, and notes when the first and last outcome came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def finished(self, group: int, task: Task, outcome: Outcome) -> None:
        if outcome.end != "passed":
            raise RuntimeError(f"{task.key}: {outcome}")
        self.times.append(time.perf_counter())

    def sick(self, outcome: Any) -> bool:
        return False

    def lost(self, group: int, task: Task, cause: str) -> None:
        raise RuntimeError(f"{task.key} lost: {cause}")

    def tick(self, busy: int) -> None:
        return


def sources(count: int) -> list[Source]:
    """Dialogues without files."""
    return [Source(id=f"item-{i:06d}", uris=("none",), bytes=1) for i in range(count)]


def bare(plan: Plan, items: list[Source]) -> float:
    """Seconds of a plain loop over the same function, storing nothing."""
    work = plan.steps[0].stage.load("cpu")
    started = time.perf_counter()
    for item in items:
        work(item)
    return time.perf_counter() - started


def engine(plan: Plan, items: list[Source], pool: Pool, workers: int, folder: str) -> float:
    """Seconds of the engine, worker start included, storing every result durably."""
    handler = _Count()
    queue = deque(Task(item.key, Job(item, 0), 600.0) for item in items)
    group = Group(CrewWork(plan, folder, 0, 1), range(workers), Needs(), queue)
    started = time.perf_counter()
    Driver(pool, [group], handler, Stop(), 600.0).run()
    if len(Ledger(place_at(folder), plan).survey()[0]) != len(items):
        raise RuntimeError("the ledger does not hold every item")
    for slot in range(workers):
        pool.kill(slot)
    return handler.times[-1] - started


def compare(count: int, seconds: float) -> dict[str, float]:
    """The ratios that CONTRIBUTING promises."""
    quiet()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    from pipeline.on_ray import RayPool

    plan, items = make_plan((FixedWork(seconds=seconds),)), sources(count)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        base = bare(plan, items)
        local = Processes()
        found["local / bare loop"] = engine(plan, items, local, 1, f"{folder}/local") / base
        started = time.perf_counter()
        ray = RayPool(None, 2)
        found["seconds to start Ray"] = time.perf_counter() - started
        one = engine(plan, items, ray, 1, f"{folder}/ray1")
        found["one Ray worker / bare loop"] = one / base
        found["one Ray worker / two Ray workers"] = one / engine(plan, items, ray, 2, f"{folder}/ray2")
        ray.close()
    return found


def memory(count: int = 5000) -> dict[str, float]:
    """Growth of the driver's and the worker's resident memory over many dialogues, from a tenth of the way to the end."""
    plan, items = make_plan((FixedWork(seconds=0.0),)), sources(count)
    seen: list[tuple[int, int]] = []

    class Watch(_Count):
        def finished(self, group: int, task: Task, outcome: Outcome) -> None:
            super().finished(group, task, outcome)
            if len(self.times) in (count // 10, count):
                me = psutil.Process()
                children = [c for c in me.children(recursive=True) if "resource_tracker" not in " ".join(c.cmdline())]
                seen.append((me.memory_info().rss, sum(c.memory_info().rss for c in children)))

    with tempfile.TemporaryDirectory() as folder:
        pool = Processes()
        group = Group(CrewWork(plan, folder, 0, 1), range(1), Needs(), deque(Task(i.key, Job(i, 0), 600.0) for i in items))
        started = time.perf_counter()
        Driver(pool, [group], Watch(), Stop(), 600.0).run()
        wall = time.perf_counter() - started
        pool.close()
    (driver, worker), (driver_end, worker_end) = seen
    return {
        "driver growth, MB": (driver_end - driver) / 1e6,
        "worker growth, MB": (worker_end - worker) / 1e6,
        "ms per empty dialogue (store included)": wall / count * 1000,
    }


def listing_cost(count: int = 50_000) -> dict[str, float]:
    """What the driver spends on a dialogue that is already done: its memory and its share of listing, surveying and planning shards."""
    from pipeline.config import PackSettings
    from pipeline.pack import plan_shards

    plan = make_plan((FixedWork(seconds=0.0),))
    tracemalloc.start()
    items = sources(count)
    tasks = deque(Task(item.key, Job(item, 0), 600.0) for item in items)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    tasks.clear()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(place_at(folder), plan)
        address = Path(folder, plan.steps[0].address)
        address.mkdir()
        for item in items:
            (address / f"{item.key}.json").touch()
        started = time.perf_counter()
        standings = ledger.standings(item.key for item in items)
        done = [item for item in items if standings[item.key].end == "result"]
        plan_shards(done, {item.key: 1_000_000 for item in done}, plan, PackSettings())
        wall = time.perf_counter() - started
    return {"driver KB held per dialogue": held / count / 1e3, "driver ms per done dialogue on resume": wall / count * 1e3}


def main() -> None:
    """Print every ratio."""
    for name, value in {**compare(1000, 0.05), **memory(), **listing_cost()}.items():
        print(f"{name:45s} {value:8.3f}")


if __name__ == "__main__":
    main()
