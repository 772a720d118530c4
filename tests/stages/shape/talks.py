"""Dialogues drawn by hypothesis, and the rules of a clip read literally."""

from __future__ import annotations

from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.span import Span, Spans
from schemas.transcript import Transcript
from stages.shape.talk import Talk
from stages.shape.targets import Targets
from stages.turns.channels import ipus
from stages.turns.stats import TurnTaking
from tests.stages.turns.talk_words import activities, worded

CONSTANTS = TurnTaking().constants()


def plain_talk(activity: Activity, transcript: Transcript | None = None, grid: int = 1, offset: int = 0) -> Talk:
    first, second = (ipus(spans, CONSTANTS.ipu_silence, activity.rate) for spans in activity.channels)
    return Talk(activity=activity, transcript=transcript, turns=(first, second), constants=CONSTANTS, grid=grid, offset=offset)


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Ten samples a second; with words or without, and cut anywhere or on a grid of three samples."""
    activity, transcript = draw(worded() | activities().map(lambda activity: (activity, None)))
    grid = draw(st.sampled_from((1, 1, 3)))
    return plain_talk(activity, transcript, grid, draw(st.integers(0, grid - 1)))


SECONDS = st.sampled_from((0.5, 1.0, 1.7, 2.5, 4.0, 6.0, 10.0))
LIMITS = st.none() | SECONDS


@st.composite
def targets(draw: st.DrawFn) -> Targets:
    low = draw(st.sampled_from((0.0, 0.5, 1.0, 3.0)))
    high = draw(LIMITS)
    return Targets(
        max_turn=draw(LIMITS),
        max_monologue=draw(LIMITS),
        min_clip=low,
        max_clip=None if high is None else max(high, low),
        both_speak=draw(st.booleans()),
        min_silence=draw(st.sampled_from((0.0, 0.2, 0.5))),
    )


def longest_hold(talk: Talk, window: Span) -> int:
    """The longest that one speaker holds the floor inside a window, told by walking along the holders of the whole dialogue."""
    held = talk.floor()
    pause = round(talk.constants.monologue_pause * talk.rate)
    longest, begin, last = 0, 0, None
    for channel, start, end in zip(held.channel.tolist(), held.start.tolist(), held.end.tolist(), strict=True):
        if start < window.start or end > window.end:
            continue
        if last is None or channel != last[0] or start - last[1] > pause:
            begin = start
        longest, last = max(longest, end - begin), (channel, end)
    return longest


def inside(spans: Spans, window: Span) -> Spans:
    return tuple(span for span in spans if window.start <= span.start and span.end <= window.end)


def keeps(talk: Talk, wanted: Targets, window: Span) -> bool:
    """Whether a window between two places where it may be cut keeps every rule."""
    rate = talk.rate
    if not len(window) or len(window) < round(wanted.min_clip * rate):
        return False
    if wanted.max_clip is not None and len(window) > round(wanted.max_clip * rate):
        return False
    turns = [len(span) for spans in talk.turns for span in inside(spans, window)]
    if wanted.max_turn is not None and max(turns, default=0) > round(wanted.max_turn * rate):
        return False
    if wanted.max_monologue is not None and longest_hold(talk, window) > round(wanted.max_monologue * rate):
        return False
    return not wanted.both_speak or all(inside(spans, window) for spans in talk.activity.channels)
