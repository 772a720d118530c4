"""`duologue redact`: mute what is missing, shard by shard, and commit the manifest last."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.lock import locked
from pipeline.pack import ROW_FORMAT, ShardJob, clear_staging, committed, put_in_place, staged
from pipeline.place import Place, place_at
from pipeline.publish import MANIFEST_FORMAT, publish, read_rejects, totals
from pipeline.redact.fill import FADE
from pipeline.redact.found import Find, muted_in
from pipeline.redact.row import redacted
from pipeline.redact.settings import VERSION, Redaction
from pipeline.redact.tokens import Recoder
from pipeline.shape.reading import Held, check_target, held_set, whole_rows, without_audio
from pipeline.shards import ShardRecord, hash_range, write_shard
from pipeline.state import state_place
from schemas.errors import UsageError
from schemas.personal import PERSONAL_KINDS
from schemas.plain import to_plain
from schemas.row import Row

COPIED = ("name", "chain", "config", "versions", "inputs", "left_out")
"""Entries of the manifest that stay those of the set it is made from."""


def run_redact(source: str, out: str, settings: Redaction, model: str | None, device: str, dry_run: bool) -> dict[str, Any]:
    """Redact the set in `source` into `out`; the result is told as plain values.

    Raises `UsageError` when the source is no finished set, `out` holds something else, or codes cannot be made anew.
    """
    held, target = held_set(place_at(source)), place_at(out)
    check_target(held, target, out, "redactions", "redacted")
    find = _presidio(settings)
    if dry_run:
        return {"command": "redact", "source": source, "out": out, **_foreseen(held, settings, find)}
    recoder = None
    if settings.codes == "encode" and any(stage["stage"] == "tokenize" for stage in held.manifest["chain"]):
        recoder = Recoder(held, model, device)
    with locked(state_place(out)):
        target.sweep()
        records = _write_missing(held, target, settings, find, recoder)
        put_in_place(target, records)
        about = _about(held, target, records, settings)
        manifest = {**{name: held.manifest[name] for name in COPIED}, **totals(records), "left_out": held.manifest["left_out"]}
        manifest |= {"format": MANIFEST_FORMAT, "redactions": about, **_shaped(held, target)}
        report = publish(target, manifest, read_rejects(held.place))
        clear_staging(target)
    return {"command": "redact", "source": source, "out": out, **about, "shards": len(records), "report": report}


def _presidio(settings: Redaction) -> Find | None:
    if not settings.presidio:
        return None
    from stages.personal.presidio import load_presidio

    return load_presidio()


def _write_missing(held: Held, out: Place, settings: Redaction, find: Find | None, recoder: Recoder | None) -> list[ShardRecord]:
    """The record of every shard, committed before, whole in staging, or written there now."""
    jobs = [ShardJob(shard.name, (), _fingerprint(held, shard, settings)) for shard in held.shards]
    records = committed(out, jobs)
    missing = [(job, shard) for job, shard in zip(jobs, held.shards, strict=True) if job.name not in records]
    if missing:
        out.sweep(staged("x").rsplit("/", 1)[0])
        for job, shard in missing:
            rows = (redacted(row, muted_in(row, settings, find), settings, recoder) for row in _rows(held, shard))
            records[job.name] = _write(held, job, shard, rows, out)
    return [records[job.name] for job in jobs]


def _fingerprint(held: Held, shard: ShardRecord, settings: Redaction) -> str:
    made_from = {"format": ROW_FORMAT, "version": VERSION, "set": held.sha256, "shard": shard.sha256, "settings": settings.plain()}
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _rows(held: Held, shard: ShardRecord) -> Iterator[Row]:
    for _, row in whole_rows(held, shard, range(shard.rows)):
        yield row


def _write(held: Held, job: ShardJob, shard: ShardRecord, rows: Iterator[Row], out: Place) -> ShardRecord:
    with out.writing(staged(job.name)) as path:
        groups = write_shard(path, rows, held.pack.format, held.pack.group_mb * 1_000_000)
        size, digest = path.stat().st_size, hash_range(path)
    record = ShardRecord(job.name, shard.rows, shard.recordings, shard.seconds, size, digest, job.fingerprint, groups, shard.left_out)
    out.put(staged(job.name) + ".json", json.dumps(to_plain(record), sort_keys=True).encode())
    return record


def _about(held: Held, out: Place, records: Sequence[ShardRecord], settings: Redaction) -> dict[str, Any]:
    """The entry `redactions` of the manifest, counted from the rows that are there."""
    done = Held(out, held.manifest, "", tuple(records))
    counts: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    rows = {"inputs": 0, "redacted": 0, "without_words": 0}
    for _, _, row in without_audio(done):
        rows["inputs"] += 1
        rows["redacted"] += bool(row.redactions)
        rows["without_words"] += row.transcript is None
        for each in row.redactions:
            counts[each.kind][0] += 1
            counts[each.kind][1] += each.end - each.start
    by_kind: list[dict[str, Any]] = [
        {"kind": kind, "spans": counts[kind][0], "seconds": round(counts[kind][1], 6)} for kind in PERSONAL_KINDS if kind in counts
    ]
    return {
        "from": {"name": held.manifest["name"], "manifest_sha256": held.sha256},
        "settings": {**settings.plain(), "fade": FADE},
        "rows": rows,
        "by_kind": by_kind,
        "spans": sum(each["spans"] for each in by_kind),
        "hours": round(sum(each["seconds"] for each in by_kind) / 3600, 6),
    }


def _shaped(held: Held, out: Place) -> dict[str, Any]:
    """What a shaped set says of its shaping, and its table, stay with it."""
    shape = held.manifest.get("shape")
    if shape is None:
        return {}
    name = shape["table"]["name"]
    data = held.place.get_or_none(name)
    if data is None or hashlib.sha256(data).hexdigest() != shape["table"]["sha256"]:
        raise UsageError(f"{held.place.root}/{name}: not what its manifest says; run: duologue verify {held.place.root}")
    if out.get_or_none(name) != data:
        out.delete("manifest.json")
        out.put(name, data)
    return {"shape": shape}


def _foreseen(held: Held, settings: Redaction, find: Find | None) -> dict[str, Any]:
    """What would be muted, without its text."""
    spans: list[dict[str, Any]] = []
    rows = {"inputs": 0, "redacted": 0, "without_words": 0}
    for _, _, row in without_audio(held):
        muted = muted_in(row, settings, find)
        rows["inputs"] += 1
        rows["redacted"] += bool(muted)
        rows["without_words"] += row.transcript is None
        for each in muted:
            start, end = each.span.seconds(row.rate)
            spans.append({"row": row.id, "channel": each.channel, "start": start, "end": end, "kind": each.kind, "shown": each.shown})
    return {"rows": rows, "would_mute": spans, "spans": len(spans), "hours": sum(s["end"] - s["start"] for s in spans) / 3600}
