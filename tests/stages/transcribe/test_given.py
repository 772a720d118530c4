"""The backend that takes the corpus's own transcript: which side is which, where files lie, and what is turned down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.errors import Reject, UsageError
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Language, Removed, Transcript
from stages.stage import Stage, files_beside
from stages.transcribe.given import GivenTranscribe
from tests.shared import SHARED, needs_shared
from tests.stages.two_channels import tracks_of

RATE = 8000
SAID = [
    {"speaker": "A", "start": 1, "end": 2, "text": "hello there"},
    {"speaker": "B", "start": 1.5, "end": 3, "text": "[noise] hi"},
]


def sound(seconds: float = 10.0, **changes: Any) -> Tracks:
    return replace(tracks_of(np.zeros((2, round(seconds * RATE)), np.int16), RATE), **changes)


def run(base: Path, said: Any = SAID, made: Tracks | None = None, activity: Activity | None = None, **how: Any) -> Transcript:
    source = Source("set/call", ("call.wav",), str(base), **{"transcript": "call.json", **how.pop("source", {})})
    if said is not None:
        (base / "call.json").write_text(said if isinstance(said, str) else json.dumps(said))
    return GivenTranscribe(**how).load("cpu")(source, made or sound(), activity)


def texts(found: Transcript) -> tuple[list[str], list[str]]:
    first, second = ([word.text for word in found.words(channel)] for channel in (0, 1))
    return first, second


def verdict(base: Path, *args: Any, **how: Any) -> Reject:
    with pytest.raises(Reject) as caught:
        run(base, *args, **how)
    assert caught.value.reason == "bad_transcript"
    return caught.value


def test_is_a_stage() -> None:
    assert isinstance(GivenTranscribe(), Stage)
    assert (GivenTranscribe.name, GivenTranscribe.gives) == ("transcribe", Transcript)


def test_utterances_are_pieces_and_words_spread_over_them(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert [(p.channel, p.span.seconds(RATE), [w.text for w in p.words]) for p in found.pieces] == [
        (0, (1, 2), ["hello", "there"]),
        (1, (1.5, 3), ["hi"]),
    ]
    assert {w.method for w in found.words(0)} == {"spread"}
    assert found.languages == (None, None)
    assert run(tmp_path, markup="keep").words(1)[0].text == "[noise]"


def test_words_with_times_keep_them(tmp_path: Path) -> None:
    said = [{"channel": 0, "word": "a", "start": 1.0, "end": 1.2}, {"channel": 0, "word": "b", "start": 1.6, "end": 1.8}]
    found = run(tmp_path, said)
    assert [(w.text, w.span.seconds(RATE), w.method) for w in found.words(0)] == [("a", (1, 1.2), "given"), ("b", (1.6, 1.8), "given")]
    assert len(found.pieces) == 1
    assert len(run(tmp_path, said, join=0.3).pieces) == 2


@pytest.mark.parametrize(
    "labels",
    [
        ("0", "1"),
        ("1", "2"),
        ("A", "B"),
        ("left", "right"),
        ("L", "R"),
        ("SPEAKER_MAIN", "SPEAKER_USER"),
        ("Ann", "bob"),
        ("agent", "caller"),
    ],
)
def test_labels_name_the_side_as_recorded_whichever_track_it_became(tmp_path: Path, labels: tuple[str, str]) -> None:
    said = [{"speaker": label, "start": 1, "end": 2, "text": text} for label, text in zip(labels, ("one", "two"), strict=True)]
    about = {"speakers": ("ann", "bob"), "roles": ("agent", "caller")}
    straight = sound(speakers=("ann", "bob"), roles=("agent", "caller"))
    crossed = sound(speakers=("bob", "ann"), roles=("caller", "agent"), order=(1, 0))
    assert texts(run(tmp_path, said, straight, source=about)) == (["one"], ["two"])
    assert texts(run(tmp_path, said, crossed, source=about)) == (["two"], ["one"])


def test_one_label_that_is_a_number_counts_as_its_format_does(tmp_path: Path) -> None:
    assert texts(run(tmp_path, [{"channel": 0, "start": 1, "end": 2, "text": "x"}])) == (["x"], [])
    (tmp_path / "call.ctm").write_text("call 2 1 1 x\n")
    assert texts(run(tmp_path, None, source={"transcript": "call.ctm"})) == ([], ["x"])


def test_unknown_labels_go_where_their_speech_is(tmp_path: Path) -> None:
    said = [{"speaker": "S7", "start": 1, "end": 2, "text": "x"}, {"speaker": "S3", "start": 4, "end": 6, "text": "y"}]
    heard = Activity(channels=((Span(4 * RATE, 6 * RATE),), (Span(RATE, 2 * RATE),)), length=10 * RATE, rate=RATE)
    assert texts(run(tmp_path, said, activity=heard)) == (["y"], ["x"])
    unsure = Activity(channels=((Span(RATE, 6 * RATE),), (Span(RATE, 6 * RATE),)), length=10 * RATE, rate=RATE)
    assert "'S3', 'S7' name no two sides" in str(verdict(tmp_path, said, activity=unsure))
    assert verdict(tmp_path, said).facts["labels"] == ["S3", "S7"]


def test_a_and_b_of_a_mixture_are_told_by_its_speech_when_nobody_named_its_voices(tmp_path: Path) -> None:
    said = [{"speaker": "A", "start": 1, "end": 2, "text": "x"}, {"speaker": "B", "start": 4, "end": 6, "text": "y"}]
    heard = Activity(channels=((Span(4 * RATE, 6 * RATE),), (Span(RATE, 2 * RATE),)), length=10 * RATE, rate=RATE)
    assert texts(run(tmp_path, said, sound(order=None), heard)) == (["y"], ["x"])
    assert texts(run(tmp_path, said, sound(), heard)) == (["x"], ["y"])


def test_text_outside_the_recording_is_counted(tmp_path: Path) -> None:
    said = [*SAID, {"speaker": "B", "start": 11, "end": 12, "text": "too late"}, {"speaker": "A", "start": -2, "end": -1, "text": "early"}]
    found = run(tmp_path, said)
    last = Span(10 * RATE - 1, 10 * RATE)
    assert found.removed == (Removed(0, Span(0, 1), "early", "no_time"), Removed(1, last, "too late", "no_time"))
    assert texts(found) == (["hello", "there"], ["hi"])


def test_the_language_is_claimed_or_fixed(tmp_path: Path) -> None:
    claimed = run(tmp_path, source={"language": "en-GB"})
    assert claimed.languages == (Language("en-GB", "claimed"),) * 2
    assert run(tmp_path, language="de", source={"language": "en"}).languages[0] == Language("de", "fixed")


def test_where_files_lie_and_which_count_as_inputs(tmp_path: Path) -> None:
    named = Source("set/call", ("call.wav",), str(tmp_path), transcript="call.json")
    assert files_beside(GivenTranscribe(), named) == (str(tmp_path / "call.json"),)
    bare = Source("set/call", ("call.wav",), str(tmp_path), roles=("doctor", "patient"))
    stage = GivenTranscribe(path="text/{name}_{role}.TextGrid")
    assert files_beside(stage, bare) == (str(tmp_path / "text/call_doctor.TextGrid"), str(tmp_path / "text/call_patient.TextGrid"))
    assert files_beside(GivenTranscribe(), bare) == ()


def test_one_file_a_side_whatever_its_labels(tmp_path: Path) -> None:
    for side, text in (("A", "one"), ("B", "two")):
        (tmp_path / f"{side}.json").write_text(json.dumps([{"speaker": "x", "start": 1, "end": 2, "text": text}]))
    assert texts(run(tmp_path, None, source={"transcript": "{side}.json"})) == (["one"], ["two"])
    assert texts(run(tmp_path, None, sound(order=(1, 0), speakers=("B", "A")), source={"transcript": "{side}.json"})) == (["two"], ["one"])
    assert "side A has no role" in str(verdict(tmp_path, None, source={"transcript": "{role}.json"}))
    sneaky = {"transcript": "{role}.json", "roles": ("../x", "b")}
    assert "side A has role '../x', which names no file" in str(verdict(tmp_path, None, source=sneaky))


def test_what_is_turned_down(tmp_path: Path) -> None:
    assert "names no transcript" in str(verdict(tmp_path, None, source={"transcript": None}))
    absent = verdict(tmp_path, None, source={"transcript": "none.json"})
    assert absent.facts["file"] == str(tmp_path / "none.json")
    assert "is no JSON" in str(verdict(tmp_path, "{"))
    assert "shell command" in str(verdict(tmp_path, None, source={"transcript": "| cat x"}))
    three = [*SAID, {"speaker": "C", "start": 5, "end": 6, "text": "me too"}]
    assert "'A', 'B', 'C' name no two sides" in str(verdict(tmp_path, three))
    source = Source("../call", ("call.wav",), str(tmp_path))
    with pytest.raises(Reject, match="could lead out of the folder"):
        GivenTranscribe(path="{id}.json").load("cpu")(source, sound(), None)


def test_a_transcript_without_any_text_is_no_error(tmp_path: Path) -> None:
    assert run(tmp_path, []).pieces == ()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"format": "doc"}, "transcribe.format: 'doc'"),
        ({"markup": "x"}, "transcribe.markup: 'x'"),
        ({"join": -1.0}, "transcribe.join: -1.0 s"),
        ({"path": "../{id}.json"}, "transcribe.path"),
        ({"path": "{what}.json"}, "transcribe.path"),
    ],
)
def test_wrong_settings(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        GivenTranscribe(**setting)


@needs_shared
def test_a_real_call_and_a_real_consultation() -> None:
    call = SHARED / "spokenwoz"
    made = sound(119.86)
    found = GivenTranscribe().load("cpu")(Source("MUL1423", ("MUL1423.wav",), str(call), transcript="MUL1423.json"), made, None)
    assert [len(found.words(channel)) for channel in (0, 1)] == [124, 107]
    assert found.removed == ()
    visit = Source(
        "v", ("v.wav",), str(SHARED / "primock57"), roles=("doctor", "patient"), transcript="day1_consultation05_{role}.TextGrid"
    )
    found = GivenTranscribe().load("cpu")(visit, sound(578.0, roles=("doctor", "patient")), None)
    assert " ".join(texts(found)[0]).startswith("Hello? Good morning, Tim. Um, how can I help you this morning?")
    assert len(found.words(1)) > 300
