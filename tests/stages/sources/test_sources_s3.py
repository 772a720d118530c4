"""Sources on an S3 store, against a server of the real protocol."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import fsspec
import pytest

from schemas.errors import UsageError
from stages.sources import SourceSettings, list_sources, write_manifest


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from serve(monkeypatch)


def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "x",
        "DEFAULT_REGION": "us-east-1",
        "ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    fs = fsspec.filesystem("s3", skip_instance_cache=True)
    fs.clear_instance_cache()
    fs.mkdir("corpus")
    yield "s3://corpus"
    fs.clear_instance_cache()
    server.stop()


def test_folder_and_manifest_on_s3(bucket: str) -> None:
    fs = fsspec.filesystem("s3")
    names = ["a_agent.wav", "a_caller.wav", "b/s.flac", "b/é #?.wav", "n.txt", "/odd.wav", *(f"many/{n}.wav" for n in range(10, 15))]
    for name in names:
        fs.pipe(f"corpus/calls/{name}", b"abc")
    listing = list_sources(f"{bucket}/calls/", SourceSettings(licence="CC0-1.0"))
    assert {source.id: source.uris for source in listing.sources} == {
        "a": ("a_agent.wav", "a_caller.wav"),
        "b/s": ("b/s.flac",),
        "b/é #?": ("b/é #?.wav",),
        **{f"many/{n}": (f"many/{n}.wav",) for n in range(10, 15)},
    }
    assert [reject.reason for reject in listing.rejects] == ["bad_name"]
    assert all(mark.startswith("3-") and len(mark) > 20 for source in listing.sources for mark in source.fingerprints)
    write_manifest(listing, f"{bucket}/m.jsonl")
    fs.pipe("corpus/m.jsonl.gz", gzip.compress(fs.cat("corpus/m.jsonl")))
    for name in ("m.jsonl", "m.jsonl.gz"):
        back = list_sources(f"{bucket}/{name}", SourceSettings())
        assert (back.sources, back.problems) == (listing.sources, ())
    fs.pipe("corpus/calls/b/s.flac", b"abcd")
    changed = {
        a.id for a, b in zip(list_sources(f"{bucket}/m.jsonl", SourceSettings()).sources, listing.sources, strict=True) if a.key != b.key
    }
    assert changed == {"b/s"}


def test_a_bucket_that_is_not_there(bucket: str) -> None:
    with pytest.raises(UsageError, match="no such folder or file"):
        list_sources("s3://no-such-bucket/calls", SourceSettings())
