"""Dealing dialogues into shards, and what makes a shard new."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.build import build
from pipeline.config import PackSettings
from pipeline.drive import Halt, Stop
from pipeline.ledger import Ledger
from pipeline.pack import audio_sizes, plan_shards, staged
from pipeline.place import LocalPlace
from pipeline.plan import make_plan
from pipeline.pools import InProcess
from schemas.source import Source
from tests.pipeline.toy import chain, contents, request

PLAN = make_plan(chain())
MB = 1_000_000


def sources(ids: list[str]) -> list[Source]:
    return [Source(id=id, uris=(f"{id}.wav",)) for id in ids]


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 4 * MB), min_size=1, max_size=25), st.integers(1, 9))
def test_shards_hold_every_dialogue_once_sorted_and_within_the_limit(made: dict[str, int], limit: int) -> None:
    listed = sources(list(made))
    sizes = {source.key: made[source.id] for source in listed}
    jobs = plan_shards(listed, sizes, PLAN, PackSettings(shard_mb=limit))
    members = [[source.id for source in job.sources] for job in jobs]
    assert list(itertools.chain(*members)) == sorted(made)
    assert [job.name for job in jobs] == [f"data/train-{i:05d}-of-{len(jobs):05d}.parquet" for i in range(len(jobs))]
    filled = [sum(made[id] for id in shard) for shard in members]
    assert all(size <= limit * MB or len(shard) == 1 for size, shard in zip(filled, members, strict=True))
    for here, following in zip(range(len(jobs)), members[1:], strict=False):
        assert filled[here] + made[following[0]] > limit * MB
    assert plan_shards(listed[::-1], sizes, PLAN, PackSettings(shard_mb=limit)) == jobs


ONE = Source(id="a", uris=("a.wav",))


def fingerprint(source: Source = ONE, settings: PackSettings | None = None, **decode: Any) -> str:
    (job,) = plan_shards([source], {source.key: 9}, make_plan(chain(**decode)), settings or PackSettings())
    return job.fingerprint


@pytest.mark.parametrize("field", ["corpus", "licence", "consent", "language", "extra"])
def test_what_a_row_tells_of_its_source_makes_a_new_shard(field: str) -> None:
    assert fingerprint(replace(ONE, **{field: '{"x": 1}'})) != fingerprint()  # type: ignore[arg-type]


def test_a_moved_corpus_and_speed_leave_the_shard_alone() -> None:
    assert fingerprint(replace(ONE, base="/elsewhere")) == fingerprint()
    assert fingerprint(wait=3.0) == fingerprint()


@pytest.mark.parametrize(
    "settings", [PackSettings(clip_minutes=1.0), PackSettings(group_mb=3), PackSettings(split="test"), PackSettings(format="arrow")]
)
def test_pack_settings_make_a_new_shard(settings: PackSettings) -> None:
    assert fingerprint(settings=settings) != fingerprint()
    assert fingerprint(seconds=3.0) != fingerprint()


def test_names_follow_split_and_format() -> None:
    (job,) = plan_shards([ONE], {ONE.key: 1}, PLAN, PackSettings(split="test", format="arrow"))
    assert (job.name, staged(job.name)) == ("data/test-00000-of-00001.arrow", ".staging/test-00000-of-00001.arrow")


def test_sizes_are_those_of_the_stored_audio(tmp_path: Path) -> None:
    ledger = Ledger(LocalPlace(str(tmp_path)), PLAN)
    folder = tmp_path / PLAN.steps[0].address
    folder.mkdir()
    (folder / "a-1.flac").write_bytes(b"12345")
    (folder / "b-2.reject.json").write_bytes(b"{}")
    assert audio_sizes(ledger)["a-1"] == 5
    with pytest.raises(Halt, match="no stage that gives Source"):
        audio_sizes(ledger, Source)


def in_process(out: Path, ids: list[str], **pack: Any) -> Any:
    asked = request(out, ids, lambda: (InProcess(), 1))
    return replace(asked, config=replace(asked.config, pack=PackSettings(**{"shard_mb": 1, **pack})))


def test_growing_shrinking_and_reformatting_leave_what_a_fresh_build_gives(tmp_path: Path) -> None:
    few, many = [f"call-{i}" for i in range(3)], [f"call-{i}" for i in range(6)]
    steps: list[tuple[list[str], dict[str, Any]]] = [
        (few, {}),
        (many, {}),
        (few, {"format": "arrow"}),
        (many, {"split": "test"}),
        (few, {}),
    ]
    for index, (ids, pack) in enumerate(steps):
        build(in_process(tmp_path / "one", ids, **pack), Stop())
        build(in_process(tmp_path / f"fresh-{index}", ids, **pack), Stop())
        assert contents(tmp_path / "one") == contents(tmp_path / f"fresh-{index}")


def test_a_set_of_rejects_only_is_a_set_without_rows(tmp_path: Path) -> None:
    summary = build(in_process(tmp_path, ["reject-1"]), Stop())
    assert (summary.ending, summary.rows, summary.shards, summary.rejects) == ("done", 0, 0, {"too_short": 1})
    assert (tmp_path / "manifest.json").exists()
