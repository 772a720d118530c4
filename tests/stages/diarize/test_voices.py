"""Voices as directions: found where they are, and no more of them than there are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stages.diarize.voices import Clusters, more_voices, two_voices

SIZE = 32


def people(sizes: list[int], spread: float = 0.12, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Unit vectors around orthogonal directions, and whose each is."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.eye(SIZE)[labels] + rng.normal(0, spread, (len(labels), SIZE))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels


def same_partition(found: NDArray[np.int64], truth: NDArray[np.int64]) -> bool:
    return len({(int(a), int(b)) for a, b in zip(found, truth, strict=True)}) == len(set(truth.tolist())) == len(set(found.tolist()))


@pytest.mark.parametrize("sizes", [[50, 50], [90, 10], [5, 95], [300, 4]])
def test_two_people_are_told_apart_whatever_their_shares(sizes: list[int]) -> None:
    vectors, truth = people(sizes)
    found = two_voices(vectors, np.ones(len(vectors)), 3.0)
    assert found is not None
    assert same_partition(found.labels, truth)
    assert found.centres[0] @ found.centres[1] < 0.3


def test_one_vector_has_no_second_voice() -> None:
    assert two_voices(np.tile(np.eye(SIZE)[:1], (6, 1)), np.ones(6), 3.0) is None


@pytest.mark.parametrize("sizes", [[60, 40, 20], [60, 40, 20, 10], [50, 50, 6]])
def test_further_people_are_found(sizes: list[int]) -> None:
    vectors, truth = people(sizes)
    weights = np.ones(len(vectors))
    two = two_voices(vectors, weights, 3.0)
    assert two is not None
    found = more_voices(vectors, weights, two, alike=0.5, least=3.0, most=6)
    assert same_partition(found.labels, truth)


def test_two_people_stay_two_and_a_moment_of_noise_is_nobody() -> None:
    vectors, _ = people([60, 40, 2])
    weights = np.ones(len(vectors))
    two = two_voices(vectors, weights, 3.0)
    assert two is not None
    assert len(more_voices(vectors, weights, two, alike=0.5, least=3.0, most=6).centres) == 2


def test_the_most_voices_are_a_limit() -> None:
    vectors, _ = people([20] * 8)
    weights = np.ones(len(vectors))
    two = two_voices(vectors, weights, 3.0)
    assert two is not None
    assert len(more_voices(vectors, weights, two, alike=0.5, least=3.0, most=4).centres) <= 4


def test_the_same_vectors_give_the_same_voices() -> None:
    vectors, _ = people([40, 30], spread=0.4, seed=3)
    weights = np.linspace(0.5, 1.5, len(vectors))
    first, second = two_voices(vectors, weights, 3.0), two_voices(vectors.copy(), weights.copy(), 3.0)
    assert isinstance(first, Clusters)
    assert isinstance(second, Clusters)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.centres, second.centres)
