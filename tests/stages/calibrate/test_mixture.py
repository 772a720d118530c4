"""Mixing: the exact sum where nothing is asked for, the sides as they are inside it, and no clipping without saying so."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.recording import Recording
from stages.acoustics.condition import NAMED, PEAK, Condition
from stages.calibrate import mixture as module
from stages.calibrate.mixture import Mixture, mixture
from tests.stages.calibrate.parts import call, recording

CLEAN = NAMED["clean"]


def loud() -> Recording:
    return recording(np.clip(call().astype(np.int32) * 8, -32768, 32767).astype(np.int16))


def error(mixed: Mixture, part: float = 0.0) -> float:
    """Largest difference between the mixture and the sum of its sides, full scale 1."""
    total = mixed.sides(0, mixed.recording.length).sum(axis=0)
    scale = 2.0 ** (mixed.recording.bits - 1)
    return float(np.abs(mixed.recording.samples[0] / scale - total).max()) - part


def test_the_clean_mixture_is_the_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = call()
    for block in (module.BLOCK, 777):
        monkeypatch.setattr(module, "BLOCK", block)
        mixed = mixture(recording(samples), CLEAN, "call", 0)
        assert (mixed.recording.samples[0] == samples.sum(axis=0)).all()
        assert mixed.recording.samples.dtype == np.int16
        assert mixed.gain_db == 0.0
        assert mixed.recording.decoding.exact
        assert error(mixed) == 0.0


def test_twenty_four_bits_stay_twenty_four() -> None:
    wide = call().astype(np.int32) * 256 + 3
    mixed = mixture(recording(wide, bits=24), CLEAN, "call", 0)
    assert mixed.recording.bits == 24
    assert (mixed.recording.samples[0] == wide.sum(axis=0)).all()


def test_a_sum_beyond_full_scale_is_turned_down_by_a_gain_that_is_told() -> None:
    whole = loud()
    peak = int(np.abs(whole.samples.sum(axis=0, dtype=np.int64)).max())
    assert peak > 32768, "this is no test of clipping"
    mixed = mixture(whole, CLEAN, "call", 0)
    assert mixed.gain_db == pytest.approx(20 * np.log10(PEAK * 32768 / peak))
    assert int(np.abs(mixed.recording.samples.astype(np.int64)).max()) == round(PEAK * 32768)
    assert not mixed.recording.decoding.exact
    assert error(mixed) <= 0.5 / 32768 + 1e-9


@pytest.mark.parametrize("text", ["level=-12", "level=6", "rt60=0.3"])
@pytest.mark.parametrize("whole", [recording(call(level=0.03)), loud()], ids=["soft", "loud"])
def test_without_noise_and_codec_the_sides_add_up_to_the_mixture(text: str, whole: Recording) -> None:
    mixed = mixture(whole, Condition.parse(text), "call", 0)
    assert error(mixed) <= 0.5 / 32768 + 1e-6
    assert (mixed.gain_db < 0) == (whole.samples.max() > 32000)


def test_the_level_is_that_of_the_second_side() -> None:
    samples = call()
    mixed = mixture(recording(samples), Condition.parse("level=-6"), "call", 0)
    sides = mixed.sides(0, samples.shape[1])
    assert np.allclose(sides[0], samples[0] / 32768)
    assert np.allclose(sides[1], samples[1] / 32768 * 10 ** (-6 / 20), atol=1e-7)
    part = mixed.sides(1000, 2000)
    assert (part == sides[:, 1000:2000]).all()


def test_noise_is_outside_the_sides_and_depends_on_the_id_and_the_seed() -> None:
    whole, noise = recording(call()), NAMED["noise"]
    mixed = mixture(whole, noise, "call", 0)
    heard = mixed.recording.samples[0] / 32768 - mixed.sides(0, whole.length).sum(axis=0)
    speech = mixed.sides(0, whole.length).sum(axis=0)
    active = speech[speech != 0]
    assert 10 * np.log10(np.mean(active**2) / np.mean(heard**2)) == pytest.approx(20.0, abs=1.5)
    same, other_id, other_seed = (mixture(whole, noise, *key).recording.samples for key in (("call", 0), ("other", 0), ("call", 1)))
    assert (same == mixed.recording.samples).all()
    assert (other_id != same).any()
    assert (other_seed != same).any()
