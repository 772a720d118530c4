"""What the report adds up is what the rows say, whatever the shards' form and wherever they lie."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.place import LocalPlace, place_at
from pipeline.report import gather, render
from pipeline.report.condition import Condition
from pipeline.report.reading import COLUMNS, batches, runs
from pipeline.report.said import said
from pipeline.report.taking import Taking
from pipeline.report.totals import Totals
from pipeline.report.view import Gathered, view
from schemas.errors import DuologueError
from schemas.row import Row, RowClip
from tests.pipeline.report_sets import HOSTILE, calls, condition, mixed, publish, row, spoken, talk, without_measures


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return calls(60)


def summed(rows: list[Row], where: Path, **how: Any) -> Gathered:
    return gather(LocalPlace(str(where)), publish(where, rows, [], **how))


def test_totals_are_the_rows(rows: list[Row], tmp_path: Path) -> None:
    totals = summed(rows, tmp_path).totals
    assert (totals.whole.rows, totals.whole.recordings) == (len(rows), 60)
    assert totals.whole.seconds == pytest.approx(sum(each.duration for each in rows))
    for channel in (0, 1):
        spoken = sum(s.end - s.start for each in rows for s in each.speech if s.channel == channel)
        assert totals.speech[channel] == pytest.approx(spoken)
    seconds: Counter[Any] = Counter()
    for each in rows:
        seconds[each.source.corpus, each.source.licence, each.source.consent, each.source.language] += each.duration  # type: ignore[assignment]
    assert {key: pytest.approx(amount.seconds) for key, amount in totals.terms.items()} == dict(seconds)
    assert sum(amount.recordings for amount in totals.terms.values()) == 60
    assert totals.duration.n == 60
    assert totals.duration.most == pytest.approx(max(each.clip.end for each in rows if each.clip.index == each.clip.count - 1))


def test_timelines_are_of_the_first_ids(rows: list[Row], tmp_path: Path) -> None:
    samples = summed(rows[::-1], tmp_path).totals.samples
    wanted = sorted((each for each in rows if each.clip.index == 0), key=lambda each: each.id)[:6]
    assert [sample.id for sample in samples] == [each.id for each in wanted]
    for sample, each in zip(samples, wanted, strict=True):
        assert sample.speech == tuple(tuple((s.start, s.end) for s in each.speech if s.channel == c) for c in (0, 1))


def test_turn_taking_is_pooled_not_averaged(rows: list[Row], tmp_path: Path) -> None:
    taking = summed(rows, tmp_path).taking
    stats = [each.stats for each in rows if each.stats]
    seconds = sum(s.duration for s in stats)
    assert taking.share_of_overlap == pytest.approx(sum(s.overlap.seconds for s in stats) / seconds)
    assert taking.per_minute(taking.lasting["pause"]) == pytest.approx(60 * sum(s.pause.seconds for s in stats) / seconds)
    assert taking.counts["gap"] == sum(s.gap.count for s in stats)
    assert taking.transfers.n == sum(s.transfers.n for s in stats)
    assert taking.kinds["backchannels"].tolist() == [sum(s.channels[c].backchannels for s in stats) for c in (0, 1)]
    assert taking.longest == max(s.longest_monologue for s in stats)
    within = sum(round(s.transfers.n * (s.transfers.within_200ms or 0)) for s in stats)
    assert taking.within_200ms == within


def test_words_are_added_up_and_rates_are_of_rows(rows: list[Row], tmp_path: Path) -> None:
    made = [spoken(np.random.default_rng(i), f"s{i}", 40.0) for i in range(12)]
    taking = summed([*rows, *made], tmp_path, shards=4).taking
    stats = [each.stats for each in made if each.stats]
    assert taking.worded_rows == 12
    assert taking.worded_seconds == pytest.approx(sum(s.duration for s in stats))
    for channel in (0, 1):
        sides = [s.channels[channel] for s in stats]
        assert taking.spoken["words"][channel] == sum(side.words or 0 for side in sides)
        assert taking.spoken["fillers"][channel] == sum(side.fillers or 0 for side in sides)
        assert taking.spoken["unworded"][channel] == pytest.approx(sum(side.unworded or 0 for side in sides))
        assert taking.worded_speech[channel] == pytest.approx(sum(side.speech for side in sides))
        known = [side.speech_rate for side in sides if side.speech_rate is not None]
        assert (taking.speech_rate[channel].n, taking.speech_rate[channel].most) == (len(known), max(known))
    every = [each.stats for each in [*rows, *made] if each.stats]
    assert sum(taking.overlaps.values()) == taking.counts["overlap"]
    assert taking.overlaps["turn_final"] == sum(s.overlaps.turn_final for s in every)
    assert taking.backchannels.most == max(s.backchannels_per_minute for s in every)
    assert taking.interruptions.n == taking.speech_dominance.n == len(every)
    assert taking.floor_dominance.least == min(s.floor_dominance for s in every if s.floor_dominance is not None)


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_words_and_events_are_read_for_the_drawn_rows_alone(tmp_path: Path, format: Any) -> None:
    made = [spoken(np.random.default_rng(i), id, 40.0) for i, id in enumerate(["b", HOSTILE, "d", "é", "z"])]
    manifest = publish(tmp_path, made, [], shards=3, format=format)
    names = [shard["name"] for shard in manifest["shards"]]
    found = said(LocalPlace(str(tmp_path)), names, ["é", HOSTILE, "no such row"], 20.0)
    assert set(found) == {"é", HOSTILE}
    for each in made:
        if each.id in found:
            assert found[each.id].words == tuple(word for word in each.words if word.start < 20)
            assert found[each.id].events == tuple(event for event in each.events if event.start < 20)
    assert set(gather(LocalPlace(str(tmp_path)), manifest).said) == {each.id for each in made}
    first = said(LocalPlace(str(tmp_path)), [names[0], "data/no-such-shard.parquet"], ["b"], 20.0)
    assert set(first) == {"b"}, "the search ends where all are found"


def test_health_counts_recordings_once_and_keeps_the_worst(rows: list[Row], tmp_path: Path) -> None:
    found = summed(rows, tmp_path).condition
    recordings = {each.clip.recording: each.health for each in rows if each.health}
    assert found.recordings == len(recordings)
    assert found.flagged == sum(bool(h.findings) for h in recordings.values())
    assert found.findings == Counter(name for h in recordings.values() for name in {f.name for f in h.findings})
    assert found.noise[0].absent == sum(h.sides[0].noise_dbfs is None for h in recordings.values())
    assert found.leakage[0].n == 0
    assert found.leakage[1].n == found.flagged
    assert [bool(line.health["findings"]) for line in found.worst] == [True] * found.flagged + [False] * (60 - found.flagged)
    assert [line.rank for line in found.worst] == sorted(line.rank for line in found.worst)


def test_only_the_worst_are_kept_wherever_they_stand(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    activity = talk(rng, 20)
    rows = [row(f"c{i:03d}", activity, condition(rng, trouble=i in (2, 90))) for i in range(100)]
    manifest = publish(tmp_path, rows, [], shards=12)
    small, whole = Condition(wanted=7), Condition(wanted=100)
    for table in batches(LocalPlace(str(tmp_path)), [shard["name"] for shard in manifest["shards"]], rows=1):
        small.add(table)
        whole.add(table)
    assert [line.id for line in small.worst] == [line.id for line in whole.worst[:7]]
    assert {line.id for line in small.worst[:2]} == {"c002", "c090"}


def test_mixtures_are_told_from_recorded_channels(rows: list[Row], tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    made = [mixed(rng, f"mix/{i:03d}", 60.0, mono=i % 3 > 0) for i in range(30)]
    found = summed([*rows, *made], tmp_path, shards=5).mixtures
    assert (found.recordings, found.mono) == (30, 20)
    assert found.seconds == pytest.approx(sum(each.duration for each in made))
    assert set(found.kinds) == {"original", "routed", "silence"}
    for kind, seconds in found.kinds.items():
        for channel in (0, 1):
            own = [o.end - o.start for each in made for o in each.origins if (o.kind, o.channel) == (kind, channel)]
            assert seconds[channel] == pytest.approx(sum(own))
    assert sum(found.kinds.values()) == pytest.approx(np.full(2, found.seconds))
    assert {kind: heard.count for kind, heard in found.others.items()} == {"music": 30, "third_voice": 30}
    assert {kind: heard.seconds for kind, heard in found.others.items()} == pytest.approx({"music": 7.5, "third_voice": 15.0})
    confidence = {each.id: each.quality[0].value for each in made}
    assert (found.confidence.n, found.confidence.least) == (30, min(confidence.values()))
    assert found.similarity.n == 30
    assert [line.id for line in found.least_sure] == sorted(confidence, key=lambda id: confidence[id])
    assert [line.recorded for line in found.least_sure].count("two channels alike") == 10


def test_a_mixture_in_several_rows_counts_once_and_may_be_unmeasured(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    parts = [mixed(rng, f"long#{i:04d}", 20.0) for i in range(3)]
    rows = [
        replace(each, clip=RowClip("long", i, 3, 20.0 * i, 20.0 * i + 20, "end"), quality=(), health=None) for i, each in enumerate(parts)
    ]
    found = summed(rows, tmp_path, shards=1).mixtures
    assert (found.recordings, found.mono, found.confidence.absent) == (1, 0, 1)
    assert found.seconds == pytest.approx(sum(each.duration for each in rows))
    (line,) = found.least_sure
    assert (line.id, line.recorded, line.confidence, line.similarity) == ("long", "not measured", None, None)


@pytest.mark.parametrize("shards", [1, 6])
def test_each_conversation_of_a_show_counts_once_with_its_own_sureness(tmp_path: Path, shards: int) -> None:
    rng = np.random.default_rng(5)
    cuts = ("silence", "conversation", "conversation", "silence", "conversation")
    parts = [mixed(rng, f"show#{i:04d}", 20.0) for i in range(5)]
    rows = [replace(each, clip=RowClip("show", i, 5, 30.0 * i, 30.0 * i + 20, cuts[i])) for i, each in enumerate(parts)]
    rows.append(mixed(rng, "whole", 20.0))
    found = summed(rows, tmp_path, shards=shards).mixtures
    assert (found.recordings, found.conversations, found.mono, found.confidence.n) == (2, 4, 2, 4)
    sure = {each.id: each.quality[0].value for each in rows}
    wanted = {"show": sure["show#0000"], "show#0002": sure["show#0002"], "show#0003": sure["show#0003"], "whole": sure["whole"]}
    assert {line.id: line.confidence for line in found.least_sure} == wanted


def test_recorded_channels_are_no_mixtures(rows: list[Row], tmp_path: Path) -> None:
    found = summed(rows, tmp_path).mixtures
    assert (found.recordings, found.seconds, found.kinds, found.others, found.least_sure) == (0, 0.0, {}, {}, [])


def same(left: Gathered, right: Gathered, manifest: dict[str, Any]) -> None:
    assert render(view(manifest, [], left)) == render(view(manifest, [], right))


def test_arrow_and_many_shards_give_the_same(rows: list[Row], tmp_path: Path) -> None:
    place, manifest = LocalPlace(str(tmp_path / "c")), publish(tmp_path / "c", rows, [], shards=9)
    left = summed(rows, tmp_path / "a", shards=1)
    same(left, summed(rows, tmp_path / "b", shards=1, format="arrow"), manifest)
    parts = Gathered(Totals(), Taking(), Condition(), said=left.said)
    for table in batches(place, [shard["name"] for shard in manifest["shards"]], rows=10):
        assert table.num_rows >= 1
        for part in (parts.totals, parts.taking, parts.condition):
            part.add(table)
    # Only the order of additions differs, and no printed digit depends on it.
    same(left, parts, manifest)


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_remote_places_give_the_same(rows: list[Row], tmp_path: Path, format: Any) -> None:
    manifest = publish(tmp_path, rows, [], format=format)
    remote = place_at(f"memory://{tmp_path.name}-{format}")
    for shard in manifest["shards"]:
        remote.put(shard["name"], (tmp_path / shard["name"]).read_bytes())
    same(gather(LocalPlace(str(tmp_path)), manifest), gather(remote, manifest), manifest)


def test_no_audio_is_read(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).bytes(300_000)
    rows = [row(f"c{i}", talk(np.random.default_rng(i), 20), None, audio=audio) for i in range(10)]
    manifest = publish(tmp_path, rows, [], shards=1)
    name = manifest["shards"][0]["name"]
    (table,) = batches(LocalPlace(str(tmp_path)), [name])
    assert table.nbytes < 100_000
    assert "audio" not in table.column_names
    assert pq.ParquetFile(tmp_path / name).metadata.num_columns > len(COLUMNS)


def test_rows_without_measures_are_absent(tmp_path: Path) -> None:
    rows = [without_measures(each) for each in calls(3)]
    gathered = summed(rows, tmp_path)
    assert gathered.taking.rows == gathered.condition.recordings == 0
    assert gathered.condition.unmeasured == 3
    assert gathered.taking.overlap_share.absent == len(rows)
    assert gathered.taking.share_of_overlap is None


def test_a_manifest_that_counts_other_rows_is_refused(rows: list[Row], tmp_path: Path) -> None:
    manifest = publish(tmp_path, rows, [])
    manifest["rows"] += 1
    with pytest.raises(DuologueError, match="not the 73 rows of 60 recordings of the manifest"):
        gather(LocalPlace(str(tmp_path)), manifest)


def test_runs_cover_all_groups_in_order() -> None:
    assert list(runs([5, 5, 5, 20, 1, 1], 10)) == [[0, 1], [2], [3], [4, 5]]
    assert list(runs([], 10)) == []


def test_the_hostile_id_is_in_the_set(rows: list[Row]) -> None:
    assert any(each.id == HOSTILE for each in rows)
