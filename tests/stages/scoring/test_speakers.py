"""Diarization error rate by the library against a count of every sample, and the mapping of channels to speakers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.span import Span, Spans
from stages.scoring.speakers import COLLAR, Pair, mapping, pick, speaker_errors
from tests.stages.scoring.draws import LENGTH, RATE, marks, pair


def counted(reference: Pair, found: Pair, collar: float) -> tuple[float, float, float, float]:
    """Speech, miss, false alarm and confusion in seconds, by looking at one sample after another under both mappings."""
    scored = np.ones(LENGTH, bool)
    around = round(collar * RATE)
    if around:
        for span in (*reference[0], *reference[1]):
            for end in (span.start, span.end):
                scored[max(0, end - around) : end + around] = False
    true, made = [marks(s) & scored for s in reference], [marks(s) & scored for s in found]
    best: tuple[float, float, float, float] | None = None
    for order in ((0, 1), (1, 0)):
        miss = false_alarm = confusion = 0
        for t in range(LENGTH):
            n_true, n_made = int(true[0][t]) + int(true[1][t]), int(made[0][t]) + int(made[1][t])
            right = sum(1 for i in (0, 1) if true[i][t] and made[order[i]][t])
            miss += max(0, n_true - n_made)
            false_alarm += max(0, n_made - n_true)
            confusion += min(n_true, n_made) - right
        total = float(true[0].sum() + true[1].sum())
        found_here = (total / RATE, miss / RATE, false_alarm / RATE, confusion / RATE)
        if best is None or found_here[3] < best[3]:
            best = found_here
    assert best is not None
    return best


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("collar", [0.0, COLLAR])
def test_every_part_equals_a_count_of_samples(seed: int, collar: float) -> None:
    reference, found = pair(seed), pair(seed + 1000)
    errors = speaker_errors(reference, found, LENGTH, RATE, collar)
    wanted = counted(reference, found, collar)
    assert (errors.speech, errors.miss, errors.false_alarm, errors.confusion) == pytest.approx(wanted, abs=1e-6)
    assert errors.rate == pytest.approx(sum(wanted[1:]) / wanted[0])


def test_the_collar_is_a_quarter_of_a_second_on_either_side() -> None:
    reference: Pair = ((Span(1000, 2000),), ())
    near: Pair = ((Span(1025, 1975),), ())
    far: Pair = ((Span(1026, 1974),), ())
    assert speaker_errors(reference, near, LENGTH, RATE, COLLAR).rate == pytest.approx(0.0)
    assert speaker_errors(reference, far, LENGTH, RATE, COLLAR).miss == pytest.approx(0.02)
    assert speaker_errors(reference, near, LENGTH, RATE).miss == pytest.approx(0.5)


def test_without_reference_speech_there_is_no_rate() -> None:
    errors = speaker_errors(((), ()), ((Span(0, 100),), ()), LENGTH, RATE)
    assert errors.rate is None
    assert errors.false_alarm == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_mapping_is_the_one_with_more_common_time(seed: int) -> None:
    reference, found = pair(seed), pair(seed + 50)

    def common(order: tuple[int, int]) -> int:
        return sum(int((marks(reference[i]) & marks(found[order[i]])).sum()) for i in (0, 1))

    order = mapping(reference, found)
    assert common(order) == max(common((0, 1)), common((1, 0)))
    assert mapping(reference, pick(found, order)) == (0, 1)
    assert mapping(reference, (reference[1], reference[0])) == (1, 0)


def test_nothing_found_leaves_the_order() -> None:
    nothing: Spans = ()
    assert mapping(pair(3), (nothing, nothing)) == (0, 1)


def test_the_counting_itself_knows_a_plain_case() -> None:
    reference: Pair = ((Span(0, 100),), (Span(100, 200),))
    found: Pair = ((Span(0, 150),), (Span(150, 250),))
    whole: NDArray[np.float64] = np.array(counted(reference, found, 0.0))
    assert whole.tolist() == [2.0, 0.0, 0.5, 0.5]
