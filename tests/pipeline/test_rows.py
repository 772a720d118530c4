"""Rows from values: times count from the clip, sets are cut at its edges, channels keep their speakers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.left_out import left_out
from pipeline.plan import make_plan
from pipeline.rows import clip_activity, provenance, rows_of
from pipeline.said import anew
from schemas.activity import Activity, Turns
from schemas.codes import Codes
from schemas.diarization import Conversation, Diarization, OtherSound, Segment
from schemas.errors import LawError
from schemas.health import Health
from schemas.recording import Recording
from schemas.row import Row
from schemas.source import Source
from schemas.span import Span, Spans, complement, total
from schemas.stats import Stats
from schemas.tracks import Tracks, view_of
from stages.diarize.rttm import RttmDiarize
from stages.health.measure import ChannelHealth
from stages.separate.route import RouteSeparate
from stages.tokenize.melrvq import MelRvqTokenize
from stages.turns.channels import ChannelTurns
from stages.turns.stats import TurnTaking
from tests.pipeline.talks import decoded
from tests.pipeline.toy import RATE, chain, toy_recording
from tests.schemas.test_codes import codes

PLAN = make_plan(chain())
SOURCE = Source(id="call-1", uris=("a.wav",), corpus="toy", licence="CC0-1.0", consent="yes", language="en", extra='{"a": 1}')


def values_of(recording: Recording, speech: tuple[Spans, Spans], order: tuple[int, int] = (0, 1)) -> dict[type, Any]:
    tracks = view_of(recording, order, ("Ann", "Bob"), ("agent", ""), "role:agent")
    activity = Activity(channels=speech, length=recording.length, rate=recording.rate)
    turns = ChannelTurns().load("cpu")(tracks, activity)
    stats = TurnTaking().load("cpu")
    return {Recording: recording, Tracks: tracks, Activity: activity, Turns: turns, Stats: stats(activity)}


def rows(speech: tuple[Spans, Spans], minutes: float, order: tuple[int, int] = (0, 1)) -> tuple[list[Row], dict[type, Any]]:
    values = values_of(toy_recording("x", 2.0), speech, order)
    return list(rows_of(SOURCE, PLAN, values.__getitem__, minutes, anew(PLAN))), values


TALK: tuple[Spans, Spans] = ((Span(800, 6000), Span(9000, 12000)), (Span(5000, 8000), Span(12500, 15000)))


@st.composite
def speech(draw: st.DrawFn) -> tuple[Spans, Spans]:
    length = 2 * RATE
    found = []
    for _ in (0, 1):
        points = sorted(draw(st.sets(st.integers(0, length), min_size=2, max_size=8)))
        found.append(tuple(Span(a, b) for a, b in zip(points[::2], points[1::2], strict=False)))
    return found[0], found[1]


@given(speech(), st.floats(0.1 / 60, 2.5 / 60))
def test_clips_put_together_are_the_recording(talk: tuple[Spans, Spans], minutes: float) -> None:
    found, values = rows(talk, minutes)
    samples = np.concatenate([decoded(row.audio.bytes) for row in found], axis=1)
    assert np.array_equal(samples, values[Tracks].samples)
    at = 0
    heard = [0, 0]
    for row in found:
        length = round(row.duration * RATE)
        assert round(row.clip.start * RATE) == at
        at += length
        assert round(row.clip.end * RATE) == at
        stretches: list[Any] = [*row.speech, *row.turns, *row.origins]
        for stretch in stretches:
            assert 0 <= stretch.start < stretch.end <= row.duration
        for channel in (0, 1):
            own = [Span(round(s.start * RATE), round(s.end * RATE)) for s in row.speech if s.channel == channel]
            heard[channel] += total(own)
            origins = [Span(round(o.start * RATE), round(o.end * RATE)) for o in row.origins if o.channel == channel]
            assert origins == [Span(0, length)]
        assert row.stats is not None
        assert row.stats.duration == pytest.approx(row.duration)
    assert at == 2 * RATE
    assert heard == [total(spans) for spans in talk]


def test_a_whole_recording_is_one_row_with_its_own_id_and_statistics() -> None:
    (row,), values = rows(TALK, 30.0)
    assert (row.id, row.clip.index, row.clip.count, row.clip.cut, row.rate, row.duration) == ("call-1", 0, 1, "end", RATE, 2.0)
    assert row.stats == values[Stats]
    assert row.decoding == values[Recording].decoding
    assert (row.source.corpus, row.source.licence, row.source.consent, row.source.language, row.source.extra) == (
        "toy",
        "CC0-1.0",
        "yes",
        "en",
        '{"a": 1}',
    )
    assert [(s.channel, s.start, s.end) for s in row.speech] == [
        (channel, span.start / RATE, span.end / RATE) for channel in (0, 1) for span in TALK[channel]
    ]
    assert row.health is None
    assert row.quality == ()


def test_clips_are_cut_in_silence_and_numbered() -> None:
    found, values = rows(TALK, 1.1 / 60)
    assert [row.id for row in found] == [f"call-1#{index:04d}" for index in range(len(found))]
    silence = complement((Span(800, 8000), Span(9000, 12000), Span(12500, 15000)), values[Tracks].length)
    for row in found[:-1]:
        end = round(row.clip.end * RATE)
        assert row.clip.cut == "silence"
        assert any(span.start < end < span.end for span in silence)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_speakers_say_which_recorded_channel_they_are(order: tuple[int, int]) -> None:
    (row,), values = rows(TALK, 30.0, order)
    assert [(s.channel, s.name, s.role, s.recorded_channel, s.chosen) for s in row.speakers] == [
        (0, "Ann", "agent", order[0], "role:agent"),
        (1, "Bob", None, order[1], "role:agent"),
    ]
    assert np.array_equal(decoded(row.audio.bytes), values[Recording].samples[list(order)])


def test_activity_of_a_clip_counts_from_it() -> None:
    whole = Activity(channels=TALK, length=16000, rate=RATE)
    inner = clip_activity(whole, Span(5500, 9500))
    assert inner == Activity(channels=((Span(0, 500), Span(3500, 4000)), (Span(0, 2500),)), length=4000, rate=RATE)


def test_provenance_names_every_stage_and_its_weights() -> None:
    plan = make_plan(load_config("stereo_channels").chain)
    found = provenance(plan)
    assert [(s.stage, s.address, s.version) for s in found] == [(s.name, s.address, s.stage.version) for s in plan.steps]
    (weights,) = [weights for stage in found for weights in stage.weights]
    assert (weights.licence, len(weights.sha256)) == ("MIT", 64)


SEGMENTS = (
    Segment(0, Span(800, 6000), 0.9),
    Segment(1, Span(5000, 8000), 0.5),
    Segment(0, Span(9000, 12000), 0.8),
    Segment(1, Span(12500, 15000), 0.7, sure=False),
)
OTHERS = (OtherSound("music", Span(0, 700)), OtherSound("third_voice", Span(8100, 8900)), OtherSound("tone", Span(8500, 9500)))


def mixture_rows(
    minutes: float, residual: bool, conversations: tuple[Conversation, ...] = (), first: str = "as_recorded"
) -> tuple[list[Row], dict[type, Any]]:
    """Rows of a mono recording, through the stages that make them."""
    stereo = toy_recording("x", 2.0)
    mono = Recording(samples=stereo.samples[:1], rate=RATE, bits=16, decoding=stereo.decoding)
    diarization = Diarization(
        length=mono.length,
        rate=RATE,
        channel=0,
        segments=SEGMENTS,
        others=OTHERS,
        speakers=("Ann", "Bob"),
        confidence=0.9,
        similarity=0.4,
        conversations=conversations,
    )
    tracks = RouteSeparate(first=first, residual=residual, margin=0).load("cpu")(SOURCE, mono, diarization)
    activity = Activity(channels=TALK, length=mono.length, rate=RATE)
    turns = ChannelTurns().load("cpu")(tracks, activity)
    stats = TurnTaking().load("cpu")
    health = ChannelHealth(reject=()).load("cpu")(mono)
    values = {
        Health: health,
        Recording: mono,
        Tracks: tracks,
        Activity: activity,
        Turns: turns,
        Stats: stats(activity),
        Diarization: diarization,
    }
    return list(rows_of(SOURCE, MIXTURES, values.__getitem__, minutes, anew(MIXTURES))), values


MIXTURES = make_plan((chain()[0], ChannelHealth(), RttmDiarize(), RouteSeparate(), *chain()[2:]))


def test_a_mixture_is_one_row_with_what_is_known_of_it() -> None:
    (row,), values = mixture_rows(30.0, residual=True)
    assert np.array_equal(decoded(row.audio.bytes), values[Tracks].samples)
    assert row.residual is not None
    assert np.array_equal(decoded(row.residual.bytes), values[Tracks].residual)
    assert [(s.name, s.role, s.recorded_channel, s.chosen) for s in row.speakers] == [
        ("Ann", None, None, "first_to_speak"),
        ("Bob", None, None, "first_to_speak"),
    ]
    assert row.crossfade == 0.005
    assert [(o.kind, round(o.start * RATE), round(o.end * RATE)) for o in row.others] == [
        ("music", 0, 700),
        ("third_voice", 8100, 8900),
        ("tone", 8500, 9500),
    ]
    assert [(o.kind, o.confidence) for o in row.origins if o.channel == 1] == [
        ("silence", None),
        ("routed", 0.5),
        ("original", 0.5),
        ("silence", None),
        ("original", 0.7),
        ("silence", None),
    ]
    assert [(t.channel, t.confidence) for t in row.turns] == [
        (0, pytest.approx((4200 * 0.9 + 1000 * 0.5) / 5200)),
        (1, 0.5),
        (0, pytest.approx(0.8)),
        (1, pytest.approx(0.7)),
    ]
    found = {score.name: (score.channel, score.value, score.unit) for score in row.quality}
    assert found["diarization_confidence"] == (None, 0.9, "share")
    assert found["voice_similarity"] == (None, 0.4, "cosine")
    assert found["snr"][0] is None
    assert {score.name: score.method.partition(":")[0] for score in row.quality} == {
        "snr": "health",
        "diarization_confidence": "diarize",
        "voice_similarity": "diarize",
    }


@pytest.mark.parametrize("residual", [False, True])
@given(minutes=st.floats(0.1 / 60, 2.5 / 60))
def test_clips_of_a_mixture_put_together_are_the_whole(residual: bool, minutes: float) -> None:
    found, values = mixture_rows(minutes, residual)
    tracks = values[Tracks]
    assert np.array_equal(np.concatenate([decoded(row.audio.bytes) for row in found], axis=1), tracks.samples)
    if residual:
        parts = [decoded(row.residual.bytes) for row in found if row.residual is not None]
        assert np.array_equal(np.concatenate(parts, axis=1), tracks.residual)
    else:
        assert all(row.residual is None for row in found)
    kinds = np.full((2, tracks.length), "", "U9")
    sounds = {sound.kind: np.zeros(tracks.length, bool) for sound in OTHERS}
    for row in found:
        at = round(row.clip.start * RATE)
        for origin in row.origins:
            stretch = slice(at + round(origin.start * RATE), at + round(origin.end * RATE))
            assert (kinds[origin.channel, stretch] == "").all()
            kinds[origin.channel, stretch] = origin.kind
        for sound in row.others:
            assert 0 <= sound.start < sound.end <= row.duration
            sounds[sound.kind][at + round(sound.start * RATE) : at + round(sound.end * RATE)] = True  # type: ignore[index]
    for origin in tracks.origins:
        assert (kinds[origin.channel, origin.span.start : origin.span.end] == origin.kind).all()
    for other in OTHERS:
        assert np.flatnonzero(sounds[other.kind]).tolist() == list(range(other.span.start, other.span.end))


SHOW = (
    Conversation(Span(0, 8000), None, ("Ann", "Cy"), 0.95, 0.2),
    Conversation(Span(8000, 10000), "one_turn", ("Ann", "Dee"), 0.5, 0.1),
    Conversation(Span(11000, 16000), None, ("Bob", "Ann"), 0.85),
)


@pytest.mark.parametrize("first", ["as_recorded", *(f"random:{seed}" for seed in range(4))])
def test_rows_of_a_show_are_its_conversations_with_their_own_speakers_and_place(first: str) -> None:
    found, values = mixture_rows(30.0, residual=True, conversations=SHOW, first=first)
    tracks: Tracks = values[Tracks]
    head = ("Ann", "Bob").index(tracks.speakers[0])
    assert [row.id for row in found] == ["call-1#0000", "call-1#0001"]
    kept = [each for each in SHOW if each.dropped is None]
    for index, (row, conversation) in enumerate(zip(found, kept, strict=True)):
        span = conversation.span
        assert row.clip.recording == "call-1"
        assert (row.clip.index, row.clip.count) == (index, 2)
        assert (row.clip.start, row.clip.end) == span.seconds(RATE)
        assert np.array_equal(decoded(row.audio.bytes), tracks.samples[:, span.start : span.end])
        assert row.residual is not None
        assert tracks.residual is not None
        assert np.array_equal(decoded(row.residual.bytes), tracks.residual[:, span.start : span.end])
        assert conversation.speakers is not None
        names = conversation.speakers if head == 0 else conversation.speakers[::-1]
        assert tuple(speaker.name for speaker in row.speakers) == names
        assert {(turn.channel, turn.speaker) for turn in row.turns} <= set(enumerate(names))
        assert row.turns
        inner = clip_activity(values[Activity], span)
        assert row.stats == TurnTaking().load("cpu")(inner)
        told = {score.name: score.value for score in row.quality}
        assert told["diarization_confidence"] == conversation.confidence
        assert told.get("voice_similarity") == conversation.similarity
    assert [row.clip.cut for row in found] == ["conversation", "end"]
    assert [(other.kind, other.start) for other in found[0].others] == [("music", 0.0)]


@given(minutes=st.floats(0.1 / 60, 2.5 / 60))
def test_clips_of_conversations_hold_all_of_them_and_nothing_else(minutes: float) -> None:
    found, values = mixture_rows(minutes, residual=False, conversations=SHOW)
    samples = values[Tracks].samples
    kept = np.concatenate([samples[:, each.span.start : each.span.end] for each in SHOW if each.dropped is None], axis=1)
    assert np.array_equal(np.concatenate([decoded(row.audio.bytes) for row in found], axis=1), kept)
    assert [row.id for row in found] == [f"call-1#{index:04d}" for index in range(len(found))]
    unused = left_out(values[Diarization])
    assert sum(row.duration for row in found) + unused.seconds + unused.silence == pytest.approx(samples.shape[1] / RATE)
    for row in found:
        assert np.array_equal(decoded(row.audio.bytes), samples[:, round(row.clip.start * RATE) : round(row.clip.end * RATE)])
        assert {speaker.name for speaker in row.speakers} == ({"Ann", "Cy"} if row.clip.start < 1 else {"Bob", "Ann"})


def test_one_conversation_that_is_the_whole_recording_is_a_row_like_any_other() -> None:
    (plain,), _ = mixture_rows(30.0, residual=False)
    (row,), _ = mixture_rows(30.0, residual=False, conversations=(Conversation(Span(0, 16000), None, ("Ann", "Bob"), 0.9, 0.4),))
    assert row == plain


def test_recorded_channels_have_nothing_of_a_mixture() -> None:
    (row,), _ = rows(TALK, 30.0)
    assert (row.others, row.residual, row.crossfade) == ((), None, 0.0)
    assert {origin.confidence for origin in row.origins} == {None}
    assert {turn.confidence for turn in row.turns} == {None}


@pytest.mark.parametrize("length", [2 * RATE, 2 * RATE - 640, 2 * RATE + 640])
def test_codes_of_another_recording_are_refused(length: int) -> None:
    plan = make_plan((*chain(), MelRvqTokenize(check=0.0)))
    values = values_of(toy_recording("x", 2.0), TALK) | {Codes: codes(length, RATE)}
    made = rows_of(SOURCE, plan, values.__getitem__, 0.01, anew(plan))
    if length == 2 * RATE:
        held = [row.codes for row in made]
        assert all(each is not None and each.lead == 0 for each in held)
        assert sum(each.frames for each in held if each is not None) == 25
    else:
        with pytest.raises(LawError, match=f"mimi of {length} samples at 8000 Hz; the tracks have 16000 at 8000 Hz"):
            next(made)
