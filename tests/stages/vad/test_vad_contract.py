"""What every VAD backend keeps, on the same talk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.recording import full_scale
from schemas.span import intersect, total
from schemas.tracks import Origin, Tracks
from stages.stage import Stage
from stages.vad.energy import EnergyVad
from stages.vad.silero import SileroVad
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import SECONDS, Talk, talk

BACKENDS = [SileroVad(), EnergyVad()]

pytestmark = pytest.mark.parametrize("stage", BACKENDS, ids=lambda stage: stage.backend)


def run(stage: Stage, made: Tracks) -> Activity:
    found: Activity = stage.load("cpu")(made)
    return found


def seconds(activity: Activity) -> list[list[tuple[float, float]]]:
    return [[span.seconds(activity.rate) for span in channel] for channel in activity.channels]


@pytest.mark.parametrize("noise_db", [None, -60.0, -50.0])
def test_finds_the_speech(stage: Stage, noise_db: float | None) -> None:
    made: Talk = talk(8000, noise_db)
    activity = run(stage, made.tracks)
    assert isinstance(stage, Stage)
    assert activity.length == made.tracks.length
    assert activity.rate == 8000
    for truth, found in zip(made.truth, activity.channels, strict=True):
        hit = total(intersect(truth, found))
        assert hit / total(truth) > 0.9, "recall of speech time"
        assert hit / total(found) > 0.85, "precision of speech time"
        assert all(any(f.start < t.end and t.start < f.end for f in found) for t in truth), "every utterance is touched"
        assert all(any(f.start < t.end and t.start < f.end for t in truth) for f in found), "nothing is found where nobody speaks"


@pytest.mark.parametrize("value", [0, 8, -1])
def test_digital_silence_is_no_speech(stage: Stage, value: int) -> None:
    assert run(stage, tracks_of(np.full((2, 160000), value, np.int16), 8000)).channels == ((), ())


def test_steady_noise_is_no_speech(stage: Stage) -> None:
    noise = np.random.default_rng(5).standard_normal((2, 240000)) * 32768 * 10 ** (-50 / 20)
    assert run(stage, tracks_of(noise.astype(np.int16), 8000)).channels == ((), ())


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("length", [1, 2, 3, 79, 81, 700])
def test_very_short_recordings(stage: Stage, rate: int, length: int) -> None:
    activity = run(stage, tracks_of(np.full((2, length), 1000, np.int16), rate))
    assert activity.length == length
    assert len(activity.channels) == 2


def test_a_memory_map_gives_the_same(stage: Stage, tmp_path: Path) -> None:
    made = talk(8000).tracks
    interleaved = np.memmap(tmp_path / "samples", np.int16, "w+", shape=(made.length, 2))
    interleaved[:] = made.samples.T
    interleaved.flush()
    mapped = np.memmap(tmp_path / "samples", np.int16, "r", shape=(made.length, 2))
    assert run(stage, tracks_of(mapped.T, 8000)) == run(stage, made)


def test_swapping_the_channels_swaps_the_result(stage: Stage) -> None:
    made = talk(8000).tracks
    assert run(stage, tracks_of(made.samples[::-1], 8000)).channels == run(stage, made).channels[::-1]


def test_a_channel_does_not_hear_the_other(stage: Stage) -> None:
    made = talk(8000).tracks
    alone = made.samples.copy()
    alone[1] = 0
    assert run(stage, tracks_of(alone, 8000)).channels == (run(stage, made).channels[0], ())


def test_twice_the_same(stage: Stage) -> None:
    made = talk(11025).tracks
    vad = stage.load("cpu")
    before = made.samples.copy()
    assert vad(made) == vad(made)
    np.testing.assert_array_equal(made.samples, before)


def test_24_bits_hear_as_16(stage: Stage) -> None:
    made = talk(8000).tracks
    deep = Tracks(
        samples=made.samples.astype(np.int32) * round(full_scale(24) / full_scale(16)),
        rate=8000,
        bits=24,
        speakers=("A", "B"),
        roles=("", ""),
        order=None,
        chosen="as_recorded",
        origins=tuple(Origin(o.channel, o.span, o.kind) for o in made.origins),
    )
    assert run(stage, deep) == run(stage, made)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_times_agree_between_rates(stage: Stage, rate: int) -> None:
    import soxr

    low = talk(8000).tracks
    wide = np.asarray(soxr.resample(low.samples.T.astype(np.float64), 8000, rate), np.float64).T
    high = np.clip(np.round(wide), -32768, 32767).astype(np.int16)
    found, wanted = seconds(run(stage, tracks_of(high, rate))), seconds(run(stage, low))
    for left, right in zip(found, wanted, strict=True):
        assert len(left) == len(right)
        np.testing.assert_allclose(left, right, atol=0.033)


def test_the_same_talk_later_is_found_later(stage: Stage) -> None:
    made = talk(8000, None).tracks
    lead = 16384 * 4
    later = run(stage, tracks_of(np.concatenate((np.zeros((2, lead), np.int16), made.samples.astype(np.int16)), axis=1), 8000))
    for left, right in zip(seconds(later), seconds(run(stage, made)), strict=True):
        assert len(left) == len(right)
        np.testing.assert_allclose(np.array(left) - lead / 8000, right, atol=0.1)
        assert max(end for _, end in left) <= SECONDS + lead / 8000
