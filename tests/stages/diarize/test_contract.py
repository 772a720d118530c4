"""What every diarization backend keeps, each on a recording whose two voices it can tell apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.backends import BACKENDS, backend_class
from schemas.diarization import Diarization
from schemas.errors import Reject, UsageError
from schemas.recording import Recording, full_scale
from schemas.span import total
from stages.diarize.end_to_end import EndToEndDiarize
from stages.diarize.plain import PlainDiarize
from stages.diarize.pyannote import PyannoteDiarize
from stages.stage import Stage
from tests.stages.diarize.sound import SOURCE, call, health, recording, tones, verdict


@dataclass(frozen=True)
class Case:
    """A backend, how its stage is made in a scratch folder, and a recording for it at a given rate."""

    backend: str
    make: Callable[[Path], Any]
    sound: Callable[[int], Recording]


def _community(folder: Path) -> Any:
    from stages.diarize.community import CommunityDiarize
    from tests.stages.diarize.cam_model import community_folder

    return CommunityDiarize(model=str(community_folder(folder / "community")))


def _end_to_end(folder: Path) -> Any:
    from tests.stages.diarize.toy_model import save_torchscript

    return EndToEndDiarize(model=str(save_torchscript(folder / "bands.pt")), licence="Apache-2.0")


CASES = (
    Case("pyannote", lambda folder: PyannoteDiarize(), call),
    Case("plain", lambda folder: PlainDiarize(step=0.25, min_cluster_size=4), call),
    Case("community", _community, call),
    Case("end_to_end", _end_to_end, tones),
)
"""`rttm` has its own tests: it hears nothing."""


@dataclass(frozen=True)
class Loaded:
    stage: Any
    run: Callable[..., Diarization]
    sound: Callable[[int], Recording]

    def of(self, made: Recording) -> Diarization:
        return self.run(SOURCE, made, health(made))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.backend)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    import torch

    torch.set_num_threads(1)
    stage = request.param.make(tmp_path_factory.mktemp(request.param.backend))
    assert stage.backend == request.param.backend
    return Loaded(stage, stage.load("cpu"), request.param.sound)


def test_it_is_a_stage_of_the_table(loaded: Loaded) -> None:
    assert isinstance(loaded.stage, Stage)
    assert backend_class("diarize", loaded.stage.backend, "here") is type(loaded.stage)
    assert loaded.stage.weights()
    assert all(each.name and each.revision and each.licence for each in loaded.stage.weights())


def test_every_backend_is_tested() -> None:
    assert {case.backend for case in CASES} | {"rttm"} >= set(BACKENDS["diarize"])


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_two_speakers_by_the_laws(loaded: Loaded, rate: int) -> None:
    made = loaded.sound(rate)
    before = made.samples.copy()
    found = loaded.of(made)
    assert (found.length, found.rate, found.channel) == (made.length, rate, 0)
    assert {segment.speaker for segment in found.segments} == {0, 1}
    assert found.of(0)[0].start <= found.of(1)[0].start
    assert all(total(found.of(speaker)) > 2 * rate for speaker in (0, 1))
    assert all(len(segment.span) for segment in found.segments)
    np.testing.assert_array_equal(made.samples, before)


def test_twice_the_same(loaded: Loaded) -> None:
    made = loaded.sound(8000)
    assert loaded.of(made) == loaded.of(made)
    assert loaded.stage.load("cpu")(SOURCE, made, health(made)) == loaded.of(made)


def test_the_depth_does_not_matter(loaded: Loaded) -> None:
    made = loaded.sound(8000)
    deep = recording(made.samples.astype(np.int32) * round(full_scale(24) / full_scale(16)), 8000, 24)
    assert loaded.of(deep) == loaded.of(made)


def test_two_channels_that_are_the_speakers_are_left_alone(loaded: Loaded) -> None:
    made = loaded.sound(8000)
    two = recording(np.stack((made.samples[0], made.samples[0][::-1])), 8000)
    assert loaded.of(two) == Diarization(length=two.length, rate=8000, channel=None)


def test_two_copies_of_a_mixture_are_heard_as_one(loaded: Loaded) -> None:
    made = loaded.sound(8000)
    two = recording(np.repeat(made.samples.astype(np.int16), 2, axis=0), 8000)
    assert loaded.run(SOURCE, two, health(two, copies=True)).segments == loaded.of(made).segments


@pytest.mark.parametrize("seconds", [0.5, 12.0])
def test_silence_is_no_dialogue(loaded: Loaded, seconds: float) -> None:
    assert verdict(loaded.run, recording(np.zeros(round(seconds * 8000), np.int16), 8000)).reason == "no_speech"


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("length", [1, 2, 81, 4000])
def test_very_short_recordings_are_rejected(loaded: Loaded, rate: int, length: int) -> None:
    made = loaded.sound(rate)
    reject = verdict(loaded.run, recording(made.samples[:, 2 * rate : 2 * rate + length], rate))
    assert reject.reason in ("no_speech", "unsure", "one_speaker")
    assert reject.facts


def test_a_finding_that_is_none_is_told(loaded: Loaded) -> None:
    import dataclasses

    with pytest.raises(UsageError, match=r"diarize\.mix: no such finding 'dual_mon'; did you mean 'dual_mono'"):
        dataclasses.replace(loaded.stage, mix=("dual_mon",))


def test_a_reject_carries_its_facts(loaded: Loaded) -> None:
    reject = verdict(loaded.run, recording(np.zeros(8000, np.int16), 8000))
    assert isinstance(reject, Reject)
    assert reject.facts["recording_s"] == 1.0
