"""What holds of restored tracks whatever the enhancer: what is untouched is the same to the bit, and origins say what was touched."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stages.restore.render as rendering
import stages.vad.windows as hearing
from schemas.errors import UsageError
from schemas.span import Span
from schemas.tracks import Origin, Tracks
from stages.restore.model import ModelRestore
from stages.spool import Spool
from stages.stage import Stage
from tests.stages.restore.sound import TOUCHABLE, Filter, Scale, anything, mask, script, tracks


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("networks")
    for name, module in {"same": Scale(1.0), "none": Scale(0.0), "loud": Scale(4.0), "filter": Filter()}.items():
        script(made / f"{name}.pt", module)
    return made


def stage(folder: Path, name: str, **settings: Any) -> ModelRestore:
    return ModelRestore(**{"model": str(folder / f"{name}.pt"), "rate": 8000, "licence": "MIT", "window": 0.2, "context": 0.04, **settings})


FADES = st.sampled_from([0.0, 0.001, 0.01])


def test_is_a_stage(folder: Path) -> None:
    made = stage(folder, "same")
    assert isinstance(made, Stage)
    assert (made.name, made.takes, made.gives) == ("restore", (Tracks,), Tracks)


@given(anything(), FADES)
def test_what_is_untouched_stays_to_the_bit_and_the_rest_is_called_restored(folder: Path, given_tracks: Tracks, fade: float) -> None:
    made = stage(folder, "filter", crossfade=fade).load("cpu")(given_tracks)
    touched = mask(given_tracks, TOUCHABLE)
    assert np.array_equal(made.samples[~touched], given_tracks.samples[~touched])
    assert made.samples.dtype == given_tracks.samples.dtype
    assert replace(made, samples=given_tracks.samples, origins=given_tracks.origins) == replace(given_tracks)
    assert np.array_equal(mask(made, ("restored",)), touched)
    for before, after in zip(given_tracks.origins, made.origins, strict=True):
        wanted = "restored" if before.kind in TOUCHABLE else before.kind
        assert after == replace(before, kind=wanted)


@given(anything(), FADES, st.sampled_from([8000, 16000, 48000]))
def test_a_network_that_changes_nothing_gives_every_sample_back(folder: Path, given_tracks: Tracks, fade: float, rate: int) -> None:
    made = stage(folder, "same", rate=rate, crossfade=fade, limit=None).load("cpu")(given_tracks)
    assert np.array_equal(made.samples, given_tracks.samples)


@given(anything(), st.sampled_from([1.0, 6.0, 12.0, 40.0]))
def test_the_limit_is_how_far_anything_is_turned_down(folder: Path, given_tracks: Tracks, limit: float) -> None:
    at_rate = {"rate": given_tracks.rate, "crossfade": 0.0}
    made = stage(folder, "none", limit=limit, **at_rate).load("cpu")(given_tracks)
    touched = mask(given_tracks, TOUCHABLE)
    wanted = given_tracks.samples[touched] * 10 ** (-limit / 20)
    # The network's float32 has 24 bits, as many as the samples.
    np.testing.assert_allclose(made.samples[touched], wanted, atol=1.5)
    bare = stage(folder, "none", limit=None, **at_rate).load("cpu")(given_tracks)
    assert not bare.samples[touched].any()


@given(anything())
def test_what_would_be_too_loud_is_held_at_full_scale(folder: Path, given_tracks: Tracks) -> None:
    made = stage(folder, "loud", rate=given_tracks.rate, limit=None, crossfade=0.0).load("cpu")(given_tracks)
    touched, top = mask(given_tracks, TOUCHABLE), 1 << (given_tracks.bits - 1)
    np.testing.assert_allclose(made.samples[touched], np.clip(given_tracks.samples[touched].astype(np.int64) * 4, -top, top - 1), atol=1)


def test_changes_fade_inside_the_stretch_and_not_at_the_recordings_ends(folder: Path) -> None:
    spans = [(0, 3000, "original"), (3000, 5000, "silence"), (5000, 7000, "cleaned"), (7000, 7100, "routed"), (7100, 8000, "separated")]
    origins = tuple(Origin(0, Span(start, end), kind) for start, end, kind in spans)  # type: ignore[arg-type]
    level = np.full(8000, 10_000, np.int16)
    given_tracks = tracks(level, 8000, (*origins, Origin(1, Span(0, 8000), "silence")))
    made = stage(folder, "none", limit=None, crossfade=0.01).load("cpu")(given_tracks).samples[0].astype(int)
    assert not made[:2920].any()
    assert not made[5080:6920].any()
    assert not made[7180:].any()
    for start, end in ((2920, 3001), (4999, 5080), (6920, 7001), (7099, 7180)):
        steps = np.diff(made[start:end])
        assert 0 < np.abs(steps).max() < 10_000 * np.pi / 2 / 80 * 1.05
        assert len(set(np.sign(steps)) - {0}) == 1
    short = stage(folder, "none", limit=None, crossfade=0.1).load("cpu")(given_tracks).samples[0]
    assert 0 < np.abs(np.diff(short[7100:7600].astype(int))).max() < 10_000 * np.pi / 2 / 450 * 1.1


@pytest.mark.parametrize(("rate", "network"), [(8000, 8000), (44100, 16000), (11025, 48000)])
def test_blocks_leave_no_mark(folder: Path, monkeypatch: pytest.MonkeyPatch, rate: int, network: int) -> None:
    cuts = [
        (0, 9000, "original"),
        (9000, 15000, "silence"),
        (15000, 15010, "separated"),
        (15010, 40000, "routed"),
        (40000, 50000, "cleaned"),
    ]
    origins = tuple(Origin(channel, Span(start, end), kind) for channel in (0, 1) for start, end, kind in cuts)  # type: ignore[arg-type]
    noise = np.random.default_rng(1).normal(0, 3000, (2, 50_000)).astype(np.int16)
    given_tracks = tracks(noise, rate, origins)
    made = stage(folder, "filter", rate=network).load("cpu")(given_tracks)
    assert not np.array_equal(made.samples, given_tracks.samples)
    monkeypatch.setattr(rendering, "BLOCK", 997)
    monkeypatch.setattr(hearing, "WINDOW", 0.05)
    again = stage(folder, "filter", rate=network).load("cpu")(given_tracks)
    assert np.array_equal(again.samples, made.samples)


def test_tracks_without_a_stretch_to_touch_come_back_as_they_are(folder: Path) -> None:
    given_tracks = tracks(np.ones(100, np.int16), 8000, (Origin(0, Span(0, 100), "routed"), Origin(1, Span(0, 100), "silence")))
    assert stage(folder, "none").load("cpu")(given_tracks) is given_tracks
    two = tracks(np.ones((2, 100), np.int16), 8000)
    assert stage(folder, "none", origins=("separated",)).load("cpu")(two) is two


def test_the_residual_stays(folder: Path) -> None:
    given_tracks = replace(tracks(np.full(500, 99, np.int16), 8000), residual=np.full((1, 500), 7, np.int16))
    made = stage(folder, "none").load("cpu")(given_tracks)
    assert made.residual is given_tracks.residual


def test_memory_does_not_grow_with_the_recording(folder: Path) -> None:
    length, rate = 20 * 60 * 16000, 16000
    spool = Spool(np.int16, 2)
    block = np.random.default_rng(1).normal(0, 300, (length // 40, 2)).astype(np.int16)
    for _ in range(40):
        spool.write(block)
    given_tracks = tracks(spool.samples(), rate)
    run = stage(folder, "same", window=4.0, context=0.5).load("cpu")
    run(tracks(block[:50_000].T, rate))  # what is imported on first use is not measured
    tracemalloc.start()
    made = run(given_tracks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.length == length
    # One float32 copy of one channel alone would take 77 MB.
    assert peak < 40e6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"origins": ()}, r"restore\.origins: \[\]; wanted one or more of original, separated, cleaned"),
        ({"origins": ("routed",)}, r"restore\.origins: \['routed'\]"),
        ({"limit": 0.5}, r"restore\.limit: 0\.5 dB; wanted a number from 1 to 60, or null"),
        ({"limit": float("nan")}, r"restore\.limit"),
        ({"crossfade": -0.1}, r"restore\.crossfade: -0\.1 s"),
        ({"crossfade": float("inf")}, r"restore\.crossfade"),
    ],
)
def test_wrong_settings_are_told(folder: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        stage(folder, "same", **settings)
