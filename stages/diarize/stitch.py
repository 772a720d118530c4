"""One activity for a whole recording out of overlapping windows whose speakers come in any order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stitched:
    """Activities [frames, speakers] of the whole, in the order of its first window, and the frames at which that order is a guess."""

    activity: Floats
    blind: tuple[int, ...]
    """Frames, ascending, at which a window joins on with nobody heard in what it shares with those before it."""


class Stitch:
    """Takes windows [frames, speakers] one by one, each `hop` frames after the one before it.

    A window's speakers are put into the order that agrees best with what is there: the assignment (Hungarian method) with the largest
    uncentred correlation of `2 a - 1` on the shared frames, which, unlike a centred one, also tells one who talks throughout from one who
    is silent throughout. Where windows overlap they are averaged, their edges counting less.
    """

    def __init__(self, hop: int, threshold: float, heard: int) -> None:
        self.hop = hop
        self.threshold = threshold
        self.heard = heard
        """Frames of somebody's activity that a shared part must have for its order to be known."""
        self.sums: list[Floats] = []
        self.says: list[Floats] = []
        self.tail: Floats = np.zeros((0, 0), np.float32)
        self.tail_says: Floats = np.zeros(0, np.float32)
        self.blind: list[int] = []
        self.at = 0

    def add(self, window: Floats) -> None:
        """Put the next window on: what no later window reaches is done with, the rest is held."""
        say = _say(len(window))
        if self.tail.size:
            window = window[:, self._order(window)]
            shared = len(self.tail)
            sums = window * say[:, None]
            sums[:shared] += self.tail
            says = say.copy()
            says[:shared] += self.tail_says
        else:
            sums, says = window * say[:, None], say
        self.sums.append(sums[: self.hop])
        self.says.append(says[: self.hop])
        self.tail, self.tail_says = sums[self.hop :], says[self.hop :]
        self.at += self.hop

    def done(self, frames: int) -> Stitched:
        """The first `frames` frames of all that was added."""
        sums, says = np.concatenate((*self.sums, self.tail)), np.concatenate((*self.says, self.tail_says))
        return Stitched((sums / says[:, None])[:frames].astype(np.float32), tuple(at for at in self.blind if at < frames))

    def _order(self, window: Floats) -> NDArray[np.int64]:
        from scipy.optimize import linear_sum_assignment

        before = self.tail / self.tail_says[:, None]
        after = window[: len(before)]
        if min(_heard(before, self.threshold), _heard(after, self.threshold)) < self.heard:
            self.blind.append(self.at)
        # Float64 and a fixed order of rows keep ties the same everywhere: a tie goes to the order as it is.
        agreement = (2.0 * before.T.astype(np.float64) - 1.0) @ (2.0 * after.astype(np.float64) - 1.0) / len(before)
        agreement += 1e-9 * np.eye(len(agreement))
        return np.asarray(linear_sum_assignment(agreement, maximize=True)[1], np.int64)


def longest_sure(stitched: Stitched, speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames [frames] of the stretch between blind joins that holds most of `speech` [frames]: who is who elsewhere is a guess."""
    edges = [0, *stitched.blind, len(speech)]
    first, last = max(pairwise(edges), key=lambda edge: int(speech[edge[0] : edge[1]].sum()))
    sure = np.zeros(len(speech), np.bool_)
    sure[first:last] = True
    return sure


def runs(active: NDArray[np.bool_], gap: int, least: int) -> list[tuple[int, int]]:
    """Half-open runs of true frames; those less than `gap` frames apart become one, then those under `least` frames are dropped."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(np.int8), [0]))))
    found: list[tuple[int, int]] = []
    for start, end in steps.reshape(-1, 2).tolist():
        if found and start - found[-1][1] < gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if end - start >= least]


def _heard(activity: Floats, threshold: float) -> int:
    return int((activity.max(axis=1) >= threshold).sum()) if len(activity) else 0


def _say(frames: int) -> Floats:
    """How much each frame of a window counts: a triangle that is nowhere 0."""
    ramp = np.minimum(np.arange(1, frames + 1), np.arange(frames, 0, -1))
    return np.asarray(ramp / ramp.max(), np.float32)
