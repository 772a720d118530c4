"""The published data set, opened by the readers people use, down to the exact samples and feature types."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
from pathlib import Path
from typing import Any

import datasets
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
import soundfile

from pipeline.build import Build, build
from pipeline.clips import MAX_NATIVE_BYTES
from pipeline.codecs import write_flac
from pipeline.config import PackSettings, load_config
from pipeline.drive import Stop
from pipeline.pools import InProcess
from pipeline.shards import MAX_GROUP, GroupRecord, hash_range, write_shard
from schemas.plain import from_plain
from schemas.row import Row, RowAudio, row_schema
from stages.sources import list_sources
from tests.pipeline.talks import decoded
from tests.pipeline.toy import request, toy_recording
from tests.shared import SHARED, needs_shared

IDS = [f"call-{i:02d}" for i in range(17)]
SECONDS = 6.0


def made(out: Path, ids: list[str] = IDS, seconds: float = SECONDS, **pack: Any) -> Path:
    asked = request(out, ids, lambda: (InProcess(), 1), seconds=seconds)
    config = dataclasses.replace(asked.config, pack=PackSettings(**{"shard_mb": 1, "clip_minutes": 2 / 60, **pack}))
    assert build(dataclasses.replace(asked, config=config), Stop()).ending == "done"
    return out


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("parquet"))


@pytest.fixture(scope="module")
def arrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("arrow"), format="arrow")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def shards(out: Path) -> list[str]:
    return sorted(str(path) for path in (out / "data").iterdir())


def check_rows(rows: list[dict[str, Any]]) -> None:
    """Clips in order, each recording's clips concatenated equal to its samples."""
    by_recording: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_recording.setdefault(row["clip"]["recording"], []).append(row)
    assert sorted(by_recording) == IDS
    for id, parts in by_recording.items():
        assert [part["clip"]["index"] for part in parts] == list(range(len(parts)))
        assert {part["clip"]["count"] for part in parts} == {len(parts)}
        assert len(parts) > 2
        samples = np.concatenate([decoded(part["audio"]["bytes"]) for part in parts], axis=1)
        assert np.array_equal(samples, toy_recording(id, SECONDS).samples)
        assert [part["clip"]["start"] for part in parts] == [0.0, *(part["clip"]["end"] for part in parts[:-1])]


def test_pyarrow_reads_all_shards_as_one(parquet: Path) -> None:
    assert len(shards(parquet)) > 1
    table = pyarrow.dataset.dataset(str(parquet / "data")).to_table()
    assert table.schema.equals(row_schema(), check_metadata=False)
    check_rows(table.to_pylist())


FEATURES = datasets.Features.from_dict(json.loads((row_schema().metadata or {})[b"huggingface"])["info"]["features"])


def test_the_feature_metadata_says_what_the_columns_are() -> None:
    assert FEATURES.arrow_schema.equals(row_schema(), check_metadata=False)
    assert FEATURES["audio"] == datasets.Audio()
    assert FEATURES["turns"] == datasets.List(
        {
            "channel": datasets.Value("int64"),
            "start": datasets.Value("float64"),
            "end": datasets.Value("float64"),
            "speaker": datasets.Value("string"),
            "confidence": datasets.Value("float64"),
        }
    )
    assert FEATURES["source"]["uris"] == datasets.List(datasets.Value("string"))
    assert FEATURES["rate"] == datasets.Value("int64")
    assert FEATURES["decoding"]["exact"] == datasets.Value("bool")


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("how", ["files", "folder"])
def test_datasets_sees_every_type_and_every_row(parquet: Path, streaming: bool, how: str) -> None:
    if how == "files":
        loaded = datasets.load_dataset("parquet", data_files=shards(parquet), split="train", streaming=streaming)
    else:
        loaded = datasets.load_dataset(str(parquet), split="train", streaming=streaming)
    assert loaded.features == FEATURES
    check_rows(list(loaded.cast_column("audio", datasets.Audio(decode=False))))


def test_pandas_polars_and_duckdb_read_the_same(parquet: Path) -> None:
    frame = pd.read_parquet(parquet / "data")
    check_rows([{str(name): value for name, value in row.items()} for row in frame.to_dict("records")])
    check_rows(pl.read_parquet(f"{parquet}/data/*.parquet").to_dicts())
    query = f"select clip.recording, sum(duration), count(*) from '{parquet}/data/*.parquet' group by 1 order by 1"
    found = duckdb.sql(query).fetchall()
    assert [row[0] for row in found] == IDS
    assert all(row[1] == pytest.approx(SECONDS) for row in found)
    blobs = duckdb.sql(
        f"select audio.bytes from '{parquet}/data/*.parquet' where clip.recording = '{IDS[3]}' order by clip.index"
    ).fetchall()
    samples = np.concatenate([decoded(blob) for (blob,) in blobs], axis=1)
    assert np.array_equal(samples, toy_recording(IDS[3], SECONDS).samples)


def test_row_groups_have_a_page_index_checksums_and_statistics(parquet: Path) -> None:
    for shard in shards(parquet):
        file = pq.ParquetFile(shard, page_checksum_verification=True)
        for index in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(index)
            assert group.total_byte_size <= 100_000_000
            columns = [group.column(i) for i in range(group.num_columns)]
            assert all(column.has_offset_index for column in columns)
            assert [column.path_in_schema for column in columns if not column.has_column_index] == ["audio.bytes"]
        file.read()
        data = bytearray(Path(shard).read_bytes())
        audio = next(c for c in columns if c.path_in_schema == "audio.bytes")
        data[audio.data_page_offset + audio.total_compressed_size // 2] ^= 1
        with pytest.raises(OSError, match=r"(?i)crc|checksum"):
            pq.ParquetFile(pa.BufferReader(bytes(data)), page_checksum_verification=True).read_row_group(0)


def test_arrow_shards_are_read_in_place(arrow: Path) -> None:
    assert max(Path(shard).stat().st_size for shard in shards(arrow)) > 500_000
    for shard in shards(arrow):
        before = pa.total_allocated_bytes()
        loaded = datasets.Dataset.from_file(shard)
        assert pa.total_allocated_bytes() - before < 100_000
        assert loaded.features == FEATURES


def test_arrow_shards_are_read_by_datasets_polars_and_pyarrow(arrow: Path) -> None:
    loaded = datasets.load_dataset("arrow", data_files=shards(arrow), split="train")
    assert loaded.features == FEATURES
    check_rows(list(loaded.cast_column("audio", datasets.Audio(decode=False))))
    check_rows([row for shard in shards(arrow) for row in pl.read_ipc_stream(shard).to_dicts()])
    check_rows([row for shard in shards(arrow) for row in pa.ipc.open_stream(Path(shard).read_bytes()).read_all().to_pylist()])


def test_both_formats_hold_the_same_rows(parquet: Path, arrow: Path) -> None:
    one = [row for shard in shards(parquet) for row in pq.read_table(shard).to_pylist()]
    other = [row for shard in shards(arrow) for row in pa.ipc.open_stream(Path(shard).read_bytes()).read_all().to_pylist()]
    assert one == other


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_the_manifest_describes_every_byte_range(parquet: Path, arrow: Path, format: str) -> None:
    out = parquet if format == "parquet" else arrow
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert [shard["name"] for shard in manifest["shards"]] == [f"data/{Path(shard).name}" for shard in shards(out)]
    assert manifest["rows"] == sum(shard["rows"] for shard in manifest["shards"])
    assert manifest["recordings"] == len(IDS)
    assert manifest["hours"] == pytest.approx(len(IDS) * SECONDS / 3600, abs=1e-6)
    for shard in manifest["shards"]:
        path = out / shard["name"]
        assert (path.stat().st_size, hash_range(path)) == (shard["bytes"], shard["sha256"])
        at = 0
        for group in shard["groups"]:
            assert group["offset"] >= at
            at = group["offset"] + group["length"]
            assert hash_range(path, group["offset"], group["length"]) == group["sha256"]
        assert sum(group["rows"] for group in shard["groups"]) == shard["rows"]
        assert at <= shard["bytes"]


@pytest.fixture(scope="module")
def rows(parquet: Path) -> list[Any]:
    """Published rows as values again."""
    return [from_plain(Row, row) for shard in shards(parquet) for row in pq.read_table(shard).to_pylist()]


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_groups_close_at_their_size_and_the_same_rows_give_the_same_file(tmp_path: Path, rows: list[Any], format: Any) -> None:
    limit = 100_000
    groups = write_shard(tmp_path / "a", rows, format, limit)
    again = write_shard(tmp_path / "b", iter(rows), format, limit)
    assert groups == again
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    sizes = iter([len(row.audio.bytes) for row in rows])
    inside = [[next(sizes) for _ in range(group.rows)] for group in groups]
    assert next(sizes, None) is None
    assert all(sum(group) <= limit or len(group) == 1 for group in inside)
    assert all(sum(left) + right[0] > limit for left, right in itertools.pairwise(inside))
    assert limit < MAX_GROUP


@pytest.mark.slow
def test_a_row_group_stays_under_100_mb_even_for_the_largest_row_of_pure_noise(tmp_path: Path, rows: list[Any]) -> None:
    frames = MAX_NATIVE_BYTES // 4
    noise = np.random.default_rng(1).integers(-(2**15), 2**15, (2, frames), dtype=np.int16)
    buffer = io.BytesIO()
    write_flac(buffer, noise, 48000, 16)
    row = dataclasses.replace(rows[0], audio=RowAudio(buffer.getvalue(), None))
    write_shard(tmp_path / "a", [row, row], "parquet", 10**9)
    metadata = pq.ParquetFile(tmp_path / "a").metadata
    assert metadata.num_row_groups == 2
    assert all(metadata.row_group(i).total_byte_size <= 100_000_000 for i in range(2))


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_no_rows_give_a_file_with_the_schema_and_no_groups(tmp_path: Path, format: Any) -> None:
    assert write_shard(tmp_path / "a", [], format, 1000) == ()
    read = pq.read_schema(tmp_path / "a") if format == "parquet" else pa.ipc.open_stream((tmp_path / "a").read_bytes()).schema
    assert read.equals(row_schema(), check_metadata=False)
    assert isinstance(GroupRecord(0, 0, 0, ""), GroupRecord)


@needs_shared
def test_real_calls_come_out_of_the_shards_as_they_went_in(tmp_path: Path) -> None:
    config = load_config("stereo_channels", ["vad.backend=energy", "pack.clip_minutes=1"])
    src = SHARED / "spokenwoz"
    asked = Build(
        src=str(src),
        out=str(tmp_path),
        config=config,
        listing=list_sources(str(src), config.source, None),
        make_pool=lambda: (InProcess(), 1),
        quiet=True,
    )
    assert build(asked, Stop()).balance.results == 3
    loaded = datasets.load_dataset(str(tmp_path), split="train").cast_column("audio", datasets.Audio(decode=False))
    by_recording: dict[str, list[dict[str, Any]]] = {}
    for row in loaded:
        by_recording.setdefault(row["clip"]["recording"], []).append(row)
        assert row["duration"] <= 60
        assert row["clip"]["cut"] in ("silence", "end")
    assert sorted(by_recording) == ["MUL1423", "SNG0072", "SNG0480"]
    for id, parts in by_recording.items():
        truth, _ = soundfile.read(str(src / f"{id}.wav"), dtype="int16")
        assert np.array_equal(np.concatenate([decoded(part["audio"]["bytes"]) for part in parts], axis=1), truth.T)
