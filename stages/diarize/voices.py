"""Voice models of the speakers of one recording: mean directions of the embeddings of their solo speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""Unit vectors, [n, size]."""
Weights = NDArray[np.float64]

ROUNDS = 50
AXES = 3
SEEDS = 60
"""Longest stretches among which the two least alike are looked for."""
FAR = 15
"""Worst explained stretches tried as the seed of one more voice."""
ONE_PERSON = 0.72
UNLIKE = 0.6
"""Cosine between two centres from which they are likely one person's, and below which they are two people's: halves of single speakers lie
from 0.68 to 0.87, pairs of people on calls mostly below 0.6."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Spherical k-means: unit centres [k, size], the cluster of each vector [n], the weighted sum of cosines."""

    centres: Vectors
    labels: NDArray[np.int64]
    objective: float

    @property
    def alike(self) -> float:
        """Cosine between the first two centres."""
        return float(self.centres[0] @ self.centres[1])

    def shares(self, weights: Weights) -> Weights:
        """Share of the weight in each cluster, [k]."""
        return np.asarray(np.bincount(self.labels, weights, len(self.centres)) / weights.sum())


def two_voices(vectors: Vectors, weights: Weights, least: float) -> Clusters | None:
    """The best split in two, from several fixed starts; None when there are fewer than two different vectors.

    Starts: both sides of the mean along each of the first principal axes, the two least alike of the longest stretches, and the stretches
    least like the mean. Where the best split by the sum of cosines cuts one person in two, as it does when the other says little, the best
    split into unlike voices is taken instead, if the lesser of them holds at least `least` of the weights.
    """
    best: Clusters | None = None
    unlike: Clusters | None = None
    for labels in _starts(vectors, weights):
        if labels.all() or not labels.any():
            continue
        found = _refine(vectors, weights, _centres(vectors, weights, labels.astype(np.int64), 2))
        if len(np.unique(found.labels)) < 2:
            continue
        best = _better(found, best)
        if found.alike < UNLIKE and np.bincount(found.labels, weights, 2).min() >= least:
            unlike = _better(found, unlike)
    return unlike if unlike is not None and best is not None and best.alike >= ONE_PERSON else best


def _better(found: Clusters, best: Clusters | None) -> Clusters:
    return found if best is None or found.objective > best.objective + 1e-9 else best


def more_voices(vectors: Vectors, weights: Weights, two: Clusters, alike: float, least: float, most: int) -> Clusters:
    """`two`, and further voices that are unlike all others, up to `most` in all.

    A further voice is kept when its centre's cosine to every other one is below `alike` and it holds at least `least` of the weights.
    """
    kept = two
    while len(kept.centres) < most:
        fits = (vectors @ kept.centres.T).max(axis=1)
        tried = [
            _refine(vectors, weights, np.vstack((kept.centres, vectors[seed]))) for seed in np.argsort(fits, kind="stable")[:FAR].tolist()
        ]
        good = [each for each in tried if _apart(each, weights, alike, least)]
        if not good:
            break
        kept = max(good, key=lambda each: each.objective)
    return kept


def _apart(found: Clusters, weights: Weights, alike: float, least: float) -> bool:
    cosines = found.centres @ found.centres.T
    np.fill_diagonal(cosines, -1.0)
    amounts = np.bincount(found.labels, weights, len(found.centres))
    return bool(cosines[-1].max() < alike and amounts.min() >= least and cosines.max() < _SAME)


_SAME = 0.9
"""Centres more alike than this are one voice cut in two: the new seed pushed out an old voice instead of adding one."""


def _starts(vectors: Vectors, weights: Weights) -> list[NDArray[np.bool_]]:
    centred = vectors - (vectors * weights[:, None]).sum(axis=0) / weights.sum()
    _, axes = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    found = []
    for axis in axes.T[::-1][:AXES]:
        along = centred @ axis
        found += [along > np.median(along), along > 0]
    longest = np.argsort(-weights, kind="stable")[:SEEDS]
    cosines = vectors[longest] @ vectors[longest].T
    first, second = np.unravel_index(int(cosines.argmin()), cosines.shape)
    found.append(vectors @ vectors[longest[first]] > vectors @ vectors[longest[second]])
    mean = (vectors * weights[:, None]).sum(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-12)
    found += [vectors @ vectors[seed] > vectors @ mean for seed in np.argsort(vectors @ mean, kind="stable")[:FAR].tolist()]
    return found


def _centres(vectors: Vectors, weights: Weights, labels: NDArray[np.int64], k: int, before: Vectors | None = None) -> Vectors:
    sums = np.stack([(vectors[labels == each] * weights[labels == each, None]).sum(axis=0) for each in range(k)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    if before is not None:
        sums, lengths = np.where(lengths > 0, sums, before), np.where(lengths > 0, lengths, 1.0)
    return np.asarray(sums / np.maximum(lengths, 1e-12))


def _refine(vectors: Vectors, weights: Weights, centres: Vectors) -> Clusters:
    labels = (vectors @ centres.T).argmax(axis=1)
    for _ in range(ROUNDS):
        centres = _centres(vectors, weights, labels, len(centres), centres)
        again = (vectors @ centres.T).argmax(axis=1)
        if np.array_equal(again, labels):
            break
        labels = again
    fits = vectors @ centres.T
    return Clusters(centres, labels, float((weights * fits.max(axis=1)).sum()))


def relearned(vectors: Vectors, weights: Weights, labels: NDArray[np.int64], before: Vectors) -> Vectors:
    """Centres [k, size] of labelled vectors; one that nobody belongs to stays as it was."""
    return _centres(vectors, weights, labels, len(before), before)
