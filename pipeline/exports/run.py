"""Export a finished data set: shard by shard in workers, then the files about the whole, and last of all `export.json`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from pipeline.drive import Driver, Group, Halt, Stop, Task
from pipeline.exports.format import SUMS, TRAIN, Account, Format, Options, Sink, account_of, join_parts
from pipeline.exports.rights import terms_plain
from pipeline.exports.table import format_named
from pipeline.exports.text import check_mode, tokenizer_sha256
from pipeline.exports.unit import SUMS_PART, ExportWork, UnitJob, UnitOutcome, finished, parts_of
from pipeline.lock import locked
from pipeline.place import Place, place_at
from pipeline.pools import Needs, Pool
from pipeline.progress import Progress
from pipeline.state import FOLDER, state_place
from schemas.errors import UsageError

log = logging.getLogger("duologue")

MANIFEST = "export.json"
STATE = f"{FOLDER}/export.json"
MANIFEST_FORMAT = 1


def export(
    set: str, out: str, name: str, options: Options, make_pool: Callable[[], tuple[Pool, int]], stop: Stop, quiet: bool = False
) -> dict[str, Any]:
    """Write the data set `set` to `out` as the format `name`; continues what an earlier call began.

    Returns what the manifest says, with `ending`. Raises `UsageError` when there is no such format or data set, when `out` holds anything
    else, or when nothing of the set can be exported; `Halt` when a shard cannot be exported.
    """
    source, target, format = place_at(set), place_at(out), format_named(name)
    about, digest = manifest_of(source)
    check_options(name, format, options)
    settings = {"format": name, "version": format.version, "options": options.plain(tokenizer_sha256(options))}
    identity = {**settings, "set": digest}
    with locked(state_place(out)):
        claim(target, identity)
        _sweep(target)
        jobs = _jobs(about, settings)
        accounts = _units(jobs, ExportWork(set, out, name, options), target, make_pool, stop, quiet)
        if accounts is None:
            return {"ending": "interrupted", "out": out, "format": name}
        total = Account()
        for account in accounts:
            total.add(account)
        if not total.written.rows:
            raise UsageError(f"{set}: nothing was exported to {name}: {_why(total)}")
        manifest = _publish(target, format, options, identity, about, total, len(jobs))
    return {"ending": "done", "out": out, **manifest}


def manifest_of(source: Place) -> tuple[dict[str, Any], str]:
    """A finished data set's manifest, and the SHA-256 of its file; raises `UsageError` when there is none."""
    data = source.get_or_none("manifest.json")
    if data is None:
        raise UsageError(f"{source.root}: no manifest.json, so this is no finished data set; run duologue build to its end first")
    try:
        manifest = json.loads(data)
        shards = [(shard["name"], shard["sha256"], shard["rows"], shard["bytes"]) for shard in manifest["shards"]]
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{source.root}/manifest.json: damaged, it cannot be read: {error}; run duologue build again") from error
    if not shards:
        raise UsageError(f"{source.root}: the data set has no rows, so there is nothing to export")
    return manifest, hashlib.sha256(data).hexdigest()


def check_options(name: str, format: Format, options: Options) -> None:
    """Raise `UsageError` for options that mean nothing to a format, or that it cannot follow."""
    given = {"main": options.main != (0,), "tokenizer": options.tokenizer is not None, "text": options.text is not None}
    for option, is_given in given.items():
        if is_given and option not in format.understands:
            raise UsageError(f"export: --{option} means nothing to {name}; leave it out")
    names = [split for split, _ in options.splits]
    if len({*names, TRAIN}) != len(names) + 1 or sum(share for _, share in options.splits) >= 1:
        raise UsageError(
            f"export: --split {', '.join(names)}: wanted different names, not {TRAIN!r}, whose shares leave something of 1 for it"
        )
    check_mode(options)
    format.check(options)


def claim(out: Place, identity: dict[str, Any]) -> None:
    """Make `out` the place of this export; raises `UsageError` when it holds another one, or files that are none."""
    data = out.get_or_none(STATE)
    if data is None:
        held = [name for name in (*out.names(), *out.folders()) if name != FOLDER]
        if held:
            raise UsageError(f"{out.root}: the folder holds {held[0]} and is no export; name an empty folder or a new one")
        out.put(STATE, json.dumps(identity, indent=1, sort_keys=True).encode())
        return
    known = json.loads(data)
    for key in ("format", "set", "options", "version"):
        if known.get(key) != json.loads(json.dumps(identity[key])):
            what = {"set": "another data set, or another state of this one", "options": "other options"}.get(key, f"another {key}")
            raise UsageError(f"{out.root}: holds an export of {what}; name a new folder, or delete this one")


def _jobs(about: dict[str, Any], settings: dict[str, Any]) -> list[UnitJob]:
    shards = about["shards"]
    jobs = []
    for index, shard in enumerate(shards):
        made_from = json.dumps({**settings, "shard": shard["sha256"], "index": index, "count": len(shards)}, sort_keys=True)
        jobs.append(UnitJob(shard["name"], shard["rows"], index, len(shards), hashlib.sha256(made_from.encode()).hexdigest()))
    return jobs


def _units(
    jobs: list[UnitJob], work: ExportWork, out: Place, make_pool: Callable[[], tuple[Pool, int]], stop: Stop, quiet: bool
) -> list[Account] | None:
    """The accounts of all units in order, done now or before; None when stopped."""
    handler = _Handler({job.index: account for job in jobs if (account := finished(out, job)) is not None})
    missing = [job for job in jobs if job.index not in handler.accounts]
    if missing:
        out.delete(MANIFEST)
        pool, workers = make_pool()
        with Progress(sum(job.rows for job in jobs), float(len(jobs)), quiet) as progress, contextlib.closing(pool):
            handler.progress = progress
            tasks = deque(Task(job.shard, job, 24 * 3600.0) for job in missing)
            Driver(pool, [Group(work, range(workers), Needs(), tasks)], handler, stop, load_deadline=600.0).run()
    if len(handler.accounts) < len(jobs):
        return None
    return [handler.accounts[job.index] for job in jobs]


def _sweep(out: Place, folder: str = "") -> None:
    """Delete what a killed process left half written; no worker is at work yet."""
    out.sweep(folder)
    for name in out.folders(folder):
        _sweep(out, f"{folder}/{name}" if folder else name)


class _Handler:
    def __init__(self, accounts: dict[int, Account]) -> None:
        self.accounts = accounts
        self.progress: Progress | None = None

    def finished(self, group: int, task: Task, outcome: UnitOutcome) -> None:
        if outcome.account is None:
            raise Halt(f"export: {outcome.fault}")
        account = account_of(outcome.account)
        self.accounts[task.job.index] = account
        if self.progress is not None:
            self.progress.add(1.0, account.came.seconds, "result")
            self.progress.finished += account.came.rows - 1
            self.progress.rejects += account.came.rows - account.written.rows

    def sick(self, outcome: UnitOutcome) -> bool:
        return False

    def lost(self, group: int, task: Task, cause: str) -> None:
        raise Halt(f"exporting {task.key} took its worker down twice: {cause}")

    def tick(self, busy: int) -> None:
        if self.progress is not None:
            self.progress.show()


def _publish(
    out: Place, format: Format, options: Options, identity: dict[str, Any], about: dict[str, Any], total: Account, count: int
) -> dict[str, Any]:
    """Join what the shards share, write what is about the whole, then the checksums, and commit all by the manifest."""
    sink = Sink(out, options, TRAIN, 0, count, total)
    parts = parts_of(out, count)
    sums = parts.pop(SUMS_PART, [])
    for name in sorted(parts):
        with contextlib.ExitStack() as stack, sink.file(name) as path:
            join_parts(name, [stack.enter_context(out.opened(part, in_order=True)) for part in parts[name]], path)
    format.finish(sink, total, about)
    with out.writing(SUMS) as path:
        with path.open("wb") as file:
            for part in sums:
                file.write(out.get(part))
            file.write("".join(f"{digest}  {name}\n" for name, digest in sorted(sink.sums.items())).encode())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"carries": list(format.carries), "name": about.get("name"), SUMS: digest, "terms": terms_plain(total), **total.plain()}
    manifest = {"manifest": MANIFEST_FORMAT, **identity, **facts}
    out.put(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode())
    return manifest


def _why(total: Account) -> str:
    reasons = [f"{tally.rows} rows: {reason}" for reason, tally in sorted(total.left_out.items())]
    if any(reason.startswith("licence ") for reason in total.left_out):
        reasons.append("if you may export them all the same, say so with --allow-licence NAME and a new folder")
    return "; ".join(reasons) or "it holds no rows"
