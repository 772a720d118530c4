"""The files around the shards: rejects, report, and last of all the manifest that makes them a data set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import Config
from pipeline.ledger import Balance
from pipeline.place import Place
from pipeline.plan import Plan
from pipeline.report import write_report
from pipeline.rows import provenance
from pipeline.shards import ShardRecord, hash_range
from pipeline.state import config_data
from schemas.errors import RejectRecord
from schemas.plain import to_plain

MANIFEST_FORMAT = 1
PACKAGES = ("duologue", "numpy", "pyarrow", "soundfile", "soxr", "av", "numba", "scipy", "silero-vad", "onnxruntime")
"""Packages whose version can show in the data."""

REJECT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "stage", "reason", "detail", "facts")],
)


def publish(out: Place, config: Config, plan: Plan, shards: Sequence[ShardRecord], rejects: Sequence[RejectRecord], counts: Balance) -> str:
    """Write rejects and report, then commit the manifest; returns where the report is. Everything but the report is deterministic."""
    rejects_hash = _write_rejects(out, rejects)
    manifest = manifest_of(config, plan, shards, rejects, counts, rejects_hash)
    data = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode()
    write_report(out, manifest, rejects)
    if out.get_or_none("manifest.json") != data:
        out.put("manifest.json", data)
    return f"{out.root}/report.html"


def manifest_of(
    config: Config, plan: Plan, shards: Sequence[ShardRecord], rejects: Sequence[RejectRecord], counts: Balance, rejects_hash: str
) -> dict[str, Any]:
    """What the data set is, in plain values; holds no time and no path of the machine that made it."""
    data = config_data(config)
    data.pop("run")
    return {
        "format": MANIFEST_FORMAT,
        "name": config.name,
        "rows": sum(s.rows for s in shards),
        "recordings": sum(s.recordings for s in shards),
        "hours": round(sum(s.seconds for s in shards) / 3600, 6),
        "inputs": to_plain(counts),
        "rejects": {
            "name": "rejects.parquet",
            "sha256": rejects_hash,
            "by_reason": dict(sorted(Counter(r.reason for r in rejects).items())),
        },
        "shards": [to_plain(shard) for shard in shards],
        "chain": to_plain(provenance(plan)),
        "config": data,
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _write_rejects(out: Place, rejects: Sequence[RejectRecord]) -> str:
    ordered = sorted(rejects, key=lambda r: (r.id, r.key, r.stage))
    rows = [
        {"id": r.id, "source": "; ".join(r.uris), "stage": r.stage, "reason": r.reason, "detail": r.detail, "facts": r.facts}
        for r in ordered
    ]
    with out.writing("rejects.parquet") as path:
        pq.write_table(pa.Table.from_pylist(rows, schema=REJECT_SCHEMA), path, compression="zstd", write_page_checksum=True)
        return hash_range(path)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
