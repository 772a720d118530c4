"""Overlap, backchannels and carried speech, at places known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.span import Span, total
from schemas.tracks import Origin, Tracks
from stages.scoring.kept import backchannels, backchannels_kept, carried, overlap
from stages.scoring.speakers import Pair
from tests.stages.scoring.draws import marks, pair

RATE = 1000


@pytest.mark.parametrize("seed", range(5))
def test_overlap_is_where_both_talk(seed: int) -> None:
    speech = pair(seed)
    assert total(overlap(speech)) == int((marks(speech[0]) & marks(speech[1])).sum())


LONG = Span(10_000, 20_000)
CASES = {
    "inside": (Span(12_000, 12_600), True),
    "a whole second": (Span(12_000, 13_000), False),
    "one sample less": (Span(12_000, 12_999), True),
    "half inside": (Span(19_700, 20_300), True),
    "less than half inside": (Span(19_701, 20_301), False),
    "outside": (Span(30_000, 30_500), False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_backchannel_is_short_and_at_least_half_inside(name: str) -> None:
    span, counts = CASES[name]
    assert backchannels(((LONG,), (span,)), RATE) == ((), (span,) if counts else ())
    assert backchannels(((span,), (LONG,)), RATE) == ((span,) if counts else (), ())


def test_pieces_closer_than_a_fifth_of_a_second_are_one_utterance() -> None:
    close, apart = (Span(12_000, 12_500), Span(12_699, 13_100)), (Span(12_000, 12_500), Span(12_700, 13_100))
    assert backchannels(((LONG,), close), RATE)[1] == ()
    assert backchannels(((LONG,), apart), RATE)[1] == apart


@pytest.mark.parametrize(
    ("made", "kept"),
    [(Span(12_000, 12_600), 1), (Span(12_300, 12_600), 1), (Span(12_301, 12_600), 0), (Span(0, 5000), 0)],
)
def test_a_backchannel_is_kept_when_half_of_it_is_in_the_right_channel(made: Span, kept: int) -> None:
    true: Pair = ((LONG,), (Span(12_000, 12_600), Span(15_000, 15_400)))
    both_lost = backchannels_kept(true, ((Span(0, 30_000),), ()), RATE)
    assert both_lost == (2, 0), "what is in the other channel alone is not kept"
    assert backchannels_kept(true, ((LONG,), (made,)), RATE) == (2, kept)


def test_silence_and_room_tone_carry_nothing() -> None:
    kinds = ("original", "silence", "routed", "room_tone", "separated")
    origins = [Origin(0, Span(10 * i, 10 * i + 10), kind) for i, kind in enumerate(kinds)]  # type: ignore[arg-type]
    samples = np.zeros((2, 50), np.int16)
    tracks = Tracks(
        samples=samples,
        rate=RATE,
        bits=16,
        speakers=("A", "B"),
        roles=("", ""),
        order=None,
        chosen="",
        origins=(*origins, Origin(1, Span(0, 50), "silence")),
    )
    assert carried(tracks, 0) == (Span(0, 10), Span(20, 30), Span(40, 50))
    assert carried(tracks, 1) == ()
