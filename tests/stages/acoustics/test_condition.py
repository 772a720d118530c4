"""Conditions by name and written out, and mixtures under them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.acoustics.condition import NAMED, PEAK, Condition, mix
from stages.acoustics.levels import Signal, active_level
from stages.acoustics.line import through
from tests.stages.acoustics.test_line import voice

RATE = 16000


@pytest.fixture
def sides() -> Signal:
    return np.stack([voice(RATE, seed=1), voice(RATE, seed=2)])


def test_the_plain_sum_when_nothing_is_asked(sides: Signal) -> None:
    mixture, inside = mix(sides, RATE, NAMED["clean"], 0)
    np.testing.assert_array_equal(inside, sides)
    np.testing.assert_array_equal(mixture, sides[0] + sides[1])


@pytest.mark.parametrize("name", [*NAMED, "level=6,snr=5,rt60=0.2,codec=opus:24"])
def test_the_same_arguments_give_the_same_samples(sides: Signal, name: str) -> None:
    kept = sides.copy()
    condition = Condition.parse(name)
    first, again, other = (mix(sides, RATE, condition, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(sides, kept)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    drawn = condition.snr_db is not None or condition.rt60 is not None
    assert (first[0] != other[0]).any() == drawn


def test_levels_rooms_and_codecs_are_where_they_should_be(sides: Signal) -> None:
    mixture, inside = mix(sides, RATE, Condition.parse("level=-6"), 0)
    np.testing.assert_array_equal(inside[0], sides[0])
    np.testing.assert_allclose(inside[1], sides[1] * 10 ** (-6 / 20), rtol=1e-5)
    mixture, inside = mix(sides, RATE, Condition.parse("codec=mulaw"), 0)
    np.testing.assert_array_equal(mixture, through(inside.sum(axis=0), RATE, "mulaw"))
    mixture, inside = mix(sides, RATE, Condition.parse("rt60=0.3"), 0)
    np.testing.assert_array_equal(mixture, inside[0] + inside[1])
    assert (inside != sides).any(axis=1).all()


def test_noise_is_measured_against_the_speech_of_the_mixture(sides: Signal) -> None:
    mixture, inside = mix(sides, RATE, Condition.parse("snr=15"), 0)
    speech = inside[0] + inside[1]
    level = active_level(speech, RATE)
    assert level is not None
    rms = 10 * np.log10(np.mean((mixture - speech).astype(np.float64) ** 2))
    assert level - rms == pytest.approx(15, abs=0.5)


def test_a_loud_mixture_is_turned_down_with_its_sides(sides: Signal) -> None:
    mixture, inside = mix(sides * 20, RATE, NAMED["clean"], 0)
    assert np.abs(mixture).max() == pytest.approx(PEAK, rel=1e-5)
    np.testing.assert_allclose(inside.sum(axis=0), mixture, atol=1e-6)


@given(st.floats(-40, 40), st.floats(-10, 60), st.floats(0, 10), st.sampled_from(["none", "gsm", "mp3:32"]))
def test_what_is_written_out_is_read_back(level: float, snr: float, rt60: float, codec: str) -> None:
    text = f"level={level},snr={snr},rt60={rt60},codec={codec}"
    assert Condition.parse(text) == Condition(text, level, snr, rt60, codec)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("telefone", "did you mean 'telephone'"),
        ("levl=3", "did you mean 'level'"),
        ("snr=loud", "wanted a number"),
        ("snr=nan", "finite"),
        ("rt60=-1", "wanted 0 to 10"),
        ("rt60=1,rt60=2", "given twice"),
        ("codec=mp4:32", "did you mean 'mp3'"),
        ("snr=20,", "no such setting"),
        ("", "no such name"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Condition.parse(text)


def test_named_conditions_are_named_as_they_are_listed() -> None:
    assert {name: condition.name for name, condition in NAMED.items()} == {name: name for name in NAMED}
    assert dataclasses.replace(NAMED["clean"], name="x") == Condition("x")
