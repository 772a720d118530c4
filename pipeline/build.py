"""The main job: run the chain over a listing, then pack and report, or finish in another way."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pipeline.config import Config, Crew
from pipeline.drive import Driver, Group, Halt, Stop, Task
from pipeline.ledger import Balance, Ledger, Standing, balance
from pipeline.left_out import NOTHING, LeftOut, together
from pipeline.lock import locked
from pipeline.pack import PackWork, audio_sizes, clear_staging, pack_shards, plan_shards
from pipeline.place import place_at
from pipeline.plan import Plan, make_plan
from pipeline.pools import Needs, Pool
from pipeline.progress import Progress
from pipeline.publish import manifest_of, publish
from pipeline.state import default_work, state_place, write_state
from pipeline.worker import CrewWork, Job, Outcome
from schemas.errors import RejectRecord, UsageError
from schemas.source import Source
from stages.sources.listing import Listing

log = logging.getLogger("duologue")

PoolMaker = Callable[[], tuple[Pool, int]]
"""Makes a pool and says how many workers it should have when the config does not."""


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one stage took in this run: worker seconds per second of audio, both channels together.

    Of the dialogues that it passed on; what it turned down, and the loading of models, are not counted.
    """

    stage: str
    rtf: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did, as `--json` prints it."""

    ending: Literal["done", "errors", "interrupted"]
    balance: Balance
    computed: int
    """Stage results computed by this run."""
    hours: float
    """Audio that this run worked on."""
    seconds: float
    """Wall time of the chain."""
    shards: int = 0
    rows: int = 0
    costs: tuple[StageCost, ...] = ()
    """Of the stages computed by this run, in chain order."""
    left_out: LeftOut = NOTHING
    """What became no row of recordings that are in the data set."""
    report: str | None = None
    rejects: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 done, 1 finished with errors, 130 interrupted."""
        return {"done": 0, "errors": 1, "interrupted": 130}[self.ending]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One run, fully described."""

    src: str
    out: str
    config: Config
    listing: Listing
    make_pool: PoolMaker
    work: str | None = None
    quiet: bool = False


def build(request: Build, stop: Stop) -> Summary:
    """Bring the data set in `out` to what the source and the config say; do only what is not done.

    Raises `UsageError` when another process writes there, and `Halt` when the run cannot go on.
    """
    config = request.config
    plan = make_plan(config.chain)
    state = state_place(request.out)
    work = request.work or default_work(request.out)

    with locked(state, lost=_stopper(request.out, stop)):
        state.sweep()
        write_state(state, request.src, work, config, request.listing)
        ledger = Ledger(place_at(work), plan)
        for step in plan.steps:
            ledger.place.sweep(step.address)
        place_at(request.out).sweep()
        return Run(request, plan, ledger, work, stop, publish_set).go()


Finish = Callable[["Run", dict[str, Standing], Balance], "Summary"]
"""What is made of the results once every input has ended, from how each of them stands."""


class Run:
    """One run under its lock: the handler of the driver's loop, and what comes before and after it."""

    def __init__(self, request: Build, plan: Plan, ledger: Ledger, work: str, stop: Stop, finish: Finish) -> None:
        self.request, self.plan, self.ledger, self.work, self.stop, self.finish = request, plan, ledger, work, stop, finish
        self.config = request.config
        self.sources = {source.key: source for source in request.listing.sources}
        self.computed = 0
        self.spent = np.zeros((len(plan.steps), 2))
        self.progress: Progress = Progress(0, 0.0, quiet=True)
        self.last_group = 0
        self._pool: tuple[Pool, int] | None = None

    def go(self) -> Summary:
        """Compute what is missing; finish unless stopped before all was there. Raises `Halt`."""
        before = self.ledger.standings(self.sources)
        pending = {key: s for key, s in before.items() if s.end == "pending"}
        try:
            if pending:
                self._chain(pending)
            after = self.ledger.standings(self.sources) if pending else before
            turned_down = len(self.request.listing.rejects)
            counts = balance(self.request.listing.inputs, after.values(), turned_down)
            if not counts.holds:
                raise Halt(f"the ledger of {self.work} does not add up: {counts}; this is a fault of duologue, please report it")
            if self.stop.level or counts.pending:
                return self.summary("interrupted", counts)
            return self.finish(self, after, counts)
        finally:
            if self._pool is not None:
                self._pool[0].close()

    def pool(self) -> tuple[Pool, int]:
        """The pool of this run, made when first needed, and its workers when the config names none."""
        if self._pool is None:
            self._pool = self.request.make_pool()
        return self._pool

    def _chain(self, pending: dict[str, Standing]) -> None:
        pool, workers = self.pool()
        crews = crews_of(self.config, self.plan, workers)
        groups, first_slot = [], 0
        for crew, (first, last) in zip(crews, spans_of(crews, self.plan), strict=True):
            recipe = CrewWork(self.plan, self.work, first, last, crew.device, self.config.run.scratch)
            slots = range(first_slot, first_slot + crew.workers)
            groups.append(Group(recipe, slots, Needs(crew.cpus, crew.gpus), deque()))
            first_slot += crew.workers
        for key, standing in pending.items():
            group = next(g for g, (_, last) in enumerate(spans_of(crews, self.plan)) if standing.done < last)
            groups[group].queue.append(self._task(self.sources[key], standing.done))
        amount = sum(self.sources[key].bytes for key in pending)
        self.last_group = len(groups) - 1
        with Progress(len(pending), amount, self.request.quiet) as self.progress:
            Driver(pool, groups, self, self.stop, self.config.run.load_deadline).run()
        for slot in range(first_slot):
            pool.kill(slot)

    def _task(self, source: Source, done: int) -> Task:
        run = self.config.run
        return Task(source.key, Job(source, done), run.deadline + run.deadline_per_mb * source.bytes / 1e6)

    def finished(self, group: int, task: Task, outcome: Outcome) -> Task | None:
        self.computed += outcome.computed
        for step, seconds in outcome.spent:
            self.spent[step] += np.array((seconds, outcome.seconds))
        source: Source = task.job.source
        if outcome.end == "halt":
            raise Halt(outcome.detail)
        if outcome.end == "passed" and group < self.last_group:
            return self._task(source, outcome.step + 1)
        if outcome.end == "error":
            log.warning("%s: error in %s: %s", source.id, self.plan.steps[outcome.step].name, outcome.detail.strip().splitlines()[-1])
            if outcome.sick:
                self.ledger.commit_error(self.plan.steps[outcome.step], source, outcome.detail, task.tries)
        self._count(source, outcome.seconds, outcome.end)
        return None

    def sick(self, outcome: Outcome) -> bool:
        return outcome.sick

    def lost(self, group: int, task: Task, cause: str) -> None:
        source: Source = task.job.source
        step = self.plan.steps[self.ledger.first_open(source.key)]
        log.warning("%s: %s took its worker down %d times: %s", source.id, step.name, task.tries, cause)
        self.ledger.commit_error(step, source, f"{step.name} took its worker down {task.tries} times: {cause}", task.tries)
        self._count(source, 0.0, "error")

    def _count(self, source: Source, seconds: float, end: str) -> None:
        self.progress.add(source.bytes, seconds, end)
        run, p = self.config.run, self.progress
        if p.finished >= run.failure_after and p.errors > run.failure_limit * p.finished:
            raise Halt(
                f"{p.errors} of {p.finished} dialogues ended as errors, more than run.failure_limit ({run.failure_limit:.0%}); "
                f"see them with: duologue status {self.request.out}"
            )

    def tick(self, busy: int) -> None:
        self.progress.show()

    def rejects(self, standings: dict[str, Standing]) -> list[RejectRecord]:
        """Every input turned down, while listing or by a stage."""
        found = list(self.request.listing.rejects)
        for index, step in enumerate(self.plan.steps):
            found += self.ledger.rejects(step, sorted(key for key, s in standings.items() if s.end == "reject" and s.step == index))
        return found

    def summary(self, ending: Literal["done", "errors", "interrupted"], counts: Balance, **more: Any) -> Summary:
        """What this run did."""
        wall = time.monotonic() - self.progress.started if self.progress.dialogues else 0.0
        names = (step.name for step in self.plan.steps)
        costs = tuple(StageCost(name, float(took / audio)) for name, (took, audio) in zip(names, self.spent, strict=True) if audio)
        return Summary(ending, counts, self.computed, self.progress.seconds / 3600, wall, costs=costs, **more)


def measured(request: Build, stop: Stop, finish: Finish) -> Summary:
    """Run a chain that measures, and let `finish` write what is made of it; errors of earlier runs are tried again.

    Raises `UsageError` when another process writes there, and `Halt` when the run cannot go on.
    """
    plan = make_plan(request.config.chain)
    work = request.work or default_work(request.out)
    with locked(state_place(request.out), lost=_stopper(request.out, stop)):
        ledger = Ledger(place_at(work), plan)
        for step in plan.steps:
            ledger.place.sweep(step.address)
        place_at(request.out).sweep()
        ledger.clear_errors([source.key for source in request.listing.sources])
        return Run(request, plan, ledger, work, stop, finish).go()


def _stopper(out: str, stop: Stop) -> Callable[[], None]:
    """What a run does when another process takes its lock."""

    def lost() -> None:
        log.warning("%s: another process took the lock while this one gave no sign of life; stopping at once", out)
        stop.level = 2

    return lost


def publish_set(run: Run, standings: dict[str, Standing], counts: Balance) -> Summary:
    """Pack the results into shards, and write what goes with them."""
    config, request = run.config, run.request
    out = place_at(request.out)
    done = [run.sources[key] for key, s in standings.items() if s.end == "result"]
    jobs = plan_shards(done, audio_sizes(run.ledger), run.plan, config.pack)
    recipe = PackWork(run.plan, run.work, request.out, config.pack, config.run.scratch)
    records = pack_shards(jobs, recipe, out, run.pool, run.stop, config.run.load_deadline)
    if records is None:
        return run.summary("interrupted", counts)
    rejects = run.rejects(standings)
    report = publish(out, manifest_of(config, run.plan, records, counts), rejects)
    clear_staging(out)
    reasons = dict(sorted(Counter(reject.reason for reject in rejects).items()))
    ending: Literal["done", "errors"] = "errors" if counts.errors else "done"
    unused = together(r.left_out for r in records)
    rows = sum(r.rows for r in records)
    return run.summary(ending, counts, shards=len(records), rows=rows, left_out=unused, report=report, rejects=reasons)


def crews_of(config: Config, plan: Plan, workers: int) -> tuple[Crew, ...]:
    """The configured crews, or one with the whole chain; raises `UsageError` unless they tile the chain in order."""
    run = config.run
    kinds = tuple(step.name for step in plan.steps)
    if not run.crews:
        return (Crew(stages=kinds, workers=run.workers or workers, device=run.device),)
    if sum((crew.stages for crew in run.crews), ()) != kinds:
        raise UsageError(f"{config.name}: run.crews: together they must name the chain's stages once, in order: {', '.join(kinds)}")
    return run.crews


def spans_of(crews: tuple[Crew, ...], plan: Plan) -> list[tuple[int, int]]:
    """First and last-plus-one step of each crew."""
    found, at = [], 0
    for crew in crews:
        found.append((at, at + len(crew.stages)))
        at += len(crew.stages)
    return found
