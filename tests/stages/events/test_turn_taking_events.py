"""Events are what the statistics count, one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.events import BOTH, KINDS, Event, Events
from schemas.plain import from_plain, to_plain
from schemas.span import Span, intersect, union
from schemas.stats import Stats
from schemas.transcript import Piece, Recovered, Transcript, Word
from stages.events.turn_taking import TurnTakingEvents
from stages.stage import Stage
from stages.turns.stats import TurnTaking, floor_transfers
from tests.stages.turns.talk_words import RATE, activities, swapped, worded

EVENTS, STATS = TurnTakingEvents().load("cpu"), TurnTaking().load("cpu")


def seconds(events: Events, kind: str) -> float:
    return sum(len(e.span) for e in events.events if e.kind == kind) / events.rate


def agree(events: Events, stats: Stats) -> None:
    """Every figure of the statistics that events have, too."""
    counts = Counter((e.kind, e.detail, e.channel) for e in events.events)
    for kind in ("ipu", "pause", "gap", "overlap"):
        measure = getattr(stats, kind)
        assert sum(n for key, n in counts.items() if key[0] == kind) == measure.count
        assert seconds(events, kind) == pytest.approx(measure.seconds)
    assert seconds(events, "silence") == pytest.approx(stats.edge_silence)
    for kind in KINDS["overlap"]:
        assert counts["overlap", kind, None] == getattr(stats.overlaps, kind)
    for channel, side in enumerate(stats.channels):
        assert counts["ipu", None, channel] == side.ipus
        assert counts["backchannel", None, channel] == side.backchannels
        assert counts["interruption", "successful", channel] == side.interruptions
        assert counts["interruption", "failed", channel] == side.failed_interruptions
        assert counts["filler", None, channel] == (side.fillers or 0)
    offsets = [e.offset for e in events.events if e.kind == "floor_change"]
    assert floor_transfers(np.array(offsets, np.int64), events.rate) == stats.transfers
    assert events.constants == stats.constants


@given(activities())
def test_as_many_as_the_statistics_count(activity: Activity) -> None:
    agree(EVENTS(activity), STATS(activity))


@given(worded(languages=(None, "en-US", "fr")))
def test_as_many_with_words(talk: tuple[Activity, Transcript]) -> None:
    events, stats = EVENTS(*talk), STATS(*talk)
    agree(events, stats)
    assert from_plain(Events, to_plain(events)) == events


@pytest.mark.parametrize(("texts", "backchannels"), [(("yeah", "of", "course"), 1), (("yeah", "of", "dogs"), 0)])
def test_as_many_that_only_their_words_make_backchannels(texts: tuple[str, ...], backchannels: int) -> None:
    """Drawn talk seldom holds an answer that is too long to be a backchannel by its time alone."""
    activity = Activity(channels=((Span(0, 100),), (Span(30, 55),)), length=100, rate=RATE)
    words = tuple(Word(Span(30 + 8 * i, 38 + 8 * i), text, "given") for i, text in enumerate(texts))
    transcript = Transcript(pieces=(Piece(1, Span(30, 55), words),), length=100, rate=RATE)
    events, stats = EVENTS(activity, transcript), STATS(activity, transcript)
    agree(events, stats)
    assert [e.text for e in events.events if e.kind == "backchannel"] == [" ".join(texts)] * backchannels
    assert stats.channels[1].backchannels == backchannels
    assert STATS(activity).channels[1].backchannels == 0


@given(worded())
def test_other_constants_are_agreed_upon_too(talk: tuple[Activity, Transcript]) -> None:
    changed = {"ipu_silence": 0.5, "barge_in": 0.6, "listed_longest": 0.0, "simultaneous_start": 0.0, "backchannel_longest": 3.0}
    agree(TurnTakingEvents(**changed).load("cpu")(*talk), TurnTaking(**changed).load("cpu")(*talk))  # type: ignore[arg-type]


@given(worded())
def test_swapping_channels_swaps_the_channels(talk: tuple[Activity, Transcript]) -> None:
    activity, transcript = talk
    turned = EVENTS(replace(activity, channels=activity.channels[::-1]), swapped(transcript))
    back = [replace(e, channel=None if e.channel is None else 1 - e.channel) for e in turned.events]
    assert Counter(back) == Counter(EVENTS(activity, transcript).events)


@given(worded())
def test_where_events_lie(talk: tuple[Activity, Transcript]) -> None:
    activity, transcript = talk
    events = EVENTS(activity, transcript)
    own = [[e.span for e in events.events if e.kind == "ipu" and e.channel == c] for c in (0, 1)]
    assert union(e.span for e in events.events if e.kind == "overlap") == intersect(*own)
    tiles = [e.span for e in events.events if e.kind in ("ipu", "pause", "gap", "silence")]
    assert union(tiles) == (Span(0, activity.length),), "somebody speaks or nobody does"
    quiet = [e.span for e in events.events if e.kind in ("pause", "gap", "silence")]
    assert not intersect(union(quiet), union([*own[0], *own[1]]))
    for e in events.events:
        if e.kind in ("backchannel", "interruption"):
            assert e.channel is not None
            assert e.span in own[e.channel]
        if e.kind == "floor_change":
            assert e.channel is not None
            assert e.offset is not None
            assert len(e.span) == abs(e.offset)
            assert (e.span.end if e.offset >= 0 else e.span.start) in {span.start for span in own[e.channel]}
            assert (e.span.start if e.offset >= 0 else e.span.end) in {span.end for span in own[1 - e.channel]}


@given(worded())
def test_what_was_recovered_is_told_of(talk: tuple[Activity, Transcript]) -> None:
    activity, transcript = talk
    events = EVENTS(activity, transcript).events
    for each in transcript.recovered:
        mine = [e for e in events if e.recovered and e.channel == each.channel and e.kind in ("filler", "backchannel", "laughter")]
        assert any(each.text in (e.text or "") and (e.kind == "backchannel" or e.span == each.span) for e in mine)
    if not transcript.recovered:
        assert not any(e.recovered for e in events)


def test_a_dialogue_by_hand() -> None:
    """In hundredths of a second."""
    activity = Activity(
        channels=((Span(100, 400), Span(450, 900)), (Span(390, 430), Span(600, 680), Span(950, 1100))), length=1200, rate=100
    )
    words = (Word(Span(605, 640), "Yeah,", "given"), Word(Span(640, 675), "right.", "given"), Word(Span(960, 990), "Um", "given"))
    transcript = Transcript(
        pieces=(Piece(1, Span(600, 1100), words),), length=1200, rate=100, recovered=(Recovered(0, Span(450, 480), "uh", 0.7, "test"),)
    )
    laughing = replace(transcript, recovered=(*transcript.recovered, Recovered(1, Span(1050, 1090), "[laughter]", 0.9, "test")))
    assert EVENTS(activity, laughing).events == (
        Event("silence", Span(0, 100), detail="start"),
        Event("ipu", Span(100, 400), 0),
        Event("floor_change", Span(390, 400), 1, offset=-10),
        Event("overlap", Span(390, 400), detail="turn_final"),
        Event("ipu", Span(390, 430), 1),
        Event("floor_change", Span(430, 450), 0, offset=20),
        Event("gap", Span(430, 450)),
        Event("filler", Span(450, 480), 0, text="uh", recovered=True),
        Event("ipu", Span(450, 900), 0),
        Event("backchannel", Span(600, 680), 1, text="Yeah, right."),
        Event("ipu", Span(600, 680), 1),
        Event("overlap", Span(600, 680), detail="mid_turn"),
        Event("floor_change", Span(900, 950), 1, offset=50),
        Event("gap", Span(900, 950)),
        Event("ipu", Span(950, 1100), 1),
        Event("filler", Span(960, 990), 1, text="Um"),
        Event("laughter", Span(1050, 1090), 1, text="[laughter]", recovered=True),
        Event("silence", Span(1100, 1200), detail="end"),
    )


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        (Span(115, 300), "simultaneous_start"),
        (Span(100, 500), "simultaneous_start"),
        (Span(120, 500), "simultaneous_start"),
        (Span(121, 500), "mid_turn"),
        (Span(380, 500), "mid_turn"),
        (Span(381, 500), "turn_final"),
        (Span(381, 390), "turn_final"),
        (Span(250, 300), "mid_turn"),
    ],
)
def test_kinds_of_overlap(second: Span, kind: str) -> None:
    """The first speaks from 1 to 4 s."""
    activity = Activity(channels=((Span(100, 400),), (second,)), length=600, rate=100)
    for each in (activity, replace(activity, channels=activity.channels[::-1])):
        assert [e.detail for e in EVENTS(each).events if e.kind == "overlap"] == [kind]


def test_silence_and_a_pause_of_both() -> None:
    assert EVENTS(Activity(channels=((), ()), length=50, rate=RATE)).events == (Event("silence", Span(0, 50), detail="whole"),)
    both = (Span(0, 10), Span(20, 30))
    alike = EVENTS(Activity(channels=(both, both), length=30, rate=RATE))
    assert [e for e in alike.events if e.kind == "pause"] == [Event("pause", Span(10, 20))]


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (Event("pauses", Span(0, 1), 0), "no kind"),
        (Event("pause", Span(0, 1), 0, "long"), "no detail"),
        (Event("overlap", Span(0, 1)), "no detail None"),
        (Event("gap", Span(0, 1), 1), "gap of channel 1"),
        (Event("ipu", Span(0, 1)), "ipu of channel None"),
        (Event("ipu", Span(0, 1), 2), "ipu of channel 2"),
        (Event("floor_change", Span(0, 1), 1), "with offset None"),
        (Event("ipu", Span(0, 1), 1, offset=3), "with offset 3"),
        (Event("ipu", Span(0, 99), 1), "beyond"),
    ],
)
def test_broken_laws_are_told(event: Event, wrong: str) -> None:
    constants = EVENTS(Activity(channels=((), ()), length=1, rate=1)).constants
    with pytest.raises(LawError, match=wrong):
        Events(events=(event,), constants=constants, length=50, rate=RATE)


def test_is_a_stage_with_the_settings_of_the_statistics() -> None:
    assert isinstance(TurnTakingEvents(), Stage)
    assert TurnTakingEvents().constants() == TurnTaking().constants()
    assert {"gap", "silence", "overlap"} == set(BOTH)
    with pytest.raises(UsageError, match="events: give_up"):
        TurnTakingEvents(give_up=-1.0)
