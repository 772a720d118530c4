"""Whatever a decoder does inside, the caller lives on and the next file decodes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import psutil
import pytest

from schemas.errors import Reject, UsageError
from stages.decode.limits import Limits
from stages.decode.sandbox import Decoded, Sandbox, SandboxError
from tests.stages.decode.made import noise16, wav, written

HOSTILE = "tests.stages.decode.hostile:"
GOOD = wav(noise16(4000, 1).tobytes())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


def file_of(data: bytes) -> IO[bytes]:
    file: IO[bytes] = tempfile.TemporaryFile()
    file.write(data)
    file.flush()
    return file


def decode(sandbox: Sandbox, data: bytes = GOOD) -> tuple[Decoded, bytes]:
    with file_of(data) as source, tempfile.TemporaryFile() as spool:
        decoded = sandbox.decode(source, spool)
        spool.seek(0)
        return decoded, spool.read()


def test_samples_come_through(sandbox: Sandbox) -> None:
    samples = noise16(50_000, 2)
    decoded, raw = decode(sandbox, written(samples, "FLAC", "PCM_16"))
    assert np.array_equal(np.frombuffer(raw, np.int16).reshape(-1, 2), samples)
    assert (decoded.finished.bits, decoded.finished.exact, decoded.header.container) == (16, True, "FLAC")


def test_probe_tells_the_header_and_decodes_nothing(sandbox: Sandbox) -> None:
    with file_of(wav(bytes(160), claimed=1_600_000)) as source:
        header = sandbox.probe(source)
    assert (header.container, header.rate, header.channels, header.frames) == ("WAV", 8000, 1, 800_000)
    with file_of(b"no audio") as source, pytest.raises(Reject, match="not_audio"):
        sandbox.probe(source)


@pytest.mark.parametrize(
    ("target", "limits", "facts", "says"),
    [
        ("segfault", {}, {"signal": "SIGSEGV"}, "died of SIGSEGV"),
        ("spin", {"cpu_seconds": 1.0}, {"limit": "cpu"}, "processor time"),
        ("sleep", {"stall_seconds": 0.5}, {"limit": "wall"}, "hung"),
        ("eat_memory", {"memory_mb": 64}, {"limit": "memory"}, "64 MiB"),
        ("write_much", {}, {}, "File too large"),
        ("leave", {}, {}, "without a result"),
        ("lie", {}, {}, "no header that makes sense"),
        ("overstate", {}, {}, "other samples"),
        ("bug", {}, {}, "ZeroDivisionError"),
    ],
)
def test_a_decoder_gone_wrong_is_a_verdict(target: str, limits: dict[str, float], facts: dict[str, str], says: str) -> None:
    hostile = Sandbox(Limits(**limits), HOSTILE + target)  # type: ignore[arg-type]
    try:
        started = time.monotonic()
        with pytest.raises(Reject, match=says) as caught:
            decode(hostile)
        assert caught.value.reason == "decoder_crash"
        assert facts.items() <= dict(caught.value.facts).items()
        assert time.monotonic() - started < 20
        hostile.target = Sandbox().target
        assert decode(hostile)[0].finished.frames == 4000
    finally:
        hostile.close()


def test_only_the_file_that_kills_is_lost() -> None:
    hostile = Sandbox(target=HOSTILE + "segfault_on_bad")
    try:
        for data in (GOOD, b"BAD", GOOD, b"BAD", GOOD):
            if data == GOOD:
                assert decode(hostile, data)[0].finished.frames == 4000
            else:
                with pytest.raises(Reject, match="decoder_crash"):
                    decode(hostile, data)
    finally:
        hostile.close()


def test_a_full_disk_is_not_the_files_fault() -> None:
    hostile = Sandbox(target=HOSTILE + "disk_full")
    try:
        with pytest.raises(OSError, match="No space left") as caught:
            decode(hostile)
        assert not isinstance(caught.value, Reject)
        assert caught.value.errno == 28
    finally:
        hostile.close()


def test_slow_is_not_hung() -> None:
    hostile = Sandbox(Limits(stall_seconds=1.5), HOSTILE + "slow")
    try:
        with file_of(GOOD) as source, tempfile.TemporaryFile() as spool:
            assert hostile.run("decode", source, spool) == {"slow": True}
    finally:
        hostile.close()


def test_a_decoder_opens_nothing_more_and_knows_nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    hostile = Sandbox(target=HOSTILE + "reach_out")
    try:
        with file_of(GOOD) as source:
            assert hostile.run("decode", source) == {"file": "EMFILE", "socket": "EMFILE", "pipe": "EMFILE"}
            hostile.target = HOSTILE + "describe"
            told = hostile.run("decode", source)
        assert "AWS_SECRET_ACCESS_KEY" not in told["environment"]
        assert told["group"] == told["pid"] != os.getpgid(0)
        assert told["server"] != os.getpid()
    finally:
        hostile.close()


def test_a_server_that_died_is_replaced() -> None:
    mine = Sandbox(target=HOSTILE + "describe")
    try:
        with file_of(GOOD) as source:
            first = mine.run("decode", source)["server"]
            os.kill(first, signal.SIGKILL)
            second = mine.run("decode", source)["server"]
        assert second != first
    finally:
        mine.close()


def test_an_interrupted_caller_gets_the_right_reply_next_time() -> None:
    mine = Sandbox(Limits(stall_seconds=60), HOSTILE + "sleep")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        mine.target = HOSTILE + "describe"
        with file_of(GOOD) as source:
            first = mine.run("decode", source)
            mine.target = HOSTILE + "sleep"
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt):
                mine.run("decode", source)
            mine.target = HOSTILE + "describe"
            second = mine.run("decode", source)
        assert second["server"] != first["server"]
        assert not psutil.pid_exists(first["server"])
    finally:
        signal.signal(signal.SIGALRM, before)
        mine.close()


def test_a_sandbox_that_cannot_work_says_so() -> None:
    mine = Sandbox(target="tests.stages.decode.hostile:nothing_here")
    try:
        with file_of(GOOD) as source, pytest.raises(SandboxError, match="nothing_here"):
            mine.run("decode", source)
    finally:
        mine.close()


def test_what_the_caller_ignores_hides_no_crash() -> None:
    hostile = Sandbox(target=HOSTILE + "segfault")
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(Reject, match="SIGSEGV"):
            decode(hostile)
    finally:
        signal.signal(signal.SIGCHLD, before)
        hostile.close()


def test_a_forked_caller_gets_a_server_of_its_own() -> None:
    mine = Sandbox(target=HOSTILE + "describe")
    try:
        with file_of(GOOD) as source:
            here = mine.run("decode", source)["server"]
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(writing, str(mine.run("decode", source)["server"]).encode())
                mine.close()
                os._exit(0)
            os.waitpid(child, 0)
            assert os.read(reading, 100).decode() not in ("", str(here))
            assert mine.run("decode", source)["server"] == here
    finally:
        mine.close()


_ORPHAN = """
import sys, tempfile, threading, time
sys.path.insert(0, {root!r})
from stages.decode.limits import Limits
from stages.decode.sandbox import Sandbox
file = tempfile.TemporaryFile(); file.write(b"x"); file.flush()
one = Sandbox(Limits(stall_seconds=500), "tests.stages.decode.hostile:describe")
print(one.run("decode", file)["server"], flush=True)
one.target = "tests.stages.decode.hostile:sleep"
one.run("decode", file)
"""


def test_nothing_outlives_the_caller() -> None:
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen([sys.executable, "-c", _ORPHAN.format(root=root)], stdout=subprocess.PIPE, text=True, cwd=root) as caller:
        assert caller.stdout is not None
        server = psutil.Process(int(caller.stdout.readline()))
        _until(lambda: bool(server.children()))
        family = [server, *server.children()]
        caller.kill()
    _until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))


def _until(holds: object) -> None:
    deadline = time.monotonic() + 20
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen within 20 seconds"
        time.sleep(0.05)


def test_close_leaves_no_process() -> None:
    mine = Sandbox(target=HOSTILE + "describe")
    with file_of(GOOD) as source:
        server = mine.run("decode", source)["server"]
    mine.close()
    assert not psutil.pid_exists(server)


def test_limits_must_be_positive() -> None:
    with pytest.raises(UsageError, match="memory_mb is 0"):
        Limits(memory_mb=0)


def test_a_bomb_stops_at_the_cap() -> None:
    """Hours of silence in a few kilobytes are decoded no further than the longest accepted."""
    small = Sandbox(Limits(max_hours=0.05))
    bomb = written(np.zeros((3600 * 8000 * 2, 1), np.int16), "FLAC", "PCM_16")
    assert len(bomb) < 300_000
    try:
        with file_of(bomb) as source, tempfile.TemporaryFile() as spool:
            with pytest.raises(Reject) as caught:
                small.decode(source, spool)
            assert caught.value.reason == "too_long"
            assert os.fstat(spool.fileno()).st_size <= 2 * (0.05 * 3600 * 8000 + 70_000)
    finally:
        small.close()
