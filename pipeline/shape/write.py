"""The shards of a shaped set, one at a time into a staging folder, as a build does it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pipeline.pack import ROW_FORMAT, ShardJob, committed, staged
from pipeline.place import Place
from pipeline.said import Anew
from pipeline.shape.cut import Opened, cut_row
from pipeline.shape.plan import Clip
from pipeline.shape.reading import Held, anew_of, whole_rows
from pipeline.shards import ShardRecord, hash_range, write_shard
from schemas.plain import to_plain
from schemas.row import Row, RowStage
from stages.shape.targets import RANGES, Targets

VERSION = 1
"""Raised by hand when equal sets and targets give other rows."""
OF_THE_SET = (*RANGES, "hours", "seed")
"""Targets that choose between clips and change nothing in one."""


@dataclass(frozen=True, slots=True)
class ClipJob:
    """One shard to write: its final name, its clips in order, and the hash of all it is made from."""

    name: str
    clips: tuple[Clip, ...]
    fingerprint: str


def made_by(targets: Targets) -> RowStage:
    """What the provenance of a clip says of how it was cut."""
    rules = {name: value for name, value in to_plain(targets).items() if name not in OF_THE_SET}
    digest = hashlib.sha256(json.dumps({"version": VERSION, **rules}, sort_keys=True).encode()).hexdigest()
    return RowStage("shape", "sweep", f"shape-{digest[:16]}", VERSION, ())


def plan_jobs(held: Held, clips: Sequence[Clip], targets: Targets) -> list[ClipJob]:
    """Deal the clips, in order, into shards of the size that the set's own settings name."""
    pack = held.pack
    limit = pack.shard_mb * 1_000_000
    shards: list[list[Clip]] = []
    filled = 0
    for clip in clips:
        if not shards or filled + clip.native > limit:
            shards.append([])
            filled = 0
        shards[-1].append(clip)
        filled += clip.native
    suffix = {"parquet": "parquet", "arrow": "arrow"}[pack.format]
    names = [f"data/{pack.split}-{index:05d}-of-{len(shards):05d}.{suffix}" for index in range(len(shards))]
    made = to_plain(made_by(targets))
    return [ClipJob(name, tuple(mine), _fingerprint(held, mine, made)) for name, mine in zip(names, shards, strict=True)]


def _fingerprint(held: Held, clips: Sequence[Clip], made: object) -> str:
    made_from = {
        "format": ROW_FORMAT,
        "set": held.sha256,
        "made": made,
        "clips": [[c.shard, c.row, c.id, c.window.start, c.window.end, c.index, c.count] for c in clips],
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def write_missing(held: Held, jobs: Sequence[ClipJob], targets: Targets, out: Place) -> list[ShardRecord]:
    """The record of every shard, committed before, whole in staging, or written there now."""
    records = committed(out, [ShardJob(job.name, (), job.fingerprint) for job in jobs])
    missing = [job for job in jobs if job.name not in records]
    if missing:
        out.sweep(staged("x").rsplit("/", 1)[0])
        anew, made = anew_of(held), made_by(targets)
        for job in missing:
            records[job.name] = _write(held, job, made, anew, out)
    return [records[job.name] for job in jobs]


def _write(held: Held, job: ClipJob, made: RowStage, anew: Anew, out: Place) -> ShardRecord:
    pack = held.pack
    with out.writing(staged(job.name)) as path:
        groups = write_shard(path, rows_of(held, job.clips, made, anew), pack.format, pack.group_mb * 1_000_000)
        size, digest = path.stat().st_size, hash_range(path)
    recordings = sum(clip.index == 0 for clip in job.clips)
    seconds = sum(len(clip.window) / clip.rate for clip in job.clips)
    record = ShardRecord(job.name, len(job.clips), recordings, seconds, size, digest, job.fingerprint, groups)
    out.put(staged(job.name) + ".json", json.dumps(to_plain(record), sort_keys=True).encode())
    return record


def rows_of(held: Held, clips: Sequence[Clip], made: RowStage, anew: Anew) -> Iterator[Row]:
    """The rows of clips that stand in the order of the set they come from; the audio of one row is decoded at a time."""
    for shard, mine in groupby(clips, key=lambda clip: clip.shard):
        by_row = {at: list(group) for at, group in groupby(mine, key=lambda clip: clip.row)}
        for at, row in whole_rows(held, held.shards[shard], sorted(by_row)):
            opened: Opened | None = None
            for clip in by_row[at]:
                found = row
                if not clip.whole:
                    opened = opened or Opened.of(row)
                    found = cut_row(opened, clip.window, clip.id, made, anew)
                yield replace(found, clip=dataclasses.replace(found.clip, index=clip.index, count=clip.count))
