"""A Ray cluster of two nodes on this machine that loses one of them in the middle of a run."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.build import Build, build
from pipeline.drive import Stop
from pipeline.environment import quiet
from pipeline.pools import Pool
from tests.pipeline.toy import contents, request

IDS = [f"call-{i:02d}" for i in range(16)]
STORE = 80 * 1024 * 1024

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture
def cluster() -> Iterator[Any]:
    quiet()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{Path(__file__).resolve().parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        import ray
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE})
        yield made
        ray.shutdown()
        made.shutdown()


def _request(out: Path, address: str, workers: int, wait: float = 0.0, trace: str = "") -> Build:
    def pool() -> tuple[Pool, int]:
        from pipeline.on_ray import RayPool

        return RayPool(address), workers

    return request(out, IDS, pool, wait=wait, trace=trace)


def _data(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(out).items() if name.startswith("data/")}


def _results(out: Path) -> int:
    return len(list(out.glob(".duologue/work/stats-*/*.json")))


def test_a_node_lost_in_the_middle_costs_no_dialogue(tmp_path: Path, cluster: Any) -> None:
    trace = tmp_path / "trace"
    build(request(tmp_path / "local", IDS), Stop())
    node = cluster.add_node(num_cpus=2, object_store_memory=STORE)
    cluster.wait_for_nodes()
    lost_at: list[int] = []

    def lose() -> None:
        while _results(tmp_path / "ray") < 4:
            time.sleep(0.02)
        lost_at.append(_results(tmp_path / "ray"))
        cluster.remove_node(node, allow_graceful=False)

    thief = threading.Thread(target=lose)
    thief.start()
    summary = build(_request(tmp_path / "ray", cluster.address, 3, wait=0.8, trace=str(trace)), Stop())
    thief.join()
    assert 4 <= lost_at[0] < len(IDS) - 3, "the node was lost too late to tell anything"
    assert summary.ending == "done"
    assert summary.balance.results == len(IDS)
    assert _data(tmp_path / "ray") == _data(tmp_path / "local")
    assert len(trace.read_text().split()) - len(IDS) <= 2, "at most one dialogue again for each of the two workers that were lost"


def test_connecting_by_address_leaves_the_cluster_running(tmp_path: Path, cluster: Any) -> None:
    import ray

    for number in range(2):
        summary = build(_request(tmp_path / str(number), cluster.address, 1), Stop())
        assert summary.balance.results == len(IDS)
        assert not ray.is_initialized(), "the run disconnects"
    assert _data(tmp_path / "0") == _data(tmp_path / "1")


def test_an_address_where_nothing_answers_is_one_sentence(tmp_path: Path) -> None:
    from schemas.errors import UsageError

    with pytest.raises(UsageError, match=r"Ray at 127\.0\.0\.1:1: "):
        build(_request(tmp_path, "127.0.0.1:1", 1), Stop())
