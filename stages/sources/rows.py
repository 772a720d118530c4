"""The rows of a manifest file, one at a time, as JSON-like objects; a row that cannot be read is an error of its own."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from schemas.errors import UsageError
from stages.sources.places import file_system, local_path

Row = tuple[int, dict[str, Any] | str]
"""Line number (1 is the first line of the file; in Parquet the first row), and the fields, or why they cannot be read."""

KINDS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
"""Manifest kinds by file name ending; all but Parquet may also end in `.gz`."""

_LONGEST_LINE = 1 << 24
_BATCH_ROWS = 1024


def manifest_kind(file: str) -> str | None:
    """The kind of manifest a file name stands for, or None."""
    name = file.lower()
    plain = name.removesuffix(".gz")
    kind = next((kind for suffix, kind in KINDS.items() if plain.endswith(suffix)), None)
    return None if kind == "parquet" and plain != name else kind


def read_rows(file: str, kind: str, problems: list[str]) -> Iterator[Row]:
    """Rows of a manifest (local path or URL). Raises `UsageError` when the file as a whole cannot be read."""
    with opened(file) as raw:
        if kind == "jsonl":
            yield from _jsonl(raw)
        elif kind == "parquet":
            yield from _parquet(raw, file, problems)
        else:
            yield from _csv(raw, file, "\t" if kind == "tsv" else ",")


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """A file open for reading bytes, unpacked when its name ends in `.gz`; `UsageError` when it cannot be opened."""
    path = local_path(file)
    packing = "gzip" if file.lower().endswith(".gz") else None
    try:
        if path is None:
            fs, path = file_system(file)
            # buffered, for the files of some stores take no limit on readline
            handle = io.BufferedReader(fs.open(path, "rb", compression=packing))
        else:
            handle = _open_local(path, packing)
    except OSError as error:
        raise UsageError(f"{file}: the manifest cannot be opened: {error.strerror or error}") from error
    try:
        with handle:
            yield handle
    except (EOFError, OSError) as error:
        raise UsageError(f"{file}: the manifest cannot be read to its end: {error}") from error


def _open_local(path: str, packing: str | None) -> Any:
    import gzip

    return gzip.open(path, "rb") if packing else open(path, "rb")


def _jsonl(raw: IO[bytes]) -> Iterator[Row]:
    number = 0
    while line := raw.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            while (more := raw.readline(_LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
            yield number, f"the line is longer than {_LONGEST_LINE} bytes"
            continue
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | str:
    try:
        fields = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        return f"the line is not UTF-8 (byte {error.start})"
    except RecursionError:
        return "the line is nested too deeply"
    except ValueError as error:
        return f"the line is not JSON: {error}"
    if not isinstance(fields, dict):
        return f"the line is not a JSON object but {type(fields).__name__}"
    return fields if _is_text(fields) else "the line holds half a surrogate pair, which is no text"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is beyond the range of numbers")
    return value


def _is_text(fields: Any) -> bool:
    try:
        json.dumps(fields, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _csv(raw: IO[bytes], file: str, delimiter: str) -> Iterator[Row]:
    # undecodable bytes become lone surrogates, so that they spoil their own line only
    text = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if header is None:
                raise UsageError(
                    f"{file}: the first line is no {'tab' if delimiter == chr(9) else 'comma'}-separated header: {error}"
                ) from error
            yield number, f"the line cannot be read as CSV: {error}"
            continue
        if not any(cells):
            continue
        if header is None:
            header = _header(cells, file)
        elif len(cells) != len(header):
            yield number, f"the line has {len(cells)} fields, and the header {len(header)}"
        else:
            fields = {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
            yield number, fields if _is_text(fields) else "the line is not UTF-8"


def _header(cells: list[str], file: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not _is_text(names) or "" in names or len(set(names)) != len(names):
        raise UsageError(f"{file}: the header must give each column a name of its own; got {', '.join(map(repr, names))}")
    return names


def _parquet(raw: IO[bytes], file: str, problems: list[str]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(raw)
    except pa.ArrowException as error:
        raise UsageError(f"{file}: not a Parquet file: {error}") from error
    binary = [field.name for field in table.schema_arrow if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)]
    if binary:
        problems.append(f"{file}: the columns {', '.join(binary)} hold bytes and were not carried along.")
    number = 0
    try:
        for batch in table.iter_batches(_BATCH_ROWS, columns=[name for name in table.schema_arrow.names if name not in binary]):
            for fields in batch.to_pylist():
                number += 1
                yield number, _plain_row(fields)
    except pa.ArrowException as error:
        raise UsageError(f"{file}: the manifest cannot be read beyond row {number}: {error}") from error


def _plain_row(fields: dict[str, Any]) -> dict[str, Any] | str:
    try:
        return {name: _plain(value) for name, value in fields.items() if not _is_absent(value)}
    except TypeError as error:
        return str(error)


def _is_absent(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and not math.isfinite(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, datetime.timedelta, uuid.UUID)):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"a field holds {type(value).__name__}, which a manifest cannot carry; give the path or URL of the audio instead")
