"""A recording falls into conversations at long silences; each rule drops what it says, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.diarization import DROPPED, Conversation
from schemas.errors import Reject, UsageError
from schemas.span import Span, Spans, union
from stages.diarize.conversations import Judge, Piece, Rule, Talk, check_some, split

RATE = 100
RULE = Rule(silence=5.0, turns=2, share=0.8, seconds=3.0, third_share=0.1)


def accept(pair: tuple[int, int], speech: Span) -> None:
    return None


def talk(*turns: tuple[int, float, float], length: float = 60.0, voices: int = 3, both: Spans = ()) -> Talk:
    """Turns are (voice, start, end) in seconds."""
    spoken = [union(Span(round(a * RATE), round(b * RATE)) for who, a, b in turns if who == voice) for voice in range(voices)]
    return Talk(voices=tuple(spoken), both=both, length=round(length * RATE), rate=RATE)


def pieces(made: Talk, rule: Rule = RULE, judge: Judge = accept) -> tuple[Piece, ...]:
    return split(made, rule, judge)


def chat(start: float, first: int = 0, second: int = 1) -> list[tuple[int, float, float]]:
    """Eight seconds of four turns."""
    return [(who, start + 2 * turn, start + 2 * turn + 1.9) for turn, who in enumerate((first, second, first, second))]


def test_a_silence_of_five_seconds_ends_a_conversation_and_a_shorter_one_does_not() -> None:
    apart = pieces(talk(*chat(1.0), *chat(14.0)))
    assert [p.span.seconds(RATE) for p in apart] == [(0.0, 9.9), (13.0, 22.9)]
    assert [p.dropped for p in apart] == [None, None]
    (one,) = pieces(talk(*chat(1.0), *chat(13.8)))
    assert one.speech.seconds(RATE) == (1.0, 21.7)


def test_each_piece_has_its_own_two_speakers_in_the_order_of_the_recording() -> None:
    first, second = pieces(talk(*chat(1.0), *chat(20.0, 2, 0)))
    assert (first.pair, second.pair) == ((0, 1), (0, 2)), "voice 0 stays the first, whoever begins"


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ([(0, 1.0, 2.0), (1, 2.1, 2.9)], "too_short"),
        ([(0, 1.0, 9.0)], "one_speaker"),
        ([*chat(1.0), (2, 9.0, 12.0)], "too_many_speakers"),
        ([(0, 1.0, 4.0), (0, 5.0, 8.0), (1, 6.0, 6.4)], "one_turn"),
        ([(0, 1.0, 10.0), (1, 10.1, 11.0), (0, 11.2, 19.0)], "one_sided"),
    ],
)
def test_what_is_no_conversation_is_dropped_with_its_reason(turns: list[tuple[int, float, float]], why: str) -> None:
    (piece,) = pieces(talk(*turns))
    assert piece.dropped == why
    assert why in DROPPED
    loose = Rule(silence=5.0, turns=1, share=1.0, seconds=0.0, third_share=1.0)
    (again,) = pieces(talk(*turns), loose)
    assert again.dropped == ("one_speaker" if why == "one_speaker" else None)


def test_the_judge_is_asked_of_two_voices_and_its_reason_counts() -> None:
    asked = []

    def judge(pair: tuple[int, int], speech: Span) -> str:
        asked.append((pair, speech.seconds(RATE)))
        return "unsure"

    (piece,) = pieces(talk(*chat(1.0)), judge=judge)
    assert piece.dropped == "unsure"
    assert asked == [((0, 1), (1.0, 8.9))]


TURNS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 590), st.integers(1, 60)), min_size=1, max_size=25)


@given(TURNS, st.floats(0.5, 8.0))
def test_pieces_are_in_order_hold_all_speech_and_lie_apart(drawn: list[tuple[int, int, int]], silence: float) -> None:
    made = talk(*((who, at / 10, min(60.0, (at + size) / 10)) for who, at, size in drawn))
    rule = Rule(silence=silence, turns=2, share=0.8, seconds=3.0, third_share=0.1)
    found = pieces(made, rule)
    assert union(p.speech for p in found) == tuple(p.speech for p in found)
    for spoken in made.speech:
        assert any(p.speech.start <= spoken.start and spoken.end <= p.speech.end for p in found)
    for piece in found:
        assert piece.span.start <= piece.speech.start < piece.speech.end <= piece.span.end
        assert piece.dropped is None or piece.dropped in DROPPED
    for before, after in pairwise(found):
        assert before.span.end <= after.span.start
        assert after.speech.start - before.speech.end >= round(silence * RATE)


def test_a_recording_without_any_conversation_is_a_reject_with_the_sums() -> None:
    dropped = [Conversation(Span(0, 500), "one_turn"), Conversation(Span(900, 1200), "one_sided")]
    with pytest.raises(Reject) as caught:
        check_some(dropped, 2000, RATE)
    assert caught.value.reason == "no_conversation"
    assert caught.value.facts["dropped"]["one_turn"] == {"pieces": 1, "seconds": 5.0}
    assert caught.value.facts["silence"] == 12.0
    check_some([*dropped, Conversation(Span(1300, 1900))], 2000, RATE)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"silence": 0.0}, "split_silence"),
        ({"turns": 0}, "split_turns"),
        ({"share": 0.4}, "split_share"),
        ({"seconds": -1.0}, "split_seconds"),
    ],
)
def test_wrong_rules_are_told(settings: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Rule(**{"silence": 5.0, "turns": 2, "share": 0.8, "seconds": 3.0, "third_share": 0.1, **settings})  # type: ignore[arg-type]
