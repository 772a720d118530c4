"""A network whose answer is known, in each form, at every rate and window, whatever order its speakers come in."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from stages.diarize.end_to_end import EndToEndDiarize
from tests.stages.diarize.sound import SOURCE, TURNS, health, recording, tones, verdict
from tests.stages.diarize.toy_model import save_exported, save_onnx, save_torchscript

FRAME = 0.08


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    save_torchscript(made / "by_arrival.pt")
    save_torchscript(made / "logits.pt", logits=True)
    save_torchscript(made / "plain.pt", by_arrival=False)
    save_exported(made / "plain.pt2", 8)
    save_onnx(made / "plain.onnx")
    save_onnx(made / "one.onnx", batch=1)
    return made


def stage(folder: Path, name: str = "by_arrival.pt", **settings: Any) -> EndToEndDiarize:
    return EndToEndDiarize(model=str(folder / name), licence="Apache-2.0", **settings)


def of(made: EndToEndDiarize, sound: Recording) -> Diarization:
    return made.load("cpu")(SOURCE, sound, health(sound))


def turns(found: Diarization) -> list[tuple[float, float, int]]:
    return [(*segment.span.seconds(found.rate), segment.speaker) for segment in found.segments]


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize(("window", "hop"), [(10.0, 5.0), (4.0, 1.0), (5.04, 2.5), (30.0, 20.0)])
def test_the_turns_are_found_whatever_the_windows(folder: Path, rate: int, window: float, hop: float) -> None:
    found = turns(of(stage(folder, window=window, hop=hop), tones(rate)))
    assert [who for *_, who in found] == [who for *_, who in TURNS]
    np.testing.assert_allclose([t[:2] for t in found], [t[:2] for t in TURNS], atol=FRAME * 1.01)


@pytest.mark.parametrize("name", ["plain.pt", "plain.pt2", "plain.onnx"])
def test_each_form_of_a_network_gives_the_same(folder: Path, name: str) -> None:
    found, wanted = of(stage(folder, name), tones()), of(stage(folder), tones())
    assert [dataclasses.replace(s, confidence=None) for s in found.segments] == [
        dataclasses.replace(s, confidence=None) for s in wanted.segments
    ]
    for left, right in zip(found.segments, wanted.segments, strict=True):
        assert left.confidence == pytest.approx(right.confidence, abs=1e-3)


def test_logits_are_squashed(folder: Path) -> None:
    assert turns(of(stage(folder, "logits.pt", output="logits"), tones())) == turns(of(stage(folder), tones()))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_batch_changes_nothing(folder: Path, batch: int) -> None:
    assert of(stage(folder, window=4.0, hop=1.0, batch=batch), tones()) == of(stage(folder, window=4.0, hop=1.0), tones())


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_shorter_numbers_work_on_a_cpu(folder: Path, precision: Any) -> None:
    assert turns(of(stage(folder, precision=precision), tones())) == turns(of(stage(folder), tones()))


@pytest.mark.parametrize("seconds", [9.99, 10.0, 10.01, 15.0, 20.0])
def test_every_frame_of_the_recording_is_heard(folder: Path, seconds: float) -> None:
    made = tones(turns=((0.0, 4.0, 0), (4.0, seconds, 1)), seconds=seconds)
    found = of(stage(folder), made)
    assert found.of(0)[0].start == 0
    assert found.of(1)[-1].end == made.length


def test_long_recordings_do_not_drift(folder: Path) -> None:
    pattern = tuple((start + k * 4.0, start + k * 4.0 + 1.5, who) for k in range(30) for start, who in ((0.2, 0), (2.2, 1)))
    found = turns(of(stage(folder, window=7.2, hop=3.1), tones(11025, pattern, 120.0)))
    assert len(found) == len(pattern)
    np.testing.assert_allclose([t[:2] for t in found], [t[:2] for t in pattern], atol=FRAME * 1.01)
    assert [t[2] for t in found] == [t[2] for t in pattern]


def test_after_shared_silence_who_is_who_is_a_guess(folder: Path) -> None:
    talk = ((0.5, 3.0, 0), (3.2, 4.4, 1), (26.0, 28.0, 1), (28.2, 32.0, 0), (32.5, 35.0, 1))
    found = of(stage(folder), tones(turns=talk, seconds=36.0))
    first, second = [s for s in found.segments if s.span.start < 10 * 16000], [s for s in found.segments if s.span.start > 10 * 16000]
    assert [s.sure for s in first] == [False, False]
    assert [s.sure for s in second] == [True, True, True]
    assert all(s.sure for s in of(stage(folder), tones()).segments)


def test_the_confidence_is_the_mean_activity(folder: Path) -> None:
    found = of(stage(folder), tones())
    assert all(s.confidence is not None and 0.9 < s.confidence <= 1.0 for s in found.segments)


def test_one_voice_and_three(folder: Path) -> None:
    run = stage(folder).load("cpu")
    one = verdict(run, tones(turns=((1.0, 9.0, 0),)))
    assert (one.reason, one.facts["shares"]) == ("one_speaker", {"output 0": 1.0})
    assert verdict(run, tones(turns=((1.0, 2.0, 0),))).reason == "unsure"
    three = verdict(run, tones(turns=((0.5, 5.0, 0), (4.5, 9.0, 1), (8.5, 13.0, 2))))
    assert three.reason == "too_many_speakers"
    assert all(math.isclose(share, 1 / 3, abs_tol=0.02) for share in three.facts["shares"].values())


def test_a_third_voice_with_a_small_share_is_left_out(folder: Path) -> None:
    made = tones(turns=((0.5, 6.0, 0), (5.5, 12.0, 1), (11.5, 12.4, 2)))
    found = of(stage(folder), made)
    assert [segment.speaker for segment in found.segments] == [0, 1]
    assert verdict(stage(folder, third=0.02).load("cpu"), made).reason == "too_many_speakers"


def test_short_turns_and_pauses_follow_the_settings(folder: Path) -> None:
    made = tones(turns=((1.0, 4.0, 0), (4.24, 6.0, 0), (7.0, 7.4, 1), (8.0, 11.0, 1)))
    assert len(of(stage(folder), made).of(0)) == 2
    assert len(of(stage(folder, min_silence=0.5), made).of(0)) == 1
    assert len(of(stage(folder), made).of(1)) == 2
    assert len(of(stage(folder, min_speech=0.6), made).of(1)) == 1


def test_the_weights_name_the_file(folder: Path) -> None:
    import hashlib

    (weights,) = stage(folder, "plain.onnx").weights()
    assert weights.name == "plain.onnx"
    assert weights.licence == "Apache-2.0"
    assert weights.sha256 == hashlib.sha256((folder / "plain.onnx").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"model": " "}, "needs the file of a model"),
        ({"licence": ""}, "needs the file of a model and its licence"),
        ({"hop": 10.0}, "must be above 0 and less than window"),
        ({"threshold": 1.0}, "between 0 and 1"),
        ({"min_speech": math.inf}, "must be 0 or more"),
        ({"batch": 0}, "must be 1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        EndToEndDiarize(**{"model": "m.pt", "licence": "MIT", **settings})


def test_models_that_do_not_fit_are_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        stage(folder, "absent.pt").load("cpu")
    (folder / "text.pt").write_text("no model")
    with pytest.raises(UsageError, match=r"is no TorchScript or torch\.export model"):
        stage(folder, "text.pt").load("cpu")
    (folder / "text.onnx").write_text("no model")
    with pytest.raises(UsageError, match="is no ONNX model that runs here"):
        stage(folder, "text.onnx").load("cpu")
    with pytest.raises(UsageError, match=r"set diarize\.batch and diarize\.window to what it was exported for"):
        stage(folder, "one.onnx").load("cpu")
    with pytest.raises(UsageError, match="has its own number format"):
        stage(folder, "plain.onnx", precision="float16").load("cpu")
    assert turns(of(stage(folder, "one.onnx", batch=1), tones())) == turns(of(stage(folder), tones()))


def test_outputs_of_another_shape_are_told(folder: Path) -> None:
    import torch

    class Mean(torch.nn.Module):
        def forward(self, audio: torch.Tensor) -> torch.Tensor:
            return audio.mean(1)

    script: Any = torch.jit.script(Mean())
    script.save(str(folder / "mean.pt"))
    with pytest.raises(UsageError, match=r"gives \[8\] for audio \[8, 160000\]; wanted activities"):
        stage(folder, "mean.pt").load("cpu")


def test_a_recording_of_one_sample_is_no_speech(folder: Path) -> None:
    assert verdict(stage(folder).load("cpu"), recording(np.zeros(1, np.int16), 48000)).reason == "no_speech"
