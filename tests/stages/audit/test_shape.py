"""The shape of a corpus: sums before divisions, references with a distance, hours by name, and outliers that are told by number."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.taking import Taking
from pipeline.shards import _plain
from schemas.activity import Activity
from schemas.errors import LawError
from schemas.row import row_schema
from schemas.shapes import ABSOLUTE, RELATIVE, SHAPES, Shape
from schemas.source import Source
from schemas.span import Span
from schemas.stats import FISHER_SHAPE, Stats
from stages.audit.hours import Item, hours_by, sexes_of
from stages.audit.outliers import LEAST, LIMIT, NORMAL, outliers, robust
from stages.audit.shape import compared, corpus_shape, shape_of
from stages.turns.pooled import Pooled
from tests.pipeline.report_sets import row, spoken, talk
from tests.stages.turns.test_turn_taking import TAKING

RATE = 8000


def measured(seed: int, seconds: float = 90.0) -> Stats:
    return TAKING(talk(np.random.default_rng(seed), seconds))


def source(id: str, **more: object) -> Source:
    return Source(id=id, uris=(f"{id}.wav",), **more)  # type: ignore[arg-type]


SOME = [measured(seed, 40.0 + 11 * seed) for seed in range(9)]
SPOKEN = [spoken(np.random.default_rng(seed), f"s{seed}", 45.0) for seed in range(3)]


def test_time_of_all_recordings_is_added_up_before_it_is_divided() -> None:
    shape = corpus_shape([(source(str(i)), each.duration, each) for i, each in enumerate(SOME)])["shape"]
    whole = sum(each.duration for each in SOME)
    for name in FISHER_SHAPE:
        assert shape["seconds_per_minute"][name] == pytest.approx(60 * sum(getattr(s, name).seconds for s in SOME) / whole)
        assert shape["per_minute"][name] == pytest.approx(60 * sum(getattr(s, name).count for s in SOME) / whole)
    assert shape["per_minute"]["backchannels"] == pytest.approx(sum(s.backchannels_per_minute * s.duration for s in SOME) / whole)
    assert shape["per_minute"]["interruptions"] == pytest.approx(sum(s.interruptions_per_minute * s.duration for s in SOME) / whole)
    for channel in (0, 1):
        side = shape["sides"][channel]
        assert side["speech_seconds_per_minute"] == pytest.approx(60 * sum(s.channels[channel].speech for s in SOME) / whole)
    assert sum(side["share_of_speech"] for side in shape["sides"]) == pytest.approx(1)
    assert sum(shape["fto"]["counts"]) == shape["fto"]["n"] == sum(s.transfers.n for s in SOME)
    assert shape["histograms"]["overlap_share"]["n"] == len(SOME)
    json.dumps(shape, allow_nan=False)


def test_the_words_of_each_side_are_counted_over_the_speech_that_has_them() -> None:
    stats = [each.stats for each in SPOKEN if each.stats is not None]
    shape = corpus_shape((source(each.id), each.duration, each.stats) for each in SPOKEN)["shape"]
    for channel in (0, 1):
        sides = [each.channels[channel] for each in stats]
        worded = sum(each.speech - (each.unworded or 0) for each in sides)
        assert shape["sides"][channel]["words_per_second"] == pytest.approx(sum(each.words or 0 for each in sides) / worded)


@given(st.lists(st.integers(0, len(SOME)), max_size=12), st.integers(0, 12))
def test_a_corpus_in_two_parts_pools_as_in_one(chosen: list[int], cut: int) -> None:
    whole, parts, batch = Pooled(), Pooled(), [[*SOME, None][index] for index in chosen]
    whole.take(batch)
    for part in (batch[:cut], batch[cut:]):
        parts.take(part)
    found, wanted = shape_of(parts), shape_of(whole)
    assert found["without_statistics"] == batch.count(None)
    assert near(found, wanted)


def near(found: object, wanted: object) -> bool:
    """Equal throughout, numbers but for the order in which they were added."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and found.keys() == wanted.keys() and all(near(found[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(near, found, wanted))
    return bool(found == pytest.approx(wanted, rel=1e-9, abs=1e-12)) if isinstance(wanted, float) else found == wanted


def test_values_and_the_columns_of_a_data_set_pool_alike() -> None:
    rows = [*SPOKEN, *(row(f"r{seed}", talk(np.random.default_rng(seed), 30.0), None) for seed in range(4))]
    rows.append(replace(rows[0], id="bare", stats=None))
    columns, values = Taking(), Pooled()
    columns.add(pa.Table.from_pylist([_plain(each) for each in rows], schema=row_schema()))
    values.take([each.stats for each in rows])
    assert near(shape_of(columns), shape_of(values))
    for each in fields(Pooled):
        assert getattr(columns, each.name) is not None


def test_nothing_measured_is_told_as_nothing() -> None:
    found = corpus_shape([(source("a"), 60.0, None)])
    assert found["shape"] == {"recordings": 0, "without_statistics": 1, "hours": 0.0}
    assert corpus_shape([])["shape"]["recordings"] == 0
    assert outliers([]) == {}


def test_a_corpus_of_the_reference_has_no_distance_and_a_known_one_otherwise() -> None:
    pooled, (fisher, candor) = Pooled(), SHAPES
    pooled.seconds, pooled.rows = 60.0, 1
    pooled.lasting |= FISHER_SHAPE
    assert compared(pooled, fisher)["distance"] == pytest.approx(0)
    pooled.lasting |= {"overlap": 2 * FISHER_SHAPE["overlap"], "gap": 0.0}
    found = compared(pooled, fisher)
    assert found["distance"] == pytest.approx((1 + 1) / 4)
    assert (found["distance_name"], found["title"]) == (RELATIVE, "Fisher")
    assert compared(pooled, candor)["distance"] is None, "no transfer, so no median"
    pooled.transfers.add(np.full(10, 0.251))
    assert compared(pooled, candor)["distance"] == pytest.approx(0.171, abs=0.05)
    for each in (compared(pooled, shape) for shape in SHAPES):
        assert each["citation"]
        assert each["url"].startswith("https://")
        assert each["differences"]


@pytest.mark.parametrize(
    ("figures", "distance"),
    [
        ((), RELATIVE),
        ((("speed", 1.0),), RELATIVE),
        ((("ipu", 0.0),), RELATIVE),
        ((("ipu", 1.0), ("gap", 1.0)), ABSOLUTE),
        ((("ipu", 1.0),), "near"),
    ],
)
def test_a_reference_that_cannot_be_compared_is_none(figures: tuple[tuple[str, float], ...], distance: str) -> None:
    with pytest.raises(LawError):
        Shape(name="x", title="X", citation="", url="", figures=figures, distance=distance, differences="")


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ({"sex": ["f", "m"]}, ("female", "male")),
        ({"sex": "F/M"}, ("female", "male")),
        ({"gender": "Female, male"}, ("female", "male")),
        ({"sex": "MF"}, ("male", "female")),
        ({"sex": ["f.a", "m.o"]}, ("female", "male")),
        ({"gender": {"A": "woman", "B": None}}, ("female", None)),
        ({"sex": ["non-binary", "unk"]}, ("other", None)),
        ({"sex": ["Hijra", "N/A"]}, ("Hijra", None)),
        ({"sex": "female"}, (None, None)),
        ({"sex": [1, 2]}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_spellings_of_sex(extra: dict[str, object], wanted: tuple[str | None, str | None]) -> None:
    assert sexes_of(json.dumps(extra)) == wanted


def test_hours_by_everything_that_the_corpus_says() -> None:
    stats = SOME[0]
    items = [
        (source("a", corpus="x", licence="MIT", language="en", speakers=("ann", "bob"), extra='{"sex": ["f", "m"]}'), 3600.0, stats, 8000),
        (source("b", corpus="x", licence="MIT", consent="yes", speakers=("ann", "cy"), extra='{"sex": ["f", "f"]}'), 1800.0, None, 8000),
        (source("c", speakers=("", "")), 900.0, None, None),
    ]
    found = corpus_shape(items)["hours_by"]
    assert found == hours_by(Item(*each) for each in items)
    assert found["corpus"] == [{"name": "x", "hours": 1.5, "recordings": 2}, {"name": None, "hours": 0.25, "recordings": 1}]
    assert [(line["name"], line["hours"], line["recordings"]) for line in found["speaker"]] == [
        ("ann", 1.5, 2),
        ("bob", 1.0, 1),
        ("cy", 0.5, 1),
        (None, 0.5, 1),
    ]
    assert [(line["name"], line["hours"], line["recordings"]) for line in found["sex"]] == [
        ("female", 2.0, 2),
        ("male", 1.0, 1),
        (None, 0.5, 1),
    ]
    assert found["sex"][0]["speech_hours"] == pytest.approx(stats.channels[0].speech / 3600)
    assert found["rate"] == [{"name": "8000", "hours": 1.5, "recordings": 2}, {"name": None, "hours": 0.25, "recordings": 1}]
    assert [(line["name"], line["hours"]) for line in found["consent"]] == [("yes", 0.5), (None, 1.25)][::-1]
    for name in ("corpus", "language", "licence", "consent", "rate"):
        assert sum(line["hours"] for line in found[name]) == pytest.approx(1.75)


def alternating(id: str, overlap: float, seconds: float = 120.0) -> tuple[Source, float, Stats]:
    """A dialogue of turns of 3 s, each begun `overlap` seconds before the other ends (a gap when negative)."""
    sides: tuple[list[Span], list[Span]] = ([], [])
    at, side = 0.0, 0
    while at + 3 < seconds:
        sides[side].append(Span(int(at * RATE), int((at + 3) * RATE)))
        at, side = at + 3 - overlap, 1 - side
    activity = Activity(channels=(tuple(sides[0]), tuple(sides[1])), length=int(seconds * RATE), rate=RATE)
    return source(id), seconds, TAKING(activity)


USUAL = [alternating(f"call-{i:02d}", 0.02 + 0.005 * i) for i in range(30)]


def test_the_one_that_goes_unlike_the_rest_is_named_with_its_statistic() -> None:
    odd = alternating("odd", 1.2)
    found = outliers([*USUAL, odd])
    assert set(found) == {"odd"}
    finding = next(each for each in found["odd"] if json.loads(each.facts)["statistic"] == "overlap")
    facts, values = json.loads(finding.facts), [s.overlap.seconds_per_minute for *_, s in [*USUAL, odd]]
    center = float(np.median(values))
    spread = max(0.3, float(np.median(np.abs(np.array(values) - center))))
    assert facts["z"] == pytest.approx(NORMAL * (odd[2].overlap.seconds_per_minute - center) / spread)
    assert facts["z"] > LIMIT
    assert finding.limit is not None
    assert center < finding.limit < odd[2].overlap.seconds_per_minute
    assert finding.unit == "s/min"
    assert "overlap" in finding.detail


@given(st.permutations([*USUAL, alternating("odd", 1.2)]))
def test_the_order_of_recordings_does_not_matter(items: list[tuple[Source, float, Stats]]) -> None:
    assert outliers(items) == outliers(sorted(items, key=lambda each: each[0].id))


def test_small_corpora_short_recordings_and_equal_ones_have_no_outliers() -> None:
    odd = alternating("odd", 1.2)
    assert outliers([*USUAL[: LEAST - 2], odd]) == {}
    assert set(outliers([*USUAL[: LEAST - 1], odd])) == {"odd"}
    assert outliers([*USUAL, alternating("odd", 1.2, seconds=30.0)]) == {}
    assert outliers([(source(str(i)), 120.0, USUAL[0][2]) for i in range(30)] + [odd]) == {}


@given(st.lists(st.floats(-50, 50), min_size=LEAST, max_size=60), st.floats(-10, 10), st.floats(0.1, 10))
def test_scores_do_not_change_with_unit_and_origin(values: list[float], shift: float, scale: float) -> None:
    center, spread = robust(np.array(values))
    moved, wider = robust(np.array(values) * scale + shift)
    assert moved == pytest.approx(center * scale + shift, abs=1e-6)
    assert wider == pytest.approx(spread * scale, abs=1e-6)
