"""Finished data sets put together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.build import build
from pipeline.drive import Stop
from pipeline.merge import merge
from pipeline.place import expand, place_at
from pipeline.verify import verify
from schemas.errors import UsageError
from tests.pipeline.toy import contents, request


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    build(request(folder / "a", ["a-1", "a-2", "reject-a"]), Stop())
    build(request(folder / "b", ["b-1", "reject-b", "raise-b"]), Stop())
    return [folder / "a", folder / "b"]


def test_parts_become_one_set_that_accounts_for_all_inputs(parts: list[Path], tmp_path: Path) -> None:
    found = merge(str(tmp_path), [str(p) for p in parts])
    assert found["rows"] == 3
    assert found["balance"] == {"inputs": 6, "results": 3, "rejects": 2, "errors": 1, "pending": 0}
    assert pq.read_table(tmp_path / "data").column("id").to_pylist() == ["a-1", "a-2", "b-1"]
    assert [r["id"] for r in pq.read_table(tmp_path / "rejects.parquet").to_pylist()] == ["reject-a", "reject-b"]
    assert verify(place_at(str(tmp_path))).damages == ()
    names = [s["name"] for s in json.loads((tmp_path / "manifest.json").read_text())["shards"]]
    assert names == ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]


def test_merging_again_changes_nothing(parts: list[Path], tmp_path: Path) -> None:
    merge(str(tmp_path), [str(p) for p in parts])
    before = contents(tmp_path)
    (tmp_path / ".tmp-1-abcd.json").write_bytes(b"left by a merge that was killed")
    merge(str(tmp_path), [str(p) for p in parts])
    assert contents(tmp_path) == before


def test_the_same_recording_in_two_parts_is_refused(parts: list[Path], tmp_path: Path) -> None:
    build(request(tmp_path / "c", ["a-2", "c-1"]), Stop())
    with pytest.raises(UsageError, match=r"1 rows have the id of another part's row, such as a-2 in "):
        merge(str(tmp_path / "out"), [str(parts[0]), str(tmp_path / "c")])


def test_parts_of_another_chain_or_unfinished_are_refused(parts: list[Path], tmp_path: Path) -> None:
    build(request(tmp_path / "d", ["d-1"], seconds=1.5), Stop())
    with pytest.raises(UsageError, match="its chain is not that of"):
        merge(str(tmp_path / "out"), [str(parts[0]), str(tmp_path / "d")])
    with pytest.raises(UsageError, match="not finished"):
        merge(str(tmp_path / "out"), [str(parts[0]), str(tmp_path / "nothing")])


def test_a_part_that_was_changed_is_refused(tmp_path: Path) -> None:
    build(request(tmp_path / "e", ["e-1"]), Stop())
    shard = next((tmp_path / "e" / "data").iterdir())
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(bytes(data))
    with pytest.raises(UsageError, match="not what its manifest says"):
        merge(str(tmp_path / "out"), [str(tmp_path / "e")])
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_pattern_names_the_parts_in_order(parts: list[Path], tmp_path: Path) -> None:
    folder = parts[0].parent
    assert expand(f"file://{folder}/*") == [f"file://{part}" for part in parts]
    assert expand("plain/folder") == ["plain/folder"]


def test_a_shaped_set_is_refused_for_its_account_would_be_lost(parts: list[Path], tmp_path: Path) -> None:
    shaped = tmp_path / "shaped"
    shutil.copytree(parts[0], shaped)
    manifest = json.loads((shaped / "manifest.json").read_text())
    (shaped / "manifest.json").write_text(json.dumps({**manifest, "shape": {}}))
    with pytest.raises(UsageError, match="is a shaped set"):
        merge(str(tmp_path / "out"), [str(shaped), str(parts[1])])
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.parquet"))
