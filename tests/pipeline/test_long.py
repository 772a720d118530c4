"""A ten-hour call goes through the whole chain and into a shard in bounded memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import soundfile

from pipeline.config import PackSettings, load_config
from pipeline.pack import PackWork, ShardJob, ShardOutcome
from pipeline.plan import Plan, make_plan
from pipeline.pools import Needs, Processes
from pipeline.worker import CrewWork, Job, Outcome
from schemas.source import Source
from tests.stages.vad.talk import talk

RATE = 8000
ALLOWED = 500e6
"""Bytes above the loaded models and the recording's own size."""


def _write_call(path: Path, hours: float) -> int:
    """A mu-law WAV of repeated talk; returns its size as two bytes a sample."""
    block = np.tile(talk(RATE).tracks.samples.T, (8, 1))
    blocks = int(hours * 3600 * RATE / len(block)) + 1
    with soundfile.SoundFile(path, "w", RATE, 2, "ULAW") as file:
        for _ in range(blocks):
            file.write(block)
    return blocks * block.size * 2


def _resident(pid: int) -> int:
    """Resident bytes of a process and everything below it, shared pages counted each time."""
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _peak(pool: Processes, job: object) -> tuple[object, int]:
    """The outcome of a job and the growth of the worker's resident bytes while it ran."""
    pid = pool._workers[0][0].pid
    before = peak = _resident(pid)
    pool.give(0, job)
    while True:
        events = pool.wait(0.2)
        if events:
            return events[0].outcome, peak - before
        peak = max(peak, _resident(pid))


def _ready(pool: Processes, work: CrewWork | PackWork) -> None:
    pool.start(0, work, Needs())
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for event in pool.wait(1.0):
            assert event.kind == "ready", event.detail
            return
    raise AssertionError("the worker did not start")


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("hours", [10.0])
def test_a_long_call_stays_in_bounds(tmp_path: Path, hours: float) -> None:
    call = tmp_path / "long.wav"
    native = _write_call(call, hours)
    source = Source(id="long", uris=(str(call),), bytes=call.stat().st_size)
    plan: Plan = make_plan(load_config("stereo_channels").chain)
    pool = Processes()
    try:
        _ready(pool, CrewWork(plan, str(tmp_path / "work"), 0, len(plan.steps), scratch=str(tmp_path / "scratch")))
        outcome, growth = _peak(pool, Job(source, 0))
        assert isinstance(outcome, Outcome)
        assert outcome.end == "passed", outcome.detail
        print(f"chain: {growth / 1e6:.0f} MB above the loaded models, of which {native / 1e6:.0f} MB are the recording itself")
        assert growth - native <= ALLOWED
        pool.kill(0)
        recipe = PackWork(plan, str(tmp_path / "work"), str(tmp_path / "out"), PackSettings(), str(tmp_path / "scratch"))
        _ready(pool, recipe)
        packed, growth = _peak(pool, ShardJob("data/train-00000-of-00001.parquet", (source,), "x"))
        assert isinstance(packed, ShardOutcome)
        assert packed.record is not None, packed.fault
        print(f"pack: {growth / 1e6:.0f} MB")
        assert growth - native <= ALLOWED
        assert packed.record.rows >= hours * 2
    finally:
        pool.close()
    shard = tmp_path / "out" / ".staging" / "train-00000-of-00001.parquet"
    rows = pq.read_table(shard, columns=["duration"]).column("duration").to_pylist()
    assert sum(float(seconds or 0) for seconds in rows) == pytest.approx(outcome.seconds)
    groups = pq.ParquetFile(shard).metadata
    assert max(groups.row_group(i).total_byte_size for i in range(groups.num_row_groups)) <= 100_000_000
