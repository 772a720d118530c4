"""SI-SDR and leakage of signals whose parts are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.span import Span
from stages.scoring.signal import MOST_DB, Leak, Ratio, Window, level, mask, signal_scores
from stages.scoring.speakers import Pair
from tests.stages.scoring.draws import marks, pair

RATE = 8000
LENGTH = 60 * RATE
SECOND = RATE
SPEECH: Pair = ((Span(0, 20 * SECOND), Span(40 * SECOND, 50 * SECOND)), (Span(18 * SECOND, 38 * SECOND),))
"""Overlap from 18 to 20 s."""

Floats = NDArray[np.float64]


def sides(seed: int = 0) -> Floats:
    """Noise where each speaker talks and nothing elsewhere, [2, n]."""
    noise = np.random.default_rng(seed).standard_normal((2, LENGTH))
    return noise * np.stack([marks(spans, LENGTH) for spans in SPEECH])


def reader(samples: Floats) -> Window:
    return lambda start, end: samples[:, start:end]


def power(samples: Floats) -> float:
    return float(samples @ samples)


def db(ratio: float) -> float:
    return 10 * math.log10(ratio)


def test_a_copy_is_perfect_at_any_level() -> None:
    true = sides()
    for score in signal_scores(reader(true * 0.3), reader(true), SPEECH, LENGTH, RATE):
        assert [score.whole.db, score.solo.db, score.overlap.db] == [MOST_DB] * 3
        assert [score.leak.db, score.leak.solo_db] == [-MOST_DB, -MOST_DB]


def test_si_sdr_is_that_of_the_formula_in_each_region() -> None:
    true, noise = sides(), np.random.default_rng(5).standard_normal((2, LENGTH)) * 0.1
    made = true * 1.7 + noise
    found = signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE)
    both = marks(SPEECH[0], LENGTH) & marks(SPEECH[1], LENGTH)
    for channel in (0, 1):
        solo = marks(SPEECH[channel], LENGTH) & ~both
        for where, score in ((slice(None), found[channel].whole), (solo, found[channel].solo), (both, found[channel].overlap)):
            y, s = made[channel][where], true[channel][where]
            target = float(y @ s) / power(s) * s
            assert score.db == pytest.approx(db(power(target) / power(y - target)), abs=1e-6)


def test_leakage_of_a_mixture_on_both_channels_is_the_ratio_of_the_voices() -> None:
    true = sides()
    true[1] *= 2
    mixed = np.stack([true.sum(axis=0)] * 2)
    first, second = signal_scores(reader(mixed), reader(true), SPEECH, LENGTH, RATE)
    assert first.leak.db == pytest.approx(db(power(true[1]) / power(true[0])), abs=1e-6)
    assert second.leak.db == pytest.approx(db(power(true[0]) / power(true[1])), abs=1e-6)
    alone = ~marks(SPEECH[0], LENGTH)
    assert first.leak.solo_db == pytest.approx(db(power(true[1][alone]) / power(true[0])), abs=1e-6)


def test_leakage_at_a_known_level_is_found_in_noise() -> None:
    true = sides()
    made = np.stack((true[0] + 0.1 * true[1], true[1])) + np.random.default_rng(3).standard_normal((2, LENGTH)) * 0.01
    first, second = signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE)
    assert first.leak.db == pytest.approx(-20 + db(power(true[1]) / power(true[0])), abs=0.1)
    assert second.leak.db is not None
    assert second.leak.db < -60


def test_routed_overlap_leaks_what_overlaps_and_no_more() -> None:
    true = sides()
    mixture = true.sum(axis=0)
    made = np.stack([np.where(marks(spans, LENGTH), mixture, 0.0) for spans in SPEECH])
    both = marks(SPEECH[0], LENGTH) & marks(SPEECH[1], LENGTH)
    for channel, score in enumerate(signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE)):
        assert score.leak.db == pytest.approx(db(power(true[1 - channel][both]) / power(true[channel])), abs=1e-6)
        assert score.leak.solo_db == -MOST_DB
        assert score.solo.db == MOST_DB
        assert score.overlap.db == pytest.approx(0.0, abs=0.5)


def test_background_noise_of_a_side_is_no_voice() -> None:
    voices, noise = sides(), np.random.default_rng(8).standard_normal((2, LENGTH)) * 0.05
    true = voices + noise
    mixture = true.sum(axis=0)
    made = np.stack([np.where(marks(spans, LENGTH), mixture, 0.0) for spans in SPEECH])
    for score in signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE):
        assert score.leak.solo_db == -MOST_DB


def test_a_silent_channel_has_no_si_sdr_and_a_swapped_one_the_worst_leak() -> None:
    true = sides()
    made = np.stack((np.zeros(LENGTH), true[0]))
    first, second = signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE)
    assert first.whole.db is None
    assert first.leak.db is None
    assert second.leak.db is not None
    assert second.leak.db > 30


def test_levels_stay_inside_their_bounds() -> None:
    assert level(0.0, 1.0) == -MOST_DB
    assert level(1.0, 0.0) == MOST_DB
    assert level(1e-20, 1.0) == -MOST_DB
    assert level(1.0, 10.0) == pytest.approx(-10)
    assert Ratio().db is None
    assert Leak().db is None


@pytest.mark.parametrize("seed", range(4))
def test_masks_of_windows_are_the_whole_cut(seed: int) -> None:
    spans = pair(seed)[0]
    whole = marks(spans)
    for start, end in ((0, 4000), (17, 23), (1000, 2777), (3999, 4000)):
        assert (mask(spans, start, end) == whole[start:end]).all()


def test_the_cut_into_blocks_does_not_show() -> None:
    true = sides()
    made = true + np.random.default_rng(1).standard_normal((2, LENGTH)) * 0.2
    found = signal_scores(reader(made), reader(true), SPEECH, LENGTH, RATE)[0]
    assert found.whole.made == pytest.approx(power(made[0]))
    assert found.whole.both == pytest.approx(float(made[0] @ true[0]))
