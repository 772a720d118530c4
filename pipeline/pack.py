"""Finished dialogues into committed shards.

Shards are planned from names and sizes alone, packed by workers into a staging folder, and moved into place only when all are there.
While they are moved there is no manifest, so a reader sees the last committed data set or none, never a mixture.
"""

from __future__ import annotations

import errno
import hashlib
import json
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.config import PackSettings
from pipeline.drive import Driver, Group, Halt, Stop, Task
from pipeline.environment import quiet, use_scratch
from pipeline.ledger import Ledger
from pipeline.left_out import LeftOut, left_out, together
from pipeline.place import Place, place_at
from pipeline.plan import Plan
from pipeline.pools import Needs, Pool
from pipeline.rows import diarization_of, rows_of
from pipeline.said import anew
from pipeline.shards import ShardRecord, hash_range, write_shard
from pipeline.worker import read_values
from schemas.plain import from_plain, to_plain
from schemas.recording import Recording
from schemas.source import Source

ROW_FORMAT = 5
"""Raised by hand when rows or shards are laid out anew from the same values."""
STAGING = ".staging"


@dataclass(frozen=True, slots=True)
class ShardJob:
    """One shard to pack: its final name, its dialogues in order, and the hash of all it is made from."""

    name: str
    sources: tuple[Source, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """A packed shard, or why it could not be packed."""

    record: ShardRecord | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PackWork:
    """The recipe of a packing worker."""

    plan: Plan
    work: str
    out: str
    settings: PackSettings
    scratch: str | None = None

    def build(self) -> Callable[[ShardJob], ShardOutcome]:
        """Prepare to pack in this process."""
        quiet()
        use_scratch(self.scratch)
        return _Packer(self).pack


class _Packer:
    def __init__(self, recipe: PackWork) -> None:
        self.recipe = recipe
        self.ledger = Ledger(place_at(recipe.work), recipe.plan)
        self.out = place_at(recipe.out)
        self.anew = anew(recipe.plan)

    def pack(self, job: ShardJob) -> ShardOutcome:
        try:
            return ShardOutcome(self._pack(job))
        except OSError as error:
            return ShardOutcome(None, f"{self.out.root}: shard {job.name} cannot be written: {_disk(error)}")
        except Exception:
            return ShardOutcome(None, f"shard {job.name}: {traceback.format_exc()}")

    def _pack(self, job: ShardJob) -> ShardRecord:
        settings, seconds, rows = self.recipe.settings, 0.0, 0
        unused: list[LeftOut] = []

        def stream() -> Any:
            nonlocal seconds, rows
            for source in job.sources:
                value = read_values(self.ledger, source)
                unused.append(left_out(diarization_of(self.recipe.plan, value)))
                for row in rows_of(source, self.recipe.plan, value, settings.clip_minutes, self.anew):
                    seconds += row.duration
                    rows += 1
                    yield row

        with self.out.writing(staged(job.name)) as path:
            groups = write_shard(path, stream(), settings.format, settings.group_mb * 1_000_000)
            size, digest = path.stat().st_size, hash_range(path)
        record = ShardRecord(job.name, rows, len(job.sources), seconds, size, digest, job.fingerprint, groups, together(unused))
        self.out.put(staged(job.name) + ".json", json.dumps(to_plain(record), sort_keys=True).encode())
        return record


def staged(name: str) -> str:
    """Where a shard waits until all are packed."""
    return f"{STAGING}/{name.rsplit('/', 1)[-1]}"


def plan_shards(sources: Sequence[Source], sizes: dict[str, int], plan: Plan, settings: PackSettings) -> list[ShardJob]:
    """Deal dialogues, sorted by id, into shards of about `shard_mb`; `sizes` are bytes of encoded audio by key."""
    limit = settings.shard_mb * 1_000_000
    shards: list[list[Source]] = []
    filled = 0
    for source in sorted(sources, key=lambda s: s.id):
        size = sizes[source.key]
        if not shards or filled + size > limit:
            shards.append([])
            filled = 0
        shards[-1].append(source)
        filled += size
    count = len(shards)
    suffix = {"parquet": "parquet", "arrow": "arrow"}[settings.format]
    jobs = []
    for index, members in enumerate(shards):
        name = f"data/{settings.split}-{index:05d}-of-{count:05d}.{suffix}"
        jobs.append(ShardJob(name, tuple(members), _fingerprint(members, plan, settings)))
    return jobs


def _fingerprint(members: Sequence[Source], plan: Plan, settings: PackSettings) -> str:
    made_from = {
        "format": ROW_FORMAT,
        "settings": to_plain(settings),
        "addresses": [step.address for step in plan.steps],
        "sources": [[m.key, m.id, m.corpus, m.licence, m.consent, m.language, m.uris, m.extra] for m in members],
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def pack_shards(
    jobs: Sequence[ShardJob],
    work: PackWork,
    out: Place,
    make_pool: Callable[[], tuple[Pool, int]],
    stop: Stop,
    load_deadline: float,
) -> list[ShardRecord] | None:
    """Pack what is not packed yet and commit all shards; None when stopped before. Raises `Halt` when a shard cannot be packed.

    On return every shard lies under its final name and no manifest exists unless nothing had to change; writing it is the commit.
    """
    standing = committed(out, jobs)
    handler = _PackHandler(standing)
    missing = [job for job in jobs if job.name not in standing]
    if missing:
        pool, workers = make_pool()
        out.sweep(STAGING)
        tasks = deque(Task(job.name, job, 3600.0 + sum(s.bytes for s in job.sources) / 1e5) for job in missing)
        Driver(pool, [Group(work, range(workers), Needs(), tasks)], handler, stop, load_deadline).run()
        if stop.level or len(handler.records) < len(jobs):
            return None
    put_in_place(out, [handler.records[job.name] for job in jobs])
    return [handler.records[job.name] for job in jobs]


class _PackHandler:
    def __init__(self, standing: dict[str, ShardRecord]) -> None:
        self.records = dict(standing)

    def finished(self, group: int, task: Task, outcome: ShardOutcome) -> None:
        if outcome.record is None:
            raise Halt(outcome.fault)
        self.records[task.key] = outcome.record

    def sick(self, outcome: ShardOutcome) -> bool:
        return False

    def lost(self, group: int, task: Task, cause: str) -> None:
        raise Halt(f"packing {task.key} took its worker down twice: {cause}")

    def tick(self, busy: int) -> None:
        return


def committed(out: Place, jobs: Sequence[ShardJob]) -> dict[str, ShardRecord]:
    """Shards that need no packing: in the committed manifest, or whole in staging, or moved from it by a run that was cut short."""
    manifest = out.get_or_none("manifest.json")
    listed = {s["name"]: from_plain(ShardRecord, s) for s in json.loads(manifest)["shards"]} if manifest else {}
    found = {}
    for job in jobs:
        record = listed.get(job.name)
        if record is not None and record.fingerprint == job.fingerprint and out.size(job.name) == record.bytes:
            found[job.name] = record
            continue
        record = _staged_record(out, job.name)
        if record is None or record.name != job.name or record.fingerprint != job.fingerprint:
            continue
        if _is_whole(out, staged(job.name), record) or _is_whole(out, job.name, record):
            found[job.name] = record
    return found


def _staged_record(out: Place, name: str) -> ShardRecord | None:
    data = out.get_or_none(staged(name) + ".json")
    return from_plain(ShardRecord, json.loads(data)) if data else None


def _is_whole(out: Place, name: str, record: ShardRecord) -> bool:
    if out.size(name) != record.bytes:
        return False
    with out.reading(name) as path:
        return hash_range(path) == record.sha256


def put_in_place(out: Place, records: Sequence[ShardRecord]) -> None:
    """Retract the manifest, move staged shards to their names and delete shards of other names; nothing when nothing would change.

    A shard of the same name that other settings left in staging is not moved.
    """
    waiting = set(out.names(STAGING))
    to_move = [r for r in records if staged(r.name).rsplit("/", 1)[-1] in waiting and _staged_record(out, r.name) == r]
    stale = set(out.names("data")) - {r.name.rsplit("/", 1)[-1] for r in records}
    if not to_move and not stale:
        return
    out.delete("manifest.json")
    for record in to_move:
        out.move(staged(record.name), record.name)
    for name in stale:
        out.delete(f"data/{name}")


def clear_staging(out: Place) -> None:
    """Forget the staging records, once the manifest is committed."""
    out.delete_folder(STAGING)


def audio_sizes(ledger: Ledger, kind: type = Recording) -> dict[str, int]:
    """Bytes of encoded audio of each dialogue by key, from one listing."""
    index = ledger.plan.giver(kind)
    if index is None:
        raise Halt(f"the chain has no stage that gives {kind.__name__}, so there is no audio to pack")
    return {name.removesuffix(".flac"): size for name, size in ledger.place.sizes(ledger.plan.steps[index].address).items()}


def _disk(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"{error}; free some space, then run the same command again" if full else str(error)
