"""An audit on Ray actors of this machine says what one process says, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.audit.delivery import deliver

ASKED = ("-q", "--players", "3", "--set", "source.licence=CC-BY-4.0", "--on", "2026-11-28")


@pytest.mark.cluster
def test_ray_says_what_one_process_says(tmp_path: Path) -> None:
    folder = deliver(tmp_path / "delivery")
    for name, how in (("local", ("--local", "--workers", "0")), ("ray", ("--workers", "2"))):
        command = [sys.executable, "-m", "pipeline.cli", "audit", str(folder), "-o", str(tmp_path / name), *how, *ASKED]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == 1, ended.stderr
    local, ray = (
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("local", "ray")
    )
    published = [name for name in local if not name.startswith(".duologue/")]
    assert {"audit.json", "audit.html", "recordings.parquet"} <= set(published)
    assert {name: ray.get(name) for name in published} == {name: local[name] for name in published}
