"""A finished data set to shape: its manifest, its rows without their audio, and its rows whole."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import PackSettings, build_config
from pipeline.place import Place
from pipeline.plan import Plan, Step
from pipeline.said import OF_A_STRETCH, Anew, anew
from pipeline.shards import ShardRecord, hash_range
from pipeline.state import state_place
from schemas.errors import LawError, UsageError
from schemas.plain import from_plain, to_plain
from schemas.row import AUDIO_COLUMNS, Row, RowSource, RowStage, row_schema
from stages.rights.recorded import row_rights
from stages.stage import wired

HEAVY = (*AUDIO_COLUMNS, "codes")
"""Columns that decide nothing about where a row is cut."""
NEWER = "rights"
"""The column that older sets do not have and that follows from their others."""
LATER = (NEWER, "redactions")
"""Columns that older sets do not have."""
ROWS = 64
"""Rows without those that are looked at together."""


@dataclass(frozen=True, slots=True)
class Held:
    """The data set as its manifest tells it."""

    place: Place
    manifest: dict[str, Any]
    sha256: str
    """Of the manifest, which names the SHA-256 of every shard: equal hashes are equal sets."""
    shards: tuple[ShardRecord, ...]

    @property
    def pack(self) -> PackSettings:
        """How its shards are laid out."""
        return build_config({"chain": ["stats"], "pack": dict(self.manifest["config"].get("pack") or {})}, self.place.root).pack


def check_target(held: Held, target: Place, out: str, entry: str, made: str) -> None:
    """Whether a set may be written to `out`: a folder of its own, empty or with one of the same kind, whose manifest has `entry`.

    `made` is what such a set is called, as `shaped`. Raises `UsageError`.
    """
    if target.root == held.place.root:
        raise UsageError(f"{out}: a set cannot be {made} into its own folder; name another one")
    data = target.get_or_none("manifest.json")
    built = state_place(out).get_or_none("run.json") is not None
    try:
        same = data is None or entry in json.loads(data)
    except ValueError as error:
        raise UsageError(f"{out}: its manifest.json is damaged ({error}); delete it, or name another folder") from error
    if built or not same:
        raise UsageError(f"{out}: holds a data set that is not a {made} one; name another folder")


def held_set(place: Place) -> Held:
    """Raises `UsageError` when there is no finished data set."""
    data = place.get_or_none("manifest.json")
    if data is None:
        raise UsageError(f"{place.root}: no manifest.json, so this is no finished data set; run duologue build to its end first")
    try:
        manifest: dict[str, Any] = json.loads(data)
        shards = tuple(from_plain(ShardRecord, shard) for shard in manifest["shards"])
        if not isinstance(manifest["config"], dict) or not isinstance(manifest["chain"], list):
            raise TypeError("config and chain are not what they should be")
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{place.root}/manifest.json: damaged, it cannot be read: {error}") from error
    return Held(place, manifest, hashlib.sha256(data).hexdigest(), shards)


def anew_of(held: Held) -> Anew:
    """How statistics and events are found for a clip: by the very stages that found them for the rows.

    Raises `UsageError` when those are of another version here, so that one set never holds numbers of two meanings, and when they count
    words that the rows do not hold: what was recovered stands in a row's events alone.
    """
    chain = build_config(copy.deepcopy(held.manifest["config"]), f"{held.place.root}/manifest.json").chain
    made = {each["stage"]: each for each in held.manifest["chain"]}
    for stage in chain:
        version = made.get(stage.name, {}).get("version", stage.version)
        if stage.gives in OF_A_STRETCH and version != stage.version:
            raise UsageError(
                f"{held.place.root}: its {stage.name} are of version {version} of {stage.backend}, and here is version {stage.version}; "
                f"build it again first"
            )
    names = [stage.name for stage in chain]
    after = names[names.index("recover") :] if "recover" in names else []
    if "stats" in after and "events" not in after:
        raise UsageError(
            f"{held.place.root}: its rows do not hold what recover found, which stats count; build it again with events after recover"
        )
    return anew(Plan(tuple(Step(stage, "", reads) for stage, reads in zip(chain, wired(chain), strict=True))))


def without_audio(held: Held) -> Iterator[tuple[int, int, Row]]:
    """Every row with the number of its shard and its place there; without its codes, and with no bytes of audio."""
    columns = [name for name in row_schema().names if name not in HEAVY]
    for number, shard in enumerate(held.shards):
        at = 0
        for table in _tables(held, shard, columns):
            for data in table.to_pylist():
                yield number, at, row_from(held, shard.name, data)
                at += 1
        if at != shard.rows:
            raise UsageError(f"{held.place.root}/{shard.name}: {at} rows, and its manifest says {shard.rows}; run: duologue verify")


def _tables(held: Held, shard: ShardRecord, columns: list[str]) -> Iterator[pa.Table]:
    parquet = shard.name.endswith(".parquet")
    with held.place.opened(shard.name, in_order=not parquet) as source:
        if parquet:
            file = pq.ParquetFile(source, pre_buffer=True)
            _check(held, shard, file.schema_arrow)
            for batch in file.iter_batches(ROWS, columns=[name for name in columns if name in file.schema_arrow.names]):
                yield pa.Table.from_batches([batch])
            return
        stream = pa.PythonFile(source, "r")
        with pa.ipc.open_stream(stream) as opened:
            _check(held, shard, opened.schema)
            fields = [i for i, field in enumerate(opened.schema) if field.name in columns]
        stream.seek(0)
        with pa.ipc.open_stream(stream, options=pa.ipc.IpcReadOptions(included_fields=fields)) as opened:
            for batch in opened:
                for start in range(0, batch.num_rows, ROWS):
                    yield pa.Table.from_batches([batch.slice(start, ROWS)])


def whole_rows(held: Held, shard: ShardRecord, wanted: Sequence[int]) -> Iterator[tuple[int, Row]]:
    """Rows of one shard, audio and all, by their places there in ascending order, with one row group in memory.

    Raises `UsageError` when the shard is not what the manifest says.
    """
    with held.place.reading(shard.name) as path:
        if hash_range(path) != shard.sha256:
            raise UsageError(f"{held.place.root}/{shard.name}: not what its manifest says; run: duologue verify {held.place.root}")
        left = list(wanted)
        for first, rows, group in _groups(path, shard.name.endswith(".parquet")):
            mine = [at for at in left if first <= at < first + rows]
            if mine:
                table = group()
                for at in mine:
                    yield at, row_from(held, shard.name, table.slice(at - first, 1).to_pylist()[0])
            left = left[len(mine) :]
            if not left:
                return


def _groups(path: Path, parquet: bool) -> Iterator[tuple[int, int, Any]]:
    """First row, number of rows and reader of each row group or record batch."""
    at = 0
    if parquet:
        file = pq.ParquetFile(path)
        for index in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(index).num_rows
            yield at, rows, lambda index=index: file.read_row_group(index)
            at += rows
        return
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        for batch in stream:
            yield at, batch.num_rows, lambda batch=batch: pa.Table.from_batches([batch])
            at += batch.num_rows


def row_from(held: Held, name: str, data: dict[str, Any]) -> Row:
    """A row from its plain values; columns that were not read are empty, or absent where they may be."""
    try:
        row = {"audio": {"bytes": b"", "path": None}, "residual": None, "codes": None, **_with_rights(data)}
        return from_plain(Row, row)
    except LawError as error:
        raise UsageError(f"{held.place.root}/{name}: row {data.get('id')}: {error}; build the set again with this version") from error


def _with_rights(data: dict[str, Any]) -> dict[str, Any]:
    """A row's plain values with its rights, which sets of manifest format 1 do not hold: they follow from the others."""
    if NEWER in data:
        return data
    stages = [from_plain(RowStage, each) for each in data["provenance"]]
    rights = row_rights(from_plain(RowSource, data["source"]), (weights for stage in stages for weights in stage.weights))
    return {**data, NEWER: to_plain(rights)}


def _check(held: Held, shard: ShardRecord, found: pa.Schema) -> None:
    wanted = row_schema()
    for name in LATER:
        if name not in found.names:
            wanted = wanted.remove(wanted.get_field_index(name))
    if not found.equals(wanted, check_metadata=False):
        raise UsageError(f"{held.place.root}/{shard.name}: its columns are not those of this version of duologue; build the set again")
