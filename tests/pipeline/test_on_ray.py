"""The engine on Ray actors of this machine: the same bytes as in child processes, and the same ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.build import build
from pipeline.config import RunSettings
from pipeline.drive import Stop
from pipeline.environment import quiet
from pipeline.pools import Pool
from tests.pipeline.toy import contents, request

IDS = [f"call-{i}" for i in range(10)]


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    quiet()
    import ray

    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{Path(__file__).resolve().parents[2]}{os.pathsep}{before}"
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, object_store_memory=80 * 1024 * 1024)
    yield
    ray.shutdown()
    os.environ["PYTHONPATH"] = before


def _pool(workers: int) -> tuple[Pool, int]:
    from pipeline.on_ray import RayPool

    return RayPool(None), workers


@pytest.mark.usefixtures("_ray")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_ray_gives_the_bytes_that_local_gives(tmp_path: Path, workers: int) -> None:
    build(request(tmp_path / "local", IDS), Stop())
    summary = build(request(tmp_path / "ray", IDS, lambda: _pool(workers)), Stop())
    assert summary.balance.results == len(IDS)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


@pytest.mark.usefixtures("_ray")
def test_faults_on_ray_end_as_they_do_locally(tmp_path: Path) -> None:
    ids = [*IDS[:4], "reject-1", "raise-1", "kill-1", "hang-1"]
    settings = RunSettings(deadline=6.0, deadline_per_mb=0.0, failure_after=100)
    counts = build(request(tmp_path, ids, lambda: _pool(2), settings), Stop()).balance
    assert (counts.inputs, counts.results, counts.rejects, counts.errors, counts.pending) == (8, 4, 1, 3, 0)
    errors = sorted(path.name.split("-")[0] for path in (tmp_path / ".duologue/work").rglob("*.error.json"))
    assert errors == ["hang", "kill", "raise"]
