"""Two recorded channels pass through bit for bit, in the order asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reject, UsageError
from schemas.recording import Decoding, Recording
from schemas.source import Source
from schemas.tracks import Tracks
from stages.stage import Stage
from stages.tracks.recorded import RecordedTracks


def recording(channels: int = 2, samples: int = 100) -> Recording:
    values = np.random.default_rng(1).integers(-(2**15), 2**15, (channels, samples), dtype=np.int16)
    values.flags.writeable = False
    decoding = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
    return Recording(samples=values, rate=8000, bits=16, decoding=decoding)


def made(first: str, source: Source, sound: Recording | None = None) -> Tracks:
    return RecordedTracks(first=first).load("cpu")(source, sound or recording())


def test_is_a_stage() -> None:
    stage = RecordedTracks()
    assert isinstance(stage, Stage)
    assert stage.takes == (Source, Recording)
    assert stage.gives is Tracks
    assert stage.weights() == ()


def test_as_recorded_is_a_view_of_the_same_samples() -> None:
    sound = recording()
    tracks = made("as_recorded", Source("x", ("x.wav",)), sound)
    assert np.shares_memory(tracks.samples, sound.samples)
    assert np.array_equal(tracks.samples, sound.samples)
    assert (tracks.order, tracks.chosen, tracks.speakers, tracks.roles) == ((0, 1), "as_recorded", ("A", "B"), ("", ""))
    assert [origin.kind for origin in tracks.origins] == ["original", "original"]


def test_the_named_role_goes_first_and_names_follow_their_voice() -> None:
    sound = recording()
    source = Source("x", ("x.wav",), speakers=("Ann", "Bo"), roles=("caller", "Agent"))
    tracks = made("role:agent", source, sound)
    assert np.shares_memory(tracks.samples, sound.samples)
    assert np.array_equal(tracks.samples, sound.samples[::-1])
    assert (tracks.order, tracks.chosen) == ((1, 0), "role:agent")
    assert (tracks.speakers, tracks.roles) == (("Bo", "Ann"), ("Agent", "caller"))
    assert made("role:caller", source, sound).order == (0, 1)


def test_unnamed_speakers_follow_their_voice() -> None:
    assert made("role:b", Source("x", ("x.wav",), roles=("a", "b"))).speakers == ("B", "A")


def test_a_recording_without_the_role_stays_as_recorded_and_says_so() -> None:
    tracks = made("role:agent", Source("x", ("x.wav",)))
    assert (tracks.order, tracks.chosen) == ((0, 1), "as_recorded (no role agent)")


def test_random_swaps_about_half_and_depends_on_the_seed() -> None:
    sound = recording()
    heads = {
        seed: [made(f"random:{seed}", Source(f"call{n}", ("x.wav",)), sound).samples[0, 0] == sound.samples[1, 0] for n in range(1000)]
        for seed in (1, 2)
    }
    assert 430 < sum(heads[1]) < 570
    assert 430 < sum(heads[2]) < 570
    assert 400 < sum(a != b for a, b in zip(heads[1], heads[2], strict=True)) < 600


@given(st.text(min_size=1), st.integers(0, 10**6))
def test_random_is_stable(id: str, seed: int) -> None:
    first = made(f"random:{seed}", Source(id, ("a.wav",), fingerprints=("1-2",)))
    again = made(f"random:{seed}", Source(id, ("b.wav",), base="/elsewhere"))
    assert first.order == again.order
    assert first.chosen == f"random:{seed}"


@given(st.sampled_from(["as_recorded", "role:agent", "role:caller", "random:3"]), st.text(min_size=1, max_size=5))
def test_order_says_where_each_channel_comes_from(first: str, id: str) -> None:
    sound = recording()
    tracks = made(first, Source(id, ("x.wav",), roles=("caller", "agent"), speakers=("p", "q")), sound)
    assert tracks.order is not None
    for track, channel in enumerate(tracks.order):
        assert np.array_equal(tracks.samples[track], sound.samples[channel])
        assert tracks.speakers[track] == ("p", "q")[channel]
        assert tracks.roles[track] == ("caller", "agent")[channel]


def test_mono_is_rejected_with_facts() -> None:
    with pytest.raises(Reject) as caught:
        made("as_recorded", Source("x", ("x.wav",)), recording(1))
    assert caught.value.reason == "not_two_channel"
    assert caught.value.facts["channels"] == 1
    assert caught.value.facts["rate"] == 8000


@pytest.mark.parametrize(
    "first", ["", "agent", "role:", "role: ", "random", "random:", "random:x", "random:-1", "as_recorded ", "ROLE:agent"]
)
def test_wrong_settings_name_the_valid_forms(first: str) -> None:
    with pytest.raises(UsageError, match=r"as_recorded.*role:<name>.*random:<seed>"):
        RecordedTracks(first=first)
