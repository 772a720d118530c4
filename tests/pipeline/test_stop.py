"""Ctrl-C, as a terminal sends it (to every process of the command): once to drain, twice to stop at once; both resume."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.pipeline.crash_calls import duologue, ended, toy_backend, write_names
from tests.pipeline.toy import contents

IDS = [f"call-{i}" for i in range(6)]
STAGES = 6


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("calls"), *IDS)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return toy_backend(tmp_path_factory.mktemp("plugin"))


def _build(src: Path, out: Path, environment: dict[str, str], wait: float, *where: str) -> subprocess.Popen[str]:
    settings = ("-c", "stereo_channels", "--set", "decode.backend=toy", "--set", f"decode.wait={wait}", "--set", "vad.backend=energy")
    return duologue("build", src, out, *(where or ("--local", "--workers", "2")), *settings, "--quiet", "--json", **environment)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, src: Path, environment: dict[str, str]) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("clean")
    assert ended(_build(src, out, environment, 0.0))["balance"]["results"] == len(IDS)
    return _data(out)


def _data(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(out).items() if name.startswith("data/")}


def _until(process: subprocess.Popen[str], out: Path, pattern: str, count: int) -> None:
    while process.poll() is None and len(list(out.glob(pattern))) < count:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


def _interrupt(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def _resumes(src: Path, out: Path, environment: dict[str, str], clean: dict[str, bytes], stored: int) -> None:
    summary = ended(_build(src, out, environment, 0.0))
    assert summary["computed"] == STAGES * len(IDS) - stored
    assert _data(out) == clean


def test_once_finishes_what_is_being_worked_on_and_begins_nothing(
    tmp_path: Path, src: Path, environment: dict[str, str], clean: dict[str, bytes]
) -> None:
    process = _build(src, tmp_path, environment, 1.5)
    _until(process, tmp_path, ".duologue/work/stats-*/*.json", 1)
    time.sleep(0.5)
    begun = len(list(tmp_path.glob(".duologue/work/stats-*/*.json"))) + 2
    _interrupt(process)
    summary = ended(process, 130)
    assert summary["ending"] == "interrupted"
    assert summary["balance"]["results"] == begun, "two workers were at work: two more are done, and no third"
    assert summary["balance"]["pending"] == len(IDS) - begun
    stored = [sorted(p.name.split(".")[0] for p in folder.iterdir()) for folder in tmp_path.glob(".duologue/work/*")]
    assert stored == [stored[0]] * STAGES, "a dialogue was left halfway"
    assert not (tmp_path / "manifest.json").exists()
    _resumes(src, tmp_path, environment, clean, summary["computed"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_twice_stops_at_once(
    tmp_path: Path, src: Path, environment: dict[str, str], clean: dict[str, bytes], number: signal.Signals
) -> None:
    process = _build(src, tmp_path, environment, 60.0)
    _until(process, tmp_path, ".duologue/work", 0)
    workers: list[psutil.Process] = []
    while len(workers) < 2:
        workers = [w for w in psutil.Process(process.pid).children() if "spawn_main" in " ".join(w.cmdline())]
        time.sleep(0.05)
    time.sleep(1.5)
    began = time.monotonic()
    process.send_signal(number)
    time.sleep(0.5)
    assert process.poll() is None, "the first one only asks to drain"
    process.send_signal(number)
    summary = ended(process, 130)
    assert time.monotonic() - began < 5
    assert summary["balance"] == {"inputs": 6, "results": 0, "rejects": 0, "errors": 0, "pending": 6}
    assert psutil.wait_procs(workers, timeout=3)[1] == []
    assert not (tmp_path / ".duologue/lock").exists()
    _resumes(src, tmp_path, environment, clean, 0)


@pytest.mark.parametrize(
    "moment", [0.1, 0.5, 0.9, *(pytest.param(at, marks=pytest.mark.slow) for at in (0.0, 0.3, 0.4, 0.6, 0.7, 1.2, 1.5))]
)
def test_at_any_moment_it_ends_in_good_order(
    tmp_path: Path, src: Path, environment: dict[str, str], clean: dict[str, bytes], moment: float
) -> None:
    """While importing, listing, starting workers (which get the signal too): no traceback, exit code 130, and it resumes."""
    process = _build(src, tmp_path / "out", environment, 0.6)
    time.sleep(0.15 + moment)
    _interrupt(process)
    _, err = process.communicate()
    assert process.returncode in (130, -signal.SIGINT), err
    if process.returncode == -signal.SIGINT:
        assert not (tmp_path / "out").exists(), "only while Python still imports does it end in another way"
    else:
        assert "Traceback" not in err
    summary = ended(_build(src, tmp_path / "out", environment, 0.0))
    assert summary["balance"]["results"] == len(IDS)
    assert _data(tmp_path / "out") == clean


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("times", [1, 2])
def test_on_ray(tmp_path: Path, src: Path, environment: dict[str, str], clean: dict[str, bytes], times: int) -> None:
    process = _build(src, tmp_path, environment, 2.0 if times == 1 else 60.0, "--workers", "2")
    if times == 1:
        _until(process, tmp_path, ".duologue/work/stats-*/*.json", 1)
        _interrupt(process)
    else:
        _until(process, tmp_path, ".duologue/run.json", 1)
        time.sleep(40)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
    began = time.monotonic()
    summary = ended(process, 130)
    assert time.monotonic() - began < (20 if times == 1 else 5)
    assert summary["balance"]["pending"] > 0
    if times == 1:
        assert summary["balance"]["results"] >= 1
    _resumes(src, tmp_path, environment, clean, summary["computed"])
