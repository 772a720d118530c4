from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reject
from schemas.health import Health, Side
from schemas.span import Span
from stages.health.activity import activity, bridge, runs, spread
from stages.health.measure import ChannelHealth, measure
from stages.health.survey import survey
from tests.stages.health.calls import LEVEL_DB, Signal, delayed, dialogue, noise, recording, voices

RATE = 8000


def side(signal: Signal, rate: int = RATE, bits: int = 16) -> Side:
    return measure(recording(signal, rate, bits)).sides[0]


def judge(signal: Signal, rate: int = RATE) -> Health | Reject:
    try:
        return ChannelHealth().load("cpu")(recording(signal, rate))
    except Reject as reject:
        return reject


def clock(seconds: float, rate: int = RATE) -> Signal:
    ticks: Signal = np.arange(round(seconds * rate)) / rate
    return ticks


def beeps(seconds: float, *hz: float) -> Signal:
    time = clock(seconds)
    tone: Signal = sum((0.1 * np.sin(2 * np.pi * f * time) for f in hz), np.zeros_like(time)) * (time % 3 < 1)
    return tone


QUIET: dict[str, Signal] = {
    "silence": np.zeros(20 * RATE),
    "constant": np.full(20 * RATE, 0.1),
    "noise": noise((20 * RATE,), -40),
    "toggling": np.sign(noise((20 * RATE,), 0)) / 65536,
    "tone": 0.3 * np.sin(2 * np.pi * 1000 * clock(20)),
    "ringing": beeps(20, 440, 480) + noise((20 * RATE,), -60),
    "dtmf": beeps(20, 770, 1336) + noise((20 * RATE,), -60),
    "hum": sum(0.05 / k * np.sin(2 * np.pi * 50 * k * clock(20)) for k in (1, 3, 5)) + noise((20 * RATE,), -70),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_speech(name: str) -> None:
    assert side(QUIET[name]).speech_s == 0
    speech = dialogue(20, RATE)[0] + noise((20 * RATE,), -60)
    verdict = judge(np.stack([speech, QUIET[name]]))
    assert isinstance(verdict, Reject)
    assert verdict.reason == "one_sided"
    assert verdict.facts["finding"]["channel"] == 1
    both = judge(np.stack([QUIET[name], 0.5 * QUIET[name][::-1]]))
    assert isinstance(both, Reject)
    assert both.reason == "silent"


@pytest.mark.parametrize("db", [-22, -30, -45])
@pytest.mark.parametrize("floor", [-50, -75])
def test_a_side_that_only_hears_the_other_is_silent(db: float, floor: float) -> None:
    """A leak is no speech of one's own."""
    speech = dialogue(40, RATE, seed=5)[0]
    heard = delayed(speech, 0.02, RATE) * 10 ** (db / 20)
    verdict = judge(np.stack([heard, speech]) + noise((2, len(speech)), floor))
    assert isinstance(verdict, Reject), verdict
    assert verdict.reason == "one_sided"
    assert verdict.facts["finding"]["channel"] == 0


def test_mono() -> None:
    health = ChannelHealth().load("cpu")(recording(dialogue(10, RATE)[0] + noise((10 * RATE,), -60), RATE))
    assert len(health.sides) == 1
    assert health.likeness is None
    assert health.leaks == ()
    silent = judge(np.zeros((1, RATE)))
    assert isinstance(silent, Reject)
    assert silent.reason == "silent"


def test_a_rare_listener_has_speech() -> None:
    """One second of answer in three minutes."""
    call = dialogue(180, RATE)
    word = voices(RATE)[1][0][: RATE + RATE // 4]
    call[1] = 0
    call[1, 90 * RATE : 90 * RATE + len(word)] = word
    assert isinstance(judge(call + noise(call.shape, -60)), Health)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
def test_levels(rate: int) -> None:
    line = voices(rate)[0][0]
    signal = np.zeros(12 * rate)
    signal[4 * rate : 4 * rate + len(line)] = line
    found = side(signal + noise((len(signal),), -57), rate)
    assert found.level_dbfs == pytest.approx(LEVEL_DB, abs=1.5)
    assert found.noise_dbfs == pytest.approx(-57, abs=0.6)
    loud = np.flatnonzero(np.abs(line) > 0.02)
    assert found.speech_s == pytest.approx((loud[-1] - loud[0]) / rate, abs=0.4)


@settings(max_examples=20)
@given(st.floats(0.001, 0.9), st.floats(-0.09, 0.09), st.sampled_from([16, 24]))
def test_counts_are_exact(peak: float, dc: float, bits: int) -> None:
    rng = np.random.default_rng(7)
    signal = rng.uniform(-peak, peak, 30000) + dc
    signal[rng.random(30000) < 0.1] = 0
    made = recording(signal, RATE, bits)
    samples = made.samples[0].astype(np.int64)
    found = measure(made).sides[0]
    assert found.zeros == np.mean(samples == 0)
    assert found.dc == pytest.approx(samples.mean() / 2 ** (bits - 1), abs=1e-12)
    assert found.peak_dbfs == pytest.approx(20 * np.log10(np.abs(samples).max() / 2 ** (bits - 1)), abs=1e-9)


def test_zeros_and_dc_with_a_window_longer_than_a_batch() -> None:
    signal = noise((90 * RATE + 17,), -30)
    signal[: 30 * RATE] = 0
    made = recording(signal, RATE)
    assert measure(made).sides[0].zeros == np.mean(made.samples == 0)


@pytest.mark.parametrize("limit", [1.0, 0.5, 0.1])
def test_clipping(limit: float) -> None:
    """Clipped speech is told at full scale and where it was turned down afterwards; what is counted is flat."""
    speech = dialogue(20, RATE)[0] * 8
    clipped = np.clip(speech, -1, 32767 / 32768) * limit
    found = side(clipped)
    truth = np.mean((clipped <= -limit) | (clipped >= limit * 32767 / 32768))
    assert 0.3 * truth < found.clipping <= truth
    assert found.clipping > 0.003
    assert side(speech / 10).clipping < 1e-4
    flagged = ChannelHealth(reject=(), flag=("clipping",)).load("cpu")(recording(clipped, RATE))
    assert [finding.name for finding in flagged.findings] == ["clipping"]


@pytest.mark.parametrize(("made", "stored"), [(8000, 16000), (8000, 24000), (8000, 48000), (11025, 44100), (16000, 24000), (16000, 48000)])
@pytest.mark.parametrize("how", ["VHQ", "LQ", "QQ", "polyphase", "lines", "hold"])
def test_upsampled(made: int, stored: int, how: str) -> None:
    """Through good resamplers, and through interpolation that leaves images."""
    import soxr
    from scipy import signal

    if how == "hold" and stored % made:
        pytest.skip("samples held for one and two periods by turns leave more images than the one that is sought")
    call = dialogue(9, made) + noise((2, 9 * made), -70)
    at = np.arange(9 * stored) * (made / stored)
    if how == "polyphase":
        raised = signal.resample_poly(call, stored, made, axis=1)
    elif how == "lines":
        raised = np.stack([np.interp(at, np.arange(9 * made), side) for side in call])
    elif how == "hold":
        raised = call[:, at.astype(int)]
    else:
        raised = soxr.resample(call.T, made, stored, quality=how).T
    health = ChannelHealth(reject=()).load("cpu")(recording(raised, stored))
    assert [one.original_rate for one in health.sides] == [made, made]
    assert [finding.value for finding in health.found("upsampled")] == [made, made]
    for one in health.sides:
        assert one.bandwidth_hz is not None
        assert 0.8 * made / 2 < one.bandwidth_hz
        assert how not in ("LQ", "VHQ") or one.bandwidth_hz < 1.05 * made / 2


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000])
@pytest.mark.parametrize("floor", [-60, -100])
def test_full_band_is_not_upsampled(rate: int, floor: float) -> None:
    found = side(dialogue(15, rate)[0] + noise((15 * rate,), floor), rate)
    assert found.original_rate is None
    assert found.bandwidth_hz is not None
    assert found.bandwidth_hz > 0.8 * rate / 2


@pytest.mark.parametrize("hz", [50.0, 60.0, 49.8])
def test_hum(hz: float) -> None:
    call = dialogue(30, RATE) + noise((2, 30 * RATE), -65)
    clean = measure(recording(call, RATE)).sides[0]
    assert clean.hum_db is None or clean.hum_db < 6
    call[0] += 0.01 * np.sin(2 * np.pi * hz * clock(30)) + 0.005 * np.sin(2 * np.pi * 3 * hz * clock(30))
    health = ChannelHealth().load("cpu")(recording(call, RATE))
    assert health.sides[0].hum_hz == round(hz, -1)
    assert health.sides[0].hum_dbfs == pytest.approx(10 * np.log10((0.01**2 + 0.005**2) / 2), abs=1.0)
    assert [finding.channel for finding in health.found("hum")] == [0]


def test_flags() -> None:
    call = dialogue(20, RATE)
    quiet = np.stack([call[0] * 0.03, call[1] + 0.02]) + noise(call.shape, -80)
    health = ChannelHealth().load("cpu")(recording(quiet, RATE))
    assert [(finding.name, finding.channel) for finding in health.findings] == [("dc_offset", 1), ("low_level", 0)]


def test_short_pieces_give_absent_values() -> None:
    for seconds in (1 / RATE, 0.01, 0.1, 1.0, 2.0):
        call = dialogue(2.5, RATE)[:, : max(1, round(seconds * RATE))]
        health = measure(recording(call + noise(call.shape, -60), RATE))
        assert all(one.hum_db is None for one in health.sides)
        assert all(leak.level_db is None for leak in health.leaks)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_runs_and_bridge(bits: list[bool], gap: int) -> None:
    mask = np.array(bits, np.bool_)
    spans = [Span(int(start), int(end)) for start, end in zip(*runs(mask), strict=True)]
    assert sorted(i for span in spans for i in range(span.start, span.end)) == list(np.flatnonzero(mask))
    starts, ends = runs(bridge(mask, gap))
    assert all(later - end > gap for end, later in zip(ends[:-1], starts[1:], strict=True))
    assert all(left < right for left, right in pairwise(starts))
    assert (bridge(mask, gap) | ~mask).all()


@given(st.lists(st.floats(-100, 0, width=32), min_size=1, max_size=40), st.integers(0, 6), st.integers(0, 6))
def test_spread_is_the_greatest_around(values: list[float], before: int, after: int) -> None:
    array = np.array(values, np.float32)
    expected = [array[max(0, i - after) : i + before + 1].max() for i in range(len(array))]
    assert list(spread(array, before, after)) == expected


def test_activity_follows_a_rising_floor() -> None:
    """A room that becomes 20 dB louder half-way through is not speech."""
    floor = np.concatenate([noise((120 * RATE,), -60), noise((120 * RATE,), -40)])
    active = activity(survey(recording(floor, RATE)), 0)
    assert active.mean() < 0.15
