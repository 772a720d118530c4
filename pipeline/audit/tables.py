"""The tables of an audit in Parquet, for pandas, polars and duckdb: one line for each recording, finding, file, group of copies and sum."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.place import Place
from schemas.audit import kind_of

if TYPE_CHECKING:
    import pyarrow as pa

Contents = Mapping[str, Any]
Lines = Callable[[Contents], Iterator[dict[str, Any]]]

RECORDING = ("id", "uri", "uris", "corpus", "verdict", "seconds", "rate", "channels", "encoding", "licence", "consent", "language")
TAKING = ("overlap_share", "backchannels_per_minute", "interruptions_per_minute", "fto_median", "speech_dominance")
FINDING = ("name", "severity", "detail", "channel", "value", "unit")
DUPLICATE = ("kind", "recordings", "detail")

COLUMNS: dict[str, dict[str, str]] = {
    "recordings": {
        **dict.fromkeys(("id", "uri"), "text"),
        "uris": "texts",
        **dict.fromkeys(("corpus", "verdict"), "text"),
        "seconds": "number",
        **dict.fromkeys(("rate", "channels"), "whole"),
        **dict.fromkeys(("encoding", "licence", "consent", "language"), "text"),
        "speakers": "texts",
        "transcript": "text",
        "words": "whole",
        "split": "text",
        "findings": "texts",
        **dict.fromkeys(("levels_dbfs", "leakage_db", "wer"), "numbers"),
        **dict.fromkeys(TAKING, "number"),
    },
    "findings": {
        **dict.fromkeys(("recording", "uri", "corpus", "name", "area", "severity", "detail"), "text"),
        "channel": "whole",
        "value": "number",
        "unit": "text",
        "limit_value": "number",
        "facts": "text",
        "stretches": "stretches",
        "recording_seconds": "number",
    },
    "files": {
        **dict.fromkeys(("path", "what"), "text"),
        "bytes": "whole",
        "corpus": "text",
        "recordings": "texts",
        **dict.fromkeys(("verdict", "why"), "text"),
    },
    "duplicates": {"kind": "text", "recordings": "texts", "detail": "text", "facts": "text"},
    "hours": {
        **dict.fromkeys(("property", "name"), "text"),
        **dict.fromkeys(("hours", "speech_hours"), "number"),
        "recordings": "whole",
    },
}
"""Columns of each table and their kinds; none is named like a word of SQL. Absent values are null; `facts` holds a JSON object, and
stretches are in seconds."""


def write_tables(out: Place, contents: Contents) -> list[str]:
    """Write a Parquet file for each table of an `audit.json`; returns their names. Equal contents give equal bytes."""
    import pyarrow.parquet as pq

    names = []
    for name, table in tables(contents).items():
        names.append(f"{name}.parquet")
        with out.writing(names[-1]) as path:
            pq.write_table(table, path, compression="zstd")
    return names


def tables(contents: Contents) -> dict[str, pa.Table]:
    """Every table by name; one without lines has its columns all the same."""
    import pyarrow as pa

    return {name: pa.Table.from_pylist(list(lines(contents)), schema=schema_of(name)) for name, lines in LINES.items()}


def schema_of(name: str) -> pa.Schema:
    """The Arrow schema of one table."""
    import pyarrow as pa

    stretch = pa.struct([("start", pa.float64()), ("end", pa.float64()), ("channel", pa.int64())])
    kinds: dict[str, Any] = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    kinds |= {"texts": pa.list_(pa.string()), "numbers": pa.list_(pa.float64()), "stretches": pa.list_(stretch)}
    return pa.schema([(column, kinds[kind]) for column, kind in COLUMNS[name].items()])


def _recordings(contents: Contents) -> Iterator[dict[str, Any]]:
    for each in contents["recordings"]:
        yield {
            **{name: each.get(name) for name in (*RECORDING, "speakers", "transcript", "words", "split", "leakage_db", "wer")},
            "findings": list(dict.fromkeys(found["name"] for found in each["findings"])),
            "levels_dbfs": each.get("levels"),
            **{name: (each.get("taking") or {}).get(name) for name in TAKING},
        }


def _findings(contents: Contents) -> Iterator[dict[str, Any]]:
    for each in contents["recordings"]:
        whose = {"recording": each["id"], "uri": each["uri"], "corpus": each.get("corpus"), "recording_seconds": each.get("seconds")}
        for found in each["findings"]:
            area = kind_of(found["name"]).area
            more = {"limit_value": found.get("limit"), "facts": _json(found.get("facts") or {}), "stretches": found.get("stretches") or []}
            yield {**whose, "area": area, **{name: found.get(name) for name in FINDING}, **more}


def _files(contents: Contents) -> Iterator[dict[str, Any]]:
    for each in contents["files"]:
        yield {name: each.get(name) for name in COLUMNS["files"]}


def _duplicates(contents: Contents) -> Iterator[dict[str, Any]]:
    for each in contents.get("duplicates") or ():
        rest = {name: value for name, value in each.items() if name not in DUPLICATE}
        yield {**{name: each.get(name) for name in DUPLICATE}, "facts": _json(rest)}


def _hours(contents: Contents) -> Iterator[dict[str, Any]]:
    for by, lines in (contents.get("hours_by") or {}).items():
        for line in lines:
            yield {"property": by, **{name: line.get(name) for name in ("name", "hours", "speech_hours", "recordings")}}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


LINES: dict[str, Lines] = {
    "recordings": _recordings,
    "findings": _findings,
    "files": _files,
    "duplicates": _duplicates,
    "hours": _hours,
}
