from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.vad.energy import EnergyVad, noise_floor, short_time_levels
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import talk


def test_level_of_a_full_scale_square_wave_is_zero() -> None:
    square = np.tile(np.array([-32768, 32767], np.int16), 400)
    np.testing.assert_allclose(short_time_levels(square, 16, 80), 0, atol=1e-3)


@given(length=st.integers(1, 5000), hop=st.sampled_from([1, 7, 80]), seed=st.integers(0, 99))
def test_levels_are_the_mean_power_of_three_frames(length: int, hop: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-20, 20, length).astype(np.int16)
    samples[length // 3 : length // 2] = 5
    frames = [samples[at : at + hop].astype(float) for at in range(0, length, hop)]
    power = [float(np.mean((frame - frame.mean()) ** 2)) for frame in frames]
    got = short_time_levels(samples, 16, hop)
    assert len(got) == len(frames)
    for i, level in enumerate(got):
        near = [power[min(max(j, 0), len(power) - 1)] for j in (i - 1, i, i + 1)]
        if len(set(frames[i])) == 1:
            assert level == -np.inf
        else:
            assert level == pytest.approx(10 * np.log10(sum(near) / 3 / 32768**2), abs=1e-4)


def test_floor_follows_the_noise_and_skips_digital_silence() -> None:
    levels = np.concatenate((np.full(6000, -60), np.full(3000, -np.inf), np.full(6000, -45))).astype(np.float32)
    floor = noise_floor(levels, 1000, 10, -65, -40)
    np.testing.assert_allclose(floor[:4000], -60, atol=1e-4)
    np.testing.assert_allclose(floor[-4000:], -45, atol=1e-4)
    assert np.all((floor >= -60.001) & (floor <= -44.999))


@given(
    levels=st.lists(st.floats(-90, 0, width=32) | st.just(float("-inf")), min_size=1, max_size=400),
    block=st.integers(1, 150),
)
def test_floor_stays_inside_its_bounds(levels: list[float], block: int) -> None:
    floor = noise_floor(np.array(levels, np.float32), block, 10, -65, -40)
    assert floor.shape == (len(levels),)
    assert np.all((floor >= -65) & (floor <= -40))


def test_noise_that_grows_is_followed() -> None:
    rng = np.random.default_rng(3)
    slow = 10 ** (np.linspace(-70, -48, 8000 * 120) / 20) * rng.standard_normal(8000 * 120) * 32768
    samples = np.stack((slow, np.zeros_like(slow))).astype(np.int16)
    assert EnergyVad().load("cpu")(tracks_of(samples, 8000)).channels == ((), ())


def test_a_dc_offset_changes_nothing() -> None:
    made = talk(8000).tracks
    room = np.clip(made.samples, -30000, 30000).astype(np.int16)
    moved, unmoved = tracks_of((room + 2000).astype(np.int16), 8000), tracks_of(room, 8000)
    assert EnergyVad().load("cpu")(moved) == EnergyVad().load("cpu")(unmoved)


def test_a_steady_tone_out_of_digital_silence_is_found() -> None:
    tone = np.zeros(80000)
    tone[24000:48000] = 3000 * np.sin(np.arange(24000) * 0.4)
    (span,) = EnergyVad().load("cpu")(tracks_of(np.stack((tone, tone * 0)).astype(np.int16), 8000)).channels[0]
    assert span.start == pytest.approx(24000 - 240, abs=80)
    assert span.end == pytest.approx(48000 + 240, abs=80)


def test_a_click_is_no_speech_and_a_short_dip_no_silence() -> None:
    x = np.zeros(80000)
    x[10000:10040] = 20000
    x[24000:48000] = 3000 * np.sin(np.arange(24000) * 0.4)
    x[30000:30800] = 0
    found = EnergyVad().load("cpu")(tracks_of(np.stack((x, x * 0)).astype(np.int16), 8000)).channels[0]
    assert len(found) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"leave": 0.0}, {"leave": 13.0}, {"floor_percentile": 101.0}, {"floor_min": -30.0}, {"min_speech": -1.0}, {"pad": float("nan")}],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        EnergyVad(**wrong)
