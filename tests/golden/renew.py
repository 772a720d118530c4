"""What the golden files hold, and writing them anew: `python -m tests.golden.renew` from the repository's root.

`row_schema.txt` is the Arrow schema of a row as text, with its feature metadata, and `audit_tables.txt` that of an audit's tables.
`shard.json` holds, for a data set of four toy dialogues, the SHA-256 of each row's logical content: every column as JSON, with the audio
as its decoded samples, so that no library's way to encode changes it. A difference means that the same input gives other data: renew only
when that is meant, and raise the version of the stage (or `pipeline.pack.ROW_FORMAT`) that gives it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.audit.tables import COLUMNS, schema_of
from pipeline.build import build
from pipeline.config import PackSettings
from pipeline.drive import Stop
from pipeline.pools import InProcess
from schemas.row import row_schema
from tests.pipeline.talks import decoded
from tests.pipeline.toy import request

HERE = Path(__file__).resolve().parent


def schema_text() -> str:
    """Columns as `name: type`, nested fields indented, then the feature metadata."""
    schema = row_schema()
    lines = [line for field in schema for line in _field(field, 0)]
    features = json.dumps(json.loads((schema.metadata or {})[b"huggingface"]), indent=1)
    return "\n".join(lines) + "\n\nhuggingface:\n" + features + "\n"


def audit_tables_text() -> str:
    """Columns of each table of an audit."""
    found = []
    for name in COLUMNS:
        found += [f"{name}.parquet", *(line for field in schema_of(name) for line in _field(field, 1)), ""]
    return "\n".join(found)


def _field(field: pa.Field[Any], depth: int) -> list[str]:
    kind, suffix = field.type, ""
    while pa.types.is_list(kind):
        kind, suffix = kind.value_type, suffix + " []"
    name = "struct" if pa.types.is_struct(kind) else str(kind)
    lines = [f"{'  ' * depth}{field.name}: {name}{suffix}"]
    if pa.types.is_struct(kind):
        lines += [line for i in range(kind.num_fields) for line in _field(kind.field(i), depth + 1)]
    return lines


def golden_rows() -> dict[str, str]:
    """SHA-256 of each row's logical content, by row id."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        asked = request(out, ["call-0", "call-1", "ruf-ü", "reject-1"], lambda: (InProcess(), 1), seconds=4.0)
        config = dataclasses.replace(asked.config, pack=PackSettings(clip_minutes=0.05))
        build(dataclasses.replace(asked, config=config), Stop())
        rows: list[dict[str, Any]] = pq.read_table(out / "data").to_pylist()
    return {row["id"]: _digest(row) for row in rows}


def _digest(row: dict[str, Any]) -> str:
    samples = decoded(row["audio"]["bytes"])
    logical = {**row, "audio": [str(samples.dtype), samples.shape, hashlib.sha256(samples.tobytes()).hexdigest()]}
    return hashlib.sha256(json.dumps(_rounded(logical), sort_keys=True).encode()).hexdigest()


def _rounded(value: Any) -> Any:
    """Numbers to nine digits, so that the last bit of a sum may differ between processors."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def main() -> None:
    """Write all files."""
    (HERE / "row_schema.txt").write_text(schema_text(), encoding="utf-8")
    (HERE / "audit_tables.txt").write_text(audit_tables_text(), encoding="utf-8")
    (HERE / "shard.json").write_text(json.dumps(golden_rows(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
