"""Shares of one call and of many, turn-taking errors, and rank correlation against SciPy."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.calibration import Amounts, SpeakerErrors, Taking
from stages.scoring.pool import pooled_taking_error, shares
from stages.scoring.rank import ranks, spearman
from stages.scoring.taking import taking_error


def taking(
    ipu: float = 40.0, pause: float = 5.0, gap: float = 5.0, overlap: float = 2.0, fto: float | None = 0.2, count: int = 4
) -> Taking:
    return Taking(
        ipu=ipu, pause=pause, gap=gap, overlap=overlap, backchannels=count, interruptions=2, failed_interruptions=0, fto_median=fto
    )


def amounts(
    speech: float, confusion: float, seconds: float = 60.0, swaps: int = 0, true: Taking | None = None, made: Taking | None = None
) -> Amounts:
    errors = SpeakerErrors(speech=speech, miss=0.0, false_alarm=0.0, confusion=confusion)
    return Amounts(
        seconds=seconds,
        errors=errors,
        errors_collar=errors,
        errors_segments=None,
        overlap=2.0,
        overlap_found=4.0,
        overlap_both=1.0,
        backchannels=0,
        backchannels_kept=0,
        speech_kept=speech - confusion,
        swaps=swaps,
        taking=true or taking(),
        taking_found=made or taking(),
        processor=3.0,
    )


def test_pooled_shares_are_weighted_by_time() -> None:
    found = shares([amounts(10.0, 1.0), amounts(30.0, 9.0, seconds=180.0, swaps=2)])
    assert found["der"] == pytest.approx(10 / 40)
    assert found["confusion"] == pytest.approx(10 / 40)
    assert found["speech_kept"] == pytest.approx(30 / 40)
    assert found["swaps_per_hour"] == pytest.approx(2 * 3600 / 240)
    assert found["rtf"] == pytest.approx(6 / 240)
    assert found["overlap_recall"] == pytest.approx(0.5)
    assert found["overlap_precision"] == pytest.approx(0.25)


def test_what_cannot_be_told_is_absent() -> None:
    found = shares([amounts(0.0, 0.0)])
    assert {name for name, value in found.items() if value is None} == {
        *("der", "der_collar_250ms", "der_segments", "miss", "false_alarm", "confusion", "backchannel_recall", "speech_kept"),
        *("miss_collar_250ms", "false_alarm_collar_250ms", "confusion_collar_250ms"),
    }


def test_turn_taking_errors_are_relative_with_a_floor_under_the_largest() -> None:
    error = taking_error(taking(), taking(ipu=36.0, pause=6.0, gap=5.0, overlap=0.0, fto=0.5, count=6), 60.0)
    assert (error.ipu, error.pause, error.gap, error.overlap) == pytest.approx((-0.1, 0.2, 0.0, -1.0))
    assert error.backchannels == pytest.approx(0.5)
    assert error.failed_interruptions is None
    assert error.fto_median_s == pytest.approx(0.3)
    assert error.largest == pytest.approx(1.0)
    rare = taking_error(taking(overlap=0.01), taking(overlap=0.11), 60.0)
    assert rare.overlap == pytest.approx(10.0)
    assert rare.largest == pytest.approx(0.1), "a tenth of a second in a minute is no tenfold error"


def test_pooled_turn_taking_errors_add_up_before_they_are_divided() -> None:
    one = amounts(10, 0, true=taking(gap=10.0, fto=0.1), made=taking(gap=12.0, fto=0.2))
    other = amounts(10, 0, true=taking(gap=30.0, fto=0.1), made=taking(gap=30.0, fto=0.6))
    unknown = amounts(10, 0, true=taking(gap=0.0, fto=None), made=taking(gap=0.0, fto=0.3))
    error = pooled_taking_error([one, other, unknown])
    assert error.gap == pytest.approx(2 / 40)
    assert error.fto_median_s == pytest.approx(0.3)
    assert pooled_taking_error([unknown]).fto_median_s is None


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlation_is_spearmans(seed: int) -> None:
    from scipy.stats import rankdata, spearmanr

    draw = np.random.default_rng(seed)
    left, right = draw.integers(0, 6, 12).tolist(), draw.standard_normal(12).tolist()
    assert spearman(left, right) == pytest.approx(float(spearmanr(left, right).statistic))
    assert ranks(left).tolist() == (rankdata(left) - 1).tolist()


def test_too_few_or_all_equal_say_nothing() -> None:
    assert spearman([1, 2, 3, 4], [1, 2, 3, 4]) is None
    assert spearman([1.0] * 6, [1, 2, 3, 4, 5, 6]) is None
    assert spearman([1, 2, 3, 4, 5], [10, 20, 30, 40, 50]) == pytest.approx(1.0)
