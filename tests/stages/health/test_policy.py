from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import REASONS, Reject, RejectRecord, UsageError
from schemas.health import Health
from schemas.plain import from_plain
from schemas.recording import Decoding, Recording
from stages.health.measure import ChannelHealth, measure
from stages.health.survey import survey
from stages.health.verdicts import FINDINGS
from stages.stage import Stage, what_fields
from tests.stages.health.calls import dialogue, leaked, noise, recording

RATE = 8000


def test_is_a_stage() -> None:
    stage = ChannelHealth()
    assert isinstance(stage, Stage)
    assert stage.weights() == ()
    assert stage.gives is Health
    assert set(FINDINGS) == {*stage.reject, *stage.flag}
    assert set(FINDINGS) <= set(REASONS)
    assert {"reject", "flag", "max_leakage_db"} <= set(what_fields(stage))


@pytest.mark.parametrize(
    ("wrong", "right"), [("leak", "leakage"), ("dualmono", "dual_mono"), ("upsample", "upsampled"), ("not_audio", "dc_offset")]
)
def test_an_unknown_finding_names_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(UsageError, match=f"health.flag: no such finding '{wrong}'"):
        ChannelHealth(flag=(wrong,))
    if wrong != "not_audio":
        with pytest.raises(UsageError, match=f"did you mean '{right}'"):
            ChannelHealth(reject=(wrong,))


def test_reject_flag_or_neither() -> None:
    call, _ = leaked(dialogue(30, RATE), RATE, -20, 0.01)
    spoiled = recording(call + noise(call.shape, -60), RATE)
    flagged = ChannelHealth().load("cpu")(spoiled)
    assert [(finding.name, finding.channel, finding.unit, finding.limit) for finding in flagged.findings] == [("leakage", 1, "dB", -30.0)]
    assert flagged.findings[0].value == pytest.approx(-20, abs=0.5)
    assert ChannelHealth(flag=()).load("cpu")(spoiled).findings == ()
    assert ChannelHealth(max_leakage_db=-15.0).load("cpu")(spoiled).findings == ()
    with pytest.raises(Reject) as caught:
        ChannelHealth(reject=("leakage",)).load("cpu")(spoiled)
    assert caught.value.reason == "leakage"
    assert "channel 1" in caught.value.detail
    assert "-30 dB" in caught.value.detail
    record = RejectRecord.of(caught.value, "id", "key", "health", ("a.wav",))
    kept = from_plain(Health, json.loads(record.facts)["health"])
    assert kept.leaks == flagged.leaks
    assert [finding.name for finding in kept.findings] == ["leakage"]


@given(st.integers(1, 3000), st.sampled_from([1, 2]), st.sampled_from([2000, 8000, 11025, 48000]), st.integers(0, 2**32 - 1))
def test_any_piece_ends_as_health_or_reject(length: int, channels: int, rate: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = rng.integers(-32768, 32768, (channels, length)).astype(np.int16) * rng.integers(0, 2, (channels, 1), np.int16)
    decoding = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
    whole = Recording(samples=pieces, rate=rate, bits=16, decoding=decoding)
    reason = None
    try:
        health = ChannelHealth().load("cpu")(whole)
    except Reject as reject:
        reason = reject.reason
    assert reason in FINDINGS or len(health.sides) == channels


def test_same_input_same_health() -> None:
    call = dialogue(15, RATE) + noise((2, 15 * RATE), -50)
    assert measure(recording(call, RATE)) == measure(recording(call, RATE))


def test_swapping_the_channels_swaps_the_health() -> None:
    call, _ = leaked(dialogue(30, RATE), RATE, -6, 0.01)
    there = measure(recording(call + noise(call.shape, -55), RATE))
    back = measure(recording((call + noise(call.shape, -55))[::-1], RATE))
    assert back.sides == there.sides[::-1]
    assert back.leaks[1].level_db == there.leaks[0].level_db
    assert there.likeness is not None
    assert back.likeness is not None
    assert there.likeness.lag_ms == pytest.approx(10, abs=0.05)
    assert back.likeness.lag_ms == pytest.approx(-10, abs=0.05)


@pytest.mark.slow
def test_an_hour_from_disk_is_fast_and_small(tmp_path: Path) -> None:
    """Memory-mapped, against one pass of short spectra over the same samples: the work per second does not grow with length."""
    import tracemalloc

    minute = np.round((dialogue(60, RATE) + noise((2, 60 * RATE), -55)) * 32768).astype(np.int16)
    with (tmp_path / "hour.raw").open("wb") as file:
        for _ in range(60):
            file.write(np.ascontiguousarray(minute.T).data)
    samples = np.memmap(tmp_path / "hour.raw", np.int16, "r").reshape(-1, 2).T
    hour = Recording(samples=samples, rate=RATE, bits=16, decoding=Decoding(container="RAW", encoding="PCM_16", decoder="test", exact=True))
    start = time.process_time()
    survey(hour)
    passed = time.process_time() - start
    start = time.process_time()
    measure(hour)
    assert time.process_time() - start < 20 * passed
    tracemalloc.start()
    measure(hour)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()
