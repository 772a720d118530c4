"""The outline against a plain reading of its definition, at every depth and length, and its price."""

from __future__ import annotations

import base64
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import LawError
from schemas.outline import Outline
from schemas.plain import from_plain, to_plain
from schemas.recording import Decoding, Recording, Samples
from stages.audit import outline as module
from stages.audit.outline import outline

DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)


def recording(samples: Samples, rate: int = 8000) -> Recording:
    return Recording(samples=samples, rate=rate, bits=16 if samples.dtype == np.int16 else 24, decoding=DECODING)


def pairs(found: Outline, channel: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    raw = np.frombuffer(base64.b64decode(found.peaks[channel]), np.int8).astype(float).reshape(-1, 2) / 127
    return np.sign(raw) * raw**2


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 16000, 48000]),
    length=st.integers(1, 60_000),
    channels=st.integers(1, 2),
    bits=st.sampled_from([16, 24]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_pair_is_the_lowest_and_highest_sample_of_its_step(rate: int, length: int, channels: int, bits: int, seed: int) -> None:
    full = 1 << (bits - 1)
    drawn = np.random.default_rng(seed).integers(-full, full, (channels, length))
    samples: Samples = drawn.astype(np.int16) if bits == 16 else drawn.astype(np.int32)
    samples[0, -1] = full - 1
    found = outline(recording(samples, rate))
    step = round(found.step * rate)
    assert len(found.peaks) == channels
    for channel in range(channels):
        shown = pairs(found, channel)
        assert len(shown) == -(-length // step)
        for index, (low, high) in enumerate(shown):
            inside = samples[channel, index * step : (index + 1) * step] / full
            assert abs(np.sqrt(abs(low)) - np.sqrt(abs(inside.min()))) <= 0.5 / 127 + 1e-9
            assert abs(np.sqrt(abs(high)) - np.sqrt(abs(inside.max()))) <= 0.5 / 127 + 1e-9
    assert from_plain(Outline, to_plain(found)) == found


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(3).integers(-9000, 9000, (2, 33_333)).astype(np.int16)
    whole = outline(recording(samples))
    monkeypatch.setattr(module, "BLOCK", 1000)
    assert outline(recording(samples)) == whole


def test_a_quiet_side_can_be_told_from_silence() -> None:
    samples = np.zeros((2, 8000), np.int16)
    samples[1, 100] = 3
    found = outline(recording(samples))
    assert not pairs(found, 0).any()
    assert pairs(found, 1).any()


def test_ten_hours_stay_small() -> None:
    samples = np.broadcast_to(np.zeros(1, np.int16), (2, 8000 * 36_000))
    found = outline(recording(samples))
    assert sum(map(len, found.peaks)) <= 2 * (2 * module.MOST) * 4 / 3 + 8


def test_it_costs_less_than_a_three_thousandth_of_real_time() -> None:
    samples = np.random.default_rng(0).integers(-9000, 9000, (2, 8000 * 600)).astype(np.int16)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        outline(recording(samples))
        took.append(time.perf_counter() - start)
    assert min(took) < 600 / 3000


@pytest.mark.parametrize(
    ("seconds", "step", "peaks"), [(1.0, 0.0, ("",)), (1.0, 0.5, ("AAAA",)), (1.0, 0.5, ("A",)), (1.0, 0.5, ("AAAAAAAAAAAAAAAA",))]
)
def test_laws_are_kept(seconds: float, step: float, peaks: tuple[str, ...]) -> None:
    with pytest.raises(LawError, match="Outline"):
        Outline(seconds=seconds, step=step, peaks=peaks)
