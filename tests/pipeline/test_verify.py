"""Verification finds every changed byte and says where it is."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.build import build
from pipeline.config import PackSettings
from pipeline.drive import Stop
from pipeline.place import LocalPlace
from pipeline.pools import InProcess
from pipeline.shards import hash_range
from pipeline.verify import Damage, verify
from schemas.errors import UsageError
from tests.pipeline.toy import request

IDS = [*[f"call-{i}" for i in range(8)], "reject-1"]
FLIPS = 300


def made(out: Path, format: Any) -> Path:
    """Two shards, the first of several groups."""
    asked = request(out, IDS, lambda: (InProcess(), 1), seconds=14.0)
    config = dataclasses.replace(asked.config, pack=PackSettings(shard_mb=1, clip_minutes=3 / 60, format=format))
    build(dataclasses.replace(asked, config=config), Stop())
    return out


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {format: made(tmp_path_factory.mktemp(format), format) for format in ("parquet", "arrow")}


@pytest.fixture
def copy(committed: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A data set of its own for a test that damages it."""

    def copied(format: str = "parquet") -> Path:
        out = tmp_path / format
        shutil.copytree(committed[format], out, ignore=shutil.ignore_patterns(".duologue"))
        return out

    return copied


def found(out: Path) -> list[tuple[str, int | None]]:
    return [(damage.file, damage.group) for damage in verify(LocalPlace(str(out))).damages]


def regroup(out: Path, name: str, groups: int) -> None:
    """Rewrite a shard in `groups` groups, and commit it so."""
    from pipeline.shards import write_shard
    from schemas.plain import from_plain, to_plain
    from schemas.row import Row

    manifest = json.loads((out / "manifest.json").read_bytes())
    (entry,) = [shard for shard in manifest["shards"] if shard["name"] == name]
    path = out / name
    rows = [from_plain(Row, row) for row in read(path)]
    size = sum(len(row.audio.bytes) for row in rows) // groups
    records = write_shard(path, rows, "parquet" if name.endswith("parquet") else "arrow", size)
    assert len(records) > 2
    entry.update(groups=[to_plain(record) for record in records], sha256=hash_range(path), bytes=path.stat().st_size)
    (out / "manifest.json").write_text(json.dumps(manifest))


def read(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_stream(path.read_bytes()).read_all()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_whole_data_set_passes(committed: dict[str, Path], format: str) -> None:
    verdict = verify(LocalPlace(str(committed[format])))
    assert verdict.damages == ()
    assert verdict.shards == 2
    assert verdict.rows > len(IDS)
    assert verdict.bytes == sum(path.stat().st_size for path in (committed[format] / "data").iterdir())


def flip_everywhere(out: Path, flips: int) -> None:
    manifest = json.loads((out / "manifest.json").read_bytes())
    shard = manifest["shards"][0]
    path = out / shard["name"]
    ranges = [(group["offset"], group["offset"] + group["length"]) for group in shard["groups"]]
    draw = np.random.default_rng(5)
    edges = [at + near for start, end in ranges for at in (start, end) for near in (-1, 0, 1)]
    offsets = [*draw.integers(0, shard["bytes"], flips).tolist(), *edges, 0, 3, shard["bytes"] - 1, shard["bytes"] - 8]
    for offset in offsets:
        if not 0 <= offset < shard["bytes"]:
            continue
        with path.open("r+b") as file:
            file.seek(offset)
            old = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([old ^ (1 << int(draw.integers(0, 8)))]))
        inside = [index for index, (start, end) in enumerate(ranges) if start <= offset < end]
        assert found(out) == [(shard["name"], inside[0] if inside else None)], offset
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(bytes([old]))
    assert found(out) == []


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_every_flipped_bit_is_found_in_its_shard_and_row_group(copy: Callable[[str], Path], format: str) -> None:
    out = copy(format)
    regroup(out, f"data/train-00000-of-00002.{format}", 4)
    flip_everywhere(out, FLIPS // 2)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_thousand_flipped_bits_are_found(copy: Callable[[str], Path], format: str) -> None:
    out = copy(format)
    regroup(out, f"data/train-00000-of-00002.{format}", 5)
    flip_everywhere(out, 1000)


SHARD = "data/train-00001-of-00002.parquet"


@pytest.mark.parametrize("cut", [1, 8, 1000, -1])
def test_a_truncated_shard_is_named(copy: Callable[[str], Path], cut: int) -> None:
    out = copy("parquet")
    data = (out / SHARD).read_bytes()
    (out / SHARD).write_bytes(data[:-cut] if cut > 0 else b"")
    damages = verify(LocalPlace(str(out))).damages
    assert {damage.file for damage in damages} == {SHARD}
    assert f"the manifest says {len(data)}" in damages[0].what


def test_a_longer_shard_is_named(copy: Callable[[str], Path]) -> None:
    out = copy("parquet")
    with (out / SHARD).open("ab") as file:
        file.write(b"x")
    assert found(out) == [(SHARD, None)]


def test_two_shards_in_each_others_place_are_named(copy: Callable[[str], Path]) -> None:
    out = copy("parquet")
    other = out / "data/train-00000-of-00002.parquet"
    first, second = other.read_bytes(), (out / SHARD).read_bytes()
    other.write_bytes(second)
    (out / SHARD).write_bytes(first)
    assert {file for file, _ in found(out)} == {"data/train-00000-of-00002.parquet", SHARD}


def delete_shard(out: Path) -> None:
    (out / SHARD).unlink()


def add_shard(out: Path) -> None:
    shutil.copy(out / SHARD, out / "data/train-00002-of-00002.parquet")


def change_rejects(out: Path) -> None:
    data = bytearray((out / "rejects.parquet").read_bytes())
    data[len(data) // 2] ^= 4
    (out / "rejects.parquet").write_bytes(bytes(data))


def delete_rejects(out: Path) -> None:
    (out / "rejects.parquet").unlink()


@pytest.mark.parametrize(
    ("damage", "file", "what"),
    [
        (delete_shard, SHARD, "it is missing"),
        (add_shard, "data/train-00002-of-00002.parquet", "it is not in the manifest"),
        (change_rejects, "rejects.parquet", "its SHA-256 is not the manifest's"),
        (delete_rejects, "rejects.parquet", "it is missing"),
    ],
)
def test_other_damage_is_told(copy: Callable[[str], Path], damage: Callable[[Path], None], file: str, what: str) -> None:
    out = copy("parquet")
    damage(out)
    assert verify(LocalPlace(str(out))).damages == (Damage(file, None, what),)


def test_rows_that_were_lost_before_hashing_are_counted(copy: Callable[[str], Path]) -> None:
    out = copy("parquet")
    manifest = json.loads((out / "manifest.json").read_bytes())
    rows = manifest["shards"][1]["rows"]
    manifest["shards"][1]["rows"] = rows + 1
    (out / "manifest.json").write_text(json.dumps(manifest))
    assert verify(LocalPlace(str(out))).damages == (Damage(SHARD, None, f"it holds {rows} rows; the manifest says {rows + 1}"),)


def test_a_page_that_was_wrong_when_it_was_hashed_is_found(copy: Callable[[str], Path]) -> None:
    out = copy("parquet")
    manifest = json.loads((out / "manifest.json").read_bytes())
    shard = manifest["shards"][1]
    data = bytearray((out / SHARD).read_bytes())
    group = shard["groups"][0]
    data[group["offset"] + group["length"] // 2] ^= 1
    (out / SHARD).write_bytes(bytes(data))
    group["sha256"] = hash_range(out / SHARD, group["offset"], group["length"])
    shard["sha256"] = hash_range(out / SHARD)
    (out / "manifest.json").write_text(json.dumps(manifest))
    (damage,) = verify(LocalPlace(str(out))).damages
    assert (damage.file, damage.group) == (SHARD, 0)
    assert "cannot be read" in damage.what


def test_without_a_manifest_there_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest\.json, so this is no finished data set"):
        verify(LocalPlace(str(tmp_path)))


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b"{}", b"\xff", b'{"shards": [{"name": 1}], "rejects": {}}'])
def test_a_broken_manifest_is_told(copy: Callable[[str], Path], manifest: bytes) -> None:
    out = copy("parquet")
    (out / "manifest.json").write_bytes(manifest)
    with pytest.raises(UsageError, match=r"manifest\.json: .*cannot be read"):
        verify(LocalPlace(str(out)))


def test_a_damaged_shard_is_packed_again_by_the_next_build(tmp_path: Path) -> None:
    out = made(tmp_path, "parquet")
    before = {path.name: path.read_bytes() for path in (out / "data").iterdir()}
    (out / SHARD).unlink()
    made(out, "parquet")
    assert {path.name: path.read_bytes() for path in (out / "data").iterdir()} == before
    assert found(out) == []
