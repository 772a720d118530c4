"""The recordings that a manifest names, and writing a listing as a manifest."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from typing import Any

from schemas.errors import Reject, RejectRecord, UsageError
from schemas.source import Source
from stages.decode.fetch import resolve
from stages.sources.line import Line, LineReader
from stages.sources.listing import Draft, Listing, Prober, make_listing, record
from stages.sources.measure import Measured, measure
from stages.sources.places import file_system, local_path, refusal
from stages.sources.rows import read_rows
from stages.sources.settings import SourceSettings


def list_manifest(file: str, kind: str, settings: SourceSettings, prober: Prober | None, probe_all: bool) -> Listing:
    """List a manifest (absolute local path or URL) of a kind in `stages.sources.rows.KINDS`.

    Fields: `id`, `uri` or `uris` (or `path`, `audio`, `audio_filepath` when just one of these is there), `base`, `corpus`, `licence` (or
    `license`), `consent`, `language`, `speakers`, `roles`, `transcript`. All others are kept in `Source.extra`. A line without an id gets
    one from its audio's path, as in folders. Relative paths start at `base`, or at the manifest's folder. Files that are not there are
    listed all the same, with the fingerprint `""`. Raises `UsageError` when the file as a whole cannot be read.
    """
    problems: list[str] = []
    rejects: list[RejectRecord] = []
    lines: list[Line] = []
    reader = LineReader(file.rpartition("/")[0] or "/", settings, kind in ("csv", "tsv"))
    name = file.rpartition("/")[2]
    for number, fields in read_rows(file, kind, problems):
        try:
            if isinstance(fields, str):
                raise Reject("bad_manifest_line", fields)
            lines.append(reader.read(number, fields))
        except Reject as reject:
            known = fields if isinstance(fields, dict) else {}
            rejects.append(_rejected(reject, name, number, known))
    measured = measure((resolve(uri, line.base) for line in lines for uri in line.uris), problems)
    drafts = [Draft(_source(line, measured), line.long, f"line {line.number} of {name}", {"line": line.number}) for line in lines]
    if not drafts and not rejects:
        problems.append(f"The manifest {name} has no lines.")
    return make_listing(drafts, rejects, Counter(), problems, prober, probe_all)


def _rejected(reject: Reject, name: str, number: int, fields: dict[str, Any]) -> RejectRecord:
    given = fields.get("id")
    facts = {"manifest": name, "line": number, **({"id": given} if isinstance(given, (str, int)) else {})}
    detail = f"line {number} of {name}: {reject.detail}"
    return record(Reject(reject.reason, detail, **facts), f"{name}:{number}", ())


def _source(line: Line, measured: Measured) -> Source:
    files = [measured[resolve(uri, line.base)] for uri in line.uris]
    return Source(
        id=line.id,
        uris=line.uris,
        base=line.base,
        fingerprints=tuple(mark for mark, _ in files),
        bytes=sum(size for _, size in files),
        corpus=line.texts.get("corpus"),
        licence=line.texts.get("licence"),
        consent=line.texts.get("consent"),
        language=line.texts.get("language"),
        transcript=line.texts.get("transcript"),
        speakers=line.speakers,
        roles=line.roles,
        extra=line.extra,
    )


def write_manifest(listing: Listing, file: str) -> None:
    """Write the sources as JSON lines that `list_sources` reads back to equal sources while the audio stays as it is.

    `base` is written only where it is not the manifest's own folder. A local file appears whole or not at all. Raises `UsageError` for a
    name that would be read as something else.
    """
    if not file.endswith((".jsonl", ".ndjson")):
        raise UsageError(f"{file}: a manifest is written as JSON lines; give it a name that ends in .jsonl")
    path = local_path(file)
    if path is None:
        fs, path = file_system(file)
        with fs.open(path, "wb") as out:
            for source in listing.sources:
                out.write(_line(source, file.rpartition("/")[0]))
        return
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as out:
            for source in listing.sources:
                out.write(_line(source, folder))
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise


def _line(source: Source, folder: str) -> bytes:
    fields: dict[str, Any] = dict(json.loads(source.extra))
    fields["id"] = source.id
    fields["uris"] = [f"./{uri}" if refusal(uri) else uri for uri in source.uris]
    for name in ("corpus", "licence", "consent", "language"):
        fields[name] = getattr(source, name)
    if source.base != folder:
        fields["base"] = source.base
    if source.transcript is not None:
        fields["transcript"] = source.transcript
    for name in ("speakers", "roles"):
        if getattr(source, name):
            fields[name] = list(getattr(source, name))
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode() + b"\n"
