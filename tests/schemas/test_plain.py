"""Plain dataclasses through JSON and Arrow, from their annotations alone."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activity import Activity, Turn, Turns
from schemas.errors import LawError, RejectRecord
from schemas.health import Finding, Health, Leak, Likeness, Side
from schemas.plain import Int16, arrow_type, from_plain, to_plain
from schemas.recording import Decoding
from schemas.row import Row
from schemas.source import Source
from schemas.span import Span
from schemas.stats import FTO_EDGES, ChannelTaking, FloorTransfers, Measure, OverlapKinds, Stats, TurnTakingConstants

finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
share = st.floats(0, 1)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


PLAIN: dict[Any, st.SearchStrategy[Any]] = {float: finite, float | None: maybe(finite), int: whole, int | None: maybe(whole)}


def built(cls: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of `cls` with any storable number wherever nothing else is given."""
    hints = get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls) if field.init and field.name not in given]
    return st.builds(cls, **given, **{name: PLAIN[hints[name]] for name in names if hints[name] in PLAIN})


sides = built(Side, speech_s=st.floats(1, 9), own_speech_s=share, zeros=share, clipping=share)
likeness = built(Likeness, correlation=maybe(st.floats(-1, 1)), similarity=maybe(share), copy=maybe(st.sampled_from(["scaled", "delayed"])))
leaks = built(Leak)
findings = built(Finding, name=st.sampled_from(["hum", "leakage"]), unit=st.text())
healths = st.one_of(
    built(Health, sides=st.tuples(sides), findings=st.lists(findings, max_size=2).map(tuple)),
    built(Health, sides=st.tuples(sides, sides), likeness=maybe(likeness), leaks=st.tuples(leaks, leaks)),
)
measures = built(Measure)


def transfers_of(counts: list[int]) -> FloorTransfers:
    known = 0.1 if sum(counts) else None
    quartiles = dict.fromkeys(("median", "lower_quartile", "upper_quartile", "within_200ms"), known)
    return FloorTransfers(n=sum(counts), edges=FTO_EDGES, counts=tuple(counts), **quartiles)


transfers = st.lists(st.integers(0, 5), min_size=len(FTO_EDGES) + 1, max_size=len(FTO_EDGES) + 1).map(transfers_of)
none = dict.fromkeys(("plain", "transitions", "backchannels", "interruptions", "failed_interruptions", "ipus"), st.just(0))
taking = built(ChannelTaking, speech=st.just(0.0), words=st.none(), **none)
worded = built(ChannelTaking, speech=st.just(0.0), words=whole, **none)
lists = dict.fromkeys(("backchannel_words", "filler_words", "laughter_words"), st.lists(st.text(), max_size=2).map(tuple))
nothing = Measure(count=0, seconds=0.0, per_minute=0.0, seconds_per_minute=0.0, mean=None)
stats = built(
    Stats,
    **dict.fromkeys(("duration", "silence", "edge_silence"), st.just(8.0)),
    **dict.fromkeys(("ipu", "pause", "gap", "overlap"), st.just(nothing)),
    single=st.just(0.0),
    transfers=transfers,
    channels=st.tuples(taking, taking) | st.tuples(worded, worded),
    overlaps=st.just(OverlapKinds(turn_final=0, mid_turn=0, simultaneous_start=0)),
    constants=built(TurnTakingConstants, **lists, list_language=st.text()),
)
spans = st.tuples(st.integers(0, 40), st.integers(1, 40)).map(lambda pair: (Span(pair[0], pair[0] + pair[1]),))
activities = built(Activity, channels=st.tuples(spans, spans), length=st.just(80))
turns = built(Turns, turns=spans.map(lambda found: (Turn(0, found[0], 'é\n"x', None),)), length=st.just(80))
decodings = built(Decoding, container=st.text(), decoder=st.text())
names = st.just(()) | st.tuples(st.text(), st.text())
sources = built(Source, id=st.text(min_size=1), uris=st.tuples(st.text(), st.text()), speakers=names, roles=names)
records = built(RejectRecord, uris=st.lists(st.text()).map(tuple))
values = st.one_of(healths, stats, activities, turns, decodings, measures, sources, records)


@given(values)
def test_a_value_survives_json(value: Any) -> None:
    again = from_plain(type(value), json.loads(json.dumps(to_plain(value), allow_nan=False)))
    assert again == value
    assert to_plain(again) == to_plain(value)


@given(values)
def test_a_value_survives_arrow_under_its_own_type(value: Any) -> None:
    array = pa.array([to_plain(value)], type=arrow_type(type(value)))
    array.validate(full=True)
    assert from_plain(type(value), array[0].as_py()) == value


@pytest.mark.parametrize("kind", [Health, Stats, Decoding, Activity, Turns, RejectRecord, Row, Source])
def test_the_arrow_type_of_every_value_has_its_fields_in_order(kind: type[Any]) -> None:
    struct = arrow_type(kind)
    assert [struct.field(i).name for i in range(struct.num_fields)] == [f.name for f in dataclasses.fields(kind) if f.init]


def test_arrow_types_follow_the_annotations() -> None:
    text = pa.string()
    assert arrow_type(get_type_hints(Decoding)["header_frames"]) == pa.int64()
    assert arrow_type(Literal["a", "b"]) == text
    assert arrow_type(tuple[str, ...]) == arrow_type(tuple[str, str]) == pa.list_(text)
    assert arrow_type(Span) == pa.struct([("start", pa.int64()), ("end", pa.int64())])
    assert arrow_type(float | None) == pa.float64()
    assert (arrow_type(bool), arrow_type(bytes)) == (pa.bool_(), pa.binary())
    assert arrow_type(tuple[Int16, ...]) == pa.list_(pa.int16())


@pytest.mark.parametrize("annotation", [dict[str, int], list[int], int | str, Any, object])
def test_what_is_not_plain_has_no_arrow_type(annotation: Any) -> None:
    with pytest.raises(LawError, match="no plain annotation"):
        arrow_type(annotation)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    with pytest.raises(LawError, match="not a finite number"):
        to_plain(Measure(count=1, seconds=number, per_minute=0.0, seconds_per_minute=0.0, mean=None))


@pytest.mark.parametrize("data", [{"start": 0, "end": 1, "stop": 2}, [0, 1], "x", None])
def test_what_is_no_such_value_is_refused(data: Any) -> None:
    with pytest.raises(LawError, match="Span: unknown fields"):
        from_plain(Span, data)


def test_laws_are_checked_on_the_way_back() -> None:
    with pytest.raises(LawError, match="0 <= start <= end"):
        from_plain(Span, {"start": 3, "end": 1})


@dataclass(frozen=True)
class Inner:
    share: float


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...]
    pair: tuple[int, str]
    note: str | None = None


def test_whole_floats_come_back_as_floats_and_absent_fields_as_their_defaults() -> None:
    value = from_plain(Outer, {"inner": [{"share": 1}], "pair": [1, "x"]})
    assert value == Outer((Inner(1.0),), (1, "x"))
    assert type(value.inner[0].share) is float


@pytest.mark.parametrize(
    "data", [{"inner": []}, {"inner": [], "pair": [1]}, {"inner": 3, "pair": [1, "x"]}, {"inner": [{}], "pair": [1, "x"]}]
)
def test_fields_that_do_not_fit_are_a_broken_law(data: dict[str, Any]) -> None:
    with pytest.raises(LawError, match=r"Outer|Inner"):
        from_plain(Outer, data)
