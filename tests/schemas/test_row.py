"""The published schema, pinned: a change of it is a change of the format, made on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from schemas.row import Row, row_schema
from tests.golden.renew import schema_text

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "row_schema.txt"


def test_the_schema_is_the_golden_one() -> None:
    assert schema_text() == GOLDEN.read_text(encoding="utf-8"), "renew on purpose with: python -m tests.golden.renew"


def test_columns_are_the_fields_of_a_row_in_order() -> None:
    assert row_schema().names == list(Row.__dataclass_fields__)


def test_the_feature_metadata_names_every_field_of_every_struct_in_file_order() -> None:
    features = json.loads((row_schema().metadata or {})[b"huggingface"])["info"]["features"]
    assert list(features) == row_schema().names
    assert features["audio"] == features["residual"] == {"_type": "Audio"}
    for field in row_schema():
        if field.name not in ("audio", "residual"):
            check(features[field.name], field.type)


def check(feature: dict[str, object], kind: pa.DataType) -> None:
    if pa.types.is_struct(kind):
        assert list(feature) == [kind.field(i).name for i in range(kind.num_fields)]
        for i in range(kind.num_fields):
            child = feature[kind.field(i).name]
            assert isinstance(child, dict)
            check(child, kind.field(i).type)
    elif pa.types.is_list(kind):
        assert feature["_type"] == "List"
        assert isinstance(feature["feature"], dict)
        check(feature["feature"], kind.value_type)
    else:
        names = {
            pa.int16(): "int16",
            pa.int64(): "int64",
            pa.float64(): "float64",
            pa.bool_(): "bool",
            pa.string(): "string",
            pa.binary(): "binary",
        }
        assert feature == {"_type": "Value", "dtype": names[kind]}


def test_audio_is_stored_as_hugging_face_stores_it() -> None:
    for name in ("audio", "residual"):
        assert row_schema().field(name).type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
