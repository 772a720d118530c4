"""Disks that are full or read-only: one sentence, nothing half, and the same command finishes once there is space."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.codecs import dump
from tests.pipeline.crash import check_reader
from tests.pipeline.crash_calls import complaint, ended, here, local, write_calls
from tests.pipeline.toy import contents, toy_recording

Disk = Callable[[str], Path]
CALLS = 4


def _mount(*arguments: str | Path) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0


def resize(disk: Path, options: str) -> None:
    assert _mount("-o", f"remount,{options}", disk)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes file systems of a given size in memory; skips where mounting is not permitted."""
    mounted: list[Path] = []

    def make(size: str) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        if not (sys.platform == "linux" and _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)):
            pytest.skip("mounting is not permitted here")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_calls(tmp_path_factory.mktemp("calls"), CALLS, seconds=12.0)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, src: Path) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("clean")
    assert here(src, out).rows == CALLS
    return contents(out)


def _nothing_half(out: Path) -> None:
    check_reader(str(out))
    left = [path for path in out.rglob("*") if path.name.startswith((".tmp-", "lock"))]
    assert left == []


def test_a_full_work_disk(tmp_path: Path, disk: Disk, src: Path, clean: dict[str, bytes]) -> None:
    out, work = tmp_path / "out", disk("250k")
    said = complaint(local(src, out, "--work", work))
    assert str(work) in said
    assert "No space left on device" in said
    assert "run the same command again" in said
    assert [path for path in work.rglob("*") if path.name.startswith(".tmp-")] == []
    resize(work, "size=20m")
    summary = here(src, out, work=work)
    assert summary.balance.results == CALLS
    assert summary.computed < 6 * CALLS, "what was stored before the disk was full was computed again"
    assert contents(out) == clean


@pytest.mark.parametrize("size", ["4k", "32k", "300k"])
def test_a_full_output_disk(tmp_path: Path, disk: Disk, src: Path, clean: dict[str, bytes], size: str) -> None:
    """From no room for the lock, over no room for the run's state, to no room for a shard or the report."""
    out = disk(size)
    said = complaint(local(src, out, "--work", tmp_path / "work"))
    assert str(out) in said
    assert "No space left on device" in said
    _nothing_half(out)
    assert not (out / "manifest.json").exists()
    resize(out, "size=20m")
    here(src, out, work=tmp_path / "work")
    assert contents(out) == clean


def test_a_full_scratch_disk(tmp_path: Path, disk: Disk, src: Path, clean: dict[str, bytes]) -> None:
    out, scratch = tmp_path / "out", disk("100k")
    more = ("--set", f"run.scratch={scratch}")
    said = complaint(local(src, out, *more))
    assert "No space left on device" in said
    assert "run.scratch" in said
    assert not list(out.glob(".duologue/work/*/*.error.json")), "a full disk is no fault of the dialogue"
    _nothing_half(out)
    resize(scratch, "size=20m")
    ended(local(src, out, *more))
    assert contents(out) == clean


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Files may not grow beyond `size` bytes: what needs no right to mount, and stands in for a quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_shard_that_may_not_grow(tmp_path: Path, src: Path, clean: dict[str, bytes]) -> None:
    out = tmp_path / "out"
    shard = max(len(data) for data in clean.values())
    with largest_file(shard - 1000):
        process = local(src, out)
    said = complaint(process)
    assert "train-00000-of-00001" in said
    assert "File too large" in said
    _nothing_half(out)
    here(src, out)
    assert contents(out) == clean


def test_no_byte_of_a_recording_is_lost_unnoticed(tmp_path: Path) -> None:
    """However little is missing: an encoder writes its last frame, and mends its header, when it is closed."""
    recording = toy_recording("call-1", 2.0)
    dump(recording, tmp_path / "whole.flac")
    size = (tmp_path / "whole.flac").stat().st_size
    for missing in (1, 2, 100, 1000, size // 2, size - 10):
        with pytest.raises(OSError, match="File too large"), largest_file(size - missing):
            dump(recording, tmp_path / "cut.flac")
    with largest_file(size):
        dump(recording, tmp_path / "cut.flac")
    assert (tmp_path / "cut.flac").read_bytes() == (tmp_path / "whole.flac").read_bytes()


def test_a_read_only_output_folder(tmp_path: Path, disk: Disk, src: Path, clean: dict[str, bytes]) -> None:
    out = disk("20m")
    resize(out, "ro")
    said = complaint(local(src, out))
    assert str(out) in said
    assert "Read-only file system" in said
    resize(out, "rw")
    here(src, out)
    assert contents(out) == clean


def test_an_output_disk_that_becomes_read_only_in_the_middle(disk: Disk, src: Path, clean: dict[str, bytes]) -> None:
    out = disk("20m")
    process = local(src, out)
    deadline = time.monotonic() + 60
    while not list(out.glob(".duologue/work/decode-*/*.flac")) and time.monotonic() < deadline:
        time.sleep(0.002)
    for _ in range(200):  # the remount is refused while a file is open for writing
        if _mount("-o", "remount,ro", out):
            break
        time.sleep(0.005)
    said = complaint(process)
    assert str(out) in said
    assert "Read-only file system" in said
    check_reader(str(out))
    resize(out, "rw")
    here(src, out)
    assert contents(out) == clean
    _nothing_half(out)


def test_a_file_where_the_output_folder_should_be(tmp_path: Path, src: Path) -> None:
    (tmp_path / "out").write_text("not a folder")
    said = complaint(local(src, tmp_path / "out"))
    assert str(tmp_path / "out") in said
    assert (tmp_path / "out").read_text() == "not a folder"
