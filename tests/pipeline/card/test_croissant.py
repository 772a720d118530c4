"""`croissant.json`, judged by mlcroissant: valid, with every column a field, and the rows come out of it as they are in the shards."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.card.croissant import croissant
from pipeline.card.write import write_card
from pipeline.place import LocalPlace
from pipeline.report import gather
from schemas.row import row_schema
from tests.pipeline.report_sets import calls, mixed, publish, spoken

ROWS = [spoken(np.random.default_rng(1), "said", 40.0), *calls(3, seconds=30.0), mixed(np.random.default_rng(3), "mono", 40.0)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("set")
    place, manifest = LocalPlace(str(where)), publish(where, ROWS, [])
    write_card(place, manifest, gather(place, manifest))
    return where


def read(where: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(where / "croissant.json"))


@pytest.fixture(scope="module")
def dataset(out: Path) -> mlcroissant.Dataset:
    return read(out)


def test_it_is_valid_croissant_of_this_version(dataset: mlcroissant.Dataset) -> None:
    found = dataset.metadata
    assert found.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    assert not found.ctx.issues.errors
    recommended = {"citeAs", "datePublished", "version"}
    told = {warning.split('Property "')[1].split('"')[0].replace("#", "/").rsplit("/", 1)[-1] for warning in found.ctx.issues.warnings}
    assert told <= recommended, "nothing but what cannot be known is left out"
    assert found.date_published is None


def test_files_have_the_hash_that_they_have(out: Path, dataset: mlcroissant.Dataset) -> None:
    files = [file for file in dataset.metadata.file_objects if file.content_url != "rejects.parquet"]
    assert len(files) == 2
    for file in files:
        data = (out / str(file.content_url)).read_bytes()
        assert file.sha256 == hashlib.sha256(data).hexdigest()
        assert file.content_size == f"{len(data)} B"
    (shards,) = dataset.metadata.file_sets
    assert sorted(str(path.relative_to(out)) for pattern in shards.includes for path in out.glob(pattern)) == sorted(f.id for f in files)


def leaves(field: pa.Field[Any], path: str) -> list[str]:
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    if not pa.types.is_struct(kind):
        return [path]
    return [leaf for i in range(kind.num_fields) for leaf in leaves(kind.field(i), f"{path}/{kind.field(i).name}")]


def test_every_column_is_a_field(dataset: mlcroissant.Dataset) -> None:
    def of(fields: Any) -> list[str]:
        return [leaf for field in fields for leaf in (of(field.sub_fields) if field.sub_fields else [field.id])]

    (records,) = dataset.metadata.record_sets
    wanted = [leaf for field in row_schema() for leaf in leaves(field, f"rows/{field.name}")]
    wanted = [leaf.removesuffix("/bytes") for leaf in wanted if leaf not in ("rows/audio/path", "rows/residual/path")]
    assert of(records.fields) == wanted
    audio = next(field for field in records.fields if field.id == "rows/audio")
    assert [str(kind) for kind in audio.data_types] == ["https://schema.org/AudioObject"]


def plain(value: Any) -> Any:
    """As Croissant's reader gives it: text as bytes."""
    return value.encode() if isinstance(value, str) else value


def test_the_rows_come_out_as_they_are(out: Path, dataset: mlcroissant.Dataset) -> None:
    logging.disable(logging.WARNING)
    records = sorted(dataset.records("rows"), key=lambda record: record["rows/id"])
    logging.disable(logging.NOTSET)
    rows = sorted(pq.read_table(out / "data").to_pylist(), key=lambda each: each["id"].encode())
    assert [record["rows/id"] for record in records] == [each["id"].encode() for each in rows]
    for record, each in zip(records, rows, strict=True):
        assert record["rows/audio"] == each["audio"]["bytes"]
        assert record["rows/duration"] == each["duration"]
        source = {name: [*map(plain, value)] if name == "uris" else plain(value) for name, value in each["source"].items()}
        assert record["rows/source"] == {f"rows/source/{name}": value for name, value in source.items()}
        for name in ("words", "speech", "speakers", "events", "origins"):
            wanted = [{f"rows/{name}/{key}": plain(value) for key, value in item.items()} for item in each[name]]
            assert record[f"rows/{name}"] == wanted
        assert record["rows/stats/gap"]["rows/stats/gap/seconds_per_minute"] == each["stats"]["gap"]["seconds_per_minute"]


def test_people_and_limits_are_told(dataset: mlcroissant.Dataset) -> None:
    found = dataset.metadata
    assert "informed consent, form 3" in found.personal_sensitive_information
    assert any("both voices in one channel" in each for each in found.data_limitations)
    assert found.machine_annotation_tools == ["silero_vad.onnx 6.2.3 (MIT)"]
    assert "https://spdx.org/licenses/MIT.html" in found.license
    assert found.in_language == ["en"]


@pytest.mark.parametrize(("rows", "format"), [(ROWS[:1], "arrow"), ([], "parquet")])
def test_arrow_shards_and_empty_sets_are_described(tmp_path: Path, rows: list[Any], format: Any) -> None:
    place, manifest = LocalPlace(str(tmp_path)), publish(tmp_path, rows, [], format=format)
    made = croissant(manifest, gather(place, manifest))
    (tmp_path / "croissant.json").write_text(json.dumps(made))
    found = read(tmp_path).metadata
    assert not found.ctx.issues.errors
    assert len(found.record_sets) == len(rows)
    assert [s.encoding_formats for s in found.file_sets] == [["application/vnd.apache.arrow.stream"]] * len(rows)


def test_a_fault_would_be_told(out: Path, tmp_path: Path) -> None:
    made = json.loads((out / "croissant.json").read_text())
    made["recordSet"][0]["field"][0]["source"]["fileSet"]["@id"] = "nowhere"
    (tmp_path / "croissant.json").write_text(json.dumps(made))
    with pytest.raises(Exception, match="nowhere"):
        read(tmp_path)
