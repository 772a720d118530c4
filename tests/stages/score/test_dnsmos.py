"""DNSMOS: the package's own recipe window by window, and which windows of a channel are judged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.span import Span, Spans, union
from stages.score.dnsmos import SPEECH, WINDOW, Bounds, Networks, chosen, filled, hops, window
from stages.score.mel import RATE, log_mel
from stages.score.part import Covered
from tests.shared import SHARED, needs_shared
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import talk


@st.composite
def speech(draw: st.DrawFn, length: int) -> Spans:
    edges = sorted(draw(st.sets(st.integers(0, length), max_size=12)))
    return union(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))


@given(st.data(), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=5))
def test_covered_counts_samples(data: st.DataObject, stretches: list[tuple[int, int]]) -> None:
    spans = data.draw(speech(500))
    mask = np.zeros(500)
    for span in spans:
        mask[span.start : span.end] = 1
    pairs = [(min(pair), max(pair)) for pair in stretches]
    starts, ends = (np.array([pair[i] for pair in pairs], float) for i in (0, 1))
    assert Covered(spans).within(starts, ends).tolist() == [mask[a:b].sum() for a, b in pairs]


@given(st.integers(1, 100 * RATE))
def test_windows_are_as_many_as_the_recipe_takes(samples: int) -> None:
    wanted = int(np.floor(samples / RATE) - 9.01) + 1
    assert hops(samples) == (wanted if samples >= WINDOW else 0)
    if hops(samples):
        assert (hops(samples) - 1) * RATE + WINDOW <= samples


@given(st.data(), st.integers(1, 60), st.integers(1, 9), st.sampled_from([8000, 11025, 16000]))
def test_chosen_windows_hold_speech(data: st.DataObject, seconds: int, most: int, rate: int) -> None:
    length = seconds * rate + data.draw(st.integers(0, rate - 1))
    spans = data.draw(speech(length))
    found = chosen(spans, length, rate, most)
    assert found == sorted(set(found))
    assert len(found) <= most
    size = WINDOW * rate / RATE
    mask = Covered(spans)
    held = [float(mask.within(np.array([at * rate]), np.array([at * rate + size]))[0]) for at in range(max(1, hops(length * RATE // rate)))]
    assert bool(found) == (max(held) > 0)
    for at in found:
        assert held[at] >= SPEECH * rate or held[at] == max(held)
    good = sum(each >= SPEECH * rate for each in held)
    assert len(found) >= min(good, most)


def test_windows_are_spread_over_the_recording() -> None:
    rate = 8000
    found = chosen((Span(0, 600 * rate),), 600 * rate, rate, 6)
    assert len(found) == 6
    assert found[0] < 60
    assert found[-1] > 530
    assert max(np.diff(found)) - min(np.diff(found)) <= 1


def test_how_many_windows() -> None:
    bounds = Bounds(8, 30.0)
    assert [bounds.of(seconds) for seconds in (1, 30, 59, 60, 200, 240, 3600)] == [1, 1, 1, 2, 6, 8, 8]


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
def test_a_window_is_that_stretch_of_the_recording(rate: int) -> None:
    import soxr

    made = talk(rate).tracks
    whole = soxr.resample(made.samples[1].astype(np.float32) / 32768, rate, RATE, quality="HQ")
    for start in (0, 3, 5):
        found = window(made, 1, start)
        assert found.shape == (WINDOW,)
        np.testing.assert_allclose(found, whole[start * RATE :][:WINDOW], atol=1e-4)


def test_short_sound_is_repeated() -> None:
    found = window(tracks_of(np.arange(2 * 4000, dtype=np.int16).reshape(2, 4000), RATE), 0, 0)
    assert np.array_equal(found[:4000], found[4000:8000])
    assert len(filled(np.ones(1, np.float32))) == WINDOW


def test_the_networks_hear_noise() -> None:
    networks = Networks("cpu", 1)
    clean, noisy = (networks(window(talk(16000, noise_db=noise).tracks, 0, 0)) for noise in (-75.0, -30.0))
    assert all(1 < value < 5 for value in (*clean, *noisy))
    assert clean[1] > noisy[1] + 1
    assert clean[2] > noisy[2]


def test_the_picture_of_a_tone_is_one_band_and_its_depth_is_bounded() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(WINDOW - 160) / RATE).astype(np.float32)
    picture = log_mel(tone)
    assert picture.shape == (900, 120)
    assert picture.max() == pytest.approx(1.0)
    assert picture.min() >= -1.0
    # 1 kHz is where Slaney's scale turns: 15 of its 45.2 mels up to 8 kHz.
    assert int(picture[400].argmax()) == round(15 / (15 + np.log(8) / (np.log(6.4) / 27)) * 121) - 1


def recipe(audio: NDArray[np.float32], networks: Networks) -> NDArray[np.float64]:
    """Mean over all windows, as the package takes it."""
    while len(audio) < WINDOW:
        audio = np.append(audio, audio)
    cut = [np.ascontiguousarray(audio[at * RATE :][:WINDOW]) for at in range(hops(len(audio)))]
    return np.asarray(np.mean([networks(each) for each in cut], axis=0))


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize(("name", "seconds"), [("MUL1423.wav", 14.0), ("SNG0480.wav", 9.4), ("MUL1423.wav", 4.0)])
def test_equals_the_package_on_real_calls(name: str, seconds: float) -> None:
    import soundfile
    import soxr

    pytest.importorskip("librosa")
    from speechmos import dnsmos

    samples, rate = soundfile.read(SHARED / "spokenwoz" / name, dtype="float32")
    audio = np.clip(soxr.resample(samples[:, 0], rate, RATE), -1, 1)[: round(seconds * RATE)]
    wanted = dnsmos.run(audio, RATE)
    found = recipe(audio, Networks("cpu", 1))
    np.testing.assert_allclose(found, [wanted[f"{each}_mos"] for each in ("sig", "bak", "ovrl", "p808")], atol=1e-3)
