"""Cutting by rules: nothing is lost, every clip keeps the rules, and no other choice of clips keeps more of the dialogue."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.span import Span, Spans
from stages.shape.sweep import Stretch, sweep
from stages.shape.talk import Talk, cut_points
from stages.shape.targets import LEFT_OUT, Range, Targets
from tests.stages.shape.talks import CONSTANTS, keeps, plain_talk, talks, targets

RATE = 10


def clips(found: tuple[Stretch, ...]) -> list[Span]:
    return [each.span for each in found if each.reason is None]


def best(talk: Talk, wanted: Targets) -> tuple[int, int]:
    """Samples and clips of the best choice, each beginning of the last clip tried for every end."""
    points = cut_points(talk, wanted.min_silence)
    reached = [(0, 0)]
    for end in range(1, len(points)):
        found = [reached[end - 1]]
        for begin in range(end):
            window = Span(points[begin], points[end])
            if keeps(talk, wanted, window):
                found.append((reached[begin][0] + len(window), reached[begin][1] - 1))
        reached.append(max(found))
    return reached[-1]


@given(talks(), targets())
@settings(max_examples=60)
def test_stretches_tile_and_no_choice_of_clips_is_better(talk: Talk, wanted: Targets) -> None:
    found = sweep(talk, wanted)
    assert [a.span.end for a in found[:-1]] == [b.span.start for b in found[1:]]
    assert (found[0].span.start, found[-1].span.end) == (0, talk.length)
    kept = clips(found)
    assert all(keeps(talk, wanted, clip) for clip in kept)
    assert (sum(map(len, kept)), -len(kept)) == best(talk, wanted)


@given(talks(), targets())
@settings(max_examples=40)
def test_reasons_are_true(talk: Talk, wanted: Targets) -> None:
    points = cut_points(talk, wanted.min_silence)
    for each in sweep(talk, wanted):
        if each.reason is None:
            continue
        pieces = [Span(a, b) for a, b in pairwise(points) if each.span.start <= a and b <= each.span.end]
        assert sum(map(len, pieces)) == len(each.span)
        alone = replace(wanted, min_clip=0.0, both_speak=False)
        hard = {"long_turn": "max_turn", "monologue": "max_monologue", "too_long": "max_clip"}
        if each.reason in hard:
            only = Targets(max_turn=None, max_monologue=None, min_clip=0.0, both_speak=False)
            broken = replace(only, **{hard[each.reason]: getattr(wanted, hard[each.reason])})
            assert not any(keeps(talk, broken, piece) for piece in pieces)
        else:
            assert all(keeps(talk, alone, piece) for piece in pieces)
            assert not any(keeps(talk, wanted, Span(a, b)) for a in points for b in points if each.span.start <= a < b <= each.span.end)
        if each.reason == "one_sided":
            assert not all(any(s.start < each.span.end and each.span.start < s.end for s in spans) for spans in talk.activity.channels)


@given(talks(), st.sampled_from((0.0, 0.2, 0.5)))
@settings(max_examples=40)
def test_cuts_fall_in_silence_and_on_the_grid_where_one_is_near(talk: Talk, shortest: float) -> None:
    busy = [False] * talk.length
    words = [] if talk.transcript is None else [word.span for channel in (0, 1) for word in talk.transcript.words(channel)]
    recovered = [] if talk.transcript is None else [word.span for word in talk.transcript.recovered]
    for span in (*talk.activity.channels[0], *talk.activity.channels[1], *words, *recovered):
        busy[span.start : span.end] = [True] * len(span)
    points = cut_points(talk, shortest)
    assert list(points) == sorted(set(points))
    for at in points[1:-1]:
        assert not busy[at - 1]
        assert not busy[at]
        start = max((i + 1 for i in range(at) if busy[i]), default=0)
        end = min((i for i in range(at, talk.length) if busy[i]), default=talk.length)
        assert end - start >= shortest * talk.rate
        assert (at + talk.offset) % talk.grid == 0 or not any((i + talk.offset) % talk.grid == 0 for i in range(start + 2, end - 1))


def talk_from(first: list[tuple[int, int]], second: list[tuple[int, int]], length: int) -> Talk:
    channels: tuple[Spans, Spans] = (tuple(Span(*pair) for pair in first), tuple(Span(*pair) for pair in second))
    return plain_talk(Activity(channels=channels, length=length, rate=RATE))


def told(talk: Talk, **wanted: object) -> list[tuple[int, int, str | None]]:
    return [(each.span.start, each.span.end, each.reason) for each in sweep(talk, Targets(**wanted))]  # type: ignore[arg-type]


def test_a_dialogue_that_keeps_the_rules_is_one_clip() -> None:
    talk = talk_from([(10, 60), (120, 190)], [(70, 110)], 300)
    assert told(talk) == [(0, 300, None)]


def test_a_long_turn_is_left_out_with_half_the_silence_on_either_side() -> None:
    talk = talk_from([(0, 50), (120, 290), (400, 450)], [(60, 100), (310, 390)], 500)
    assert told(talk, max_turn=10.0, min_clip=5.0) == [(0, 110, None), (110, 300, "long_turn"), (300, 500, None)]


def test_a_monologue_is_cut_in_its_own_pauses_into_as_few_clips_as_can_be() -> None:
    talk = talk_from([(0, 90), (100, 190), (200, 290), (300, 390)], [(395, 410)], 420)
    assert told(talk, max_monologue=20.0, min_clip=1.0, both_speak=False) == [(0, 195, None), (195, 420, None)]


def test_a_limit_is_still_allowed_and_the_earlier_of_equal_choices_is_taken() -> None:
    talk = talk_from([(0, 90), (110, 190), (210, 290)], [(30, 60), (130, 160), (230, 260)], 300)
    assert cut_points(talk, 0.2) == (0, 100, 200, 300)
    assert told(talk, max_clip=20.0, min_clip=20.0) == [(0, 200, None), (200, 300, "too_short")]
    alone = talk_from([(0, 90), (110, 190)], [], 200)
    assert told(alone, max_monologue=19.0, min_clip=0.0, both_speak=False) == [(0, 200, None)]
    assert told(alone, max_monologue=18.9, min_clip=0.0, both_speak=False) == [(0, 100, None), (100, 200, None)]
    assert told(alone, max_turn=9.0, min_clip=0.0, both_speak=False) == [(0, 200, None)]


def test_what_has_one_speaker_or_is_too_short_says_so() -> None:
    talk = talk_from([(0, 50), (55, 300), (320, 340), (600, 640)], [(360, 580), (700, 705)], 710)
    assert told(talk, max_turn=20.0, min_clip=6.0) == [
        (0, 52, "too_short"),
        (52, 310, "long_turn"),
        (310, 350, "too_short"),
        (350, 590, "long_turn"),
        (590, 710, None),
    ]
    assert told(talk_from([(0, 90)], [], 100), min_clip=5.0) == [(0, 100, "one_sided")]
    assert told(talk_from([(0, 90)], [(5, 80)], 100), max_clip=9.0, min_clip=5.0) == [(0, 100, "too_long")]


def test_a_word_outside_speech_is_not_cut_either() -> None:
    from schemas.transcript import Piece, Transcript, Word

    talk = talk_from([(0, 50)], [(90, 150)], 200)
    assert cut_points(talk, 0.2) == (0, 70, 200)
    said = Transcript(pieces=(Piece(1, Span(60, 80), (Word(Span(60, 80), "Oh.", "given"),)),), length=200, rate=RATE)
    assert cut_points(replace(talk, transcript=said), 0.2) == (0, 55, 85, 200)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_turn": 0.0}, "max_turn: wanted a number above 0"),
        ({"min_clip": -1.0}, "min_clip: wanted 0 or more"),
        ({"max_clip": 5.0}, "max_clip: wanted at least min_clip, 10 s, got 5.0"),
        ({"overlap_share": Range(high=3.0)}, "overlap_share: wanted shares"),
        ({"hours": float("nan")}, "hours: wanted"),
        ({"seed": -1}, "seed: wanted 0 or more"),
    ],
)
def test_targets_that_make_no_sense_are_told(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Targets(**wrong)  # type: ignore[arg-type]


def test_ranges_and_talks_keep_their_laws() -> None:
    for low, high in ((None, None), (2.0, 1.0), (-1.0, None), (None, float("inf"))):
        with pytest.raises(UsageError, match="wanted LOW:HIGH"):
            Range(low=low, high=high)
    assert str(Range(low=0.03, high=0.1)) == "0.03:0.1"
    assert str(Range(high=8.0)) == ":8"
    with pytest.raises(LawError, match="ends beyond"):
        Talk(activity=Activity(channels=((), ()), length=5, rate=RATE), transcript=None, turns=((Span(0, 6),), ()), constants=CONSTANTS)
    assert len(LEFT_OUT) == len(set(LEFT_OUT.values()))
