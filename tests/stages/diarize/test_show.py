"""The default diarization on shows put together from real recordings."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.errors import Reject
from schemas.recording import Recording
from schemas.span import Span
from stages.diarize.pyannote import PyannoteDiarize
from tests.shared import SHARED, needs_shared
from tests.stages.diarize.sound import SOURCE, health, recording

RATE = 16000
GAP = 7.0
"""Seconds of near silence between the parts."""

pytestmark = needs_shared


def part(name: str, start: float = 0.0, end: float | None = None) -> NDArray[np.float64]:
    """Some seconds of a shared recording, its channels mixed, at 16 kHz and a level of -26 dBFS."""
    import soxr

    samples, rate = soundfile.read(SHARED / name, always_2d=True)
    whole = soxr.resample(samples.mean(axis=1), rate, RATE)
    cut = whole[round(start * RATE) : None if end is None else round(end * RATE)]
    return np.asarray(cut / np.sqrt((cut**2).mean()) * 0.05)


def show(*parts: NDArray[np.float64]) -> tuple[Recording, list[Span]]:
    """The parts with silence between, and where each lies."""
    rng = np.random.default_rng(0)
    made: list[NDArray[np.float64]] = []
    places, at = [], 0
    for each in parts:
        if made:
            made.append(rng.normal(0, 1e-4, round(GAP * RATE)))
            at += len(made[-1])
        places.append(Span(at, at + len(each)))
        made.append(each)
        at += len(each)
    return recording(np.clip(np.rint(np.concatenate(made) * 32768), -32768, 32767).astype(np.int16), RATE), places


def diarized(made: Recording, **settings: object) -> Diarization:
    import torch

    torch.set_num_threads(1)
    return PyannoteDiarize(**settings).load("cpu")(SOURCE, made, health(made))  # type: ignore[arg-type]


def held(places: list[Span], span: Span) -> int:
    """Which part a conversation is of."""
    (found,) = [i for i, place in enumerate(places) if span.start < place.end and span.end > place.start]
    assert span.start >= places[found].start - RATE * 1.3
    assert span.end <= places[found].end + RATE * 1.3
    return found


def test_two_calls_and_a_monologue_are_two_conversations_in_their_places() -> None:
    made, places = show(part("pyannote/sample.wav"), part("azure/katiesteve.wav"), part("azure/enrollment_audio_steve.wav"))
    found = diarized(made, split_silence=5.0)
    assert [(held(places, each.span), each.dropped) for each in found.conversations] == [(0, None), (1, None), (2, "one_speaker")]
    first, second, _ = (each.speakers for each in found.conversations)
    assert first is not None
    assert second is not None
    assert not set(first) & set(second), "the calls are of four people"
    for each in found.kept:
        mine = [s for s in found.segments if each.span.start <= s.span.start and s.span.end <= each.span.end]
        assert {s.speaker for s in mine} == {0, 1}
        assert each.confidence is not None
        assert each.confidence > 0.9
    inside = [any(c.span.start <= s.span.start and s.span.end <= c.span.end for c in found.conversations) for s in found.segments]
    assert all(inside), "what is in no piece is silence"
    assert any(s.span.start > found.conversations[2].span.start for s in found.segments), "a dropped piece has its place in the tracks"


@pytest.mark.slow
def test_a_pair_that_comes_back_has_its_names_and_channels() -> None:
    parts = (
        ("spokenwoz/SNG0072.wav", 0, 50),
        ("spokenwoz/MUL1423.wav", 0, 60),
        ("spokenwoz/SNG0072.wav", 50, 85),
        ("spokenwoz/MUL1423.wav", 60, 119),
    )
    made, places = show(*(part(*each) for each in parts))
    found = diarized(made, split_silence=5.0)
    names: dict[str, set[tuple[str, str] | None]] = {}
    for each in found.kept:
        names.setdefault(parts[held(places, each.span)][0], set()).add(each.speakers)
    assert {held(places, each.span) for each in found.kept} == {0, 1, 2, 3}
    assert names == {"spokenwoz/SNG0072.wav": {("A", "B")}, "spokenwoz/MUL1423.wav": {("C", "D")}}


@pytest.mark.slow
def test_a_call_with_long_silences_is_decided_as_it_is_whole() -> None:
    made, _ = show(part("spokenwoz/MUL1423.wav", 0, 30), part("spokenwoz/MUL1423.wav", 30, 60))
    cut, whole = diarized(made, split_silence=5.0), diarized(made)
    assert (cut.segments, cut.others, cut.confidence) == (whole.segments, whole.others, whole.confidence)
    assert {each.speakers for each in cut.kept} == {("A", "B")}
    assert len(cut.kept) == 2


def test_monologues_one_after_another_are_no_conversation() -> None:
    made, _ = show(part("azure/enrollment_audio_katie.wav"), part("azure/enrollment_audio_steve.wav"))
    with pytest.raises(Reject) as caught:
        diarized(made, split_silence=5.0)
    assert (caught.value.reason, list(caught.value.facts["dropped"])) == ("no_conversation", ["one_speaker"])
    assert caught.value.facts["dropped"]["one_speaker"]["pieces"] == 2


def test_a_piece_below_the_least_confidence_is_dropped_and_no_other() -> None:
    made, places = show(part("pyannote/sample.wav"), part("azure/katiesteve.wav"))
    found = diarized(made, split_silence=5.0, min_confidence=0.96)
    assert [(held(places, each.span), each.dropped) for each in found.conversations] == [(0, "low_confidence"), (1, None)]
