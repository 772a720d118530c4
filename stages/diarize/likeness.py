"""Voices of one piece of a recording, beside what the whole of it says of them: how firmly two are told apart, and who was missed.

Voices are learned over the whole recording. In a show of many people that can give two of them one voice, most of all two who share a
telephone line; so where a piece has no two voices by that, or clearly better ones by itself, it is decided by itself, and its voices are
looked up among those that are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span, Spans
from stages.diarize.segmentation import RATE, WINDOW, Heard
from stages.diarize.ticks import PER_SECOND
from stages.diarize.two_party import STEP, Decision, Moments, agreement
from stages.diarize.voices import ONE_PERSON

ASIDE = 2
"""The label of everybody else, once two voices are looked at."""
CLEARLY = 0.5
"""Evidence by which a piece's own two voices must be the better ones to be preferred."""

Decide = Callable[[Heard, Moments, NDArray[np.float32]], Decision | None]
"""`stages.diarize.two_party.decide` with its settings."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was decided of a recording, and from what: the network's view, the moments [n] and their embeddings [n, size]."""

    decision: Decision
    heard: Heard
    found: Moments
    vectors: NDArray[np.float32]

    def between(self, pair: tuple[int, int], stretch: Span) -> Decision:
        """The decision on two voices inside a stretch of ticks: their likeness there, and how far the network agrees.

        The cosine is that of the voices' centres, or of what the stretch itself holds of them where that is more alike: one person who was
        given to two voices sounds the same in both.
        """
        inside, here = self._inside(stretch)
        labels = self.decision.labels[inside]
        mine = np.select([labels == pair[0], labels == pair[1]], [0, 1], ASIDE).astype(np.int64)
        centres = self.decision.centres[list(pair)]
        own = _mean_directions(self.vectors[inside].astype(np.float64), mine, here.lengths, centres)
        similarity = max(float(each[0] @ each[1]) for each in (centres, own))
        seconds = tuple(self.decision.seconds[voice] for voice in pair)
        return replace(
            self.decision,
            labels=mine,
            sure=self.decision.sure[inside],
            centres=centres,
            similarity=float(np.clip(similarity, -1.0, 1.0)),
            agreement=agreement(_near(self.heard, stretch), here, mine),
            seconds=seconds,
        )

    def again(self, stretches: Spans, decide: Decide, verdict: Callable[[Decision], str | None]) -> Known:
        """The same with the voices of some stretches decided by themselves: where their two main voices by the whole recording are no two
        by `verdict`, or are by `CLEARLY` worse, and their own are two. The decision then may have more voices; `similarity` and
        `agreement` stay those of the whole."""
        labels, sure, centres = self.decision.labels.copy(), self.decision.sure.copy(), self.decision.centres
        for stretch in stretches:
            inside, here = self._inside(stretch)
            own = decide(_near(self.heard, stretch), here, self.vectors[inside])
            if own is None or verdict(own) is not None:
                continue
            before = self.between(self._main(inside), stretch)
            if verdict(before) is None and (before.labels == 1).any() and own.evidence < before.evidence + CLEARLY:
                continue
            names, centres = _looked_up(own.centres, centres)
            labels[inside], sure[inside] = names[own.labels], own.sure
        seconds = np.bincount(labels, minlength=len(centres)) * STEP / PER_SECOND
        return replace(self, decision=replace(self.decision, labels=labels, sure=sure, centres=centres, seconds=tuple(seconds.tolist())))

    def _inside(self, stretch: Span) -> tuple[slice, Moments]:
        low, high = np.searchsorted(self.found.at, (stretch.start, stretch.end)).tolist()
        return slice(low, high), Moments(self.found.at[low:high], self.found.stretches[low:high])

    def _main(self, inside: slice) -> tuple[int, int]:
        """The two voices with the most moments."""
        counts = np.bincount(self.decision.labels[inside], minlength=len(self.decision.centres))
        first, second = np.argsort(-counts, kind="stable")[:2].tolist()
        return first, second


def _looked_up(own: NDArray[np.float64], known: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The number of each of a piece's voices [k, size] among the known ones, and those with the new ones added.

    A voice is the known one that it is most like, if they are as alike as one person's; two voices that are most like the same one are
    neither of them, but those that it mixed.
    """
    cosines = own @ known.T
    best = cosines.argmax(axis=1)
    taken = (cosines.max(axis=1) >= ONE_PERSON) & (np.bincount(best, minlength=len(known))[best] == 1)
    names = np.where(taken, best, len(known) + np.cumsum(~taken) - 1)
    return names.astype(np.int64), np.vstack((known, own[~taken]))


def _mean_directions(
    vectors: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Unit vectors [2, size] towards the weighted means of the vectors labelled 0 and 1; `before` where there are none."""
    sums = np.stack([(vectors[labels == voice] * weights[labels == voice, None]).sum(axis=0) for voice in (0, 1)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), before))


def _near(heard: Heard, stretch: Span) -> Heard:
    """What was heard in windows that reach into a stretch of ticks; a long recording has thousands of others."""
    first, last = (at * RATE // PER_SECOND for at in (stretch.start, stretch.end))
    windows = (heard.starts < last) & (heard.starts + WINDOW > first)
    return replace(heard, starts=heard.starts[windows], voices=heard.voices[windows])
