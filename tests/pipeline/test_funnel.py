"""What gates would cost, counted over the rows of finished data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.funnel import run_funnel
from pipeline.funnel_columns import READ, Columns, wanted
from pipeline.place import LocalPlace
from pipeline.report.reading import batches
from pipeline.show import text_of
from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.health import Health, Leak
from schemas.quality import Quality, Score
from schemas.row import AUDIO_COLUMNS, Row, RowRemoved, RowScore, RowTranscript, RowWord, row_schema
from schemas.span import Span
from schemas.stats import Stats
from schemas.transcript import Transcript
from stages.filter.evaluate import decide
from stages.filter.figures import figures_of
from stages.filter.language import names, terms
from stages.filter.names import meaning, meanings
from stages.filter.parser import parse
from tests.pipeline.calling import Cli, rejects, rows
from tests.pipeline.report_sets import calls, mixed, publish, without_measures
from tests.pipeline.talks import talk, write_call

KEEP = (
    "quality.dnsmos.ovrl >= 2.8 and health.leakage_db ?? -60 <= -20",
    "stats.overlap_share >= 0.045 or not known(quality.dnsmos.ovrl)",
    "duration > 30",
)


def scored(row: Row, rng: np.random.Generator) -> Row:
    """With a MOS of each channel, of one, or of none."""
    found = [RowScore("dnsmos.ovrl", channel, float(rng.normal(3, 0.3)), "MOS", "m") for channel in (0, 1) if rng.random() < 0.8]
    region = RowScore("dnsmos.ovrl", 0, 1.0, "MOS", "m", 0.0, 1.0)
    return replace(row, quality=(*row.quality, *found, region))


@pytest.fixture(scope="module")
def some() -> list[Row]:
    rng = np.random.default_rng(3)
    found = [*calls(24, seconds=60.0), *(mixed(rng, f"mono-{i}", 60.0, mono=i % 2 == 0) for i in range(8))]
    found = [scored(row, rng) for row in found]
    found[5] = without_measures(found[5])
    said = RowTranscript(languages=(), removed=(RowRemoved(1, 0.0, 1.0, "x", "loop"),), unworded=(1.5, 0.25))
    words = (RowWord(0, 0.0, 0.5, "yes", 0.9, "ctc"), RowWord(1, 1.0, 1.5, "no", None, "ctc"), RowWord(0, 2.0, 2.5, "well", 0.5, "ctc"))
    found[2] = replace(found[2], transcript=said, words=words)
    return found


@pytest.fixture(scope="module")
def built(some: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("funnel"), some)


def published(out: Path, rows: list[Row], **how: Any) -> Path:
    (out / "manifest.json").write_text(json.dumps(publish(out, rows, (), **how)))
    return out


def read(out: Path) -> pa.Table:
    """The columns that the funnel reads, of all rows."""
    shards = [f"data/{path.name}" for path in sorted((out / "data").iterdir())]
    return pa.concat_tables(batches(LocalPlace(str(out)), shards, columns=wanted(True)))


def values_of(row: Row) -> dict[type, Any]:
    """What the gate would have been given, of what the row holds."""
    scores = tuple(Score(s.name, s.value, s.unit, s.method, s.channel, None if s.start is None else Span(0, 1)) for s in row.quality)
    length = round(row.duration * row.rate)
    spans: tuple[Any, Any] = ((), ())
    held: dict[type, Any] = {
        Quality: Quality(scores=scores, length=length, rate=row.rate),
        Activity: Activity(channels=spans, length=length, rate=row.rate),
    }
    return held | {kind: value for kind, value in ((Health, row.health), (Stats, row.stats)) if value is not None}


def test_rows_hold_the_numbers_that_the_gate_is_given(some: list[Row], built: Path) -> None:
    figures = Columns(read(built))
    asked = [name for name, found in meanings().items() if found.kind is not Transcript and not name.startswith("diarization.")]
    for name in asked:
        found = figures(name)
        assert found.shape == (len(some), 2)
        for row, numbers in zip(some, found, strict=True):
            values = values_of(row)
            stands = meaning(name)
            assert stands is not None
            one = np.full((1, 2), np.nan) if stands.kind not in values else figures_of(values)(name)
            np.testing.assert_array_equal(numbers, np.broadcast_to(one, (1, 2))[0], err_msg=f"{name} of {row.id}")


def test_words_of_rows(some: list[Row], built: Path) -> None:
    figures = Columns(read(built))
    truth: dict[str, list[float]] = {"words": [2, 1], "confidence": [0.7, np.nan], "removed": [0, 1], "unworded": [1.5, 0.25]}
    for name, numbers in truth.items():
        found = figures(f"transcript.{name}")
        np.testing.assert_allclose(found[2], numbers)
        assert np.isnan(np.delete(found, 2, axis=0)).all()
    known = ~np.isnan(figures("diarization.confidence"))
    assert known.all(axis=1).tolist() == [row.id.startswith("mono") for row in some]


def test_the_funnel_counts_as_one_row_after_the_other_would(some: list[Row], built: Path) -> None:
    found = run_funnel(str(built), KEEP)
    asked = [term for keep in KEEP for term in terms(parse(keep, "x"))]
    assert len(found["terms"]) == len(asked) == 4
    left = list(some)
    for term, told in zip(asked, found["terms"], strict=True):
        verdicts = {row.id: judged(term, row) for row in some}
        lost = [row for row in some if verdicts[row.id] is not True]
        left = [row for row in left if verdicts[row.id] is True]
        assert told["alone"]["rows"] == len(lost)
        assert told["alone"]["hours"] == pytest.approx(sum(row.duration for row in lost) / 3600)
        assert told["alone"]["unknown"] == sum(verdict is None for verdict in verdicts.values())
        assert told["left"]["rows"] == len(left)
        assert told["left"]["hours"] == pytest.approx(sum(row.duration for row in left) / 3600)
    assert 0 < len(left) < len(some)
    assert (found["rows"], found["recordings"]) == (len(some), sum(row.clip.index == 0 for row in some))
    assert found["hours"] == pytest.approx(sum(row.duration for row in some) / 3600)


def judged(term: Any, row: Row) -> bool | None:
    values = values_of(row)
    absent = {name.name for name in names(term) if getattr(meaning(name.name), "kind", None) not in values}
    figures: Callable[[str], Any] = lambda name: np.full((1, 2), np.nan) if name in absent else figures_of(values)(name)  # noqa: E731
    verdict = decide(term, figures)
    return True if verdict.yes.all() else False if verdict.no.all() else None


def test_quantiles_are_of_the_lower_and_the_upper_channel(some: list[Row], built: Path) -> None:
    found = {each["name"]: each for each in run_funnel(str(built), ["stats.overlap_share > 0"])["figures"]}
    assert next(iter(found)) == "stats.overlap_share"
    mos = [[s.value for s in row.quality if s.name == "dnsmos.ovrl" and s.start is None] for row in some]
    known = [values for values in mos if values]
    told = found["quality.dnsmos.ovrl"]
    assert told["rows"] == len(known)
    assert told["lower"]["50%"] == pytest.approx(np.median([min(values) for values in known]))
    assert told["upper"]["95%"] == pytest.approx(np.quantile([max(values) for values in known], 0.95))
    assert set(found) == {f"quality.{name}" for name in ("dnsmos.ovrl", "diarization_confidence", "voice_similarity", "snr")} | {
        "stats.overlap_share"
    }


def test_no_audio_is_read() -> None:
    assert not [name for name in READ if name.partition(".")[0] in AUDIO_COLUMNS]
    leaves = set(_leaves(row_schema()))
    assert {name for name in READ if not any(leaf == name or leaf.startswith(f"{name}.") for leaf in leaves)} == set()


def _leaves(schema: pa.Schema) -> list[str]:
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [columns.column(i).path for i in range(len(columns))]


def test_arrow_shards_give_the_same_funnel(some: list[Row], built: Path, tmp_path: Path) -> None:
    other = run_funnel(str(published(tmp_path, some, format="arrow")), KEEP)
    assert {**run_funnel(str(built), KEEP), "out": ""} == {**other, "out": ""}


def test_an_empty_data_set_is_a_funnel_of_nothing(tmp_path: Path) -> None:
    out = str(published(tmp_path, []))
    found = run_funnel(out, KEEP)
    assert (found["rows"], found["hours"], found["figures"]) == (0, 0.0, [])
    assert "0 rows" in text_of(found)
    with pytest.raises(UsageError, match="no such number"):
        run_funnel(out, ["quality.nope > 1"])


def test_numbers_that_an_older_data_set_lacks_are_not_known(some: list[Row], built: Path) -> None:
    old = read(built).select(["id", "duration", "clip", "quality"]).append_column("stats", pa.array([{"single": 1.0}] * len(some)))
    figures = Columns(old)
    assert (figures("stats.single") == 1).all()
    for name in ("stats.overlap_share", "stats.channels.speech", "health.level_dbfs", "health.leakage_db", "transcript.words"):
        assert np.isnan(figures(name)).all()


def test_scores_of_other_packages_may_be_asked_for(some: list[Row], tmp_path: Path) -> None:
    rows = [replace(row, quality=(*row.quality, RowScore("utmos", None, 3.0, "MOS", "m"))) for row in some[:3]]
    out = str(published(tmp_path, rows))
    assert run_funnel(out, ["quality.utmos > 2"])["terms"][0]["left"]["rows"] == 3
    with pytest.raises(UsageError, match=r"did you mean 'quality\.utmos'"):
        run_funnel(out, ["quality.utmo > 2"])


def test_a_score_may_be_asked_for_that_the_first_rows_lack(some: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    score = RowScore("utmos", 1, 3.0, "MOS", "m")
    rows = [some[0], replace(some[1], quality=(*some[1].quality, score)), some[2]]
    out = str(published(tmp_path, rows, shards=3))
    monkeypatch.setattr("pipeline.report.reading.batches", partial(batches, rows=1))
    (term,) = run_funnel(out, ["quality.utmos[1] > 2"])["terms"]
    assert (term["left"]["rows"], term["alone"]["unknown"]) == (1, 2)


def test_a_channel_of_what_has_none_is_refused_as_by_the_gate(some: list[Row], tmp_path: Path) -> None:
    row = replace(some[0], quality=(*some[0].quality, RowScore("cpwer", None, 0.1, "share", "m")))
    with pytest.raises(UsageError, match="not one for each channel"):
        run_funnel(str(published(tmp_path, [row])), ["quality.cpwer[1] < 1"])


GOLDEN = """\
{out}: 3 rows of 3 recordings, 0.05 h

term                        rows lost alone  hours  unknown  rows left  hours left
                                                                     3        0.05
quality.dnsmos.ovrl >= 2.8                2   0.03        1          1        0.02
health.leakage_db <= -20                  1   0.02        0          1        0.02
kept: 1 of 3 rows, 0.02 h (33.3%)

number                              rows     5%    25%   50%    75%    95%
quality.dnsmos.ovrl, lower channel     2  2.525  2.625  2.75  2.875  2.975
quality.dnsmos.ovrl, upper channel     2   3.01   3.05   3.1   3.15   3.19
health.leakage_db, lower channel       3    -50    -50   -50    -50    -50
health.leakage_db, upper channel       3  -47.5  -37.5   -25  -20.5  -16.9"""


def golden_rows() -> list[Row]:
    made = []
    for index, (mos, leak) in enumerate((((3.0, 3.2), -25.0), ((2.5, 3.0), -16.0), ((None, None), None))):
        row = calls(1, seconds=60.0)[0]
        assert row.health is not None
        leaks = (
            Leak(source=0, into=1, evidence_s=9.0, level_db=leak, detectable_db=-50.0),
            Leak(source=1, into=0, evidence_s=9.0, detectable_db=-50.0),
        )
        scores = tuple(RowScore("dnsmos.ovrl", channel, value, "MOS", "m") for channel, value in enumerate(mos) if value is not None)
        made.append(replace(row, id=f"call-{index}", duration=60.0, health=replace(row.health, leaks=leaks), quality=scores))
    return [replace(row, clip=replace(row.clip, index=0, count=1)) for row in made]


def test_the_command_prints_the_funnel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = published(tmp_path, golden_rows())
    cli = Cli(capsys)
    keep = "quality.dnsmos.ovrl >= 2.8 and health.leakage_db <= -20"
    assert cli("funnel", out, "--keep", keep).rstrip("\n") == GOLDEN.format(out=out)
    assert json.loads(cli("funnel", out, "--keep", keep, "--json")) == run_funnel(str(out), [keep])


@pytest.mark.parametrize(
    ("keep", "wanted_text"),
    [("quality.dnsmos.ovr > 2", "did you mean 'quality.dnsmos.ovrl'"), ("a >", "--keep 'a >': wanted a name"), ("", "--keep '': wanted")],
)
def test_a_wrong_gate_is_refused(built: Path, keep: str, wanted_text: str) -> None:
    with pytest.raises(UsageError) as caught:
        run_funnel(str(built), [keep])
    assert wanted_text in str(caught.value)


def test_an_unfinished_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished data set"):
        run_funnel(str(tmp_path), [])


def test_the_funnel_of_a_set_foretells_what_the_gate_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli = Cli(capsys)
    for index, seconds in enumerate((2.0, 3.0, 4.5, 6.0)):
        write_call(tmp_path / "calls" / f"c{index}.wav", talk(index, seconds))
    chain = "chain=[decode, tracks, health, vad, turns, stats, score, filter]"
    parts = "score.parts=[signal, separation]"
    keep = "quality.snr[0] > 20 and stats.channels.speech_share >= 0.16 and duration < 6"
    every = cli.build(tmp_path / "calls", tmp_path / "all", "--set", chain, "--set", parts)
    told = run_funnel(str(tmp_path / "all"), [keep])
    kept = cli.build(tmp_path / "calls", tmp_path / "kept", "--set", chain, "--set", parts, "--set", f"filter.keep={keep}")
    assert (every["rows"], told["rows"]) == (4, 4)
    assert 0 < kept["rows"] < 4
    assert kept["rows"] == told["terms"][-1]["left"]["rows"]
    assert kept["rejects"] == {"gated": 4 - kept["rows"]}
    facts = [json.loads(row["facts"]) for row in rejects(tmp_path / "kept")]
    assert {fact["term"] for fact in facts} <= {each["term"] for each in told["terms"]}
    row = rows(tmp_path / "kept")[0]
    assert [(each["name"], each["channel"]) for each in row["quality"]].count(("snr", 0)) == 1
    assert {"bandwidth", "clipping", "speech_share"} <= {each["name"] for each in row["quality"]}
    assert [stage["stage"] for stage in row["provenance"]][-2:] == ["score", "filter"]
