"""What each command does, as plain values that `--json` prints."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import re
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

from pipeline.build import Build, PoolMaker, build
from pipeline.config import Config, RunSettings, load_config
from pipeline.drive import Stop
from pipeline.environment import quiet as quiet_telemetry
from pipeline.environment import show_ray_token
from pipeline.ledger import Ledger, balance
from pipeline.lock import locked
from pipeline.place import expand, place_at
from pipeline.plan import make_plan
from pipeline.policy import held_to, load_policy, today
from pipeline.pools import InProcess, Pool, Processes
from pipeline.state import RunState, default_work, read_state, state_place
from pipeline.verify import verify
from schemas.errors import UsageError
from schemas.plain import to_plain
from stages.decode.stream import Header
from stages.sources import Listing, Probe, list_sources, summarise, with_files, write_manifest

log = logging.getLogger("duologue")

ADDRESS = re.compile(r"[a-z_]+-[0-9a-f]{16}")
"""The form of a stage's folder: `prune` touches no other."""


def run_build(
    src: str,
    out: str,
    config: str | None,
    overrides: Sequence[str],
    local: bool,
    address: str | None,
    workers: int | None,
    work: str | None,
    quiet: bool,
    policy: str | None = None,
) -> dict[str, Any]:
    """Build; returns the summary with its exit code."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    quiet_telemetry()
    checked = _config(config, overrides)
    if workers is not None and checked.run.crews:
        raise UsageError("--workers does not go with run.crews, where each crew names its own")
    make_plan(checked.chain)
    rules = None if policy is None else load_policy(policy, today())
    listing = some_listed(src, checked)
    if rules is not None:
        listing = held_to(listing, (weights for stage in checked.chain for weights in stage.weights()), rules)
    make_pool = pool_maker(checked.run, local, address, workers)
    if workers:
        checked = dataclasses.replace(checked, run=dataclasses.replace(checked.run, workers=workers))
    request = Build(src=src, out=out, config=checked, listing=listing, make_pool=make_pool, work=work, quiet=quiet)
    summary = build(request, on_signals())
    result: dict[str, Any] = to_plain(dataclasses.replace(summary, rejects={})) | {"rejects": summary.rejects}
    return {"command": "build", "out": out, "exit_code": summary.exit_code, **result}


def pool_maker(run: RunSettings, local: bool, address: str | None, workers: int | None) -> PoolMaker:
    """Makes the pool that a command line asks for, when it is first needed; `workers` goes before what the config says."""

    def make_pool() -> tuple[Pool, int]:
        if local:
            return (InProcess(), 1) if workers == 0 else (Processes(), workers or run.workers or 1)
        if address is not None:
            show_ray_token()
        from pipeline.on_ray import RayPool, cores

        pool = RayPool(address, workers)
        return pool, workers or run.workers or cores()

    return make_pool


def on_signals() -> Stop:
    """A stop that Ctrl-C and termination raise: once to finish what is being worked on, twice to stop at once."""
    stop = Stop()

    def ask(number: int, frame: object) -> None:
        stop.level += 1
        log.warning("stopping at once" if stop.level > 1 else "finishing the dialogues being worked on; again to stop at once")

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return stop


def some_listed(src: str, config: Config) -> Listing:
    """The source as listed for a run; raises `UsageError` when it holds nothing at all."""
    listing = listed(src, config, probe_all=False)
    if not listing.inputs:
        ignored = ", ".join(f"{count} {suffix}" for suffix, count in listing.ignored[:8])
        raise UsageError(
            f"{src}: no recordings found{f' (ignored: {ignored})' if ignored else ''}; source.suffixes says what counts as audio"
        )
    return listing


def listed(src: str, config: Config, probe_all: bool) -> Listing:
    """The source as listed under a config, with the files that its chain reads beside the recordings."""
    with probing(probe_all) as probe:
        return with_files(list_sources(src, config.source, probe, probe_all=probe_all), config.chain)


@contextlib.contextmanager
def probing(probe_all: bool = False) -> Iterator[Probe]:
    """What looks at headers of files: a peek where that will do and not every file is to be opened, else the decoder's sandbox."""
    from stages.decode.fetch import open_uri
    from stages.decode.peek import peek
    from stages.decode.sandbox import Sandbox

    sandbox = Sandbox()

    def probe(uri: str) -> Header:
        with open_uri(uri) as file:
            return (None if probe_all else peek(cast(BinaryIO, file))) or sandbox.probe(file)

    try:
        yield probe
    finally:
        sandbox.close()


def run_scan(src: str, output: str | None, config: str | None, overrides: Sequence[str]) -> dict[str, Any]:
    """List a source with every file's header read."""
    listing = listed(src, _config(config, overrides), probe_all=True)
    if output is not None:
        write_manifest(listing, output)
    return {"command": "scan", "src": src, "manifest": output, **scan_facts(listing)}


def scan_facts(listing: Listing) -> dict[str, Any]:
    """Counts, hours and problems of a listing."""
    summary = summarise(listing)
    return {
        "inputs": listing.inputs,
        "sources": summary.recordings,
        "counts": dict(summary.kinds),
        "hours": summary.hours,
        "untimed": summary.untimed,
        "bytes": summary.bytes,
        "rates": dict(summary.rates),
        "encodings": dict(summary.encodings),
        "rejects": dict(summary.rejects),
        "ignored": dict(listing.ignored),
        "problems": list(listing.problems),
    }


def run_plan(src: str, out: str, config: str | None, overrides: Sequence[str], work: str | None) -> dict[str, Any]:
    """What a build would do."""
    checked = _config(config, overrides)
    listing = listed(src, checked, probe_all=False)
    ledger = Ledger(place_at(work or default_work(out)), make_plan(checked.chain))
    return {"command": "plan", "inputs": listing.inputs, **_standing(ledger, listing.sources, listing.rejects)}


def run_status(out: str) -> dict[str, Any]:
    """How the last run stands."""
    state, ledger = _last(out)
    keys = [s.key for s in state.sources]
    standings = ledger.standings(keys)
    errors = []
    for index, step in enumerate(ledger.plan.steps):
        errors += ledger.errors(step, sorted(k for k, s in standings.items() if s.end == "error" and s.step == index))
    facts = _standing(ledger, state.sources, state.rejects)
    return {"command": "status", "src": state.src, "work": state.work, **facts, "errors_listed": errors}


def run_retry(out: str, stage: str | None) -> dict[str, Any]:
    """Clear errors."""
    state, ledger = _last(out)
    if stage is not None:
        ledger.plan.index(stage)
    with locked(state_place(out)):
        cleared = ledger.clear_errors((s.key for s in state.sources), stage)
    return {"command": "retry", "cleared": cleared, "next": f"duologue build {state.src} {out}"}


def run_prune(out: str, dry_run: bool) -> dict[str, Any]:
    """Delete what no config names: folders of other addresses, and results of inputs that are no longer listed."""
    state, ledger = _last(out)
    named = {step.address for step in ledger.plan.steps}
    keys = {s.key for s in state.sources}
    with locked(state_place(out)):
        folders = [name for name in ledger.place.folders() if ADDRESS.fullmatch(name) and name not in named]
        files = [f"{a}/{name}" for a in sorted(named) for name in ledger.place.names(a) if name.split(".", 1)[0] not in keys]
        size = sum(sum(ledger.place.sizes(folder).values()) for folder in folders)
        if not dry_run:
            for folder in folders:
                ledger.place.delete_folder(folder)
            for name in files:
                ledger.place.delete(name)
    return {"command": "prune", "dry_run": dry_run, "folders": folders, "files": len(files), "bytes": size}


def run_pack(out: str, parts: Sequence[str]) -> dict[str, Any]:
    """Merge finished data sets."""
    from pipeline.merge import merge

    found = [place for part in parts for place in expand(part)]
    if not found:
        raise UsageError(f"{' '.join(parts)}: no such data sets")
    with locked(state_place(out)):
        return {"command": "pack", "out": out, **merge(out, found)}


def run_verify(out: str) -> dict[str, Any]:
    """Check the committed data set."""
    return {"command": "verify", "out": out, **to_plain(verify(place_at(out)))}


def _config(config: str | None, overrides: Sequence[str]) -> Config:
    return load_config(config, overrides)


def _last(out: str) -> tuple[RunState, Ledger]:
    state = read_state(out)
    return state, Ledger(place_at(state.work), make_plan(state.config.chain))


def _standing(ledger: Ledger, sources: Sequence[Any], rejects: Sequence[Any]) -> dict[str, Any]:
    states = ledger.survey()
    standings = ledger.standings(s.key for s in sources)
    counts = balance(len(sources) + len(rejects), standings.values(), len(rejects))
    stages = []
    for index, (step, held) in enumerate(zip(ledger.plan.steps, states, strict=True)):
        mine = Counter(held[s.key] for s in sources if s.key in held)
        open_here = sum(1 for s in standings.values() if s.end == "pending" and s.step <= index)
        stages.append(
            {
                "stage": step.name,
                "backend": step.stage.backend,
                "address": step.address,
                "done": mine["result"],
                "rejects": mine["reject"],
                "errors": mine["error"],
                "to_do": open_here,
            }
        )
    return {"balance": to_plain(counts), "stages": stages}
