"""The laws of routed tracks, to the bit: solos are the source, nothing is lost, ramps lie where they may."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

import stages.separate.render as rendering
from schemas.diarization import Diarization, OtherSound, Segment
from schemas.errors import LawError, UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.route import RouteSeparate
from stages.spool import Spool
from stages.stage import Stage
from tests.stages.separate.mixtures import DECODING, RATE, SOURCE, diarizations, diarized, heard, noise, recording, route

UNSURE = st.sampled_from(["likely", "both", "residual"])
FADES = st.sampled_from([0, 1, 2, 7, 40])
TALK = diarized(400, (0, 20, 120), (1, 120, 200), (0, 180, 260), (1, 230, 240), (0, 300, 400), (1, 300, 330))


def near(mask: Any, reach: int) -> NDArray[np.bool_]:
    """Samples at most `reach` from a true one."""
    grown: NDArray[np.bool_] = mask.copy()
    for step in range(1, reach + 1):
        grown[step:] |= mask[:-step] if step < len(mask) else False
        grown[:-step] |= mask[step:] if step < len(mask) else False
    return grown


def whole(tracks: Tracks) -> NDArray[np.int64]:
    assert tracks.residual is not None
    return np.concatenate([tracks.samples, tracks.residual]).astype(np.int64)


def test_is_a_stage() -> None:
    assert isinstance(RouteSeparate(), Stage)
    assert (RouteSeparate.name, RouteSeparate.gives) == ("separate", Tracks)


@given(diarizations(), FADES, UNSURE, st.sampled_from([16, 24]), st.integers(0, 3))
@example(TALK, 40, "likely", 16, 0)
def test_outside_overlaps_channels_and_residual_add_up_to_the_source(
    diarization: Diarization, fade: int, unsure: Any, bits: int, seed: int
) -> None:
    source = noise(diarization.length, bits, seed)
    made = whole(route(source, diarization, fade, unsure=unsure, residual=True))
    overlap = heard(diarization, unsure).all(axis=0)
    assert np.array_equal(made.sum(axis=0)[~overlap], source.astype(np.int64)[~overlap])
    # Parts of a sample have its sign and are no larger: nothing is added that another part takes away again.
    assert (made * np.sign(source.astype(np.int64)) >= 0).all()
    assert (np.abs(made) <= np.abs(source.astype(np.int64))).all()


@given(diarizations(), FADES, UNSURE)
@example(TALK, 40, "likely")
def test_a_solo_is_the_source_and_the_other_channel_is_closed(diarization: Diarization, fade: int, unsure: Any) -> None:
    source = noise(diarization.length)
    made = whole(route(source, diarization, fade, unsure=unsure, residual=True))
    given = heard(diarization, unsure)
    for channel in (0, 1):
        solo = given[channel] & ~given[1 - channel]
        joins = np.zeros(diarization.length, bool)
        for at in np.flatnonzero(solo[1:] & (given[1 - channel] & ~given[channel])[:-1]) + 1:
            joins[at : at + fade] = True
        exact = solo & ~joins
        assert np.array_equal(made[channel][exact], source[exact])
        assert not made[1 - channel][exact].any()
        assert not made[2][solo].any()


@given(diarizations(), FADES, UNSURE)
@example(TALK, 40, "likely")
@example(TALK, 2, "likely")
def test_in_an_overlap_both_are_the_source_but_for_ramps_and_one_always_is(diarization: Diarization, fade: int, unsure: Any) -> None:
    source = noise(diarization.length)
    made = whole(route(source, diarization, fade, unsure=unsure, residual=True))
    given = heard(diarization, unsure)
    overlap = given.all(axis=0)
    inner = overlap & ~near(~overlap, fade)
    assert (made[:2, inner] == source[inner]).all()
    assert (made[:2] == source)[:, overlap].any(axis=0).all()
    assert not made[2][overlap].any()
    for channel in (0, 1):
        # Beside the other's solo a channel goes on as it is: only the one that joins or leaves has a ramp.
        alone = given[channel] & ~given[1 - channel]
        beside = overlap & near(alone, fade) & ~near(~given.any(axis=0) | (given[1 - channel] & ~given[channel]), 2 * fade + 1)
        assert (made[channel][beside] == source[beside]).all()


@given(diarizations(), FADES, UNSURE)
@example(TALK, 40, "likely")
def test_where_nobody_speaks_only_ramps_are_heard(diarization: Diarization, fade: int, unsure: Any) -> None:
    source = noise(diarization.length)
    made = whole(route(source, diarization, fade, unsure=unsure, residual=True))
    anybody = heard(diarization, unsure).any(axis=0)
    far = ~near(anybody, fade)
    assert not made[:2, far].any()
    assert np.array_equal(made[2][far], source[far])
    for channel in (0, 1):
        outside = ~anybody & ~near(heard(diarization, unsure)[channel], fade)
        assert not made[channel][outside].any()


@given(diarizations(), UNSURE, st.sampled_from(["silence", "room_tone"]))
def test_origins_say_what_each_stretch_is(diarization: Diarization, unsure: Any, floor: Any) -> None:
    made = route(noise(diarization.length), diarization, unsure=unsure, floor=floor)
    given = heard(diarization, unsure)
    for origin in made.origins:
        at = slice(origin.span.start, origin.span.end)
        own, other = given[origin.channel, at], given[1 - origin.channel, at]
        if origin.kind == "original":
            assert own.all()
            assert not other.any()
        elif origin.kind == "routed":
            assert own.all()
            assert other.all()
        else:
            assert origin.kind in ("silence", floor)
            assert not own.any()
            assert origin.confidence is None
    assert made.order is None
    assert made.roles == ("", "")


def origins(made: Tracks) -> list[tuple[int, int, int, str, float | None]]:
    return [(o.channel, o.span.start, o.span.end, o.kind, o.confidence) for o in made.origins]


def test_confidence_is_weighted_by_time_and_the_lower_of_two_in_overlaps() -> None:
    segments = (
        Segment(0, Span(0, 10), 0.8),
        Segment(0, Span(10, 40), 0.4),
        Segment(1, Span(30, 50), 0.9),
        Segment(1, Span(50, 60), None),
        Segment(1, Span(60, 80), 0.25, sure=False),
    )
    diarization = Diarization(length=100, rate=RATE, channel=0, segments=segments)
    assert origins(route(noise(100), diarization)) == [
        (0, 0, 30, "original", pytest.approx((10 * 0.8 + 20 * 0.4) / 30)),
        (0, 30, 40, "routed", 0.4),
        (0, 40, 100, "silence", None),
        (1, 0, 30, "silence", None),
        (1, 30, 40, "routed", 0.4),
        (1, 40, 60, "original", pytest.approx(0.9)),
        (1, 60, 80, "original", 0.25),
        (1, 80, 100, "silence", None),
    ]
    both = origins(route(noise(100), diarization, unsure="both"))
    assert [each for each in both if each[1] == 60] == [(0, 60, 80, "routed", 0.75), (1, 60, 80, "routed", 0.25)]
    assert origins(route(noise(100), diarization, unsure="residual"))[-1] == (1, 60, 100, "silence", None)


def test_other_sounds_go_to_the_residual() -> None:
    diarization = diarized(100, (0, 10, 30), (1, 60, 80), others=(OtherSound("music", Span(30, 60)),))
    source = noise(100)
    made = route(source, diarization, residual=True)
    assert made.residual is not None
    assert np.array_equal(made.residual[0, 30:60], source[30:60])
    assert not made.samples[:, 30:60].any()


@given(diarizations(), FADES)
def test_random_order_gives_the_same_tracks_the_other_way_round(diarization: Diarization, fade: int) -> None:
    source = noise(diarization.length)
    plain = route(source, diarization, fade, residual=True)
    assert (plain.chosen, plain.speakers) == ("first_to_speak", ("ann", "bob"))
    ids = [Source(f"call{i}", ("x.wav",)) for i in range(12)]
    swapped = [route(source, diarization, fade, each, residual=True, first="random:1") for each in ids]
    assert {made.speakers for made in swapped} == {("ann", "bob"), ("bob", "ann")}
    for made in swapped:
        turned = made.speakers == ("bob", "ann")
        assert np.array_equal(made.samples, plain.samples[::-1] if turned else plain.samples)
        assert made.residual is not None
        assert plain.residual is not None
        assert np.array_equal(made.residual, plain.residual)
        back = sorted((o.channel ^ turned, o.span, o.kind, o.confidence) for o in made.origins)
        assert [(o.channel, o.span, o.kind, o.confidence) for o in plain.origins] == back


def test_a_role_cannot_be_told_in_a_mixture() -> None:
    source = Source("x", ("x.wav",), speakers=("Ann", "Bo"), roles=("caller", "agent"))
    made = route(noise(400), TALK, 0, source, first="role:agent")
    assert (made.chosen, made.roles, made.speakers) == ("first_to_speak (no role agent)", ("", ""), ("A", "B"))


@pytest.mark.parametrize("first", ["as_recorded", "role:agent"])
def test_two_recorded_channels_pass_through_bit_for_bit(first: str) -> None:
    sound = recording(np.stack([noise(500, seed=1), noise(500, seed=2)]))
    source = Source("x", ("x.wav",), speakers=("Ann", "Bo"), roles=("caller", "agent"))
    apart = Diarization(length=500, rate=RATE, channel=None)
    made = RouteSeparate(first=first, floor="room_tone", residual=True, margin=0).load("cpu")(source, sound, apart)
    order = (0, 1) if first == "as_recorded" else (1, 0)
    assert np.shares_memory(made.samples, sound.samples)
    assert np.array_equal(made.samples, sound.samples[list(order)])
    assert (made.order, made.residual, made.crossfade) == (order, None, 0)
    assert made.speakers == (("Ann", "Bo") if order == (0, 1) else ("Bo", "Ann"))


def test_the_diarized_channel_of_two_is_the_source() -> None:
    sound = recording(np.stack([noise(400, seed=1), noise(400, seed=2)]))
    twice = Diarization(length=400, rate=RATE, channel=1, segments=TALK.segments)
    made = RouteSeparate(crossfade=0, margin=0).load("cpu")(SOURCE, sound, twice)
    assert made.order is None
    assert np.array_equal(made.samples[0, 20:120], sound.samples[1, 20:120])


@pytest.mark.parametrize("wrong", [diarized(399), diarized(400, rate=16000), Diarization(length=400, rate=RATE, channel=1)])
def test_a_diarization_of_another_recording_is_refused(wrong: Diarization) -> None:
    with pytest.raises(LawError, match="does not belong to a recording"):
        RouteSeparate().load("cpu")(SOURCE, recording(noise(400)), wrong)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"first": "agent"}, r"separate\.first.*as_recorded.*role:<name>.*random:<seed>"),
        ({"crossfade": -0.001}, r"separate\.crossfade: -0\.001"),
        ({"crossfade": float("nan")}, r"separate\.crossfade"),
        ({"crossfade": 2.0}, r"separate\.crossfade: 2\.0 s; wanted a number from 0 to 0\.5"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        RouteSeparate(**settings)


def test_the_crossfade_is_declared_in_samples() -> None:
    assert route(noise(400), TALK, 40).crossfade == 40
    assert RouteSeparate().load("cpu")(SOURCE, recording(noise(400), 44100), diarized(400, rate=44100)).crossfade == 220


@pytest.mark.parametrize("floor", ["silence", "room_tone"])
def test_blocks_leave_no_mark(monkeypatch: pytest.MonkeyPatch, floor: Any) -> None:
    length = 20_000
    diarization = diarized(length, (0, 3000, 9000), (1, 8000, 12000), (0, 12000, 15000), (1, 17000, 20000))
    source = (np.random.default_rng(2).standard_normal(length) * 300).astype(np.int16)
    plain = whole(route(source, diarization, 40, floor=floor, residual=True))
    monkeypatch.setattr(rendering, "BLOCK", 37)
    assert np.array_equal(whole(route(source, diarization, 40, floor=floor, residual=True)), plain)


@pytest.mark.parametrize("floor", ["silence", "room_tone"])
def test_memory_does_not_grow_with_the_recording(floor: Any) -> None:
    length = 30 * 60 * RATE
    spool = Spool(np.int16, 1)
    for _ in range(30):
        spool.write((np.random.default_rng(1).standard_normal((length // 30, 1)) * 300).astype(np.int16))
    sound = Recording(samples=spool.samples(), rate=RATE, bits=16, decoding=DECODING)
    turns = [(at % 2, at * 3 * RATE, at * 3 * RATE + (5 if at % 7 == 0 else 2) * RATE) for at in range(590)]
    stage = RouteSeparate(floor=floor, residual=True, margin=0).load("cpu")
    stage(SOURCE, recording(noise(40_000)), diarized(40_000, (0, 0, 9000)))  # what is imported on first use is not measured
    tracemalloc.start()
    made = stage(SOURCE, sound, diarized(length, *turns))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.length == length
    # One float32 copy of the mixture alone would take 58 MB.
    assert peak < 30e6
