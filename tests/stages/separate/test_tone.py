"""Room tone: as loud as the recording's own background and shaped like it, never repeating, the same in every run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy import signal

from schemas.source import Source
from schemas.span import Span, union
from schemas.tracks import Tracks
from stages.diarize.rttm_file import read_rttm
from stages.health.measure import measure
from stages.separate.tone import Background, RoomTone, background, before_rounding, seed_of
from tests.shared import SHARED, needs_shared
from tests.stages.separate.mixtures import diarized, recording, route

SECONDS = 40


def level(samples: NDArray[Any], bits: int = 16) -> float:
    """RMS in dBFS above 60 Hz, where the background is measured too."""
    values = samples.astype(np.float64) / (1 << (bits - 1))
    power = np.abs(np.fft.rfft(values)) ** 2
    power[: math.ceil(60 * len(values) / 8000)] = 0
    return 10 * math.log10(2 * power.sum() / len(values) ** 2)


def call(noise_dbfs: float, rate: int = 8000, bits: int = 16, cutoff: float = 1500.0) -> tuple[NDArray[Any], Any]:
    """Two talkers in turn, in noise of one level that rolls off above `cutoff` Hz."""
    draw = np.random.default_rng(5)
    n = SECONDS * rate
    shaped = signal.sosfilt(signal.butter(2, cutoff, fs=rate, output="sos"), draw.standard_normal(n))
    samples = shaped / np.sqrt(np.mean(shaped**2)) * 10 ** (noise_dbfs / 20)
    turns = []
    for index in range(9):
        start, end = (4 * index + 2) * rate, (4 * index + 4) * rate
        samples[start:end] += 0.1 * draw.standard_normal(end - start) * np.abs(np.sin(np.arange(end - start) * 25 / rate))
        turns.append((index % 2, start, end))
    top = 1 << (bits - 1)
    whole = np.clip(np.rint(samples * top), -top, top - 1).astype(np.int16 if bits == 16 else np.int32)
    return whole, diarized(n, *turns, rate=rate)


def pieces(made: Tracks, channel: int, kind: str = "room_tone", fade: int = 0) -> NDArray[Any]:
    spans = [o.span for o in made.origins if o.channel == channel and o.kind == kind]
    return np.concatenate([made.samples[channel, s.start + fade : s.end - fade] for s in spans if len(s) > 2 * fade])


@pytest.mark.parametrize(("noise_dbfs", "bits"), [(-40.0, 16), (-60.0, 16), (-75.0, 16), (-88.0, 16), (-94.0, 16), (-90.0, 24)])
def test_the_silent_side_is_as_loud_as_the_background(noise_dbfs: float, bits: int) -> None:
    samples, diarization = call(noise_dbfs, bits=bits)
    made = route(samples, diarization, 40, floor="room_tone")
    truth = level(samples[: 2 * 8000 - 1000], bits)
    for channel in (0, 1):
        assert level(pieces(made, channel, fade=40), bits) == pytest.approx(truth, abs=1.0)


def test_it_is_the_floor_that_channel_health_measures() -> None:
    samples, diarization = call(-62.0)
    floor = measure(recording(samples)).sides[0].noise_dbfs
    assert floor is not None
    assert level(pieces(route(samples, diarization, 40, floor="room_tone"), 1, fade=40)) == pytest.approx(floor, abs=1.0)


@pytest.mark.parametrize("cutoff", [500.0, 2500.0])
def test_it_has_the_shape_of_the_background(cutoff: float) -> None:
    samples, diarization = call(-50.0, cutoff=cutoff)
    made = pieces(route(samples, diarization, 40, floor="room_tone"), 0, fade=40)
    _, ours = signal.welch(made, 8000, nperseg=256)
    _, truth = signal.welch(samples[:15000], 8000, nperseg=256)
    band = slice(4, 120)
    difference = 10 * np.log10(ours[band] / truth[band])
    assert np.abs(difference).mean() < 1.5


def test_coughs_in_the_background_count_for_little() -> None:
    samples, diarization = call(-60.0)
    quiet = level(samples[:15000])
    for at in range(9):
        samples[at * 32000 + 4000 : at * 32000 + 8000] += np.random.default_rng(at).integers(-3000, 3000, 4000).astype(np.int16)
    assert level(pieces(route(samples, diarization, 40, floor="room_tone"), 0, fade=40)) == pytest.approx(quiet, abs=1.0)


def test_digital_silence_stays_silence_and_says_so() -> None:
    samples, diarization = call(-60.0)
    spoken = np.zeros(len(samples), bool)
    for segment in diarization.segments:
        spoken[segment.span.start : segment.span.end] = True
    samples[~spoken] = 0
    made = route(samples, diarization, 40, floor="room_tone")
    assert {o.kind for o in made.origins} == {"original", "silence"}
    assert not pieces(made, 0, "silence").any()


def test_solos_stay_the_source() -> None:
    samples, diarization = call(-50.0)
    made = route(samples, diarization, 40, floor="room_tone")
    for origin in made.origins:
        if origin.kind == "original":
            at = slice(origin.span.start, origin.span.end)
            assert np.array_equal(made.samples[origin.channel, at], samples[at])


def test_it_depends_on_the_id_and_differs_between_channels() -> None:
    samples, diarization = call(-50.0)
    one, again, other = (route(samples, diarization, 40, Source(id, ("x.wav",)), floor="room_tone") for id in ("a", "a", "b"))
    assert np.array_equal(one.samples, again.samples)
    assert not np.array_equal(one.samples, other.samples)
    # The background shows in both channels where nobody speaks: independent noise has no correlation.
    left, right = one.samples[:, :15000].astype(np.float64)
    assert abs(np.mean(left * right)) < 0.05 * left.std() * right.std()
    assert seed_of("a") != seed_of("b")


@pytest.mark.parametrize("turns", [[(0, 0, 40 * 8000)], [(0, 100, 40 * 8000), (1, 0, 500)]])
def test_without_pauses_the_quietest_frames_stand_in(turns: list[tuple[int, int, int]]) -> None:
    samples, _ = call(-60.0)
    found = background(samples, 16, 8000, tuple(Span(start, end) for _, start, end in turns[:1]))
    assert found is not None
    assert found.level_dbfs == pytest.approx(-60.0, abs=2.0)


@pytest.mark.parametrize("length", [1, 5, 300])
def test_recordings_shorter_than_a_frame_have_no_background(length: int) -> None:
    assert background(np.ones(length, np.int16), 16, 8000, ()) is None
    made = route(np.ones(length, np.int16), diarized(length), floor="room_tone")
    assert {o.kind for o in made.origins} == {"silence"}


def test_any_window_is_the_same_stretch_of_the_same_noise() -> None:
    spectrum = np.full(257, 1e-6)
    whole = RoomTone(Background(spectrum, 512), 16, 7)(0, Span(0, 60_000))
    tone = RoomTone(Background(spectrum, 512), 16, 7)
    for start, end in ((0, 1), (1, 5000), (5000, 5001), (16_000, 20_000), (59_999, 60_000)):
        assert np.array_equal(tone(0, Span(start, end)), whole[start:end])
    assert np.sqrt(np.mean(whole**2)) == pytest.approx(32768 * math.sqrt(257e-6), rel=0.02)


@pytest.mark.parametrize("wanted", [0.1, 0.29, 0.5, 1.0, 1.9, 2.1, 30.0])
def test_rounding_is_allowed_for(wanted: float) -> None:
    drawn = np.rint(np.random.default_rng(3).standard_normal(400_000) * before_rounding(wanted))
    assert drawn.std() == pytest.approx(wanted, rel=0.03)


@needs_shared
def test_a_real_call() -> None:
    samples, rate = soundfile.read(SHARED / "pyannote" / "sample.wav", dtype="int16")
    turns = read_rttm((SHARED / "pyannote" / "sample.rttm").read_bytes(), "sample.rttm")
    spans = [(round(turn.start * rate), round((turn.start + turn.duration) * rate)) for turn in turns]
    names = sorted({turn.speaker for turn in turns})
    diarization = diarized(len(samples), *((names.index(t.speaker), *span) for t, span in zip(turns, spans, strict=True)), rate=rate)
    found = background(samples, 16, rate, union(Span(*span) for span in spans))
    assert found is not None
    made = route(samples, diarization, 80, floor="room_tone")
    assert {o.kind for o in made.origins} == {"original", "routed", "room_tone"}
    for channel in (0, 1):
        tone = pieces(made, channel, fade=80).astype(np.float64) / 32768
        assert 10 * math.log10(np.mean(tone**2)) == pytest.approx(found.level_dbfs, abs=1.0)
    floor = measure(recording(samples, rate)).sides[0].noise_dbfs
    assert floor == pytest.approx(found.level_dbfs, abs=1.0)
