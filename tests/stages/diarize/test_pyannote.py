"""The default diarization on real calls, against the speech of their true channels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import soundfile

from schemas.calibration import SpeakerErrors
from schemas.diarization import Diarization
from schemas.errors import Reject, UsageError
from schemas.recording import Recording, Samples
from schemas.span import Span, Spans, total, union
from schemas.tracks import Origin, Tracks
from stages.diarize.pyannote import PyannoteDiarize
from stages.diarize.rttm_file import read_rttm
from stages.scoring.speakers import speaker_errors
from stages.vad.silero import SileroVad
from tests.shared import SHARED, needs_shared
from tests.stages.diarize.sound import SOURCE, health, recording, sample_folder

Run = Callable[..., Diarization]


@pytest.fixture(scope="module")
def run() -> Run:
    import torch

    torch.set_num_threads(1)
    return PyannoteDiarize().load("cpu")


def diarized(run: Run, made: Recording) -> Diarization:
    return run(SOURCE, made, health(made))


def verdict_of(run: Run, made: Recording) -> Reject:
    with pytest.raises(Reject) as caught:
        diarized(run, made)
    return caught.value


def true_speech(channels: Samples, rate: int) -> tuple[Spans, Spans]:
    whole = Span(0, channels.shape[1])
    tracks = Tracks(
        samples=channels,
        rate=rate,
        bits=16,
        speakers=("A", "B"),
        roles=("", ""),
        order=None,
        chosen="",
        origins=(Origin(0, whole, "original"), Origin(1, whole, "original")),
    )
    first, second = SileroVad().load("cpu")(tracks).channels
    return first, second


@cache
def call(name: str) -> tuple[Samples, int]:
    if name == "repair40":
        sides = [soundfile.read(SHARED / "aws_lca" / f"Auto_Repairs_40_UTC_{side}.wav", dtype="int16") for side in ("agent", "caller")]
        return np.stack([samples for samples, _ in sides]), sides[0][1]
    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="int16")
    return samples.T.copy(), rate


def mixed(channels: Samples) -> Samples:
    wide = channels.astype(np.int32).sum(axis=0)
    peak = int(np.abs(wide).max())
    scale = min(1.0, 32767 / peak)
    return np.asarray(np.rint(wide * scale), np.int16)


def rate_of(errors: SpeakerErrors) -> float:
    assert errors.rate is not None
    return errors.rate


def scored(run: Run, name: str, collar: float) -> SpeakerErrors:
    channels, rate = call(name)
    found = diarized(run, recording(mixed(channels), rate))
    return speaker_errors(true_speech(channels, rate), (found.of(0), found.of(1)), channels.shape[1], rate, collar)


def test_the_phone_call_of_pyannote_audio_against_its_rttm(run: Run) -> None:
    samples, rate = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    found = diarized(run, recording(samples, rate))
    lines = read_rttm((sample_folder() / "sample.rttm").read_bytes(), "sample.rttm")
    names = sorted({line.speaker for line in lines})
    truth = [
        union(Span(round(line.start * rate), round((line.start + line.duration) * rate)) for line in lines if line.speaker == name)
        for name in names
    ]
    errors = speaker_errors((truth[0], truth[1]), (found.of(0), found.of(1)), len(samples), rate, 0.25)
    assert rate_of(errors) < 0.04
    assert found.confidence is not None
    assert found.confidence > 0.85
    assert total(found.overlaps) > 0.5 * rate


@needs_shared
@pytest.mark.parametrize("name", ["SNG0072", "SNG0480"])
def test_real_calls(run: Run, name: str) -> None:
    assert rate_of(scored(run, name, 0.25)) < 0.012


@needs_shared
@pytest.mark.slow
def test_all_shared_calls_together(run: Run) -> None:
    for collar, pooled, worst in ((0.25, 0.012, 0.03), (0.0, 0.08, 0.08)):
        errors = [scored(run, name, collar) for name in ("MUL1423", "SNG0072", "SNG0480", "repair40")]
        assert max(rate_of(each) for each in errors) < worst
        wrong = sum(each.miss + each.false_alarm + each.confusion for each in errors)
        assert wrong / sum(each.speech for each in errors) < pooled


@needs_shared
@pytest.mark.parametrize(
    ("file", "reasons"),
    [
        ("azure/enrollment_audio_steve.wav", {"one_speaker"}),
        ("pyaudioanalysis/diarizationExample.wav", {"too_many_speakers"}),
        ("picovoice_falcon/test.wav", {"too_many_speakers"}),
        ("pyannote/trn02.wav", {"unsure", "no_speech"}),
        ("pyannote/trn03.wav", {"unsure", "one_speaker"}),
    ],
)
def test_what_is_no_dialogue_of_two_is_turned_down_with_facts(run: Run, file: str, reasons: set[str]) -> None:
    samples, rate = soundfile.read(SHARED / file, dtype="float32")
    reject = verdict_of(run, recording(np.rint(samples * 32767).astype(np.int16), rate))
    assert reject.reason in reasons
    assert reject.facts


@needs_shared
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.slow
def test_one_side_of_a_call_is_one_speaker(run: Run, channel: int) -> None:
    channels, rate = call("SNG0480")
    assert verdict_of(run, recording(np.asarray(channels[channel], np.int16), rate)).reason in ("one_speaker", "unsure")


def test_a_short_piece_is_unsure_rather_than_guessed(run: Run) -> None:
    samples, rate = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    reject = verdict_of(run, recording(samples[7 * rate : 11 * rate], rate))
    assert reject.reason in ("unsure", "one_speaker")


@needs_shared
def test_ringing_before_a_call_is_labelled_and_given_to_nobody(run: Run) -> None:
    channels, rate = call("SNG0480")
    at = np.arange(12 * rate) / rate
    ring = 3000 * (np.sin(2 * np.pi * 440 * at) + np.sin(2 * np.pi * 480 * at)) * (at % 6 < 2)
    found = diarized(run, recording(np.concatenate((np.asarray(ring, np.int16), np.asarray(mixed(channels)[: 60 * rate], np.int16))), rate))
    tones = union(sound.span for sound in found.others if sound.kind == "tone")
    assert total(tones) == pytest.approx(4.0 * rate, rel=0.1)
    assert all(span.end <= 12 * rate for span in tones)
    assert min(segment.span.start for segment in found.segments) > 11 * rate


@needs_shared
def test_a_passing_third_voice_is_labelled(run: Run) -> None:
    channels, rate = call("SNG0480")
    other, _ = call("repair40")
    start = 20 * rate
    visitor = other[1, start : start + 5 * rate]
    whole = np.asarray(mixed(channels), np.int16)
    samples = np.concatenate((whole[: 55 * rate], np.asarray(visitor, np.int16), whole[55 * rate :]))
    found = diarized(run, recording(samples, rate))
    heard = union(sound.span for sound in found.others if sound.kind == "third_voice")
    inside = sum(max(0, min(s.end, 60 * rate) - max(s.start, 55 * rate)) for s in heard)
    assert inside > 2.0 * rate
    assert inside > 0.8 * total(heard)


def test_batches_and_threads_do_not_change_who_speaks() -> None:
    samples, rate = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    made = recording(samples, rate)
    usual, other = (
        PyannoteDiarize(batch=batch, embedding_batch=chunks).load("cpu")(SOURCE, made, health(made)) for batch, chunks in ((8, 2), (3, 1))
    )
    assert [(s.speaker, s.span) for s in usual.segments] == [(s.speaker, s.span) for s in other.segments]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.slow
def test_half_precision_runs_on_the_cpu_and_hears_nearly_the_same(precision: str) -> None:
    samples, rate = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    made = recording(samples, rate)
    usual, half = (PyannoteDiarize(precision=kind).load("cpu")(SOURCE, made, health(made)) for kind in ("float32", precision))  # type: ignore[arg-type]
    errors = speaker_errors((usual.of(0), usual.of(1)), (half.of(0), half.of(1)), made.length, rate, 0.0)
    assert rate_of(errors) < 0.12


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"overlap": 1.5}, "overlap: 1.5 is not between 0 and 1"),
        ({"hop": 11.0}, "hop: 11.0 s must be from 0.5 s to the window's 10 s"),
        ({"third_alike": 2.0}, "third_alike: 2.0 is no cosine"),
        ({"smoothing": -1.0}, "smoothing: -1.0 must be 0 or more"),
        ({"precision": "int8"}, "precision: 'int8' is none of"),
        ({"batch": 0}, "batch and embedding_batch must be 1 or more"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        dataclasses.replace(PyannoteDiarize(), **settings)  # type: ignore[arg-type]


def test_a_confidence_below_the_least_is_a_reject(run: Run) -> None:
    samples, rate = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    made = recording(samples, rate)
    with pytest.raises(Reject) as caught:
        PyannoteDiarize(min_confidence=0.999).load("cpu")(SOURCE, made, health(made))
    assert caught.value.reason == "low_confidence"
    assert caught.value.facts["confidence"] < 0.999
