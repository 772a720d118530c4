"""Source, output and work on an object store: a loopback S3 server, and fsspec's memory for the laws alone."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import run_status, run_verify
from pipeline.lock import locked
from pipeline.place import place_at
from schemas.errors import UsageError
from tests.pipeline.crash import ROOT, Job, check_reader, finish, start
from tests.pipeline.crash_calls import complaint, duologue, ended, here, local, write_calls
from tests.pipeline.toy import contents

BUCKET = "duologue-test"
STATE = (".duologue", ".staging")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket on a loopback server; processes started by tests inherit how to reach it."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path_factory.getbasetemp() / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem(skip_instance_cache=True).mkdir(BUCKET)
        yield f"s3://{BUCKET}"
    server.stop()


@pytest.fixture(params=["local", "memory", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "place")
    if request.param == "memory":
        return f"memory://{secrets.token_hex(8)}/place"
    return f"{request.getfixturevalue('s3')}/{secrets.token_hex(8)}/place"


def published(where: str) -> dict[str, bytes]:
    """Every published file of a place, as `contents` gives those of a folder."""
    place = place_at(where)
    found = {name: place.get(name) for name in place.names()}
    for folder in place.folders():
        if folder not in STATE:
            found |= {f"{folder}/{name}": place.get(f"{folder}/{name}") for name in place.names(folder)}
    return found


def _without_marks(manifest: bytes) -> Any:
    """A manifest without the marks by which a shard's inputs are known again: the store's tags for files are not the disk's times."""
    data = json.loads(manifest)
    for shard in data["shards"]:
        del shard["fingerprint"]
    return data


def test_a_place_keeps_whole_files_by_name(root: str) -> None:
    place = place_at(root)
    assert (place.names(), place.sizes("a"), place.folders(), place.size("a/b")) == ([], {}, [], None)
    assert place.get_or_none("a/b") is None
    with pytest.raises(FileNotFoundError):
        place.get("a/b")
    place.put("a/b.json", b"12345")
    place.put("a/c.json", b"")
    place.put("top", b"1")
    assert place.names() == ["top"]
    assert place.folders() == ["a"]
    assert place.names("a") == ["b.json", "c.json"]
    assert place.sizes("a") == {"b.json": 5, "c.json": 0}
    assert (place.size("a/b.json"), place.size("a/c.json")) == (5, 0)
    place.put("a/b.json", b"7")
    assert place.get("a/b.json") == b"7"
    place.move("a/b.json", "data/b.json")
    place.move("a/c.json", "data/b.json")
    assert place.get("data/b.json") == b""
    assert place.names("a") == []
    place.delete("data/b.json")
    place.delete("data/b.json")
    place.put("deep/er/file", b"x")
    place.delete_folder("deep")
    place.delete_folder("deep")
    assert place.size("deep/er/file") is None
    assert place.names() == ["top"]


def test_what_another_process_did_is_seen_at_once(root: str) -> None:
    """No listing is kept: another process may commit at any time."""
    here, there = place_at(root), place_at(root)
    for number in range(3):
        assert here.names("a") == [f"{i}" for i in range(number)]
        assert here.size(f"a/{number}") is None
        there.put(f"a/{number}", b"x" * number)
        assert here.sizes("a") == {f"{i}": i for i in range(number + 1)}
        assert here.size(f"a/{number}") == number
    there.put("a/0", b"longer")
    assert here.size("a/0") == 6
    assert here.get("a/0") == b"longer"
    there.delete("a/0")
    assert here.names("a") == ["1", "2"]
    with pytest.raises(FileNotFoundError):
        here.get("a/0")


def test_a_file_is_not_seen_before_it_is_whole(root: str) -> None:
    place = place_at(root)

    def half() -> None:
        with place.writing("a/b") as path:
            path.write_bytes(b"half")
            assert place.get_or_none("a/b") in (None, b"old")
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        half()
    assert place.names("a") == []
    assert place.size("a/b") is None
    place.sweep("a")
    place.put("a/b", b"old")
    with pytest.raises(RuntimeError, match="on the way"):
        half()
    assert place.get("a/b") == b"old"


def test_of_many_that_create_one_name_one_succeeds(root: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda i: place_at(root).create("lock", f"{i}".encode()), range(6)))
    assert sorted(made) == [False] * 5 + [True]
    assert place_at(root).get("lock") == f"{made.index(True)}".encode()


def test_creating_on_s3_is_exclusive_between_processes(s3: str) -> None:
    program = f"from pipeline.place import place_at; import sys; print(place_at('{s3}/race').create('lock', sys.argv[1].encode()))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    racers = [
        subprocess.Popen([sys.executable, "-c", program, str(i)], env=environment, stdout=subprocess.PIPE, text=True) for i in range(4)
    ]
    said = [racer.communicate()[0].strip() for racer in racers]
    assert sorted(said) == ["False"] * 3 + ["True"]
    assert place_at(f"{s3}/race").get("lock") == str(said.index("True")).encode()


def test_the_lock_on_s3(s3: str) -> None:
    place = place_at(f"{s3}/{secrets.token_hex(8)}")
    with locked(place):
        with pytest.raises(UsageError, match="in use by process"), locked(place):
            raise AssertionError("both have it")
        assert place.names() == ["lock"]
    assert place.names() == []


def test_from_s3_to_s3_gives_the_bytes_of_a_local_build(tmp_path: Path, s3: str) -> None:
    src, name = write_calls(tmp_path / "calls", 3), secrets.token_hex(8)
    remote = place_at(f"{s3}/{name}/calls")
    for path in src.iterdir():
        remote.put(path.name, path.read_bytes())
    here(src, tmp_path / "out")
    out, work = f"{s3}/{name}/out", f"{s3}/{name}/work"
    first = ended(local(f"{s3}/{name}/calls", out, "--work", work))
    assert (first["rows"], first["computed"]) == (3, 18)
    there, local_one = published(out), contents(tmp_path / "out")
    assert _without_marks(there.pop("manifest.json")) == _without_marks(local_one.pop("manifest.json"))
    assert there == local_one
    assert run_verify(out)["damages"] == []
    assert run_status(out)["balance"]["results"] == 3
    place = place_at(out)
    shard = place.names("data")[0]
    data = bytearray(place.get(f"data/{shard}"))
    data[len(data) // 2] ^= 1
    place.put(f"data/{shard}", bytes(data))
    assert [damage["file"] for damage in ended(duologue("verify", out, "--json"), 1)["damages"]] == [f"data/{shard}"]


@pytest.mark.parametrize(
    ("out", "environment", "said"),
    [
        ("s3://no-such-bucket/out", {}, "bucket does not exist"),
        (f"s3://{BUCKET}/out", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "redentials"),
        (f"s3://{BUCKET}/out", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, "connect"),
    ],
    ids=["no bucket", "no credentials", "no server"],
)
@pytest.mark.usefixtures("s3")
def test_a_store_that_cannot_be_used_is_one_sentence(tmp_path: Path, out: str, environment: dict[str, str], said: str) -> None:
    src = write_calls(tmp_path / "calls", 1)
    sentence = complaint(local(src, out, environment=environment))
    assert out in sentence
    assert said in sentence


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 16))])
def test_a_killed_build_on_s3_resumes_to_the_bytes_of_a_clean_one(tmp_path: Path, s3: str, seed: int) -> None:
    draw = random.Random(seed)
    finish(start(Job(str(tmp_path / "out"), dialogues=4), tmp_path))
    job = Job(f"{s3}/{secrets.token_hex(8)}/out", workers=draw.choice((1, 2)), dialogues=4)
    state = place_at(job.out)
    (tmp_path / "s3").mkdir()
    process = start(job, tmp_path / "s3")
    anchor = ("", ".duologue/work", ".staging", "data")[seed % 4]
    while process.poll() is None and not (state.names(anchor) or state.folders(anchor)):
        time.sleep(0.02)
    time.sleep(draw.random() * (2.0, 2.0, 0.5, 0.3)[seed % 4])
    process.kill()
    process.communicate()
    check_reader(job.out)
    summary = finish(start(job, tmp_path / "s3"))
    assert summary["balance"]["results"] == 4
    started = (tmp_path / "s3" / job.trace).read_text().split()
    assert len(started) - 4 <= job.workers
    assert published(job.out) == contents(tmp_path / "out")
    assert state.names(".duologue/lock") == []
    assert state.folders(".staging") == state.names(".staging") == []
