"""Activity and turns: sorted, disjoint, inside the recording."""

from __future__ import annotations

import pytest

from schemas.activity import Activity, Turn, Turns
from schemas.errors import LawError
from schemas.span import Span


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(3, 5), (0, 2)], "starts before sample 5"),
        ([(0, 5), (4, 9)], "starts before sample 5"),
        ([(2, 2)], "is empty"),
        ([(5, 11)], "beyond the recording's 10"),
    ],
)
def test_unlawful_activity_names_the_channel(spans: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(LawError, match=f"Activity of channel 1.*{message}"):
        Activity(channels=((Span(0, 10),), tuple(Span(*span) for span in spans)), length=10, rate=8000)


def test_turns_of_two_speakers_may_overlap_and_of_one_may_not() -> None:
    both = (Turn(0, Span(0, 6), "A"), Turn(1, Span(4, 9), "B"))
    turns = Turns(turns=both, length=10, rate=8000)
    assert (turns.of(0), turns.of(1)) == ((Span(0, 6),), (Span(4, 9),))
    with pytest.raises(LawError, match="Turns of speaker 'A'"):
        Turns(turns=(Turn(0, Span(0, 6), "A"), Turn(1, Span(4, 9), "A")), length=10, rate=8000)


def test_turns_are_sorted_by_start_end_and_channel() -> None:
    with pytest.raises(LawError, match="not sorted"):
        Turns(turns=(Turn(1, Span(4, 9), "B"), Turn(0, Span(0, 6), "A")), length=10, rate=8000)
    with pytest.raises(LawError, match="not sorted"):
        Turns(turns=(Turn(1, Span(0, 6), "B"), Turn(0, Span(0, 6), "A")), length=10, rate=8000)


def test_turns_end_inside_the_recording() -> None:
    with pytest.raises(LawError, match="beyond the recording's 10"):
        Turns(turns=(Turn(0, Span(0, 11), "A"),), length=10, rate=8000)
