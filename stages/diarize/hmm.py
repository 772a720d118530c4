"""A hidden Markov chain over moments: which voice, given how well each fits and how likely neighbours are one voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def best_path(fits: Floats, switch: Floats) -> Labels:
    """The most likely voice at each moment, [n], by the Viterbi algorithm.

    `fits` [n, voices] are log-likelihoods; `switch` [n - 1] is what changing the voice after each moment costs, in the same unit. It may be
    negative, where a change is likelier than none. Ties go to the lower voice and to no change.
    """
    n, voices = fits.shape
    came = np.zeros((n, voices), np.int64)
    score = fits[0].copy()
    own = np.arange(voices)
    for at in range(1, n):
        move = score[:, None] - switch[at - 1] * (own[:, None] != own[None, :])
        came[at] = move.argmax(axis=0)
        stay = score >= move.max(axis=0)
        came[at][stay] = own[stay]
        score = move[came[at], own] + fits[at]
    path = np.zeros(n, np.int64)
    path[-1] = int(score.argmax())
    for at in range(n - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path


def posteriors(fits: Floats, switch: Floats) -> Floats:
    """Probability of each voice at each moment, [n, voices], by the forward-backward algorithm over the same chain."""
    n, voices = fits.shape
    change = ~np.eye(voices, dtype=bool)
    ahead, behind = np.zeros((n, voices)), np.zeros((n, voices))
    ahead[0] = fits[0]
    for at in range(1, n):
        ahead[at] = np.logaddexp.reduce(ahead[at - 1][:, None] - switch[at - 1] * change, axis=0) + fits[at]
    for at in range(n - 2, -1, -1):
        behind[at] = np.logaddexp.reduce((behind[at + 1] + fits[at + 1])[None, :] - switch[at] * change, axis=1)
    both = ahead + behind
    return np.asarray(np.exp(both - np.logaddexp.reduce(both, axis=1, keepdims=True)))
