"""Our own data sets as sources: rows come back as recordings, with what each says of itself, and nothing that is missing goes untold."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest

from pipeline.publish import REJECT_SCHEMA
from schemas.row import RowSource
from schemas.span import Span
from stages.decode.fetch import open_uri
from stages.decode.file import FileDecode
from stages.tracks.recorded import RecordedTracks
from stages.transcribe.given import GivenTranscribe
from tests.pipeline.exports import sets
from tests.stages.sources.test_sources_webdataset import by_id, listed, reading, reasons

OWN = RowSource("calls", ("a.wav",), "LicenseRef-Own", "form 7", "de-AT", json.dumps({"region": "west", "sex": ["female", "male"]}))


def publish(folder: Path, format: Literal["parquet", "arrow"] = "parquet") -> tuple[Path, dict[str, Any]]:
    rows = [sets.talk(f"call/{n}", 3.0 + n / 4, source=OWN) for n in range(5)]
    set = sets.publish(folder, rows, format=format)
    manifest = json.loads((set / "manifest.json").read_text())
    weights = [{"name": "m", "revision": "1", "sha256": "ab", "licence": "CC-BY-NC-4.0"}]
    manifest["chain"] = [{"stage": "vad", "weights": weights}, {"stage": "align", "weights": weights}]
    (set / "manifest.json").write_text(json.dumps(manifest))
    return set, {row.id: row for row in rows}


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_rows_come_back_as_recordings(tmp_path: Path, format: Literal["parquet", "arrow"]) -> None:
    set, rows = publish(tmp_path / "set", format)
    pq.write_table(REJECT_SCHEMA.empty_table(), set / "rejects.parquet")
    for name in ("README.md", "report.html", "croissant.json"):
        (set / name).write_text("x")
    (set / "report_files").mkdir()
    (set / "report_files" / "k.js").write_text("x")
    delivery = listed(tmp_path, "auto")
    assert delivery.corpora == {"duologue": ("set",)}
    assert delivery.listed == {"duologue": 5}
    assert delivery.listing.rejects == ()
    assert delivery.listing.problems == ()
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    assert sources.keys() == rows.keys()
    for id, row in rows.items():
        source = sources[id]
        with open_uri(source.uris[0], source.base) as file:
            assert file.read() == row.audio.bytes
        assert decode(source).samples.shape == (2, round(row.duration * row.rate))
        assert [(said.label, said.start, said.end, said.text, said.word, said.confidence) for said in reading(source).said] == [
            ("AB"[word.channel], word.start, word.end, word.text, True, word.confidence) for word in row.words
        ]
        assert (source.corpus, source.licence, source.consent, source.language) == ("calls", "LicenseRef-Own", "form 7", "de-AT")
        extra = json.loads(source.extra)
        assert (extra["region"], extra["sex"], extra["split"]) == ("west", ["female", "male"], "train")
        assert extra["weights"] == [{"name": "m", "revision": "1", "licence": "CC-BY-NC-4.0"}]
        assert extra["clip"]["recording"] == id
    what = {account.path.removeprefix("set/").partition("/")[0]: account.what for account in delivery.files}
    assert what == {"data": "audio", "manifest.json": "list", "rejects.parquet": "table"} | dict.fromkeys(
        ("README.md", "report.html", "croissant.json", "report_files"), "document"
    )


def test_given_words_land_on_their_own_channel(tmp_path: Path) -> None:
    row = sets.talk("call/7", 6.0)
    lone = dataclasses.replace(row, words=tuple(word for word in row.words if word.channel == 1))
    assert lone.words
    sets.publish(tmp_path / "set", [row, dataclasses.replace(lone, id="lone")], shards=1)
    decode, track, write = FileDecode().load("cpu"), RecordedTracks().load("cpu"), GivenTranscribe().load("cpu")
    for id, source in by_id(listed(tmp_path, "duologue")).items():
        recording = decode(source)
        transcript = write(source, track(source, recording), None)
        rate = recording.rate
        said = [(p.channel, w.text, w.span) for p in transcript.pieces for w in p.words]
        wanted = [(w.channel, w.text, Span(round(w.start * rate), round(w.end * rate))) for w in (lone if id == "lone" else row).words]
        assert sorted(said, key=str) == sorted(wanted, key=str)


def test_missing_damaged_and_stray_shards_are_told(tmp_path: Path) -> None:
    set, _ = publish(tmp_path / "set")
    first, second = sorted((set / "data").iterdir())
    data = first.read_bytes()
    (set / "data" / "train-00009-of-00010.parquet").write_bytes(data)
    second.unlink()
    first.write_bytes(data[:-100])
    delivery = listed(tmp_path, "duologue")
    assert reasons(delivery) == {f"set/data/{first.name}": "unreadable"}
    told = " ".join(delivery.listing.problems)
    assert f"set/data/{second.name}: the shard is not here; its 2 rows are missing" in told
    assert f"set/data/{first.name}: the shard has {len(data) - 100} bytes" in told
    assert "train-00009-of-00010.parquet" in told
    assert delivery.listing.sources == ()
    assert delivery.listed == {"duologue": 5}


def test_without_its_manifest_it_is_a_data_set_of_anyone(tmp_path: Path) -> None:
    set, rows = publish(tmp_path / "set")
    (set / "manifest.json").unlink()
    delivery = listed(tmp_path, "auto")
    assert delivery.corpora == {"parquet": ("set",)}
    sources = by_id(delivery)
    assert sources.keys() == rows.keys()
    assert reading(sources["call/1"]).said[0].word
    assert sources["call/1"].licence == "LicenseRef-Own"


def test_other_manifests_make_no_data_set(tmp_path: Path) -> None:
    for name, text in (
        ("a", "{}"),
        ("b", '{"shards": [], "rows": 0}'),
        ("c", "[1"),
        ("d", '{"format": 1, "rows": 1, "shards": [5], "chain": []}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    assert listed(tmp_path, "auto").corpora == {}
