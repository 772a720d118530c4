"""Addresses inside containers: what they name is given back bit for bit, and what they do not name is never reached."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.errors import Reject
from schemas.source import Source
from stages.decode import inside
from stages.decode.fetch import open_uri
from stages.decode.file import FileDecode
from stages.sources import SourceSettings, list_sources, write_manifest
from stages.sources.measure import measure
from stages.sources.places import refusal
from stages.transcribe.formats.read import read_transcript
from tests.stages.containers import talk, tar_of, wav


def read(uri: str, base: str | Path = "") -> bytes:
    with open_uri(uri, str(base)) as file:
        assert os.fstat(file.fileno()).st_size >= 0
        return file.read()


def why(uri: str, base: str | Path = "") -> Reject:
    with pytest.raises(Reject) as caught:
        open_uri(uri, str(base)).close()
    return caught.value


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=150).filter(
            lambda n: not n.endswith("/")
        ),
        st.binary(max_size=2000),
        max_size=8,
    ),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.booleans(),
)
def test_every_member_of_a_tar_is_what_was_put_in(tmp_path_factory: Any, members: dict[str, bytes], format: int, packed: bool) -> None:
    path = tmp_path_factory.mktemp("t") / ("x.tar.gz" if packed else "x.tar")
    data = tar_of(*members.items(), format=format)
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    # a member that is called like a container's member is still itself, and is found before what could lie in one
    for name, held in members.items():
        with inside.use(str(path)) as tar:
            assert b"".join(tar.read(name)) == held
            assert tar.size(name) == len(held)
        if "://" not in name:
            assert read(f"x.tar{'.gz' if packed else ''}::{name}", path.parent) == held


def test_a_changed_container_is_indexed_anew_and_many_stay_within_bounds(tmp_path: Path) -> None:
    for number in range(2 * inside.MOST_OPEN):
        (tmp_path / f"{number}.tar").write_bytes(tar_of(("a.wav", b"%d" % number)))
    assert [read(f"{n}.tar::a.wav", tmp_path) for n in range(2 * inside.MOST_OPEN)] == [b"%d" % n for n in range(2 * inside.MOST_OPEN)]
    assert len(inside._OPEN.held) <= inside.MOST_OPEN
    descriptors = len(os.listdir("/proc/self/fd"))
    for number in range(2 * inside.MOST_OPEN):
        read(f"{number}.tar::a.wav", tmp_path)
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    (tmp_path / "3.tar").write_bytes(tar_of(("b.wav", b"new"), ("a.wav", b"newer")))
    assert read("3.tar::a.wav", tmp_path) == b"newer"


def test_no_member_can_name_anything_outside_its_tar(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    folder = tmp_path / "in"
    folder.mkdir()
    link, hard, device = tarfile.TarInfo("link.wav"), tarfile.TarInfo("hard.wav"), tarfile.TarInfo("device.wav")
    link.type, link.linkname = tarfile.SYMTYPE, str(secret)
    hard.type, hard.linkname = tarfile.LNKTYPE, "../secret.wav"
    device.type = tarfile.CHRTYPE
    names = ["../secret.wav", str(secret), "a/../../secret.wav", "..", "/"]
    (folder / "x.tar").write_bytes(tar_of((link, b""), (hard, b""), (device, b""), *((name, b"mine") for name in names[:3])))
    # a folder that makes the address a path which leads out
    (folder / "x.tar::..").mkdir()
    assert (folder / "x.tar::../../../secret.wav").exists()
    before = sorted(map(str, tmp_path.rglob("*")))
    assert [read(f"x.tar::{name}", folder) for name in names[:3]] == [b"mine"] * 3
    assert why("x.tar::../../../secret.wav", folder).reason == "missing"
    for name in ("link.wav", "hard.wav", "device.wav", "..", "/", "../x.tar"):
        assert why(f"x.tar::{name}", folder).reason == "missing"
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def test_plain_files_whose_names_look_like_addresses_stay_files(tmp_path: Path) -> None:
    for name in ("a::b.wav", "x.tar::k.wav", "d.parquet::row/0/audio.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        assert read(name, tmp_path) == name.encode()
    (tmp_path / "x.tar").write_bytes(tar_of(("k.wav", b"member"), ("j.wav", b"other")))
    assert read("x.tar::k.wav", tmp_path) == b"x.tar::k.wav"
    assert read("x.tar::j.wav", tmp_path) == b"other"
    (tmp_path / "y.tar::d").mkdir()
    (tmp_path / "y.tar::d" / "z.tar").write_bytes(tar_of(("k.wav", b"deep")))
    assert read("y.tar::d/z.tar::k.wav", tmp_path) == b"deep"
    assert why("no::b.wav", tmp_path).reason == "missing"


def bad_size(data: bytes) -> bytes:
    """The second header says that its member has a negative size (base 256)."""
    at = 1024
    head = bytearray(data[at : at + 512])
    head[124:136] = b"\xff" * 12
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return data[:at] + bytes(head) + data[at + 512 :]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:1100], None),
        (lambda data: data[:1024] + b"\x01" * 512 + data[1536:], None),
        (bad_size, None),
        (lambda data: b"", "damaged"),
        (lambda data: b"RIFF" * 500, "damaged"),
    ],
    ids=["cut", "header", "negative", "empty", "no tar"],
)
def test_a_damaged_tar_gives_what_lies_before_the_damage(tmp_path: Path, spoil: Callable[[bytes], bytes], said: str | None) -> None:
    whole = tar_of(("a.wav", b"a" * 400), ("b.wav", b"b" * 400), ("c.wav", b"c" * 400), format=tarfile.USTAR_FORMAT)
    (tmp_path / "x.tar").write_bytes(spoil(whole))
    if said:
        assert why("x.tar::a.wav", tmp_path).reason == "unreadable"
        assert said in why("x.tar::a.wav", tmp_path).detail
        return
    assert read("x.tar::a.wav", tmp_path) == b"a" * 400
    assert why("x.tar::c.wav", tmp_path).reason == "missing"
    with inside.use(str(tmp_path / "x.tar")) as tar:
        assert tar.damage


def test_a_member_that_is_cut_off_is_no_shorter_member(tmp_path: Path) -> None:
    whole = tar_of(("a.wav", b"a" * 4000), format=tarfile.USTAR_FORMAT)
    (tmp_path / "x.tar").write_bytes(whole[:2000])
    assert why("x.tar::a.wav", tmp_path).reason == "unreadable"
    packed = gzip.compress(os.urandom(5000) + whole)
    (tmp_path / "y.tar.gz").write_bytes(packed[:-900])
    assert why("y.tar.gz::a.wav", tmp_path).reason == "unreadable"


def table(rows: int = 40) -> pa.Table:
    audio = [{"bytes": None if n == 7 else wav(talk(n)), "path": f"{n}.wav"} for n in range(rows)]
    words = [[{"channel": 1, "start": 0.1, "end": 0.2, "text": f"word{n}", "confidence": None}] for n in range(rows)]
    return pa.table({"id": [f"r{n}" for n in range(rows)], "audio": audio, "raw": [b"%d" % n for n in range(rows)], "words": words})


def arrow_of(held: pa.Table, stream: bool) -> bytes:
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, held.schema) as writer:
        writer.write_table(held, max_chunksize=9)
    return sink.getvalue().to_pybytes()


def put_table(folder: Path, kind: str) -> str:
    if kind == "parquet":
        pq.write_table(table(), folder / "x.parquet", row_group_size=9)
    else:
        (folder / "x.arrow").write_bytes(arrow_of(table(), kind == "stream"))
    return "x.parquet" if kind == "parquet" else "x.arrow"


@pytest.mark.parametrize("kind", ["parquet", "stream", "file"])
def test_cells_are_what_was_written(tmp_path: Path, kind: str) -> None:
    name = put_table(tmp_path, kind)
    truth = table().to_pylist()
    for number in (0, 39, 8, 9, 26, 25, 27, 10):
        assert read(f"{name}::row/{number}/audio", tmp_path) == truth[number]["audio"]["bytes"]
        assert read(f"{name}::row/{number}/audio.wav", tmp_path) == truth[number]["audio"]["bytes"]
        assert read(f"{name}::row/{number}/audio/path", tmp_path) == truth[number]["audio"]["path"].encode()
        assert read(f"{name}::row/{number}/raw", tmp_path) == truth[number]["raw"]
        assert read(f"{name}::row/{number}/id", tmp_path) == truth[number]["id"].encode()
        assert f'"word{number}"'.encode() in read(f"{name}::row/{number}/words", tmp_path)
    for absent in (
        "row/40/audio",
        "row/-1/audio",
        "row/7/audio",
        "row/1/nothing",
        "row/1/",
        "audio",
        "row/1/audio/x",
        "row/99999999999999/audio",
    ):
        assert why(f"{name}::{absent}", tmp_path).reason == "missing"
    reading = read_transcript(read(f"{name}::row/5/words.json", tmp_path), f"{name}::row/5/words.json", ())
    assert [(said.label, said.start, said.end, said.text, said.word) for said in reading.said] == [("B", 0.1, 0.2, "word5", True)]


def test_a_flipped_byte_in_a_parquet_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(table(), path, row_group_size=9, write_page_checksum=True, compression="none")
    data = bytearray(path.read_bytes())
    at = data.index(truth := wav(talk(12))) + 500
    assert bytes(data[at - 500 : at - 500 + len(truth)]) == truth
    data[at] ^= 0x10
    path.write_bytes(data)
    assert why("x.parquet::row/12/audio", tmp_path).reason == "unreadable"
    assert read("x.parquet::row/3/audio", tmp_path) == wav(talk(3))
    path.write_bytes(bytes(data[:-50]))
    assert why("x.parquet::row/3/audio", tmp_path).reason == "unreadable"


@example(6035, False)
@example(2228, True)
@given(st.integers(0, 2**32), st.booleans())
def test_a_damaged_arrow_file_never_takes_the_process_down(tmp_path_factory: Any, seed: int, stream: bool) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(arrow_of(table(6), stream))
    for at in rng.integers(0, len(data), 30):
        data[int(at)] = int(rng.integers(256))
    path = tmp_path_factory.mktemp("a") / "x.arrow"
    path.write_bytes(data[: int(rng.integers(1, len(data)))] if seed % 3 == 0 else data)
    for inner in ("row/1/audio", "row/5/words.json", "row/2/id"):
        try:
            read(f"{path}::{inner}")
        except Reject as reject:
            assert reject.reason in ("unreadable", "missing")  # noqa: PT017


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.recursive(st.none() | st.text() | st.floats(allow_nan=False), st.lists),
    )
)
def test_values_of_a_json_object(tmp_path_factory: Any, value: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("j")
    text = json.dumps(value, ensure_ascii=len(value) % 2 == 0, indent=len(value) % 3 or None)
    (folder / "d.json").write_text(text, encoding="utf-8-sig" if len(value) % 5 == 1 else "utf-8")
    (folder / "d.json.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("d.json", "d.json.gz"):
        with inside.use(str(folder / name)) as held:
            for key, item in value.items():
                assert json.loads(b"".join(held.read(key))) == item


def test_json_by_key_with_and_without_an_ending(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(
        '{"M1": [{"start": 0}], "words": [{"text": "a", "channel": 1}], "M2.json": 5, "M2": 6, "M1": {"log": []}}'
    )
    assert json.loads(read("data.json::M1", tmp_path)) == {"log": []}
    assert json.loads(read("data.json::M1.json", tmp_path)) == {"log": []}
    assert read("data.json::M2.json", tmp_path) == b"5"
    assert json.loads(read("data.json::words.json", tmp_path)) == [{"word": "a", "channel": "B"}]
    assert why("data.json::M3", tmp_path).reason == "missing"
    for text in ("[1, 2]", '{"a": 1', '{"a" 1}', "", '{"a": }', "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        assert why("bad.json::a", tmp_path).reason == "unreadable"


def test_a_container_in_a_container(tmp_path: Path) -> None:
    about = json.dumps({"words": [{"channel": 0, "start": 1.0, "end": 1.5, "text": "so"}]}).encode()
    inner = tar_of(("k.json", about))
    (tmp_path / "x.tar").write_bytes(tar_of(("k.json", about), ("deep.tar", inner), ("deep.tgz", gzip.compress(inner))))
    for address in ("x.tar::k.json::words.json", "x.tar::deep.tar::k.json", "x.tar::deep.tgz::k.json"):
        assert b"so" in read(address, tmp_path)
    assert why("x.tar::deep.tar::none.json", tmp_path).reason == "missing"
    assert why("x.tar::none.tar::k.json", tmp_path).reason == "missing"
    assert why("x.tar::deep.tar::k.json::a.json::b.json::c.json", tmp_path).reason == "missing"


def test_remote_containers_are_read_in_place(tmp_path: Path) -> None:
    fs = fsspec.filesystem("memory")
    words = json.dumps({"recording_id": "r", "id": "1", "start": 0.5, "duration": 1, "channel": 0, "text": "hello"})
    pq.write_table(table(), tmp_path / "x.parquet")
    fs.pipe("/set/x.tar", tar_of(("k.wav", b"sound"), ("l.wav", b"more")))
    fs.pipe("/set/x.parquet", (tmp_path / "x.parquet").read_bytes())
    fs.pipe("/set/x.arrow", arrow_of(table(), True))
    fs.pipe("/set/s.jsonl.gz", gzip.compress(words.encode()))
    fs.pipe("/set/plain.txt", b"plain")
    assert read("x.tar::l.wav", "memory://set") == b"more"
    for name in ("x.parquet", "x.arrow"):
        assert read(f"memory://set/{name}::row/4/audio") == wav(talk(4))
    assert json.loads(read("s.jsonl.gz::r.json", "memory://set"))[0]["channel"] == "A"
    assert read("plain.txt", "memory://set") == b"plain"
    assert why("none.tar::k.wav", "memory://set").reason == "missing"
    fs.pipe("/set/x.tar", tar_of(("l.wav", b"changed")))
    assert read("x.tar::l.wav", "memory://set") == b"changed"
    marks = measure(["memory://set/x.tar", "memory://set/x.tar::l.wav", "memory://set/none.tar::l.wav"], [])
    assert marks["memory://set/x.tar::l.wav"] == (marks["memory://set/x.tar"][0], 0)
    assert marks["memory://set/none.tar::l.wav"] == ("", 0)


@pytest.mark.parametrize(
    ("uri", "accepted"),
    [
        ("x.tar::k.wav", True),
        ("a/x.parquet::row/1/audio", True),
        ("s3://b/x.tar::k.wav", True),
        ("https://h/x.tar?sig=1::k.wav", True),
        ("data.json::M1", True),
        ("s3://b/x::https://evil/y.wav", False),
        ("x.tar::https://evil/y.wav", False),
        ("s3://b/x.tar::file:///etc/passwd", False),
        ("zip://x.tar::k.wav", False),
        ("simplecache::s3://b/x.tar", False),
        ("ffmpeg:x.tar::k.wav", False),
        ("x.tar::k\0.wav", False),
        ("x.zip::k.wav", False),
    ],
)
def test_which_addresses_a_manifest_may_hold(uri: str, accepted: bool) -> None:
    assert (refusal(uri) is None) == accepted


def test_a_manifest_of_addresses_decodes_exactly_and_is_written_back(tmp_path: Path) -> None:
    samples = {name: talk(n) for n, name in enumerate(("tar", "parquet", "flac"))}
    left, right = talk(8, 1), talk(9, 1)
    members = [("t.wav", wav(samples["tar"])), ("f.flac", wav(samples["flac"], format="FLAC")), ("l.wav", wav(left)), ("r.wav", wav(right))]
    (tmp_path / "x.tar").write_bytes(tar_of(*members))
    pq.write_table(pa.table({"audio": [{"bytes": wav(samples["parquet"]), "path": None}]}), tmp_path / "x.parquet")
    lines = [
        {"id": "tar", "uri": "x.tar::t.wav"},
        {"id": "flac", "uri": "./x.tar::f.flac"},
        {"id": "parquet", "uri": "x.parquet::row/0/audio"},
        {"id": "pair", "uris": ["x.tar::l.wav", f"{tmp_path}/x.tar::r.wav"]},
        {"id": "gone", "uri": "x.tar::gone.wav"},
    ]
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    listing = list_sources(str(tmp_path / "m.jsonl"), SourceSettings())
    assert listing.rejects == ()
    sources = {source.id: source for source in listing.sources}
    status = os.stat(tmp_path / "x.tar")
    assert sources["tar"].fingerprints == (f"{status.st_size}-{status.st_mtime_ns}",)
    assert sources["tar"].bytes == len(members[0][1])
    decode = FileDecode().load("cpu")
    for name, truth in samples.items():
        np.testing.assert_array_equal(decode(sources[name]).samples, truth)
    np.testing.assert_array_equal(decode(sources["pair"]).samples, np.concatenate([left, right]))
    with pytest.raises(Reject) as gone:
        decode(sources["gone"])
    assert gone.value.reason == "missing"
    assert str(tmp_path) not in gone.value.detail
    write_manifest(listing, str(tmp_path / "back.jsonl"))
    assert list_sources(str(tmp_path / "back.jsonl"), SourceSettings()).sources == listing.sources
    (tmp_path / "x.tar").write_bytes(tar_of(*members[::-1]))
    changed = {source.id: source for source in list_sources(str(tmp_path / "m.jsonl"), SourceSettings()).sources}
    assert changed["tar"].key != sources["tar"].key
    assert changed["parquet"].key == sources["parquet"].key
    np.testing.assert_array_equal(decode(changed["tar"]).samples, samples["tar"])


def test_a_member_that_is_no_audio_gets_the_verdict_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar_of(("k.wav", b"no sound at all")))
    with pytest.raises(Reject) as caught:
        FileDecode().load("cpu")(Source(id="x", uris=("x.tar::k.wav",), base=str(tmp_path)))
    assert caught.value.reason == "not_audio"
