"""Forced alignment of tokens to the frames of a CTC model, in numpy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_STEPS = 1 << 30
"""Frames times states of the longest alignment that is tried, a byte each: ten minutes of English without a pause take half of it."""


@dataclass(frozen=True, slots=True)
class Path:
    """The likeliest path of frames through tokens and blanks."""

    labels: NDArray[np.int64]
    """[frames] the label of each frame: a token or blank."""
    which: NDArray[np.int64]
    """[frames] the place in the sequence of the token that each frame belongs to, -1 for blank."""
    score: float
    """Its log-probability."""

    def frames(self, token: int) -> tuple[int, int]:
        """First frame of the token at that place and the one after its last."""
        at = np.flatnonzero(self.which == token)
        return int(at[0]), int(at[-1]) + 1


def least_frames(tokens: Sequence[int]) -> int:
    """The fewest frames that a sequence fits in: one a token, and a blank between equal neighbours."""
    return len(tokens) + sum(a == b for a, b in itertools.pairwise(tokens))


def ctc_align(log_probs: NDArray[np.floating], tokens: Sequence[int], blank: int = 0) -> Path | None:
    """The likeliest CTC path of `tokens` through `log_probs` [frames, labels]; None when there are too few frames, when no path is possible
    and when it would take more than `MOST_STEPS`.

    Every frame is a token or blank, equal neighbours have a blank between them, and a token may last many frames. Memory is one byte for
    each frame and state, of which there are twice as many as tokens; all states of a frame are computed at once.
    """
    count, frames = len(tokens), len(log_probs)
    if not count or frames < least_frames(tokens) or blank in tokens or frames * (2 * count + 1) > MOST_STEPS:
        return None
    states = np.full(2 * count + 1, blank, np.int64)
    states[1::2] = tokens
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    steps = np.zeros((frames, len(states)), np.uint8)
    score = np.full(len(states), -np.inf)
    score[:2] = log_probs[0, states[:2]]
    for t in range(1, frames):
        one = np.concatenate(([-np.inf], score[:-1]))
        two = np.where(skips, np.concatenate(([-np.inf, -np.inf], score[:-2])), -np.inf)
        step = np.where(one > score, 1, 0)
        best = np.maximum(score, one)
        step[two > best] = 2
        steps[t] = step
        score = np.maximum(best, two) + log_probs[t, states]
    at = len(states) - 1 if score[-1] > score[-2] else len(states) - 2
    total = float(score[at])
    if not np.isfinite(total):
        return None
    path = np.empty(frames, np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = at
        at -= int(steps[t, at])
    return Path(states[path], np.where(path % 2, path // 2, -1), total)
