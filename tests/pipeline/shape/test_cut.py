"""Clips cut out of rows: samples bit for bit, nothing said lost, every time inside, and numbers of their own."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codecs import read_flac
from pipeline.said import Anew
from pipeline.shape.cut import Opened, cut_row
from pipeline.shape.values import activity_of, length_of, talk_of_row, transcript_of
from schemas.errors import DuologueError
from schemas.events import Events
from schemas.row import Row, RowStage
from schemas.span import Span
from schemas.stats import Stats
from stages.events.turn_taking import TurnTakingEvents
from stages.shape.talk import cut_points
from stages.turns.stats import TurnTaking, turn_taking
from tests.pipeline.report_sets import RATE
from tests.pipeline.shape.made import HOP, said, spoken

MADE = RowStage("shape", "sweep", "shape-0123456789abcdef", 1, ())
ANEW: Anew = {Stats: TurnTaking().load("cpu"), Events: TurnTakingEvents().load("cpu")}


@cache
def row(seed: int, bits: int = 16) -> tuple[Row, Opened]:
    made = spoken(seed, 24.0, bits=bits)
    return made, Opened.of(made)


def cut(opened: Opened, window: Span, anew: Anew = ANEW) -> Row:
    return cut_row(opened, window, f"{opened.row.id}#shape-0000", MADE, anew)


def timed(found: Row) -> list[Any]:
    removed = found.transcript.removed if found.transcript is not None else ()
    regions = [score for score in found.quality if score.start is not None]
    return [*found.speech, *found.turns, *found.words, *found.events, *found.origins, *found.others, *removed, *regions]


@given(st.integers(0, 3), st.sampled_from((16, 16, 24)), st.data())
@settings(max_examples=8)
def test_cuts_that_tile_a_row_give_it_back(seed: int, bits: int, data: st.DataObject) -> None:
    made, opened = row(seed, bits)
    inner = cut_points(talk_of_row(made), 0.1)[1:-1]
    chosen = sorted(data.draw(st.sets(st.sampled_from(inner), max_size=4)))
    windows = [Span(a, b) for a, b in pairwise((0, *chosen, length_of(made)))]
    parts = [cut(opened, window) for window in windows]

    for name, whole in (("audio", opened.audio), ("residual", opened.residual)):
        held = [read_flac(io.BytesIO(getattr(part, name).bytes)) for part in parts]
        assert whole is not None
        assert np.array_equal(np.concatenate([each[0] for each in held], axis=1), whole)
        assert {each[1:3] for each in held} == {(RATE, bits)}
    assert [w.text for part in parts for w in part.words] == [w.text for w in made.words]
    spoken_again = sum(s.end - s.start for part in parts for s in part.speech)
    assert spoken_again == pytest.approx(sum(s.end - s.start for s in made.speech))
    assert len([t for part in parts for t in part.turns]) == len(made.turns)
    for name in ("origins", "others"):
        assert sum(each.end - each.start for part in parts for each in getattr(part, name)) == pytest.approx(
            sum(each.end - each.start for each in getattr(made, name))
        )
    assert made.transcript is not None
    told = [part.transcript for part in parts if part.transcript is not None]
    assert [r.text for each in told for r in each.removed] == [r.text for r in made.transcript.removed]
    assert sum(sum(each.unworded) for each in told) == pytest.approx(sum(made.transcript.unworded), abs=1e-6)
    heard = [event.text for part in parts for event in part.events if event.kind == "filler"]
    assert heard == [event.text for event in made.events if event.kind == "filler"]
    codes = [part.codes for part in parts if part.codes is not None]
    assert made.codes is not None
    assert all(each.lead == 0 for each in codes)
    frames = [np.array(each.channel_1).reshape(2, each.frames) for each in codes]
    assert np.array_equal(np.concatenate(frames, axis=1), np.array(made.codes.channel_1).reshape(2, -1))
    assert [each.fidelity for each in codes if each.fidelity] == ([made.codes.fidelity] if not chosen or chosen[0] >= RATE else [])


@given(st.integers(0, 3), st.data())
@settings(max_examples=8)
def test_a_cut_keeps_to_its_own_time_and_has_numbers_of_its_own(seed: int, data: st.DataObject) -> None:
    made, opened = row(seed)
    points = cut_points(talk_of_row(made), 0.1)
    start, end = sorted(data.draw(st.lists(st.sampled_from(points), min_size=2, max_size=2, unique=True)))
    found = cut(opened, Span(start, end))
    assert found.duration == (end - start) / RATE
    assert (found.clip.start, found.clip.end) == (start / RATE, end / RATE)
    assert found.clip.cut == ("end" if end == length_of(made) else "silence")
    for each in timed(found):
        assert 0 <= each.start <= each.end <= found.duration + 1e-9
    moved = [(w.channel, w.text, round((w.start + start / RATE) * RATE)) for w in found.words]
    assert moved == [(w.channel, w.text, round(w.start * RATE)) for w in made.words if start <= w.start * RATE < end]
    activity, transcript = activity_of(found), transcript_of(found, activity_of(found))
    assert found.stats == TurnTaking().load("cpu")(activity, transcript)
    assert found.provenance == (*made.provenance, MADE)
    assert found.quality[0] == made.quality[0]
    assert start % HOP == 0


def test_words_and_what_was_recovered_come_back_from_a_row() -> None:
    made, _ = row(1)
    activity = activity_of(made)
    back = transcript_of(made, activity)
    wanted = said_again(1)
    assert back is not None
    for channel in (0, 1):
        assert back.words(channel) == wanted.words(channel)
    assert [(r.channel, r.span, r.text) for r in back.recovered] == [
        (r.channel, r.span, r.text) for r in sorted(wanted.recovered, key=lambda r: (r.span, r.channel))
    ]
    assert (back.languages, back.removed) == (wanted.languages, wanted.removed)


def said_again(seed: int) -> Any:
    """The transcript that `spoken` drew: the same generator, advanced as far."""
    from tests.pipeline.report_sets import talk
    from tests.pipeline.shape.made import noise

    rng = np.random.default_rng(seed)
    activity = talk(rng, 24.0)
    noise(rng, 2, activity.length)
    return said(rng, activity)


def test_without_the_stages_statistics_follow_the_row_and_events_are_trimmed() -> None:
    made, opened = row(0)
    points = cut_points(talk_of_row(made), 0.1)
    window = Span(points[1], points[-2])
    found = cut(opened, window, {})
    assert made.stats is not None
    activity = activity_of(found)
    assert found.stats == turn_taking(activity, made.stats.constants, transcript_of(found, activity))
    own = cut(opened, window)
    inside = [e for e in own.events if e.kind in ("ipu", "overlap", "filler")]
    assert [e for e in found.events if e.kind in ("ipu", "overlap", "filler")] == inside
    bare = replace(made, stats=None, events=(), event_constants=None, transcript=None, words=(), residual=None, codes=None)
    less = cut(Opened.of(bare), window, {})
    assert (less.stats, less.events, less.transcript, less.words, less.residual, less.codes) == (None, (), None, (), None, None)


def test_audio_that_is_not_what_the_row_says_is_told() -> None:
    made, _ = row(0)
    with pytest.raises(DuologueError, match="row call: audio of 2 channels, 192000 samples at 8000 Hz; the row says 2, 80000"):
        Opened.of(replace(made, duration=10.0))
