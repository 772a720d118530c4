"""`duologue shape`: decide, write what is missing, and commit the manifest last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.lock import locked
from pipeline.pack import clear_staging, put_in_place
from pipeline.place import Place, place_at
from pipeline.publish import MANIFEST_FORMAT, publish, read_rejects, totals
from pipeline.shape.plan import Part, ShapePlan, make_plan, seconds
from pipeline.shape.reading import Held, check_target, held_set
from pipeline.shape.settings import targets_from
from pipeline.shape.write import OF_THE_SET, plan_jobs, write_missing
from pipeline.shards import ShardRecord, hash_range
from pipeline.state import state_place
from schemas.errors import UsageError
from schemas.plain import arrow_type, to_plain
from stages.shape.targets import LEFT_OUT, Targets

TABLE = "left_out.parquet"
COLUMNS = {"row": str, "recording": str, "start": float, "end": float, "seconds": float, "reason": str, "facts": str}
"""Of the table: the fields of a `Part`."""
COPIED = ("name", "chain", "config", "versions", "inputs")
"""Entries of the manifest that stay those of the set it is made from: its account is the beginning of this one's."""


def run_shape(source: str, out: str, file: str | None, options: Mapping[str, Any], dry_run: bool) -> dict[str, Any]:
    """Shape the set in `source` into `out`; the result is told as plain values.

    Raises `UsageError` when the source is no finished set, `out` holds something else, or nothing would be left.
    """
    targets = targets_from(file, options)
    held, target = held_set(place_at(source)), place_at(out)
    check_target(held, target, out, "shape", "shaped")
    if dry_run:
        plan = make_plan(held, targets)
        kept = [
            {
                "id": clip.id,
                "recording": clip.recording,
                "start": clip.start,
                "seconds": len(clip.window) / clip.rate,
                "cut": not clip.whole,
            }
            for clip in plan.clips
        ]
        return _result(source, out, plan, about(held, plan, targets), kept=kept)
    with locked(state_place(out)):
        target.sweep()
        plan = make_plan(held, targets)
        if not plan.clips:
            reasons = ", ".join(f"{each['seconds']:.0f} s {each['reason']}" for each in plan.by_reason())
            raise UsageError(f"{source}: no clip meets the targets ({reasons or 'the set is empty'}); try other ones with --dry-run")
        return _write(source, out, held, target, plan, targets)


def about(held: Held, plan: ShapePlan, targets: Targets) -> dict[str, Any]:
    """The entry `shape` of the manifest, but for its table."""
    account, wanted = plan.account, to_plain(targets)
    return {
        "from": {"name": held.manifest["name"], "manifest_sha256": held.sha256},
        "rules": {name: value for name, value in wanted.items() if name not in OF_THE_SET},
        "wanted": {name: wanted[name] for name in OF_THE_SET},
        "goals": [to_plain(goal) for goal in plan.goals],
        "clips": len(plan.clips),
        "rows": {"inputs": account.rows, "whole": account.whole, "cut": account.cut, "left_out": account.out},
        "seconds": {"inputs": seconds(account.came), "kept": seconds(account.kept), "left_out": seconds(account.left)},
        "left_out": plan.by_reason(),
    }


def _write(source: str, out: str, held: Held, target: Place, plan: ShapePlan, targets: Targets) -> dict[str, Any]:
    records = write_missing(held, plan_jobs(held, plan.clips, targets), targets, target)
    put_in_place(target, records)
    shape = about(held, plan, targets)
    digest = _write_table(target, plan.parts)
    shape["table"] = {"name": TABLE, "sha256": digest, "rows": len(plan.parts)}
    manifest = _manifest(held, records, shape)
    report = publish(target, manifest, read_rejects(held.place))
    clear_staging(target)
    return _result(source, out, plan, shape, shards=len(records), report=report)


def _manifest(held: Held, records: list[ShardRecord], shape: dict[str, Any]) -> dict[str, Any]:
    entries = {"format": MANIFEST_FORMAT, **{name: held.manifest[name] for name in COPIED}, **totals(records)}
    # What became no row of the recordings when they were built is told as it was: it is no part of what is left out here.
    return {**entries, "left_out": held.manifest["left_out"], "shape": shape}


def _write_table(out: Place, parts: tuple[Part, ...]) -> str:
    """Write what was left out; a manifest that names another table is retracted before this one is seen. Returns its SHA-256."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(name, arrow_type(kind)) for name, kind in COLUMNS.items()])
    with out.writing(TABLE) as path:
        pq.write_table(pa.Table.from_pylist([to_plain(part) for part in parts], schema), path, compression="zstd")
        digest = hash_range(path)
        manifest = out.get_or_none("manifest.json")
        if manifest is not None and json.loads(manifest)["shape"]["table"]["sha256"] != digest:
            out.delete("manifest.json")
    return digest


def _result(source: str, out: str, plan: ShapePlan, shape: dict[str, Any], **more: Any) -> dict[str, Any]:
    met = all(goal.met for goal in plan.goals)
    meanings = {each["reason"]: LEFT_OUT[each["reason"]] for each in shape["left_out"]}
    return {"command": "shape", "source": source, "out": out, "exit_code": 0 if met else 1, **shape, "meanings": meanings, **more}
