"""The files around the shards: rejects, report, and last of all the manifest that makes them a data set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.card.write import write_card
from pipeline.config import Config
from pipeline.ledger import Balance
from pipeline.left_out import together
from pipeline.place import Place
from pipeline.plan import Plan
from pipeline.report import write_report
from pipeline.rows import provenance
from pipeline.shards import ShardRecord, hash_range
from pipeline.state import config_data
from schemas.errors import RejectRecord
from schemas.plain import to_plain

MANIFEST_FORMAT = 2
"""Raised by hand when the columns of a row change: sets of two formats cannot be merged."""
REJECTS = "rejects.parquet"
PACKAGES = ("duologue", "numpy", "pyarrow", "soundfile", "soxr", "av", "numba", "scipy", "silero-vad", "onnxruntime")
"""Packages whose version can show in the data."""

REJECT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "stage", "reason", "detail", "facts")],
)


def publish(out: Place, manifest: dict[str, Any], rejects: Sequence[RejectRecord]) -> str:
    """Write rejects, report and card, then commit the manifest; returns where the report is. The same inputs give the same bytes."""
    reasons = dict(sorted(Counter(r.reason for r in rejects).items()))
    manifest = {**manifest, "rejects": {"name": REJECTS, "sha256": _write_rejects(out, rejects), "by_reason": reasons}}
    manifest["card"] = write_card(out, manifest, write_report(out, manifest, rejects))
    data = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode()
    if out.get_or_none("manifest.json") != data:
        out.put("manifest.json", data)
    return f"{out.root}/report.html"


def manifest_of(config: Config, plan: Plan, shards: Sequence[ShardRecord], counts: Balance) -> dict[str, Any]:
    """What the data set is, in plain values; holds no time and no path of the machine that made it."""
    data = config_data(config, speed=False)
    data.pop("run")
    about = {
        "format": MANIFEST_FORMAT,
        "name": config.name,
        "inputs": to_plain(counts),
        "chain": to_plain(provenance(plan)),
        "config": data,
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }
    return {**about, **totals(shards)}


def totals(shards: Sequence[ShardRecord]) -> dict[str, Any]:
    """The manifest's account of its shards."""
    return {
        "rows": sum(s.rows for s in shards),
        "recordings": sum(s.recordings for s in shards),
        "hours": round(sum(s.seconds for s in shards) / 3600, 6),
        "left_out": to_plain(together(s.left_out for s in shards)),
        "shards": [to_plain(shard) for shard in shards],
    }


def read_rejects(out: Place) -> list[RejectRecord]:
    """The rejects of a committed data set."""
    with out.reading(REJECTS) as path:
        rows = pq.read_table(path).to_pylist()
    return [RejectRecord(r["id"], "", r["stage"], r["reason"], r["detail"], r["facts"], tuple(r["source"].split("; "))) for r in rows]


def _write_rejects(out: Place, rejects: Sequence[RejectRecord]) -> str:
    rows = [
        {"id": r.id, "source": "; ".join(r.uris), "stage": r.stage, "reason": r.reason, "detail": r.detail, "facts": r.facts}
        for r in sorted(rejects, key=lambda r: (r.id, r.stage, r.reason, r.uris, r.facts))
    ]
    with out.writing(REJECTS) as path:
        pq.write_table(pa.Table.from_pylist(rows, schema=REJECT_SCHEMA), path, compression="zstd", write_page_checksum=True)
        digest = hash_range(path)
        manifest = out.get_or_none("manifest.json")
        if manifest is not None and json.loads(manifest)["rejects"]["sha256"] != digest:
            out.delete("manifest.json")  # or a reader could find it beside rejects that are no longer the ones it names
    return digest


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
