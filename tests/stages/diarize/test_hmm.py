"""The chain against every path counted out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.diarize.hmm import best_path, posteriors

SIZES = st.tuples(st.integers(1, 6), st.integers(2, 3), st.integers(0, 10**6))


def drawn(n: int, voices: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (n, voices)), rng.normal(0, 2, n - 1)


def score(path: tuple[int, ...], fits: NDArray[np.float64], switch: NDArray[np.float64]) -> float:
    return float(sum(fits[at, voice] for at, voice in enumerate(path))) - float(
        sum(switch[at] for at in range(len(path) - 1) if path[at] != path[at + 1])
    )


@given(SIZES)
def test_the_best_path_is_the_best_of_all(size: tuple[int, int, int]) -> None:
    fits, switch = drawn(*size)
    scores = {path: score(path, fits, switch) for path in product(range(fits.shape[1]), repeat=len(fits))}
    found = tuple(best_path(fits, switch).tolist())
    assert scores[found] == pytest.approx(max(scores.values()))


@given(SIZES)
def test_posteriors_are_shares_of_all_paths(size: tuple[int, int, int]) -> None:
    fits, switch = drawn(*size)
    wanted = np.zeros_like(fits)
    for path in product(range(fits.shape[1]), repeat=len(fits)):
        for at, voice in enumerate(path):
            wanted[at, voice] += np.exp(score(path, fits, switch))
    np.testing.assert_allclose(posteriors(fits, switch), wanted / wanted.sum(axis=1, keepdims=True), atol=1e-9)


def test_without_evidence_nothing_changes_and_the_first_voice_wins() -> None:
    assert best_path(np.zeros((5, 2)), np.full(4, 0.0)).tolist() == [0] * 5


def test_a_firm_change_between_neighbours_is_taken_against_weak_fits() -> None:
    fits = np.array([[1.0, 0.0], [0.2, 0.0], [0.2, 0.0], [0.0, 1.0]])
    assert best_path(fits, np.array([3.0, -3.0, 3.0])).tolist() == [0, 0, 1, 1]


def test_hours_of_talk_do_not_overflow() -> None:
    fits = np.tile([[50.0, 0.0], [0.0, 50.0]], (20_000, 1))
    found = posteriors(fits, np.full(len(fits) - 1, 1.0))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
