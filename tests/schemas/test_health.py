from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LawError
from schemas.health import Finding, Health, Leak, Likeness, Side
from schemas.plain import arrow_type, from_plain, to_plain

SIDE = Side(speech_s=2.0, own_speech_s=1.0, dc=0.0, zeros=0.1, clipping=0.0)
share = st.floats(0, 1)
known = st.none() | st.floats(-200, 200)
sides = st.builds(
    lambda speech, own, **rest: Side(speech_s=speech, own_speech_s=speech * own, **rest),
    speech=st.floats(0, 1e5),
    own=share,
    dc=st.floats(-1, 1),
    zeros=share,
    clipping=share,
    level_dbfs=known,
    hum_db=known,
    original_rate=st.none() | st.sampled_from([8000, 16000]),
)
healths = st.builds(
    Health,
    sides=st.tuples(sides, sides),
    likeness=st.none() | st.builds(Likeness, correlation=st.none() | st.floats(-1, 1), copy=st.sampled_from([None, "inverted"])),
    leaks=st.lists(st.builds(Leak, source=st.just(0), into=st.just(1), evidence_s=st.floats(0, 9), level_db=known), max_size=2).map(tuple),
    findings=st.lists(
        st.builds(
            Finding,
            name=st.sampled_from(["hum", "leakage"]),
            channel=st.none() | st.just(1),
            value=st.floats(-9, 9),
            unit=st.just("dB"),
            limit=st.just(1.0),
        )
    ).map(tuple),
)


@given(healths)
def test_through_json_and_back(health: Health) -> None:
    assert from_plain(Health, json.loads(json.dumps(to_plain(health), allow_nan=False))) == health


@given(healths)
def test_through_arrow_and_back(health: Health) -> None:
    pa = pytest.importorskip("pyarrow")
    stored = pa.array([to_plain(health)], arrow_type(Health)).to_pylist()[0]
    assert from_plain(Health, stored) == health


def test_laws() -> None:
    with pytest.raises(LawError):
        Side(speech_s=1.0, own_speech_s=2.0, dc=0.0, zeros=0.0, clipping=0.0)
    with pytest.raises(LawError):
        Side(speech_s=1.0, own_speech_s=1.0, dc=0.0, zeros=1.5, clipping=0.0)
    with pytest.raises(LawError):
        Likeness(correlation=1.2)
    with pytest.raises(LawError):
        Likeness(copy="twin")  # type: ignore[arg-type]
    with pytest.raises(LawError):
        Finding(name="ugly", channel=None, value=0.0, unit="dB", limit=0.0)
    with pytest.raises(LawError):
        Health(sides=())
    with pytest.raises(LawError):
        Health(sides=(SIDE,), likeness=Likeness())


def test_found_by_name() -> None:
    hum, leak = (Finding(name=name, channel=0, value=1.0, unit="dB", limit=0.0) for name in ("hum", "leakage"))
    assert Health(sides=(SIDE,), findings=(hum, leak)).found("hum") == (hum,)
