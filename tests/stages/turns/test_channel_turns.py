from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import LawError, Reject, UsageError
from schemas.span import Span, Spans, intersect, total, union
from schemas.tracks import Origin, Tracks
from stages.stage import Stage
from stages.turns.channels import ChannelTurns

LENGTH = 4000
RATE = 100

SPANS = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 200)), max_size=25).map(
    lambda pairs: union(Span(at, min(LENGTH, at + size)) for at, size in pairs)
)


def tracks(speakers: tuple[str, str] = ("ann", "bob"), length: int = LENGTH) -> Tracks:
    whole = Span(0, length)
    return Tracks(
        samples=np.zeros((2, length), np.int16),
        rate=RATE,
        bits=16,
        speakers=speakers,
        roles=("", ""),
        order=(0, 1),
        chosen="as_recorded",
        origins=(Origin(0, whole, "original"), Origin(1, whole, "original")),
    )


def activity(left: Spans, right: Spans) -> Activity:
    return Activity(channels=(left, right), length=LENGTH, rate=RATE)


@given(left=SPANS, right=SPANS, join=st.sampled_from([0.0, 0.01, 0.2, 0.55]))
def test_turns_are_speech_with_short_silences_closed(left: Spans, right: Spans, join: float) -> None:
    stage = ChannelTurns(join=join)
    assert isinstance(stage, Stage)
    if not left and not right:
        with pytest.raises(Reject) as caught:
            stage.load("cpu")(tracks(), activity(left, right))
        assert caught.value.reason == "no_speech"
        return
    turns = stage.load("cpu")(tracks(), activity(left, right))
    for channel, (name, spans) in enumerate((("ann", left), ("bob", right))):
        found = turns.of(channel)
        assert {turn.speaker for turn in turns.turns if turn.channel == channel} <= {name}
        assert intersect(found, spans) == spans, "all speech is inside a turn"
        assert all(b.start - a.end >= max(1, round(join * RATE)) for a, b in pairwise(found))
        edges = {span.start for span in spans}, {span.end for span in spans}
        assert all(turn.start in edges[0] and turn.end in edges[1] for turn in found)
        closed = total(found) - total(spans)
        silences = [b.start - a.end for a, b in pairwise(spans)]
        assert closed == sum(silence for silence in silences if silence < join * RATE - 1e-9)


def test_a_silence_of_just_the_limit_parts_two_turns() -> None:
    spans = (Span(0, 100), Span(120, 200), Span(219, 300))
    turns = ChannelTurns().load("cpu")(tracks(), activity(spans, ()))
    assert turns.of(0) == (Span(0, 100), Span(120, 300))


def test_one_silent_side_is_no_reject() -> None:
    assert len(ChannelTurns().load("cpu")(tracks(), activity((), (Span(5, 50),))).turns) == 1


def test_one_name_for_both_sides_still_gives_two_speakers() -> None:
    both = (Span(10, 200),)
    turns = ChannelTurns().load("cpu")(tracks(("agent", "agent")), activity(both, both))
    assert len({turn.speaker for turn in turns.turns}) == 2


def test_activity_of_another_recording_is_a_bug() -> None:
    with pytest.raises(LawError, match="does not belong"):
        ChannelTurns().load("cpu")(tracks(length=LENGTH + 1), activity((), (Span(0, 9),)))


def test_a_wrong_join_is_named() -> None:
    with pytest.raises(UsageError, match="join"):
        ChannelTurns(join=-0.1)
