"""What every backend that transcribes keeps, on the same dialogue."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.plain import from_plain, to_plain
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.stage import Stage, may_take, what_fields
from stages.transcribe.given import GivenTranscribe
from stages.transcribe.none import NoTranscribe
from stages.transcribe.unworded import unworded
from stages.transcribe.whisper import WhisperTranscribe
from tests.stages.vad.talk import Talk, talk

BACKENDS = [NoTranscribe(), GivenTranscribe(path="{id}.json"), pytest.param(WhisperTranscribe(language="en"), marks=pytest.mark.slow)]

pytestmark = pytest.mark.parametrize("stage", BACKENDS, ids=lambda stage: stage.backend)


def run(stage: Any, base: Path, made: Tracks, activity: Activity) -> Transcript:
    said = [{"channel": 0, "start": 0.8, "end": 2.6, "text": "so it goes"}, {"channel": 1, "start": 2.4, "end": 3.8, "text": "does it"}]
    (base / "call.json").write_text(json.dumps(said))
    values = {Source: Source("call", ("call.wav",), str(base)), Tracks: made, Activity: activity}
    found: Transcript = stage.load("cpu")(*[values[kind] for kind in (*stage.takes, *may_take(stage))])
    return found


def heard(made: Talk) -> Activity:
    return Activity(channels=made.truth, length=made.tracks.length, rate=made.tracks.rate)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_transcript_of_the_recording_that_can_be_stored(stage: Any, rate: int, tmp_path: Path) -> None:
    made = talk(rate)
    before = made.tracks.samples.copy()
    found = run(stage, tmp_path, made.tracks, heard(made))
    assert isinstance(stage, Stage)
    assert (found.length, found.rate) == (made.tracks.length, rate)
    assert from_plain(Transcript, json.loads(json.dumps(to_plain(found)))) == found
    assert len(unworded(found, heard(made))) == 2
    assert np.array_equal(made.tracks.samples, before)


def test_the_same_again_from_mapped_samples_and_with_24_bits(stage: Any, tmp_path: Path) -> None:
    made = talk(8000)
    found = run(stage, tmp_path, made.tracks, heard(made))
    mapped = np.memmap(tmp_path / "samples", np.int16, "w+", shape=made.tracks.samples.shape)
    mapped[:] = made.tracks.samples
    assert run(stage, tmp_path, replace(made.tracks, samples=mapped), heard(made)) == found
    deep = replace(made.tracks, samples=made.tracks.samples.astype(np.int32) * 256, bits=24)
    assert run(stage, tmp_path, deep, heard(made)) == found


def test_recordings_of_a_few_samples(stage: Any, tmp_path: Path) -> None:
    made = talk(8000).tracks
    for length in (1, 80):
        short = replace(made, samples=made.samples[:, :length], origins=tuple(replace(o, span=Span(0, length)) for o in made.origins))
        whole = Activity(channels=((Span(0, length),), ()), length=length, rate=8000)
        assert run(stage, tmp_path, short, whole).length == length


def test_speed_fields_are_no_part_of_what_a_result_is(stage: Any) -> None:
    assert not {"batch", "threads"} & set(what_fields(stage))
