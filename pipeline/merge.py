"""Finished data sets of one chain into one: how the partitions of a large corpus come together."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.ledger import Balance
from pipeline.left_out import together
from pipeline.pack import ShardJob, clear_staging, committed, put_in_place, staged
from pipeline.place import Place, place_at
from pipeline.publish import publish, read_rejects, totals
from pipeline.shards import ShardRecord, hash_range
from schemas.errors import UsageError
from schemas.plain import from_plain, to_plain

SAME = ("format", "chain", "versions")
"""Entries of a manifest that all parts must share."""


def merge(out: str, parts: Sequence[str]) -> dict[str, Any]:
    """Copy the shards of `parts`, in the order given, into one data set in `out` with one manifest; resumes like packing.

    Raises `UsageError` when a part is unfinished, shaped, was made by another chain, holds a recording another part holds, or was changed.
    """
    places = [place_at(part) for part in parts]
    manifests = [_manifest(place) for place in places]
    _check_same(places, manifests)
    _check_ids(places, manifests)
    target = place_at(out)
    target.sweep()
    plan = _renamed(places, manifests)
    standing = committed(target, [ShardJob(record.name, (), record.fingerprint) for _, _, record in plan])
    for place, name, record in plan:
        if record.name not in standing:
            _copy(place, name, target, record)
    records = [record for _, _, record in plan]
    put_in_place(target, records)
    first = manifests[0]
    about = {key: first[key] for key in (*SAME, "name", "config")}
    counts = Balance(**{f.name: sum(m["inputs"][f.name] for m in manifests) for f in dataclasses.fields(Balance)})
    rejects = [reject for place in places for reject in read_rejects(place)]
    report = publish(target, {**about, "inputs": to_plain(counts), **totals(records)}, rejects)
    clear_staging(target)
    return {
        "parts": len(parts),
        "shards": len(records),
        "rows": sum(r.rows for r in records),
        "left_out": to_plain(together(r.left_out for r in records)),
        "report": report,
        "balance": to_plain(counts),
    }


def _manifest(place: Place) -> dict[str, Any]:
    data = place.get_or_none("manifest.json")
    if data is None:
        raise UsageError(f"{place.root}: no manifest.json, so this part is not finished; run its build to the end first")
    manifest: dict[str, Any] = json.loads(data)
    if "shape" in manifest:
        raise UsageError(f"{place.root}: is a shaped set, whose account of what was left out cannot be merged; pack the parts, then shape")
    return manifest


def _check_same(places: Sequence[Place], manifests: Sequence[dict[str, Any]]) -> None:
    for place, manifest in zip(places, manifests, strict=True):
        for key in SAME:
            if manifest[key] != manifests[0][key]:
                raise UsageError(
                    f"{place.root}: its {key} is not that of {places[0].root}; build all parts with one config and one version"
                )
        for name in ("format", "split"):
            if manifest["config"]["pack"][name] != manifests[0]["config"]["pack"][name]:
                raise UsageError(f"{place.root}: its pack.{name} is not that of {places[0].root}")


def _check_ids(places: Sequence[Place], manifests: Sequence[dict[str, Any]]) -> None:
    """Row ids are compared by 8-byte hashes, so that ten million of them stay small."""
    import hashlib

    def digest(id: str) -> int:
        return int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest(), "little")

    all_ids = (digest(id) for place, m in zip(places, manifests, strict=True) for id in _ids(place, m))
    digests: NDArray[np.uint64] = np.fromiter(all_ids, np.uint64)
    unique, counts = np.unique(digests, return_counts=True)
    twice = set(unique[counts > 1].tolist())
    if twice:
        found = [
            f"{id} in {place.root}" for place, m in zip(places, manifests, strict=True) for id in _ids(place, m) if digest(id) in twice
        ]
        raise UsageError(f"{len(twice)} rows have the id of another part's row, such as {'; '.join(sorted(found)[:4])}")


def _ids(place: Place, manifest: dict[str, Any]) -> Iterator[str]:
    for shard in manifest["shards"]:
        try:
            yield from _ids_of(place, shard["name"])
        except (OSError, pa.ArrowException) as error:
            name = f"{place.root}/{shard['name']}"
            raise UsageError(f"{name}: not what its manifest says: {error}; run: duologue verify {place.root}") from error


def _ids_of(place: Place, name: str) -> Iterator[str]:
    parquet = name.endswith(".parquet")
    with place.opened(name, in_order=not parquet) as file:
        if parquet:
            yield from (str(id) for id in pq.read_table(file, columns=["id"]).column("id").to_pylist())
        else:
            with pa.ipc.open_stream(pa.PythonFile(file, "r")) as stream:
                for batch in stream:
                    yield from (str(id) for id in batch.column("id").to_pylist())


def _renamed(places: Sequence[Place], manifests: Sequence[dict[str, Any]]) -> list[tuple[Place, str, ShardRecord]]:
    """Each shard with its place, its name there, and its record under the new name."""
    found = [(place, from_plain(ShardRecord, shard)) for place, m in zip(places, manifests, strict=True) for shard in m["shards"]]
    renamed = []
    for index, (place, record) in enumerate(found):
        split = record.name.rsplit("/", 1)[-1].rsplit("-", 3)[0]
        name = f"data/{split}-{index:05d}-of-{len(found):05d}{Path(record.name).suffix}"
        renamed.append((place, record.name, dataclasses.replace(record, name=name)))
    return renamed


def _copy(place: Place, name: str, target: Place, record: ShardRecord) -> None:
    with place.reading(name) as source, target.writing(staged(record.name)) as path:
        shutil.copyfile(source, path)
        if hash_range(path) != record.sha256:
            raise UsageError(f"{place.root}/{name}: not what its manifest says; run: duologue verify {place.root}")
    target.put(staged(record.name) + ".json", json.dumps(to_plain(record), sort_keys=True).encode())
