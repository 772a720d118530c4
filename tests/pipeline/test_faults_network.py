"""Nothing leaves the machine: every Python process of a build tells whom it connects to and which names it looks up."""

from __future__ import annotations

import ipaddress
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.crash_calls import ROOT, duologue, ended, local, write_calls

WITNESS = """
import json, os, socket, sys
def hook(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        what = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        if event == "socket.connect" and args[0].family == socket.AF_UNIX:
            return
        note = json.dumps([event, os.getpid(), str(what[0] if isinstance(what, tuple) else what)]) + "\\n"
        descriptor = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, note.encode())
        os.close(descriptor)
sys.addaudithook(hook)
descriptor = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(descriptor, (json.dumps(["started", os.getpid(), " ".join(sys.orig_argv)]) + "\\n").encode())
os.close(descriptor)
"""


def _witness(folder: Path) -> tuple[dict[str, str], Path]:
    """An environment in which every Python process keeps a log of its connections, and that log."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WITNESS.format(log=str(folder / "log")))
    return {"PYTHONPATH": f"{ROOT}:{folder}"}, folder / "log"


def _read(log: Path) -> list[tuple[str, int, str]]:
    return [(event, pid, what) for event, pid, what in map(json.loads, log.read_text().splitlines())]


def _outside(notes: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    def is_here(host: str) -> bool:
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    return [note for note in notes if note[0] != "started" and not is_here(note[2])]


def test_a_local_build_connects_to_nobody(tmp_path: Path) -> None:
    environment, log = _witness(tmp_path / "witness")
    src = write_calls(tmp_path / "calls", 2)
    ended(local(src, tmp_path / "out", environment=environment))
    ended(duologue("verify", tmp_path / "out", "--json", **environment))
    notes = _read(log)
    assert _outside(notes) == []
    programs = " ".join(what for event, _, what in notes if event == "started")
    for seen in ("pipeline.cli", "spawn_main", "stages.decode.child"):
        assert seen in programs, f"the witness did not see {seen}"


@pytest.mark.parametrize(
    "deed", ["socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))", "socket.getaddrinfo('name.invalid', 80)"]
)
def test_the_witness_tells(tmp_path: Path, deed: str) -> None:
    environment, log = _witness(tmp_path / "witness")
    program = f"import socket\ntry:\n    {deed}\nexcept OSError:\n    pass"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert len(_outside(_read(log))) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_library_in_c_connects_either(tmp_path: Path) -> None:
    src = write_calls(tmp_path / "calls", 2)
    command = [sys.executable, "-m", "pipeline.cli", "build", str(src), str(tmp_path / "out"), "--local", "--workers", "1", "--quiet"]
    log = tmp_path / "strace"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(log), *command], cwd=ROOT, check=True)
    told = [line for line in log.read_text().splitlines() if "sa_family=AF_INET" in line]
    assert [line for line in told if "127.0.0.1" not in line and "::1" not in line] == []
    subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=connect", "-o", str(log), sys.executable, "-c", "import socket\n"
         "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"], check=True,
    )  # fmt: skip
    assert "sa_family=AF_INET" in log.read_text()
