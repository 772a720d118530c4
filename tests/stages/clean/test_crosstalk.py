"""How well crosstalk is taken out, against exact truth: echo in, echo left, and what happens to the voice that it lies under."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from schemas.span import total
from schemas.tracks import Tracks, view_of
from stages.clean.crosstalk import CrosstalkClean
from tests.shared import needs_shared
from tests.stages.clean.talk import Call, Signal, call, decibels, dialogue, power, room, si_sdr, silent
from tests.stages.health.calls import delayed, leaked, noise, recording, shared
from tests.stages.restore.sound import tracks


@cache
def cleaner() -> Any:
    return CrosstalkClean().load("cpu")


def floats(made: Tracks) -> Signal:
    return made.samples.astype(np.float64) / (1 << (made.bits - 1))


def erle(made: Call, out: Tracks, channel: int) -> float:
    """Echo return loss enhancement in dB where only the echo is heard: its power over that of what is left, the noise floor set aside."""
    only, _ = made.where(channel)
    left = floats(out)[channel] - made.floor[channel] - made.voices[channel]
    return decibels(power(made.echoes[channel][only]) / power(left[only]))


def check(made: Call, channel: int, bits: int = 16, least: float = 10.0) -> Tracks:
    given = made.tracks(bits)
    out: Tracks = cleaner()(given)
    assert erle(made, out, channel) >= least
    _, both = made.where(channel)
    voice, before, after = made.voices[channel][both], floats(given)[channel][both], floats(out)[channel][both]
    assert abs(decibels(power(after) / power(voice))) < 1.0
    gain = float(after @ voice) / float(voice @ voice)
    assert abs(20 * np.log10(gain)) < 1.0
    assert si_sdr(after, voice) > si_sdr(before, voice)
    return out


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.125, 0.5])
@pytest.mark.parametrize(("db", "floor_db"), [(-12, -70), (-35, -80)])
def test_an_echo_is_taken_out_and_the_voice_over_it_stays(delay: float, db: float, floor_db: float) -> None:
    made = call(30, delay=delay, db=db, floor_db=floor_db)
    out = check(made, 1)
    assert np.array_equal(out.samples[0], made.tracks().samples[0])
    assert {o.kind for o in out.origins if o.channel == 0} == {"original"}


@pytest.mark.parametrize(("db", "delay"), [(-12, 0.0), (-12, 0.25), (-12, 0.5), (-30, 0.5)])
def test_both_ways(db: float, delay: float) -> None:
    made = call(45, into=(0, 1), db=db, delay=delay, floor_db=-80, seed=3)
    for channel in (0, 1):
        check(made, channel)


@pytest.mark.parametrize("ppm", [100, -100])
def test_a_delay_that_drifts_is_followed(ppm: float) -> None:
    check(call(130, ppm=ppm, seed=4), 1)
    made = call(45, into=(0, 1), ppm=ppm, db=-14, delay=0.05, seed=5)
    for channel in (0, 1):
        check(made, channel)


@pytest.mark.slow
def test_a_delay_that_drifts_for_ten_minutes() -> None:
    made = call(600, into=(0, 1), ppm=100, delay=0.3, seed=6)
    for channel in (0, 1):
        check(made, channel)


@pytest.mark.parametrize(("rate", "bits"), [(11025, 24), (16000, 16), (16000, 24), (44100, 16), (48000, 24)])
def test_at_other_rates_and_depths(rate: int, bits: int) -> None:
    check(call(24 if rate < 40_000 else 16, rate, seed=1), 1, bits)


def test_several_echoes_and_one_that_comes_early() -> None:
    made = silent(call(60, seed=7))
    source = made.voices[0]
    several = sum(gain * delayed(source, delay, 8000) for gain, delay in ((0.1, 0.02), (0.08, 0.18), (0.05, 0.42)))
    check(replace(made, echoes=np.stack([np.zeros_like(source), several])), 1)
    early = 0.1 * np.concatenate([source[40:], np.zeros(40)])
    check(replace(made, echoes=np.stack([np.zeros_like(source), early])), 1)


def test_a_path_that_changes_is_followed_within_a_minute() -> None:
    made = silent(call(120, seed=8))
    source = made.voices[0]
    first, second = (0.1 * delayed(np.convolve(source, room(8000, seed=seed))[: len(source)], 0.12, 8000) for seed in (1, 2))
    middle = len(source) // 2
    changing = np.concatenate([first[:middle], second[middle:]])
    made = replace(made, echoes=np.stack([np.zeros_like(source), changing]))
    left = floats(cleaner()(made.tracks()))[1] - made.floor[1] - made.voices[1]
    only, _ = made.where(1)
    for part, least in ((slice(0, 30 * 8000), 20.0), (slice(90 * 8000, None), 20.0), (slice(0, None), 5.0)):
        there = only[part]
        assert decibels(power(changing[part][there]) / power(left[part][there])) > least


@pytest.mark.parametrize("floor_db", [-50, -65, -90])
@pytest.mark.parametrize("seed", range(2))
def test_without_a_leak_nothing_changes(seed: int, floor_db: float) -> None:
    given = silent(call(40, seed=seed, floor_db=floor_db)).tracks()
    assert cleaner()(given) is given


def test_what_is_no_echo_is_left_alone() -> None:
    rate, seconds = 8000, 40
    voices = dialogue(seconds, rate, seed=2)
    time = np.arange(voices.shape[1]) / rate
    hum = sum(0.02 / k * np.sin(2 * np.pi * 50 * k * time + k) for k in (1, 2, 3, 5, 7))
    mono, zero = voices.sum(axis=0) + noise((voices.shape[1],), -70), np.zeros(voices.shape[1])
    near = np.stack([voices[0] + 0.9 * delayed(voices[1], 0.002, rate), voices[1] + 0.9 * delayed(voices[0], 0.002, rate)])
    for heard in (
        voices + hum,  # mains in both channels
        voices + noise((1, voices.shape[1]), -50),  # one noise in both
        np.stack([mono, mono]),
        np.stack([mono, 0.3 * mono]),
        near + noise(near.shape, -70),  # two microphones beside each other
        np.stack([voices[0], zero]),  # digital silence
        np.stack([zero, zero]),
        np.stack([voices[0], noise((voices.shape[1],), -70)]),  # one side alone
        noise(voices.shape, -85),
    ):
        given = tracks(np.array(recording(heard, rate).samples), rate)
        assert cleaner()(given) is given


def test_a_side_that_only_hears_the_other_is_emptied_and_its_source_is_not() -> None:
    made = call(40, db=-20, floor_db=-75, seed=5)
    made = replace(made, voices=np.stack([made.voices[0], np.zeros_like(made.voices[0])]))
    out = cleaner()(made.tracks())
    assert erle(made, out, 1) > 10
    assert np.array_equal(out.samples[0], made.tracks().samples[0])


def test_a_leak_too_weak_to_matter_stays() -> None:
    given = call(40, db=-60, floor_db=-95).tracks(24)
    assert cleaner()(given) is given
    assert CrosstalkClean(weakest_db=-70.0).load("cpu")(given) is not given


def test_a_leak_under_noise_stays_where_taking_it_out_gains_nothing() -> None:
    given = call(40, db=-40, floor_db=-50).tracks()
    assert cleaner()(given) is given


@needs_shared
@pytest.mark.parametrize("name", ["MUL1423", "SNG0072", "SNG0480"])
def test_real_calls_come_back_until_one_is_spoiled(name: str) -> None:
    clean = shared(f"spokenwoz/{name}.wav")
    given = view_of(clean, (0, 1), ("A", "B"), ("", ""), "as_recorded")
    assert cleaner()(given) is given
    voices = clean.samples / 32768.0
    spoiled, _ = leaked(voices, clean.rate, -22, 0.14, room(clean.rate, seed=3))
    echo = spoiled[1] - voices[1]
    out = cleaner()(tracks(np.array(recording(spoiled, clean.rate).samples), clean.rate))
    there = np.convolve(echo**2, np.ones(800) / 800, "same") > 1e-8
    left = floats(out)[1] - voices[1]
    assert decibels(power(echo[there]) / power(left[there])) > 10
    assert np.array_equal(out.samples[0], np.array(recording(spoiled, clean.rate).samples)[0])
    cleaned = [o.span for o in out.origins if o.kind == "cleaned"]
    assert 0.1 * clean.length < total(cleaned) < 0.9 * clean.length


def test_an_offset_of_either_channel_is_no_echo_and_stays() -> None:
    made = call(40, db=-20, floor_db=-80, seed=6)
    offset = np.array([[0.004], [-0.003]])
    given = tracks(np.array(recording(made.voices + made.echoes + made.floor + offset, made.rate).samples), made.rate)
    out: Tracks = cleaner()(given)
    left = floats(out)[1] - made.floor[1] - made.voices[1]
    only, _ = made.where(1)
    assert decibels(power(made.echoes[1][only]) / power(left[only] + 0.003)) > 20
    there = np.concatenate([np.arange(o.span.start, o.span.end) for o in out.origins if o.kind == "cleaned"])
    assert float(left[there].mean()) == pytest.approx(-0.003, rel=0.05)
