"""Whisper on packed speech: generated speech with exact truth, real calls, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.recording import Samples
from schemas.source import Source
from schemas.span import Span, total
from schemas.tracks import Tracks
from schemas.transcript import Language, Transcript
from stages.scoring.words import normalised, side_errors, word_errors
from stages.stage import Stage
from stages.transcribe.unworded import unworded
from stages.transcribe.whisper import WhisperTranscribe
from stages.transcribe.whisper_model import MODEL_SHA256, Choice, load_model
from tests.shared import SHARED, needs_shared
from tests.stages.two_channels import tracks_of

RATE = 8000
SAID = (
    (0, 0.8, "I am looking for a train to London."),
    (1, 3.6, "What time would you like to leave?"),
    (0, 6.3, "On Monday morning, please."),
    (1, 6.9, "Okay."),
    (0, 9.2, "Thank you very much."),
)
CALLS = ("MUL1423", "SNG0072", "SNG0480")
SOURCE = Source("call", ("call.wav",), language="en-GB")


def spoken(said: tuple[tuple[int, float, str], ...] = SAID, seconds: float = 12.0) -> tuple[Tracks, Activity, list[Span]]:
    """Utterances of one voice at their places on a quiet line, and where exactly they are."""
    hibari = pytest.importorskip("hibari")
    import soxr

    voice = hibari.Hibari()
    call = np.random.default_rng(0).standard_normal((2, round(seconds * RATE))) * 1e-4
    spans = []
    for channel, start, text in said:
        line = np.concatenate(list(voice.stream(text, speed=1.0, seed=1))).astype(np.float64)
        loud = np.flatnonzero(np.abs(line) > 0.01 * np.abs(line).max())
        line = soxr.resample(line[loud[0] : loud[-1] + 1], voice.sample_rate, RATE)
        at = round(start * RATE)
        call[channel, at : at + len(line)] += 0.3 * line / np.abs(line).max()
        spans.append(Span(at, at + len(line)))
    samples: Samples = np.round(call * 32767).astype(np.int16)
    channels = tuple(tuple(span for (side, *_), span in zip(said, spans, strict=True) if side == channel) for channel in (0, 1))
    return tracks_of(samples, RATE), Activity(channels=channels, length=samples.shape[1], rate=RATE), spans


def check_lawful(found: Transcript, activity: Activity, guard: float = 0.3) -> None:
    """Pieces hold all speech and no more than the margins; nothing is lost on the way."""
    for channel in (0, 1):
        spans = [piece.span for piece in found.pieces if piece.channel == channel]
        around = round(2 * guard * activity.rate) * len(activity.channels[channel])
        gaps = sum(max(0, b.start - a.end) for a, b in zip(activity.channels[channel], activity.channels[channel][1:], strict=False))
        assert total(activity.channels[channel]) <= total(spans) <= total(activity.channels[channel]) + around + gaps


def test_is_a_stage() -> None:
    assert isinstance(WhisperTranscribe(), Stage)
    (weights,) = WhisperTranscribe().weights()
    assert (weights.sha256, weights.licence) == (MODEL_SHA256, "MIT")


def test_generated_speech_is_heard_each_utterance_in_its_own_piece() -> None:
    made, activity, spans = spoken()
    found = WhisperTranscribe().load("cpu")(SOURCE, made, activity)
    check_lawful(found, activity)
    assert found.languages == (Language("en-GB", "claimed"),) * 2
    assert len(found.pieces) == len(SAID)
    for piece, (channel, _, text), span in zip(found.pieces, SAID, spans, strict=True):
        assert piece.channel == channel
        assert word_errors(text, " ".join(word.text for word in piece.words)).errors <= 1
        assert abs(piece.words[0].span.start - span.start) < 0.3 * RATE
        assert all(word.method == "attention" and 0 < (word.confidence or 0) <= 1 for word in piece.words)
    assert found.removed == ()
    assert max(unworded(found, activity)) < 0.3 * RATE


@pytest.mark.slow
def test_results_do_not_depend_on_batch_neighbours_or_the_other_channel() -> None:
    made, activity, _ = spoken()
    whole = WhisperTranscribe().load("cpu")(SOURCE, made, activity)
    assert WhisperTranscribe(batch=1).load("cpu")(SOURCE, made, activity) == whole
    alone = Activity(channels=(activity.channels[0], ()), length=activity.length, rate=activity.rate)
    by_itself = WhisperTranscribe().load("cpu")(SOURCE, made, alone)
    assert by_itself.words(0) == whole.words(0)
    assert by_itself.words(1) == ()


@pytest.mark.slow
def test_languages_detected_checked_and_contradicted() -> None:
    made, activity, _ = spoken()
    unclaimed = Source("call", ("call.wav",))
    heard = WhisperTranscribe().load("cpu")(unclaimed, made, activity).languages
    assert [(each.tag, each.how) for each in heard if each is not None] == [("en", "detected")] * 2
    assert all(each is not None and (each.probability or 0) > 0.5 for each in heard)
    one = WhisperTranscribe(detect="recording").load("cpu")(unclaimed, made, activity).languages
    assert one[0] == one[1]
    wrong = Source("call", ("call.wav",), language="ja")
    checked = WhisperTranscribe(check_language=True, detect="recording").load("cpu")(wrong, made, activity).languages[0]
    assert checked is not None
    assert (checked.tag, checked.how, checked.detected) == ("ja", "claimed", "en")
    assert (checked.probability or 0) >= 0.8
    right = WhisperTranscribe(check_language=True).load("cpu")(SOURCE, made, activity).languages[0]
    assert right == Language("en-GB", "claimed")


@pytest.mark.slow
def test_no_word_lands_in_another_piece() -> None:
    lines = (
        *("Yes, that is fine.", "My name is Turner.", "Can you book a table for two?", "No.", "On Sunday at seven.", "Great, thank you."),
        *("What is the address?", "It is near the station.", "Okay.", "I need a taxi to the airport.", "How much is it?", "Goodbye."),
    )
    said = tuple((index % 2, 0.5 + 2.6 * index, text) for index, text in enumerate(lines))
    made, activity, _ = spoken(said, 34.0)
    found = WhisperTranscribe(join=0.2).load("cpu")(SOURCE, made, activity)
    assert len(found.pieces) == len(lines)
    for piece, text in zip(found.pieces, lines, strict=True):
        heard = set(normalised(" ".join(word.text for word in piece.words)).split())
        mine = set(normalised(text).split())
        elsewhere = set(normalised(" ".join(other for other in lines if other != text)).split()) - mine
        assert not heard & elsewhere, f"{text} got {heard & elsewhere}"


def real_call(name: str) -> tuple[Tracks, Activity, tuple[str, str]]:
    import soundfile

    from stages.vad.silero import SileroVad

    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="int16", always_2d=True)
    words = json.loads((SHARED / "spokenwoz" / f"{name}.json").read_text())
    first, second = (" ".join(word["word"] for word in words if word["speaker"] == side) for side in "AB")
    made = tracks_of(np.ascontiguousarray(samples.T), rate)
    return made, SileroVad().load("cpu")(made), (first, second)


@needs_shared
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_real_calls_have_few_errors_and_no_removal_of_what_was_said() -> None:
    transcribe = WhisperTranscribe().load("cpu")
    for name, most in zip(CALLS, (0.19, 0.27, 0.19), strict=True):
        made, activity, truth = real_call(name)
        found = transcribe(SOURCE, made, activity)
        check_lawful(found, activity)
        first, second = (" ".join(word.text for word in found.words(channel)) for channel in (0, 1))
        errors = sum(side_errors(truth, (first, second)), word_errors("", ""))
        assert errors.rate is not None
        assert errors.rate <= most, name
        assert found.removed == ()


@pytest.mark.slow
def test_words_read_out_of_noise_that_passed_for_speech_are_taken_out_and_kept_on_record() -> None:
    count = 20 * RATE
    time = np.arange(count) / RATE
    rng = np.random.default_rng(0)
    sounds = {
        "silence": np.zeros(count),
        "noise": 0.02 * rng.standard_normal(count),
        "bursts": 0.1 * rng.standard_normal(count) * (np.sin(2 * np.pi * 3 * time) > 0.6),
        "ringing": 0.2 * np.sin(2 * np.pi * 440 * time) * (time % 6 < 2),
        "chord": sum(0.08 * np.sin(2 * np.pi * f * time) * (1 + np.sin(4 * np.pi * time)) for f in (262, 330, 392, 523)),
    }
    transcribe = WhisperTranscribe().load("cpu")
    for name, sound in sounds.items():
        samples = np.zeros((2, count), np.int16)
        samples[0] = np.round(sound * 32767)
        found = transcribe(SOURCE, tracks_of(samples, RATE), Activity(channels=((Span(0, count),), ()), length=count, rate=RATE))
        assert found.words(0) == (), name
        assert all(each.reason in ("no_speech", "low_confidence") for each in found.removed)


@needs_shared
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_hour_goes_through_at_the_memory_of_a_batch() -> None:
    import tracemalloc

    rate, hour = 8000, 3600
    samples = np.zeros((2, hour * rate), np.int16)
    line = real_call("SNG0072")[0].samples[:, : 20 * rate]
    spots = [60 * minute * rate for minute in (1, 20, 59)]
    for spot in spots:
        samples[:, spot : spot + line.shape[1]] = line
    speech = tuple(Span(spot, spot + line.shape[1]) for spot in spots)
    activity = Activity(channels=(speech, ()), length=samples.shape[1], rate=rate)
    transcribe = WhisperTranscribe(batch=1).load("cpu")
    made = tracks_of(samples, rate)
    tracemalloc.start()
    found = transcribe(SOURCE, made, activity)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.pieces) == 3
    assert peak < 80e6
    texts = {" ".join(word.text for word in piece.words) for piece in found.pieces}
    assert len(texts) == 1, "the same speech was heard in three ways"


def test_a_call_without_speech_has_no_words() -> None:
    made = tracks_of(np.zeros((2, RATE), np.int16), RATE)
    stage = WhisperTranscribe()
    silent = Activity(channels=((), ()), length=RATE, rate=RATE)
    transcribe = stage.load("cpu")
    found = transcribe(Source("call", ("call.wav",)), made, silent)
    assert (found.pieces, found.removed, found.languages) == ((), (), (None, None))
    with pytest.raises(LawError, match="does not belong"):
        transcribe(SOURCE, made, Activity(channels=((), ()), length=RATE + 1, rate=RATE))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"model": " "}, "model and licence must not be empty"),
        ({"beam": 0}, "transcribe.beam: 0 must be 1 or more"),
        ({"block": 31.0}, "transcribe.block: 31.0 s must be from 1 to 30"),
        ({"guard": -0.1}, "transcribe.guard: -0.1 s must be 0 or more"),
        ({"detect": "both"}, "transcribe.detect: 'both'"),
        ({"language": ""}, "transcribe.language"),
    ],
)
def test_wrong_settings(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        WhisperTranscribe(**setting)


def test_models_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"holds no tokenizer\.json"):
        load_model(Choice(str(tmp_path), None, "MIT"), "cpu", "int8", 1)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be loaded on cpu as int8"):
        load_model(Choice(str(tmp_path), None, "MIT"), "cpu", "int8", 1)
    with pytest.raises(UsageError, match=r"nobody/nothing at revision main cannot be had from the model hub .*use the model 'packaged'"):
        load_model(Choice("nobody/nothing", None, "MIT"), "cpu", "int8", 1)
    with pytest.raises(UsageError, match=r"transcribe\.model"):
        load_model(Choice("no such size", None, "MIT"), "cpu", "int8", 1)


def test_weights_of_a_folder_follow_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"1")
    before = Choice(str(tmp_path), None, "Apache-2.0").weights()
    (tmp_path / "model.bin").write_bytes(b"22")
    after = Choice(str(tmp_path), None, "Apache-2.0").weights()
    assert before.sha256 != after.sha256
    assert (before.revision, before.licence) == ("local folder", "Apache-2.0")
    assert Choice("owner/model", "abc", "MIT").weights().revision == "abc"
