"""The run of a calibration: the engine takes every recording through decoding and the measuring stages, then all is written down."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

from pipeline.build import Build, Run, Summary
from pipeline.calibrate.overlaps import Worst
from pipeline.calibrate.page import page
from pipeline.calibrate.summary import Account, Measured, summarise
from pipeline.commands import on_signals, pool_maker, some_listed
from pipeline.config import Config, load_config
from pipeline.drive import Stop
from pipeline.environment import quiet as quiet_telemetry
from pipeline.ledger import Balance, Standing
from pipeline.measured import Told, told, whole
from pipeline.plan import make_plan
from schemas.errors import UsageError
from schemas.plain import to_plain
from schemas.recording import Recording
from stages.acoustics.condition import NAMED, Condition
from stages.calibrate.measure import Whose, calibrate_stages

log = logging.getLogger("duologue")

DEFAULT = "mono_calls"
"""Config whose chain is measured when none is named: the calls of a calibration are dialogues, so nothing is cut or dropped."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One calibration, fully described."""

    request: Build
    """Its config's chain is decoding and the measuring stages."""
    first: Config
    """The chain under test, as a build would run it."""
    beside: Config | None
    conditions: tuple[Condition, ...]
    activity: Whose = "estimated"
    excerpts: bool = True
    """Put excerpts of recorded speech on the page."""


def run_calibrate(
    src: str,
    out: str,
    config: str | None,
    overrides: Sequence[str],
    conditions: Sequence[str],
    beside: Sequence[str],
    local: bool,
    address: str | None,
    workers: int | None,
    work: str | None,
    quiet: bool,
    activity: Whose = "estimated",
    excerpts: bool = True,
) -> dict[str, Any]:
    """Calibrate; returns the pooled scores with the exit code, and where the whole of it lies."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    quiet_telemetry()
    first = load_config(config or DEFAULT, overrides)
    second = None
    if beside:
        second = load_config(config or DEFAULT, [*overrides, *beside])
        second = dataclasses.replace(second, name=f"with {', '.join(beside)}")
    chosen = tuple(Condition.parse(text) for text in conditions) or (NAMED["clean"],)
    measuring = measuring_config(first, second, chosen, activity)
    make_plan(measuring.chain)
    listing = some_listed(src, measuring)
    make_pool = pool_maker(first.run, local, address, workers)
    if workers:
        measuring = dataclasses.replace(measuring, run=dataclasses.replace(measuring.run, workers=workers))
    request = Build(src=src, out=out, config=measuring, listing=listing, make_pool=make_pool, work=work, quiet=quiet)
    wanted = Calibration(request=request, first=first, beside=second, conditions=chosen, activity=activity, excerpts=excerpts)
    summary, found = calibrate(wanted, on_signals())
    return {"command": "calibrate", "out": out, "exit_code": summary.exit_code, **_told(summary, found)}


def measuring_config(first: Config, beside: Config | None, conditions: tuple[Condition, ...], activity: Whose = "estimated") -> Config:
    """The config of the run itself: decoding, then the stages that hold the chains; raises `UsageError` for chains that cannot be scored.

    A recording may take as long as the chain has times to run on it. Errors never stop the run, because they are part of what is measured.
    """
    decode, *chain = first.chain
    rest = None if beside is None else beside.chain[1:]
    if decode.gives is not Recording or (beside is not None and beside.chain[0] != decode):
        raise UsageError(f"{first.name}: calibrate wants chains that start with one and the same decode stage")
    times = len(conditions) * (1 if rest is None else 2)
    settings = first.run
    run = dataclasses.replace(
        settings,
        crews=(),
        failure_limit=1.0,
        deadline=settings.deadline * times,
        deadline_per_mb=settings.deadline_per_mb * times,
    )
    stages = calibrate_stages(tuple(chain), rest, conditions, activity)
    return dataclasses.replace(first, chain=(decode, *stages), run=run)


def calibrate(calibration: Calibration, stop: Stop) -> tuple[Summary, dict[str, Any] | None]:
    """Measure what is not measured yet, then write `calibration.json` and `calibration.html`; errors of earlier runs are tried again.

    Returns what was done, and the contents of the JSON: None when the run was stopped before all was there. Raises `UsageError` when
    another process writes there, and `Halt` when the run cannot go on.
    """

    def tell(run: Run, standings: dict[str, Standing], counts: Balance) -> Told:
        chains = [_measured(calibration, calibration.first, "calibrate", run, standings)]
        if calibration.beside is not None:
            chains.append(_measured(calibration, calibration.beside, "beside", run, standings))
        contents = _contents(calibration, chains, run, standings, counts)
        shown = page(contents, [each.heard for each in chains] if calibration.excerpts else None)
        return Told(contents, shown, [reject["reason"] for reject in contents["rejects"]])

    return told(calibration.request, stop, "calibration", tell)


def _contents(
    calibration: Calibration, chains: Sequence[Measured], run: Run, standings: dict[str, Standing], counts: Balance
) -> dict[str, Any]:
    errors: list[dict[str, Any]] = []
    for index, step in enumerate(run.plan.steps):
        errors += run.ledger.errors(step, sorted(key for key, s in standings.items() if s.end == "error" and s.step == index))
    account = Account(calibration.request.src, to_plain(counts), tuple(run.rejects(standings)), tuple(errors))
    names = [condition.name for condition in calibration.conditions]
    return summarise(account, names, chains[0], chains[1] if len(chains) > 1 else None)


def _measured(calibration: Calibration, config: Config, kind: str, run: Run, standings: dict[str, Standing]) -> Measured:
    """Scores of every recording whose measuring stage has a result, whatever became of it in a later stage."""
    index = run.plan.index(kind)
    sources = sorted((run.sources[key] for key, s in standings.items() if s.done > index), key=lambda source: (source.id, source.key))
    step = run.plan.steps[index]
    worst = Worst()
    # Each call lets go of its excerpts before the next one is read, so that memory does not grow with them.
    calls = tuple((source, worst.take(source, whole(run, step, source.key))) for source in sources)
    return Measured(config.name, config, calls, calibration.activity, worst.kept)


def _told(summary: Summary, found: dict[str, Any] | None) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(dataclasses.replace(summary, rejects={})) | {"rejects": summary.rejects}
    for name in ("shards", "rows", "left_out"):
        del plain[name]
    beside = found["beside"] if found else None
    return {
        **plain,
        "name": found["name"] if found else None,
        "overall": found["overall"] if found else None,
        "beside": {"name": beside["name"], "overall": beside["overall"]} if beside else None,
    }
