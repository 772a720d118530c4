"""Is a data set still what was committed? Hashes and page checksums, down to the shard and row group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.place import Place
from pipeline.shards import ShardRecord, hash_range
from schemas.errors import UsageError
from schemas.plain import from_plain


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as committed."""

    file: str
    group: int | None
    """Row group (record batch of an Arrow shard), None when the damage is outside all of them."""
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification read and found."""

    shards: int
    rows: int
    bytes: int
    damages: tuple[Damage, ...]


def verify(out: Place) -> Verdict:
    """Read every shard of a committed data set; raises `UsageError` when there is no manifest."""
    shards, tables = _committed(out)
    damages = [damage for shard in shards for damage in _shard(out, shard)]
    damages += _others(out, tables, shards)
    return Verdict(len(shards), sum(s.rows for s in shards), sum(s.bytes for s in shards), tuple(damages))


def _committed(out: Place) -> tuple[list[ShardRecord], dict[str, str]]:
    """The shards, and the SHA-256 of each table and card file beside them by its name, as the manifest lists them."""
    data = out.get_or_none("manifest.json")
    if data is None:
        raise UsageError(f"{out.root}: no manifest.json, so this is no finished data set; run duologue build to its end first")
    try:
        manifest = json.loads(data)
        tables = [manifest["rejects"], *([manifest["shape"]["table"]] if "shape" in manifest else []), *manifest.get("card", [])]
        hashes = {str(table["name"]): str(table["sha256"]) for table in tables}
        return [from_plain(ShardRecord, shard) for shard in manifest["shards"]], hashes
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{out.root}/manifest.json: damaged, it cannot be read: {error}; run duologue build again") from error


def _others(out: Place, tables: dict[str, str], shards: list[ShardRecord]) -> Iterator[Damage]:
    for name, digest in tables.items():
        try:
            with out.reading(name) as path:
                if hash_range(path) != digest:
                    yield Damage(name, None, "its SHA-256 is not the manifest's")
        except FileNotFoundError:
            yield Damage(name, None, "it is missing")
    known = {shard.name.rsplit("/", 1)[-1] for shard in shards}
    for extra in sorted(set(out.names("data")) - known):
        yield Damage(f"data/{extra}", None, "it is not in the manifest")


def _shard(out: Place, shard: ShardRecord) -> Iterator[Damage]:
    try:
        with out.reading(shard.name) as path:
            size = path.stat().st_size
            if size != shard.bytes:
                yield Damage(shard.name, None, f"it has {size} bytes; the manifest says {shard.bytes}")
            whole = hash_range(path) == shard.sha256
            damaged = [i for i, group in enumerate(shard.groups) if hash_range(path, group.offset, group.length) != group.sha256]
            for index in damaged:
                yield Damage(shard.name, index, "its bytes are not the ones committed (SHA-256)")
            if not whole and not damaged and size == shard.bytes:
                yield Damage(shard.name, None, "its header, index or footer is not the one committed (SHA-256)")
            if whole:
                yield from _pages(path, shard)
    except FileNotFoundError:
        yield Damage(shard.name, None, "it is missing")


def _pages(path: Path, shard: ShardRecord) -> Iterator[Damage]:
    """Decode every page with its checksum, and count rows: finds what was already wrong when the shard was hashed."""
    rows, readable = 0, True
    try:
        if shard.name.endswith(".parquet"):
            file = pq.ParquetFile(path, page_checksum_verification=True)
            for index in range(file.metadata.num_row_groups):
                try:
                    rows += file.read_row_group(index).num_rows
                except (OSError, pa.ArrowException) as error:
                    readable = False
                    yield Damage(shard.name, index, f"a page cannot be read: {error}")
        else:
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
                rows = sum(batch.num_rows for batch in stream)
    except (OSError, pa.ArrowException) as error:
        yield Damage(shard.name, None, f"it cannot be opened: {error}")
        return
    if readable and rows != shard.rows:
        yield Damage(shard.name, None, f"it holds {rows} rows; the manifest says {shard.rows}")
