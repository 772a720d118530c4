"""What a diarization may say, and what breaks its laws."""

from __future__ import annotations

import json

import pytest

from schemas.diarization import DROPPED, Conversation, Diarization, OtherSound, Segment
from schemas.errors import LawError
from schemas.plain import from_plain, to_plain
from schemas.span import Span

SHOW = Diarization(
    length=1000,
    rate=100,
    channel=0,
    segments=(Segment(0, Span(0, 300), 0.9), Segment(1, Span(200, 400), 0.8, sure=False), Segment(0, Span(700, 800))),
    others=(OtherSound("third_voice", Span(750, 790)),),
    confidence=0.9,
    conversations=(
        Conversation(Span(0, 450), None, ("A", "C"), 0.95, -0.1),
        Conversation(Span(650, 820), "one_speaker"),
    ),
)


def test_it_is_stored_and_read_back() -> None:
    assert from_plain(Diarization, json.loads(json.dumps(to_plain(SHOW)))) == SHOW


def test_what_is_kept_is_what_was_not_dropped() -> None:
    assert SHOW.kept == SHOW.conversations[:1]
    assert SHOW.overlaps == (Span(200, 300),)


def test_every_reason_has_its_sentence() -> None:
    for reason, sentence in DROPPED.items():
        assert Conversation(Span(0, 1), reason).dropped == reason
        assert sentence[0].islower()
        assert not sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dropped": "boring"}, "dropped for 'boring'"),
        ({"speakers": ("A", "A")}, "talks with itself"),
        ({"confidence": 1.5}, "is not in"),
        ({"confidence": float("nan")}, "is not in"),
    ],
)
def test_a_conversation_out_of_its_laws_is_none(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(LawError, match=message):
        Conversation(Span(0, 1), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spans",
    [(Span(0, 5), Span(4, 9)), (Span(5, 9), Span(0, 5)), (Span(0, 11),), (Span(3, 3),)],
    ids=["overlap", "order", "beyond", "empty"],
)
def test_conversations_lie_apart_in_order_inside_the_recording(spans: tuple[Span, ...]) -> None:
    with pytest.raises(LawError, match="conversations"):
        Diarization(length=10, rate=1, channel=0, conversations=tuple(Conversation(span) for span in spans))


def test_channels_that_are_the_speakers_have_no_conversations() -> None:
    with pytest.raises(LawError, match="whose own channels are the speakers"):
        Diarization(length=10, rate=1, channel=None, conversations=(Conversation(Span(0, 5)),))
