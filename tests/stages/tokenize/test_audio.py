"""Windows of audio at the codec's rate: one pass over the whole, whatever their size, on the CPU and on a device."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import frames_of
from stages.tokenize.audio import SINC, as_windows, device_windows, even_windows
from stages.torch_audio import ensure_torchaudio
from tests.stages.tokenize.models import sound

HOP = 1920
RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])


@given(RATES, st.floats(0.0001, 24), st.integers(1, 400), st.sampled_from([24_000, 16_000]))
@settings(max_examples=18)
def test_windows_of_any_size_are_one_pass(rate: int, seconds: float, size: int, wanted: int) -> None:
    import soxr

    made = sound(seconds, rate, 1)
    found = list(even_windows(made, wanted, HOP, size * HOP))
    frames = frames_of(made.length, rate, wanted, HOP)
    assert len(found) == -(-frames // size)
    assert {block.shape for block in found} == {(2, size * HOP)}
    whole = np.concatenate(found, axis=1)
    floats = made.samples.T.astype(np.float32) / 32768
    once = np.asarray(floats if rate == wanted else soxr.resample(floats, rate, wanted), np.float32).T
    least = min(once.shape[1], whole.shape[1])
    np.testing.assert_array_equal(whole[:, :least], once[:, :least])
    assert not whole[:, least:].any()


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("seconds", [0.0002, 20.3])
def test_resampling_on_the_device_is_one_pass(rate: int, seconds: float) -> None:
    ensure_torchaudio()
    import torch
    from torchaudio.functional import resample

    made = sound(seconds, rate, 2)
    found = list(device_windows(made, 24_000, HOP, 7 * HOP, "cpu"))
    assert {tuple(block.shape) for block in found} == {(2, 1, 7 * HOP)}
    whole = torch.cat(found, dim=2)[:, 0]
    floats = torch.from_numpy(made.samples.astype(np.float32) / 32768)
    once = floats if rate == 24_000 else resample(floats, rate, 24_000, **SINC)
    assert whole.shape[1] >= once.shape[1]
    assert torch.allclose(whole[:, : once.shape[1]], once, atol=1e-5)
    assert not whole[:, once.shape[1] :].any()


def test_both_ways_sound_the_same() -> None:
    made = sound(3, 8000, 3)
    here, there = (
        np.concatenate([b[:, 0].numpy() for b in as_windows(made, 24_000, HOP, 9600, "cpu", how)], axis=1) for how in ("soxr", "device")
    )
    middle = slice(2400, -2400)
    assert np.abs(here - there)[:, middle].max() < 0.05 * np.abs(here).max()


def test_rates_without_a_small_ratio_go_through_soxr() -> None:
    made = sound(0.5, 7919, 4)
    found = [b.numpy() for b in as_windows(made, 24_000, HOP, HOP, "cpu", "device")]
    wanted = list(even_windows(made, 24_000, HOP, HOP))
    np.testing.assert_array_equal(np.concatenate(found, axis=2)[:, 0], np.concatenate(wanted, axis=1))
