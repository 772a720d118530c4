"""Manifests: each line ends as a source or as a reject."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import Reject, UsageError
from schemas.source import Source
from stages.decode.stream import Header
from stages.sources import Listing, SourceSettings, list_sources
from stages.sources.line import LineReader


def listed(folder: Path, *lines: Any, name: str = "m.jsonl", **settings: str) -> Listing:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / name).write_text(text)
    return list_sources(str(folder / name), SourceSettings(**settings))  # type: ignore[arg-type]


def reasons(listing: Listing) -> list[tuple[str, int]]:
    return [(reject.reason, json.loads(reject.facts)["line"]) for reject in listing.rejects]


def test_all_fields(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"abc")
    line = {
        "id": "one",
        "uris": ["a.wav", "b.wav"],
        "corpus": "c",
        "licence": "MIT",
        "consent": "signed",
        "language": "de",
        "speakers": ["p", "q"],
    }
    result = listed(tmp_path, {**line, "roles": ["agent", "caller"], "transcript": "a.json", "topic": {"z": 1, "a": [2]}, "age": None})
    (source,) = result.sources
    stat = (tmp_path / "a.wav").stat()
    assert source == Source(
        "one",
        ("a.wav", "b.wav"),
        str(tmp_path),
        (f"3-{stat.st_mtime_ns}", ""),
        3,
        "c",
        "MIT",
        "signed",
        "de",
        ("p", "q"),
        ("agent", "caller"),
        "a.json",
        '{"age": null, "topic": {"a": [2], "z": 1}}',
    )
    assert (result.rejects, result.problems) == ((), ())


def test_defaults_hold_where_a_line_says_nothing(tmp_path: Path) -> None:
    result = listed(tmp_path, {"uri": "a.wav"}, {"uri": "b.wav", "licence": "MIT", "language": None}, licence="CC-BY-4.0", language="en")
    assert [(source.licence, source.language) for source in result.sources] == [("CC-BY-4.0", "en"), ("MIT", None)]


@pytest.mark.parametrize("name", ["path", "audio", "audio_filepath", "uri"])
def test_other_names_of_the_audio(tmp_path: Path, name: str) -> None:
    result = listed(tmp_path, {name: "d/a.wav", "license": "MIT"})
    assert [(source.id, source.uris, source.licence, source.extra) for source in result.sources] == [("d/a", ("d/a.wav",), "MIT", "{}")]


def test_uri_wins_and_the_rest_is_carried(tmp_path: Path) -> None:
    result = listed(tmp_path, {"uri": "a.wav", "path": "p", "audio": {"array": [1]}, "licence": None, "license": "x"})
    assert result.sources[0].licence is None
    assert json.loads(result.sources[0].extra) == {"path": "p", "audio": {"array": [1]}, "license": "x"}


@pytest.mark.parametrize(
    ("uris", "id"),
    [
        (["x.wav"], "x"),
        (["../up/x.wav"], "up/x"),
        (["./x.wav"], "x"),
        (["/abs/x.wav"], "abs/x"),
        (["s3://bucket/k/x.flac"], "bucket/k/x"),
        (["https://h.example/k/x.flac?sig=1"], "h.example/k/x"),
        (["d/x_agent.wav", "d/x_caller.wav"], "d/x"),
        (["d/x_caller.wav", "d/x_agent.wav"], "d/x"),
        (["left/x.wav", "right/x.wav"], "x"),
        (["x_1.wav", "x_2.wav"], "x"),
        (["p.wav", "q.wav"], "p"),
    ],
)
def test_ids_come_from_the_audio(uris: list[str], id: str) -> None:
    assert LineReader("/data", SourceSettings(), False).read(1, {"uris": uris}).id == id


BAD_LINES = [
    "not json",
    "[1]",
    "{}",
    '{"uri": 5}',
    '{"uri": ""}',
    '{"uri": "a.wav", "uris": ["b.wav"]}',
    '{"path": "a.wav", "audio": "b.wav"}',
    '{"uris": []}',
    '{"uris": ["a", "b", "c"]}',
    '{"uri": "a.wav", "id": ""}',
    '{"uri": "a.wav", "id": true}',
    '{"uri": "a.wav", "id": ["x"]}',
    '{"uri": "a.wav", "roles": ["agent"]}',
    '{"uri": "a.wav", "speakers": "x;y"}',
    '{"uri": "a.wav", "licence": 3}',
    '{"uri": "a.wav", "x": NaN}',
    '{"uri": "a.wav", "x": 1e999}',
    '{"uri": "a.wav", "x": "\\ud800"}',
    '{"uri": "a\\u0000.wav"}',
    '{"uri": "pipe:cat x"}',
    '{"uri": "cat x.sph |"}',
    '{"uri": "| cat"}',
    '{"uri": "data:audio/wav;base64,AAAA"}',
    '{"uri": "concat:a|b"}',
    '{"uri": "simplecache::s3://b/x.wav"}',
    '{"uri": "s3://b/x::file://y"}',
    '{"uri": "zip://x.wav"}',
    '{"uri": "a b://x.wav"}',
    '{"uri": "a.wav", "transcript": "pipe:x"}',
    '{"uri": "a.wav", "base": "reference://x"}',
    '{"audio": {"bytes": "x", "path": "a.wav"}}',
    '{"uri": ".."}',
    "[" * 100000,
    '{"uri": "a.wav", "n": ' + "1" * 5000 + "}",
]


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_one_reject_and_the_rest_goes_on(tmp_path: Path, line: str) -> None:
    result = listed(tmp_path, {"uri": "first.wav"}, line, "", {"uri": "last.wav"})
    assert [source.id for source in result.sources] == ["first", "last"]
    assert reasons(result) == [("bad_manifest_line", 2)]
    assert result.rejects[0].detail.startswith("line 2 of m.jsonl: ")
    assert result.rejects[0].id == "m.jsonl:2"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b'\xef\xbb\xbf{"uri": "a.wav"}\n{"uri": "\xe9.wav"}\n{"uri": "b.wav"}')
    result = list_sources(str(tmp_path / "m.jsonl"), SourceSettings())
    assert [source.id for source in result.sources] == ["a", "b"]
    assert reasons(result) == [("bad_manifest_line", 2)]


def test_a_line_without_end_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b'{"uri": "' + b"x" * (1 << 25) + b'.wav"}\n{"uri": "b.wav"}\n')
    result = list_sources(str(tmp_path / "m.jsonl"), SourceSettings())
    assert [source.id for source in result.sources] == ["b"]
    assert reasons(result) == [("bad_manifest_line", 1)]


def test_duplicates_name_both_lines(tmp_path: Path) -> None:
    result = listed(
        tmp_path, {"id": "É", "uri": "a.wav"}, {"id": "x", "uri": "a.wav"}, {"id": "é", "uri": "b.wav"}, {"id": "x", "uri": "a.wav"}
    )
    assert [source.id for source in result.sources] == ["x", "É"]
    facts = [json.loads(reject.facts) for reject in result.rejects]
    assert {(fact["line"], fact["first_line"]) for fact in facts} == {(3, 1), (4, 2)}
    assert {reject.reason for reject in result.rejects} == {"duplicate_id"}


def test_derived_ids_that_meet_keep_their_suffix(tmp_path: Path) -> None:
    result = listed(tmp_path, {"uri": "a.wav"}, {"uri": "a.flac"}, {"id": "b", "uri": "1.wav"}, {"uri": "b.wav"})
    assert [source.id for source in result.sources] == ["a.flac", "a.wav", "b", "b.wav"]


def test_csv(tmp_path: Path) -> None:
    text = (
        "id,uris,speakers,roles,licence,note\n"
        'one,a.wav;b.wav,"[""p"", ""q;r""]",agent; caller,,"two\nlines"\n'
        "two,c.wav,,,MIT,\n"
        "three,d.wav\n"
        '"four"x,e.wav,,,,\n'
        'five,"[1]",,,,\n'
        "six,[bad,,,,\n"
        ",g.wav,,,,x\n"
    )
    (tmp_path / "m.csv").write_text(text)
    result = list_sources(str(tmp_path / "m.csv"), SourceSettings(licence="CC0-1.0"))
    assert [(s.id, s.uris, s.speakers, s.roles, s.licence, s.extra) for s in result.sources] == [
        ("g", ("g.wav",), (), (), "CC0-1.0", '{"note": "x"}'),
        ("one", ("a.wav", "b.wav"), ("p", "q;r"), ("agent", "caller"), "CC0-1.0", '{"note": "two\\nlines"}'),
        ("two", ("c.wav",), (), (), "MIT", "{}"),
    ]
    assert [number for _, number in reasons(result)] == [5, 6, 7, 8]


def test_tsv_and_gzip(tmp_path: Path) -> None:
    (tmp_path / "m.tsv.gz").write_bytes(gzip.compress(b"path\tlanguage\na,b.wav\ten\n\xff.wav\ten\n", mtime=0))
    result = list_sources(str(tmp_path / "m.tsv.gz"), SourceSettings())
    assert [(source.id, source.language) for source in result.sources] == [("a,b", "en")]
    assert reasons(result) == [("bad_manifest_line", 3)]


def test_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": ["one", None, "three"],
            "uris": [["a.wav", "b.wav"], ["c.wav"], []],
            "score": [1.5, float("nan"), None],
            "when": pa.array([0, None, None], pa.timestamp("s")),
            "blob": pa.array([b"x", None, None]),
        }
    )
    pq.write_table(table, tmp_path / "m.parquet")
    result = list_sources(str(tmp_path / "m.parquet"), SourceSettings())
    assert [(s.id, s.uris, s.extra) for s in result.sources] == [
        ("c", ("c.wav",), "{}"),
        ("one", ("a.wav", "b.wav"), '{"score": 1.5, "when": "1970-01-01T00:00:00"}'),
    ]
    assert reasons(result) == [("bad_manifest_line", 3)]
    assert "blob" in result.problems[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.parquet", b"no parquet"),
        ("m.csv", b"a,a\n1,2\n"),
        ("m.jsonl.gz", b"no gzip"),
        ("m.jsonl.gz", gzip.compress(b'{"uri": "a"}\n' * 9, mtime=0)[:-9]),
    ],
)
def test_a_manifest_that_is_broken_as_a_whole(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        list_sources(str(tmp_path / name), SourceSettings())


def test_remote_files_are_measured_and_missing_ones_live() -> None:
    fs = fsspec.filesystem("memory")
    uris = [f"d/{n}.wav" for n in range(6)]
    for uri in uris[:5]:
        fs.pipe(f"/measure/{uri}", b"1234")
    fs.pipe("/measure/alone.wav", b"12")
    fs.pipe("/measure/m.jsonl", "\n".join(json.dumps({"uri": uri}) for uri in (*uris, "alone.wav", "e/gone.wav")).encode())
    result = list_sources("memory://measure/m.jsonl", SourceSettings())
    sizes = {source.uris[0]: (source.bytes, source.fingerprints[0].split("-")[0]) for source in result.sources}
    assert sizes == {**dict.fromkeys(uris[:5], (4, "4")), uris[5]: (0, ""), "alone.wav": (2, "2"), "e/gone.wav": (0, "")}
    assert result.problems == ()


def test_probing_all_rejects_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"uri": "here.wav"}\n{"uri": "gone.wav"}\n')

    def probe(uri: str) -> Header:
        if uri != str(tmp_path / "here.wav"):
            raise Reject("missing", "not there")
        return Header(container="WAV", encoding="PCM_16", rate=16000, channels=2, frames=None)

    result = list_sources(str(tmp_path / "m.jsonl"), SourceSettings(), probe, probe_all=True)
    assert result.counts["stereo"] == 1
    assert [(reject.reason, reject.id) for reject in result.rejects] == [("missing", "gone")]


@pytest.mark.parametrize(
    ("licence", "hint"),
    [("CC BY 4.0", "CC-BY-4.0"), ("LDC User Agreement", "LicenseRef-"), ("MIT AND (", "cannot be read"), (" ", "empty")],
)
def test_licences_that_are_not(tmp_path: Path, licence: str, hint: str) -> None:
    result = listed(tmp_path, {"uri": "a.wav", "licence": licence}, {"uri": "b.wav", "licence": licence})
    assert [source.licence for source in result.sources] == [licence, licence]
    (problem,) = result.problems
    assert problem.startswith("2 recordings")
    assert hint in problem
