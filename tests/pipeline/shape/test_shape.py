"""`duologue shape`: every second of a set is kept or left out for a reason, and what is kept is a data set like any other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clips import within
from pipeline.codecs import read_flac
from pipeline.place import place_at
from pipeline.shape.plan import plan_of
from pipeline.shape.run import run_shape
from pipeline.verify import Damage, verify
from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.row import Row
from schemas.span import Span, Spans
from schemas.stats import Stats
from stages.shape.targets import LEFT_OUT, Targets
from stages.turns.stats import TurnTaking
from tests.pipeline.calling import Cli
from tests.pipeline.report_sets import RATE, row
from tests.pipeline.shape.made import CHAIN, parts_of, set_of, spoken
from tests.pipeline.test_crash_points import DIED, in_child
from tests.pipeline.toy import contents
from tests.stages.turns.talk_words import laid

STATS = TurnTaking().load("cpu")
OPTIONS = {"max_turn": "4", "max_monologue": "12", "min_clip": "5"}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def rows_made() -> list[Row]:
    """Five rows of four recordings, one of 24 bits, two of one recording."""
    return [
        spoken(1, 60.0, "a"),
        *parts_of(spoken(2, 30.0, "b"), 30.0, "b"),
        spoken(3, 45.0, "c", bits=24),
        spoken(4, 30.0, "d", bare=True),
    ]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets") / "set"
    set_of(out, rows_made())
    return out


def read(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "data").to_pylist()
    return found


def table(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "left_out.parquet").to_pylist()
    return found


def samples(data: bytes) -> Any:
    import io

    return read_flac(io.BytesIO(data))[0]


def check(source: Path, out: Path) -> None:
    """Kept clips and the table tile every row; clips are the rows' own samples; the manifest says what is there."""
    manifest = json.loads((out / "manifest.json").read_text())
    shape, before, kept = manifest["shape"], {each["id"]: each for each in read(source)}, read(out)
    sound = {id: samples(each["audio"]["bytes"]) for id, each in before.items()}
    spans: dict[str, list[Span]] = {id: [] for id in before}
    for each in kept:
        id = each["id"].partition("#shape-")[0]
        whole = before[id]
        start = round((each["clip"]["start"] - whole["clip"]["start"]) * RATE)
        mine = samples(each["audio"]["bytes"])
        assert np.array_equal(mine, sound[id][:, start : start + mine.shape[1]])
        spans[id].append(Span(start, start + mine.shape[1]))
        if each["id"] == id:
            changed = {name for name in each if each[name] != whole[name]}
            assert changed <= {"clip"}
    for part in table(out):
        assert part["reason"] in LEFT_OUT
        spans[part["row"]].append(Span(round(part["start"] * RATE), round(part["end"] * RATE)))
    for id, found in spans.items():
        found.sort()
        assert [each.start for each in found] == [0, *(each.end for each in found[:-1])]
        assert found[-1].end == round(before[id]["duration"] * RATE)
    seconds, counts = shape["seconds"], shape["rows"]
    assert seconds["inputs"] == pytest.approx(sum(each["duration"] for each in before.values()))
    assert seconds["inputs"] == pytest.approx(seconds["kept"] + seconds["left_out"])
    assert counts["inputs"] == len(before) == counts["whole"] + counts["cut"] + counts["left_out"]
    assert sum(each["parts"] for each in shape["left_out"]) == shape["table"]["rows"] == len(table(out))
    assert manifest["rows"] == shape["clips"] == len(kept)
    placed: dict[str, list[tuple[int, int]]] = {}
    for each in kept:
        placed.setdefault(each["clip"]["recording"], []).append((each["clip"]["index"], each["clip"]["count"]))
    assert all(sorted(mine) == [(index, len(mine)) for index in range(len(mine))] for mine in placed.values())
    assert verify(place_at(str(out))).damages == ()


def test_a_set_is_shaped_and_accounts_for_all_of_it(source: Path, tmp_path: Path) -> None:
    result = run_shape(str(source), str(tmp_path), None, OPTIONS, False)
    check(source, tmp_path)
    assert result["exit_code"] == 0
    for each in read(tmp_path):
        assert max(turn["end"] - turn["start"] for turn in each["turns"]) <= 4
        assert each["stats"]["longest_monologue"] <= 12
        assert each["duration"] >= 5
    manifest, before = (json.loads((where / "manifest.json").read_text()) for where in (tmp_path, source))
    for name in ("inputs", "chain", "config", "versions", "left_out", "rejects"):
        assert manifest[name] == before[name]
    assert manifest["recordings"] == len({each["clip"]["recording"] for each in read(tmp_path)})
    assert (tmp_path / "rejects.parquet").read_bytes() == (source / "rejects.parquet").read_bytes()
    card = (tmp_path / "README.md").read_text()
    assert "license: other" not in card
    assert "license: cc-by-4.0" in card
    assert all(each["reason"] in card for each in result["left_out"])
    assert "<html" in (tmp_path / "report.html").read_text()


def test_the_same_again_changes_nothing_and_other_targets_change_all(source: Path, tmp_path: Path) -> None:
    run_shape(str(source), str(tmp_path / "one"), None, OPTIONS, False)
    before = contents(tmp_path / "one")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "one" / "data").iterdir()}
    run_shape(str(source), str(tmp_path / "one"), None, OPTIONS, False)
    run_shape(str(source), str(tmp_path / "two"), None, OPTIONS, False)
    assert contents(tmp_path / "one") == before == contents(tmp_path / "two")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "one" / "data").iterdir()} == stamps
    run_shape(str(source), str(tmp_path / "one"), None, {"max_turn": "none"}, False)
    check(source, tmp_path / "one")
    assert [each["id"] for each in read(tmp_path / "one")] == ["a", "b#0000", "b#0001", "c", "d"]


def test_a_changed_or_missing_list_of_what_was_left_out_is_told(source: Path, tmp_path: Path) -> None:
    run_shape(str(source), str(tmp_path), None, OPTIONS, False)
    path = tmp_path / "left_out.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))
    assert verify(place_at(str(tmp_path))).damages == (Damage(path.name, None, "its SHA-256 is not the manifest's"),)
    path.unlink()
    assert verify(place_at(str(tmp_path))).damages == (Damage(path.name, None, "it is missing"),)


def test_arrow_sets_and_sets_that_were_shaped_before(tmp_path: Path) -> None:
    set_of(tmp_path / "set", rows_made()[:2], "arrow")
    run_shape(str(tmp_path / "set"), str(tmp_path / "once"), None, OPTIONS, False)
    assert {path.suffix for path in (tmp_path / "once" / "data").iterdir()} == {".arrow"}
    assert verify(place_at(str(tmp_path / "once"))).damages == ()
    twice = run_shape(str(tmp_path / "once"), str(tmp_path / "twice"), None, {**OPTIONS, "max_clip": "9"}, True)
    assert twice["kept"]
    assert all(clip["seconds"] <= 9 for clip in twice["kept"])
    assert all(clip["id"].count("#shape-") == 1 + clip["cut"] for clip in twice["kept"] if clip["id"].count("#shape-") > 1)


def test_datasets_opens_it(source: Path, tmp_path: Path) -> None:
    import datasets

    run_shape(str(source), str(tmp_path / "out"), None, OPTIONS, False)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["train"]
    assert loaded["id"][:] == [each["id"] for each in read(tmp_path / "out")]
    assert type(loaded.features["audio"]).__name__ == "Audio"


def test_a_dry_run_says_what_would_be_kept_and_writes_nothing(source: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    text = cli("shape", source, out, "--max-turn", 4, "--max-monologue", 12, "--min-clip", 5, "--dry-run")
    assert not out.exists()
    told = cli.json("shape", source, out, "--max-turn", 4, "--max-monologue", 12, "--min-clip", 5, "--dry-run")
    assert not out.exists()
    cli("shape", source, out, "--max-turn", 4, "--max-monologue", 12, "--min-clip", 5)
    assert [clip["id"] for clip in told["kept"]] == [each["id"] for each in read(out)]
    assert all(f"would keep {clip['id']}: " in text for clip in told["kept"][:20])
    assert "long_turn: a turn is longer" in text
    assert text.splitlines()[-1] == "nothing was written"


def test_targets_of_the_whole_set_are_met_or_said_not_to_be(source: Path, tmp_path: Path, cli: Cli) -> None:
    targets = tmp_path / "targets.yaml"
    targets.write_text("max_turn: 20\nmax_clip: 12\nmin_clip: 4\noverlap_share: [0.05, 0.07]\nboth_speak: false\n")
    result = cli.json("shape", source, tmp_path / "met", "--targets", targets, "--hours", "0.02")
    assert [goal["met"] for goal in result["goals"]] == [True, True]
    found = read(tmp_path / "met")
    share = sum(each["stats"]["overlap"]["seconds"] for each in found) / sum(each["duration"] for each in found)
    assert 0.05 <= share <= 0.07
    assert {"overlap_share", "hours"} <= {each["reason"] for each in result["left_out"]}
    check(source, tmp_path / "met")
    text = cli("shape", source, tmp_path / "not", "--targets", targets, "--backchannels", "500:", code=1)
    assert "not met: backchannels: no clip lies in this range" in text
    check(source, tmp_path / "not")


STEPS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 800)), max_size=8).map(laid)


def own_stats(activity: Activity, window: Span) -> Stats:
    return STATS(Activity(channels=tuple(within(spans, window) for spans in activity.channels), length=len(window), rate=activity.rate))


@given(STEPS, STEPS, st.sampled_from((0.5, 1.0, 2.0, 5.0)), st.sampled_from((None, 0.5, 2.0, 6.0)))
@settings(max_examples=40)
def test_no_clip_breaks_a_rule_by_its_own_numbers(first: Spans, second: Spans, least: float, most: float | None) -> None:
    end = max((spans[-1].end for spans in (first, second) if spans), default=0) + 50
    activity = Activity(channels=(first, second), length=end, rate=100)
    targets = Targets(max_turn=None, max_monologue=most, min_clip=least, both_speak=False)
    plan = plan_of([(0, 0, row("r", activity, None))], targets, {}, "here")
    plan.account.check()
    assert sum(len(clip.window) for clip in plan.clips) + sum(round(part.seconds * 100) for part in plan.parts) == end
    for clip in plan.clips:
        assert most is None or own_stats(activity, clip.window).longest_monologue <= most + 1e-9
        assert len(clip.window) >= least * 100


def test_a_clip_whose_own_monologue_is_too_long_is_left_out() -> None:
    """Cut off from what made it a backchannel, an answer takes the floor, and the little word inside it no longer does."""
    talk = ([(0, 6000), (6050, 6150), (7000, 7500)], [(5950, 6000), (6070, 6150), (6230, 6330)])
    first, second = (tuple(Span(*pair) for pair in pairs) for pairs in talk)
    activity = Activity(channels=(first, second), length=7600, rate=100)
    made = [(0, 0, row("r", activity, None))]
    wanted = Targets(max_turn=None, max_monologue=60.4, min_clip=20.0, max_clip=62.0, both_speak=False, min_silence=0.5)
    assert STATS(activity).longest_monologue <= 60.4
    (clip,) = plan_of(made, replace(wanted, max_monologue=None), {}, "here").clips
    assert own_stats(activity, clip.window).longest_monologue == 61.5
    plan = plan_of(made, wanted, {}, "here")
    assert plan.clips == ()
    assert [part.facts for part in plan.parts if part.reason == "monologue"] == ['{"longest_monologue": 61.5}']


def test_two_rows_of_one_id_are_refused() -> None:
    made = row("r", Activity(channels=((Span(0, 900),), (Span(950, 990),)), length=1100, rate=100), None)
    with pytest.raises(UsageError, match="here: 1 rows would have the id of another, such as r"):
        plan_of([(0, 0, made), (0, 1, made)], Targets(), {}, "here")


@pytest.mark.parametrize("every", [pytest.param(16, id="a sixteenth"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_wherever_it_dies_a_reader_finds_all_or_nothing_and_the_next_run_finishes(tmp_path: Path, every: int) -> None:
    source = tmp_path / "set"
    set_of(source, [spoken(5, 12.0, "a", bare=True), spoken(6, 12.0, "b", bare=True)], shards=1)

    def run(out: Path, options: dict[str, str]) -> Callable[[], Any]:
        return lambda: run_shape(str(source), str(out), None, options, False)

    wanted = {"max_turn": "none", "max_clip": "8", "min_clip": "2"}
    before, after = tmp_path / "before", tmp_path / "after"
    run(before, {"max_turn": "none"})()
    run(after, wanted)()
    old, new = contents(before), contents(after)
    assert {name for name in old.keys() ^ new.keys() if not name.startswith("report_files/")} == set()
    shutil.copytree(before, tmp_path / "count")
    code, changes = in_child(run(tmp_path / "count", wanted), tmp_path, None)
    assert (code, contents(tmp_path / "count")) == (0, new)
    for point in range(2, changes + 1, every):
        out = tmp_path / f"at-{point}"
        shutil.copytree(before, out)
        code, _ = in_child(run(out, wanted), tmp_path, point)
        assert code == DIED
        if (out / "manifest.json").exists():
            found = contents(out)
            committed = old if found["manifest.json"] == old["manifest.json"] else new
            assert {name: data for name, data in found.items() if name in committed} == committed
        run(out, wanted)()
        assert contents(out) == new
        shutil.rmtree(out)


def refused(source: Path, out: Path, message: str, file: str | None = None, **options: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_shape(str(source), str(out), file, options, False)


def test_what_cannot_be_shaped_is_refused(source: Path, tmp_path: Path) -> None:
    refused(source, source, "cannot be shaped into its own folder")
    refused(tmp_path, tmp_path / "out", "no manifest.json")
    set_of(tmp_path / "built", rows_made()[:1], shards=1)
    refused(source, tmp_path / "built", "holds a data set that is not a shaped one")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text("{")
    refused(source, tmp_path / "torn", "its manifest.json is damaged")
    refused(source, tmp_path / "out", r"no clip meets the targets \(\d+ s .*try other ones with --dry-run", max_turn="0.01")
    shard = next((tmp_path / "built" / "data").iterdir())
    data = bytearray(shard.read_bytes())
    data[1000] ^= 1
    shard.write_bytes(bytes(data))
    refused(tmp_path / "built", tmp_path / "out", "not what its manifest says; run: duologue verify", max_turn="none")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_numbers_of_another_version_are_not_mixed_in(tmp_path: Path) -> None:
    set_of(tmp_path / "set", rows_made()[:1], shards=1)
    path = tmp_path / "set" / "manifest.json"
    older = [dict(stage, version=TurnTaking.version - 1) if stage["stage"] == "stats" else stage for stage in CHAIN]
    path.write_text(json.dumps({**json.loads(path.read_text()), "chain": older}))
    refused(tmp_path / "set", tmp_path / "out", f"its stats are of version {TurnTaking.version - 1} of turn_taking, and here is version")


def test_statistics_of_words_that_rows_do_not_hold_are_not_found_anew(tmp_path: Path) -> None:
    set_of(tmp_path / "set", rows_made()[:1], shards=1)
    path = tmp_path / "set" / "manifest.json"
    manifest = json.loads(path.read_text())
    chain = ["decode", "tracks", "vad", "transcribe", "recover", "stats"]
    path.write_text(json.dumps({**manifest, "config": {**manifest["config"], "chain": chain}}))
    refused(tmp_path / "set", tmp_path / "out", "recover found, .* build it again with events after recover")
    path.write_text(json.dumps({**manifest, "config": {**manifest["config"], "chain": [*chain, "events"]}}))
    run_shape(str(tmp_path / "set"), str(tmp_path / "out"), None, OPTIONS, True)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("max_tun: 4", {}, "max_tun: no such target; did you mean 'max_turn'"),
        ("[1]", {}, "wanted a mapping of targets"),
        ("a: b: c", {}, "not valid YAML"),
        ("both_speak: maybe", {}, "both_speak: wanted true or false, got 'maybe'"),
        ("overlap_share: [1]", {}, r"overlap_share: wanted LOW:HIGH, such as 2:8, 2: or :8, got \[1\]"),
        ("min_clip: null", {}, "min_clip: wanted a number, got None"),
        ("max_turn: 4", {"hours": "many"}, "--hours: wanted a number, got 'many'"),
        ("max_turn: 4", {"seed": "1.5"}, "--seed: wanted a whole number"),
        ("max_turn: 4", {"backchannels": "8:2"}, "--backchannels: wanted LOW:HIGH with 0 <= LOW <= HIGH"),
        ("max_turn: true", {}, "max_turn: wanted a number, got True"),
    ],
)
def test_wrong_targets_are_told_with_their_place(tmp_path: Path, text: str, options: dict[str, str], message: str) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(text)
    refused(tmp_path, tmp_path / "out", message, str(file), **options)
    assert os.listdir(tmp_path) == ["targets.yaml"]
