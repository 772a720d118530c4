"""Settings of a simulation as they are written on a command line."""

from __future__ import annotations

import pytest

from schemas.errors import UsageError
from stages.simulate.settings import read_settings
from stages.simulate.shape import SHAPES


def test_settings_are_read() -> None:
    given = (
        "minutes=2",
        "rate=16000",
        "snr_db=10..30",
        "rt60=0.4",
        "codec=none,mp3:32",
        "shape.gap=5",
        "shape.ipu=none",
        "pattern={speaker}-*",
    )
    read = read_settings("candor", given)
    assert (read.minutes, read.rate, read.snr_db, read.rt60) == (2.0, 16000, (10.0, 30.0), (0.4, 0.4))
    assert read.codec == ("none", "mp3:32")
    assert (read.shape.gap, read.shape.ipu, read.shape.pause) == (5.0, None, SHAPES["candor"].pause)
    assert read_settings("fisher", ("rt60=0.4", "rt60=none")).rt60 is None


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("minuets=3", "did you mean 'minutes'"),
        ("shape.gaps_=3", "did you mean 'shape.gaps'"),
        ("minutes", "wanted NAME=VALUE"),
        ("minutes=long", "no number"),
        ("minutes=inf", "finite"),
        ("minutes=0", "wanted 0.1 to 600"),
        ("snr_db=30..10", "lower number first"),
        ("rt60=-1", "0 or more"),
        ("rt60=20", "10 or less"),
        ("leakage_db=3", "0 or less"),
        ("codec=mp3", "mp3:32"),
        ("codec=", "no such codec"),
        ("rate=8000.5", "whole number"),
        ("rate=100", "4000 to 192000"),
        ("spread=0.7", "spread"),
        ("pattern=*.wav", "{speaker}"),
        ("shortest=100", "leave no utterance"),
        ("shape.pause=30", "shape.ipu=none"),
        ("shape.overlap=-1", "0 or more"),
    ],
)
def test_wrong_settings_are_named(override: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_settings("fisher", (override,))
