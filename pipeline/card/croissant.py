"""`croissant.json`: the set for catalogues and loaders, in Croissant 1.1 (docs.mlcommons.org/croissant) with its vocabulary for
responsible AI (RAI 1.0).

Every shard is a file with its SHA-256, all of them a set of files, and every column a field. Croissant's readers know no list of records
inside a record: of those (`health.sides`, `stats.channels`, `provenance.weights` and the like) each field is a list over all of them.
No date of publication is told, for the same data must give the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.card.columns import COLUMNS
from pipeline.card.front import TAGS, language_codes
from pipeline.card.limits import limits
from pipeline.card.page import name_of, splits_of
from pipeline.card.terms import addresses, all_together, granted, weights_of
from pipeline.report.view import Gathered
from pipeline.report.words import hours, several
from schemas.row import AUDIO_COLUMNS, row_schema

if TYPE_CHECKING:
    import pyarrow as pa

VERSIONS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
FORMATS = {"parquet": "application/x-parquet", "arrow": "application/vnd.apache.arrow.stream"}
SHARDS, ROWS = "shards", "rows"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The standard's own, in its own order."""


def croissant(manifest: Mapping[str, Any], gathered: Gathered) -> dict[str, Any]:
    """The description of a set as JSON-LD."""
    whole, terms = gathered.totals.whole, gathered.totals.terms
    about = (
        f"{several(whole.rows, 'row', 'rows')} of two-party conversations, {hours(whole.seconds)}, "
        "in two channels with one speaker on each, overlap left intact, words and events in time."
    )
    licences = addresses(all_together(granted(terms, manifest["chain"])))
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSIONS,
        "name": name_of(manifest),
        "description": " ".join(about.replace("\u00a0", " ").split()),
        "license": licences,
        "keywords": list(TAGS),
        "inLanguage": language_codes(key[3] for key in terms),
        "isLiveDataset": False,
        **_responsible(manifest, gathered),
        "distribution": _files(manifest),
        "recordSet": [_record_set()] if manifest["shards"] else [],
    }


def _files(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    tables = [manifest["rejects"], *([manifest["shape"]["table"]] if "shape" in manifest else [])]
    found = [
        _file(shard["name"], shard["sha256"], FORMATS[shard["name"].rsplit(".", 1)[-1]], f"{shard['bytes']} B")
        for shard in manifest["shards"]
    ]
    found += [_file(each["name"], each["sha256"], FORMATS["parquet"]) for each in tables]
    patterns = [pattern for _, pattern, _ in splits_of(manifest)]
    if patterns:
        suffix = patterns[0].rsplit(".", 1)[-1]
        files = {"@type": "cr:FileSet", "@id": SHARDS, "name": SHARDS, "description": "All shards, which hold the rows."}
        found.append({**files, "encodingFormat": FORMATS[suffix], "includes": patterns})
    return found


def _file(name: str, sha256: str, kind: str, size: str | None = None) -> dict[str, Any]:
    file = {"@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name, "encodingFormat": kind, "sha256": sha256}
    return {**file, "contentSize": size} if size else file


def _record_set() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": ROWS,
        "name": ROWS,
        "description": "One row is one conversation, or one clip of a long one. Times are in seconds from the start of the row's audio.",
        "key": {"@id": f"{ROWS}/id"},
        "field": [_column(field) for field in row_schema()],
    }


def _column(field: pa.Field[Any]) -> dict[str, Any]:
    if field.name in AUDIO_COLUMNS:
        return {**_head(field.name, COLUMNS[field.name]), "dataType": "sc:AudioObject", "source": _source(field.name, "bytes")}
    return _field(field, (field.name,), COLUMNS[field.name], False)


def _head(path: str, about: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{ROWS}/{path}", "name": f"{ROWS}/{path}", "description": about}


def _field(field: pa.Field[Any], path: tuple[str, ...], about: str, listed: bool, json_path: str = "") -> dict[str, Any]:
    """One column, or what is inside it. `listed` says that what holds it is already a list; `json_path` leads there from the column."""
    import pyarrow as pa

    kind, is_list = field.type, pa.types.is_list(field.type)
    if is_list:
        kind = kind.value_type
    found = _head("/".join(path), about)
    if not pa.types.is_struct(kind):
        return {**found, "dataType": _type(kind), "source": _source(path[0], json_path), **_array(is_list or listed)}
    # The elements of a list that is a whole column are records of their own for readers; those deeper down are lists of each field.
    top = is_list and len(path) == 1
    inside = f"{json_path}[*]" if is_list and not top else json_path
    fields = []
    for index in range(kind.num_fields):
        child = kind.field(index)
        deeper = f"{inside}.{child.name}" if inside else child.name
        fields.append(_field(child, (*path, child.name), child.name.replace("_", " "), listed or (is_list and not top), deeper))
    return {**found, **_array(top), "subField": fields}


def _array(is_array: bool) -> dict[str, Any]:
    return {"isArray": True, "arrayShape": "-1"} if is_array else {}


def _source(column: str, json_path: str) -> dict[str, Any]:
    source: dict[str, Any] = {"fileSet": {"@id": SHARDS}, "extract": {"column": column}}
    return {**source, "transform": {"jsonPath": json_path}} if json_path else source


def _type(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"


def _responsible(manifest: Mapping[str, Any], gathered: Gathered) -> dict[str, Any]:
    """What is known of where the data comes from, of people in it, and of its limits."""
    terms, inputs = gathered.totals.terms, manifest["inputs"]
    corpora = sorted({key[0] for key in terms if key[0]})
    consents = sorted({key[2] for key in terms if key[2]})
    stated = sum(amount.seconds for key, amount in terms.items() if key[2])
    consent = f"Consent of the speakers is stated for {hours(stated)} of {hours(gathered.totals.whole.seconds)} (rows/source/consent)"
    stages = ", ".join(f"{stage['stage']} ({stage['backend']})" for stage in manifest["chain"])
    tools = [f"{w['name']} {w['revision']} ({w['licence']})" for _, w in weights_of(manifest["chain"])]
    sentences = [each.replace("`", "") for each in limits(manifest, gathered, False)]
    found = {
        "rai:dataCollection": f"{inputs['results']} recordings of {', '.join(corpora) or 'corpora that are not named'}; "
        f"{inputs['rejects']} of {inputs['inputs']} inputs were turned down.",
        "rai:dataPreprocessingProtocol": [stages],
        "rai:machineAnnotationTools": list(dict.fromkeys(tools)),
        "rai:personalSensitiveInformation": ["Voices of people; what they say may name them or others.", _plain(consent), *consents],
        "rai:dataLimitations": [_plain(each) for each in sentences],
    }
    return {name: value for name, value in found.items() if value}


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())
