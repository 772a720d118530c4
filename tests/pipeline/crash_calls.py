"""Small stereo calls as WAV files, and the real command line on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pipeline.build import Summary

ROOT = Path(__file__).resolve().parents[2]
RATE = 8000


def write_calls(folder: Path, count: int, seconds: float = 4.0) -> Path:
    """`call-0.wav` and so on: noise bursts that take turns on two channels over a quiet floor."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    n = int(seconds * RATE)
    for index in range(count):
        draw = np.random.default_rng(index)
        samples = draw.integers(-4, 5, (n, 2)).astype(np.int16)
        for burst in range(4):
            first = int((0.05 + 0.24 * burst) * n)
            samples[first : first + n // 6, burst % 2] += draw.integers(-6000, 6001, n // 6).astype(np.int16)
        soundfile.write(folder / f"call-{index}.wav", samples, RATE, subtype="PCM_16")
    return folder


def toy_backend(folder: Path) -> dict[str, str]:
    """Environment in which `--set decode.backend=toy` is the toy decoder, installed as an outside package: it makes its audio from ids,
    takes `decode.wait` seconds, and meets the fault that an id names.
    """
    about = folder / "toy_backend-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-backend\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[duologue.backends]\ndecode.toy = tests.pipeline.toy:ToyDecode\n")
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}


def write_names(folder: Path, *ids: str) -> Path:
    """Files of these names that pass for calls in a listing; only the toy decoder, which never opens them, can take them."""
    write_calls(folder, 1, 0.5)
    data = (folder / "call-0.wav").read_bytes()
    (folder / "call-0.wav").unlink()
    for id in ids:
        (folder / f"{id}.wav").write_bytes(data)
    return folder


def duologue(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def local(
    src: Path | str, out: Path | str, *more: str | Path, workers: int = 1, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `duologue build` with child processes and a voice activity detector that needs no model."""
    settings = ("--local", "--workers", str(workers), "-c", "stereo_channels", "--set", "vad.backend=energy", "--quiet", "--json")
    return duologue("build", src, out, *settings, *more, **(environment or {}))


def here(src: Path | str, out: Path | str, *overrides: str, work: Path | None = None) -> Summary:
    """The same build as `local`, in this very process: for runs in which nothing is to happen to the process."""
    from pipeline.build import Build, build
    from pipeline.commands import listed
    from pipeline.config import load_config
    from pipeline.drive import Stop
    from pipeline.pools import InProcess

    config = load_config("stereo_channels", ["vad.backend=energy", *overrides])
    listing = listed(str(src), config, probe_all=False)
    where = None if work is None else str(work)
    return build(
        Build(src=str(src), out=str(out), config=config, listing=listing, make_pool=lambda: (InProcess(), 1), work=where, quiet=True),
        Stop(),
    )


def ended(process: subprocess.Popen[str], code: int = 0) -> dict[str, Any]:
    """Wait for a command that must end with `code`; returns what it printed, {} when that is nothing."""
    out, err = process.communicate()
    assert process.returncode == code, f"exit code {process.returncode}, not {code}: {err}"
    assert "Traceback" not in err
    said: dict[str, Any] = json.loads(out) if out else {}
    return said


def complaint(process: subprocess.Popen[str], code: int = 1) -> str:
    """Wait for a command that must fail with `code`; returns its sentence, the last line on stderr."""
    out, err = process.communicate()
    assert process.returncode == code, f"exit code {process.returncode}, not {code}: {err}"
    assert "Traceback" not in err
    assert out == ""
    line: str = err.strip().splitlines()[-1]
    assert line.startswith("duologue: "), err
    return line
