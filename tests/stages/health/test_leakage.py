from __future__ import annotations

import numpy as np
import pytest

from stages.health.measure import measure
from tests.shared import needs_shared
from tests.stages.health.calls import delayed, dialogue, leaked, noise, recording, shared

RATE = 8000
FIR = np.array([0.2, 1.0, -0.6, 0.3, 0.15, -0.1])


@pytest.mark.parametrize("db", [-10, -20, -30, -40])
@pytest.mark.parametrize(("delay", "fir"), [(0.0, None), (0.0103, FIR), (0.05, None)])
def test_level_and_delay_under_noise(db: float, delay: float, fir: np.ndarray | None) -> None:
    call, truth = leaked(dialogue(60, RATE), RATE, db, delay, fir)
    there, back = measure(recording(call + noise(call.shape, -50), RATE)).leaks
    assert there.level_db == pytest.approx(truth, abs=0.6)
    assert there.delay_ms == pytest.approx(1000 * delay, abs=0.25)
    assert (there.source, there.into) == (0, 1)
    assert back.level_db is None
    assert back.detectable_db is not None
    assert back.detectable_db < -45


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("floor", [-50, -70])
@pytest.mark.parametrize("room_ms", [0, 20])
def test_grid(seed: int, floor: float, room_ms: int) -> None:
    rng = np.random.default_rng(seed)
    room = rng.standard_normal(RATE * room_ms // 1000 + 1) * np.exp(-np.arange(RATE * room_ms // 1000 + 1) / 30)
    base = dialogue(90, RATE, seed=seed)
    for db in (-10, -15, -20, -25, -30, -35, -40):
        for delay in (0.0, 0.001, 0.03, 0.05):
            call, truth = leaked(base, RATE, db, delay, room)
            measured = measure(recording(call + noise(call.shape, floor, seed), RATE)).leaks[0].level_db
            assert measured == pytest.approx(truth, abs=1.0), (db, delay)


def test_both_ways_and_at_another_rate() -> None:
    rate = 24000
    call = dialogue(45, rate, seed=4)
    heard = call + np.stack([delayed(call[1], 0.004, rate) * 10 ** (-28 / 20), delayed(call[0], 0.02, rate) * 10 ** (-18 / 20)])
    there, back = measure(recording(heard + noise(heard.shape, -60), rate)).leaks
    assert there.level_db == pytest.approx(-18, abs=0.5)
    assert back.level_db == pytest.approx(-28, abs=0.5)
    assert there.delay_ms == pytest.approx(20, abs=0.1)
    assert back.delay_ms == pytest.approx(4, abs=0.1)


def test_breaths_and_shared_hum_are_no_leak() -> None:
    call = dialogue(60, RATE, seed=2)
    time = np.arange(call.shape[1]) / RATE
    hum = sum(0.02 / k * np.sin(2 * np.pi * 50 * k * time + k) for k in (1, 2, 3, 5, 7, 9))
    for heard in (call, call + hum):
        for leak in measure(recording(heard + noise(heard.shape, -60), RATE)).leaks:
            assert leak.level_db is None or leak.level_db < -40


def test_thin_evidence_gives_no_number() -> None:
    call, _ = leaked(dialogue(2.0, RATE), RATE, -15, 0.01)
    for leak in measure(recording(call + noise(call.shape, -50), RATE)).leaks:
        assert leak.evidence_s < 2
        assert leak.level_db is None or leak.detectable_db is not None


@needs_shared
@pytest.mark.parametrize(
    "names",
    [
        ("aws_lca/Auto_Repairs_40_UTC_agent.wav", "aws_lca/Auto_Repairs_40_UTC_caller.wav"),
        ("spokenwoz/MUL1423.wav",),
        ("spokenwoz/SNG0072.wav",),
        ("spokenwoz/SNG0480.wav",),
    ],
)
def test_real_calls_are_clean_until_one_is_spoiled(names: tuple[str, ...]) -> None:
    clean = shared(*names)
    for leak in measure(clean).leaks:
        assert leak.level_db is None
        assert leak.detectable_db is not None
        assert leak.detectable_db < -60
    spoiled, truth = leaked(clean.samples[:, : 100 * clean.rate] / 32768.0, clean.rate, -32, 0.012, FIR, source=1)
    found = measure(recording(spoiled, clean.rate)).leaks[1]
    assert found.level_db == pytest.approx(truth, abs=1.5)
    assert found.delay_ms == pytest.approx(12, abs=0.3)
