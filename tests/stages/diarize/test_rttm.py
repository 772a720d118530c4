"""The backend that takes an existing RTTM: what it gives, and what it turns down."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from schemas.diarization import Conversation, Diarization, OtherSound, Segment
from schemas.errors import Reject, UsageError
from schemas.health import Health, Side
from schemas.recording import Decoding, Recording
from schemas.source import Source
from schemas.span import Span
from stages.diarize.rttm import RttmDiarize
from stages.stage import Stage
from tests.shared import SHARED, needs_shared

RATE = 8000
DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
SIDE = Side(speech_s=1.0, own_speech_s=1.0, dc=0.0, zeros=0.0, clipping=0.0)


def recording(seconds: float = 10.0, channels: int = 1, rate: int = RATE) -> Recording:
    return Recording(samples=np.ones((channels, round(seconds * rate)), np.int16), rate=rate, bits=16, decoding=DECODING)


def run(base: Path, id: str = "call", sound: Recording | None = None, extra: object = None, **settings: object) -> Diarization:
    sound = sound or recording()
    source = Source(id, (f"{id}.wav",), str(base), extra=json.dumps(extra or {}))
    stage = RttmDiarize(**settings)  # type: ignore[arg-type]
    return stage.load("cpu")(source, sound, Health(sides=(SIDE,) * sound.channels))


def verdict(base: Path, **how: object) -> Reject:
    with pytest.raises(Reject) as caught:
        run(base, **how)  # type: ignore[arg-type]
    return caught.value


def lines(*turns: tuple[float, float, str], file: str = "call", channel: int = 1, sure: str = "<NA>") -> str:
    return "".join(f"SPEAKER {file} {channel} {a} {b - a:.3f} <NA> <NA> {name} {sure} <NA>\n" for a, b, name in turns)


TALK = lines((1, 2, "bob"), (2.5, 4, "ann"), (3.5, 5, "bob"))


def test_is_a_stage() -> None:
    assert isinstance(RttmDiarize(), Stage)
    assert (RttmDiarize.name, RttmDiarize.gives) == ("diarize", Diarization)


def test_the_voice_heard_first_is_speaker_0_and_names_are_kept(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(TALK)
    found = run(tmp_path)
    assert (found.length, found.rate, found.channel, found.speakers) == (10 * RATE, RATE, 0, ("bob", "ann"))
    assert found.segments == (
        Segment(0, Span(8000, 16000)),
        Segment(1, Span(20000, 32000)),
        Segment(0, Span(28000, 40000)),
    )
    assert found.overlaps == (Span(28000, 32000),)


def test_two_voices_on_two_channels_need_no_file(tmp_path: Path) -> None:
    found = run(tmp_path, sound=recording(channels=2))
    assert (found.channel, found.segments) == (None, ())


def test_turns_of_one_speaker_that_overlap_become_one_as_sure_as_their_mean(tmp_path: Path) -> None:
    text = lines((1, 3, "a"), sure="0.9") + lines((2, 4, "a"), sure="0.6") + lines((4, 5, "a")) + lines((6, 7, "b"), sure="1")
    (tmp_path / "call.rttm").write_text(text)
    found = run(tmp_path)
    assert [(s.speaker, s.span.seconds(RATE)) for s in found.segments] == [(0, (1, 4)), (0, (4, 5)), (1, (6, 7))]
    assert [s.confidence for s in found.segments] == [pytest.approx(0.75), None, 1.0]


def test_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "call.rttm").write_text(TALK)
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / "call.x").write_text(TALK)
    assert len(run(tmp_path, "deep/call").segments) == 3
    assert len(run(tmp_path, "deep/call", path="marks/{name}.x").segments) == 3
    assert len(run(tmp_path, "deep/call", path=f"{tmp_path}/marks/{{name}}.x").segments) == 3
    assert len(run(tmp_path, "other", extra={"rttm": "marks/call.x"}).segments) == 3


def test_one_file_may_hold_many_recordings_and_channels(tmp_path: Path) -> None:
    other = lines((0, 9, "x"), (1, 2, "y"), file="other")
    (tmp_path / "all.rttm").write_text(other + TALK + lines((0, 9, "far"), channel=2))
    assert len(run(tmp_path, "folder/call", path="all.rttm").segments) == 3
    told = verdict(tmp_path, id="third", path="all.rttm")
    assert (told.reason, told.facts["recordings"]) == ("bad_rttm", ["call", "other"])


def test_a_turn_may_end_a_little_late_but_not_belong_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(lines((1, 2, "a"), (9, 10.9, "b")))
    assert run(tmp_path).segments[-1].span == Span(9 * RATE, 10 * RATE)
    for start, end in ((9.0, 11.5), (10.0, 10.5)):
        (tmp_path / "call.rttm").write_text(lines((1, 2, "a"), (start, end, "b")))
        told = verdict(tmp_path)
        assert (told.reason, told.facts["seconds"]) == ("bad_rttm", 10.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "bad_rttm"),
        ("", "bad_rttm"),
        (";; nothing\n", "bad_rttm"),
        (lines((1, 1, "a")), "bad_rttm"),
        ("SPEAKER call 1 x 1 <NA> <NA> a <NA> <NA>\n", "bad_rttm"),
        (lines((1, 2, "a"), (3, 4, "a")), "one_speaker"),
        (lines((1, 2, "a"), (3, 4, "b"), (5, 6, "c")), "too_many_speakers"),
    ],
)
def test_what_names_no_two_speakers_is_turned_down_with_facts(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "call.rttm").write_text(text)
    told = verdict(tmp_path)
    assert told.reason == reason
    assert "call.rttm" in told.detail
    assert told.facts["file"].endswith("call.rttm")
    if reason != "bad_rttm":
        assert sum(told.facts["seconds"].values()) == pytest.approx(text.count("SPEAKER") if text else 0)


def test_a_folder_or_pipe_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").mkdir()
    assert verdict(tmp_path).reason == "bad_rttm"


@pytest.mark.parametrize("id", ["../outside", "a/../../outside", "/outside", "a\\..\\outside", "s3://bucket/outside", "\\outside"])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, id: str) -> None:
    (tmp_path / "outside.rttm").write_text(TALK)
    inner = tmp_path / "inner"
    (inner / "a").mkdir(parents=True)
    told = verdict(inner, id=id)
    assert (told.reason, told.facts["id"]) == ("bad_rttm", id)


@pytest.mark.parametrize("field", ["../outside.rttm", "a/../b.rttm", "| cat", "ftps://x/y", 7, ["a"], ""])
def test_a_manifest_names_no_file_by_a_way_out(tmp_path: Path, field: object) -> None:
    (tmp_path / "call.rttm").write_text(TALK)
    assert verdict(tmp_path, extra={"rttm": field}).reason == "bad_rttm"


@pytest.mark.parametrize("path", ["", " ", "../{id}.rttm", "{stem}.rttm", "a/../{id}", "{}"])
def test_wrong_patterns_are_told(path: str) -> None:
    with pytest.raises(UsageError, match=r"diarize\.path"):
        RttmDiarize(path=path)
    with pytest.raises(UsageError, match=r"diarize\.mix"):
        RttmDiarize(mix=("dualmono",))


SHOW = lines((1, 3, "host"), (3, 5, "x"), (5, 6, "host"), (12, 14, "y"), (14, 16, "host"), (15.8, 16, "x"), (23, 30, "x"))


def test_a_show_is_cut_where_nobody_speaks_and_each_piece_has_its_own_two(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(SHOW)
    assert verdict(tmp_path, sound=recording(40.0)).reason == "too_many_speakers"
    found = run(tmp_path, sound=recording(40.0), split_silence=5.0)
    assert found.conversations == (
        Conversation(Span(0, 7 * RATE), None, ("host", "x")),
        Conversation(Span(11 * RATE, 17 * RATE), None, ("host", "y")),
        Conversation(Span(22 * RATE, 31 * RATE), "one_speaker"),
    )
    assert found.kept == found.conversations[:2]
    assert found.speakers == ("A", "B"), "the pieces have other pairs"
    assert [(s.speaker, s.span.seconds(RATE)) for s in found.segments] == [
        (0, (1, 3)),
        (1, (3, 5)),
        (0, (5, 6)),
        (1, (12, 14)),
        (0, (14, 16)),
        (1, (23, 30)),
    ]
    assert found.others == (OtherSound("third_voice", Span(round(15.8 * RATE), 16 * RATE)),)


def test_a_show_of_two_keeps_their_names_and_channels(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(lines((1, 3, "bob"), (3, 5, "ann"), (12, 14, "ann"), (14, 16, "bob")))
    found = run(tmp_path, sound=recording(20.0), split_silence=5.0)
    assert found.speakers == ("bob", "ann")
    assert {each.speakers for each in found.conversations} == {("bob", "ann")}
    whole = run(tmp_path, sound=recording(20.0))
    assert (found.segments, whole.conversations) == (whole.segments, ())


def test_a_show_without_a_conversation_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(lines((1, 5, "a"), (12, 16, "b")))
    told = verdict(tmp_path, sound=recording(20.0), split_silence=5.0)
    assert told.reason == "no_conversation"
    assert told.facts["dropped"] == {"one_speaker": {"pieces": 2, "seconds": 15.0}}, (
        "a silence too short to cut stays with its piece at the ends too"
    )
    assert (told.facts["silence"], told.facts["seconds"]) == (5.0, 20.0)
    assert len(run(tmp_path, sound=recording(20.0), split_silence=8.0, split_share=1.0).kept) == 1


@needs_shared
def test_a_real_call() -> None:
    found = run(SHARED / "pyannote", "sample", recording(30.0, rate=16000))
    assert found.speakers == ("speaker90", "speaker91")
    assert len(found.segments) == 10
    assert [s.span for s in found.segments[:2]] == [Span(107040, 113920), Span(120800, 133600)]
    assert sum(len(s) for s in found.overlaps) / 16000 == pytest.approx(0.03 + 0.1 + 0.46 + 0.21 + 0.44 + 0.65)
