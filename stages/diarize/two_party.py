"""Which of two voices speaks at each moment of a recording of two people, from what the networks heard. Pure arithmetic.

The segmentation network says where somebody speaks and where two do. Each short stretch of solo speech has an embedding. The voices are
the mean directions of two clusters of them; a hidden Markov chain then weighs how well a stretch fits each voice against how sure the
network is that neighbouring moments are one voice. So a voice is decided over the whole recording, and its edges by what was heard on
the spot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stages.diarize.hmm import best_path, posteriors
from stages.diarize.segmentation import Heard, same_voice
from stages.diarize.ticks import PER_SECOND, Mask, runs, touching
from stages.diarize.voices import Clusters, more_voices, relearned, two_voices

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

STEP = 10
"""Ticks between moments."""
REACH = 50
"""Ticks of speech on each side of a moment that its embedding pools."""
LONG = 80
"""Ticks from which a stretch's embedding is firm enough to learn a voice from."""
FIRM = 70
"""Ticks below which an embedding counts less, in proportion."""
FIT = 5.0
"""Log-likelihood of a firm moment for one unit of cosine; the moments overlap, so each counts for a tenth of a second."""
FADE = 50.0
"""Ticks of silence over which the network's say on neighbours fades by e."""
APART = 300
"""Ticks between neighbours beyond which nothing is said of them."""
LESSER = 1.5
"""Seconds of firm solo speech from which somebody who says little is told from the other's speech cut in two."""
MOST_VOICES = 6
MOST_LEARNT = 20_000
"""Firm moments that voices are learned from, at most, spread evenly over them all: half an hour of solo speech. So memory does not grow
with every hour."""
BLOCK = 8192
"""Moments whose embeddings are held in double precision at a time."""
ROUNDS = 2
"""Times the voices are learned again from what was decided."""
LAGS = (5, 10, 20, 30)
"""Moments apart at which the network's names are compared with the decision, at most five seconds."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Points in solo speech, in order: the tick of each and the stretch [start, end) of ticks around it, inside its run."""

    at: Floats
    stretches: NDArray[np.int64]

    @property
    def lengths(self) -> Floats:
        """Ticks of each stretch, [n]."""
        return (self.stretches[:, 1] - self.stretches[:, 0]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who speaks at each moment. Voices 0 and 1 are the two with the most speech; higher ones are other people."""

    labels: Labels
    sure: Floats
    """Probability of the label, [n]."""
    centres: Floats
    similarity: float
    """Cosine between the two voices."""
    agreement: float
    """How much likelier the segmentation network hears one voice in moments with the same label than in moments with different ones, from
    -1 to 1; 0 where it says nothing."""
    seconds: tuple[float, ...] = field(default=())
    """Solo speech of each voice."""

    @property
    def evidence(self) -> float:
        """Evidence that there are two voices and not one cut in half: positive for two, the further from 0 the firmer.

        Weighed on single speakers and on calls: half-voices of one person have a cosine above 0.7 and the network hears no change
        between them.
        """
        return 6.0 * (0.7 - self.similarity) + 2.0 * (self.agreement - 0.2)


def overlapped(heard: Heard, speech: Mask, low: float, high: float) -> Mask:
    """Ticks in which both speak: overlap above `low`, in runs that reach `high`, inside `speech`."""
    likely = (heard.overlap > low) & speech
    return touching(likely, heard.overlap > high)


def moments(solo: Mask) -> Moments:
    """Moments spread evenly over each run of `solo`, one at least."""
    at, stretches = [], []
    for start, end in runs(solo).tolist():
        count = max(1, round((end - start) / STEP))
        centres = start + (np.arange(count) + 0.5) * (end - start) / count
        low = np.maximum(start, np.rint(centres - REACH))
        high = np.minimum(end, np.rint(centres + REACH))
        at.append(centres)
        stretches.append(np.stack((low, high), axis=1))
    if not at:
        return Moments(np.zeros(0), np.zeros((0, 2), np.int64))
    return Moments(np.concatenate(at), np.concatenate(stretches).astype(np.int64))


def decide(
    heard: Heard, found: Moments, vectors: NDArray[np.float32], alike: float, third_seconds: float, smoothing: float
) -> Decision | None:
    """The voice of every moment; None when there is too little firm speech to tell two voices at all.

    `vectors` [n, size] are the moments' embeddings. Other people are voices whose cosine to every other is below `alike`, with at least
    `third_seconds` of firm solo speech. `smoothing` is a cost of every change of voice, in log-likelihood.
    """
    lengths = found.lengths
    firm = np.flatnonzero(lengths >= LONG)
    if len(firm) < 4:
        return None
    count = min(len(firm), MOST_LEARNT)
    learnt = firm[np.arange(count) * len(firm) // count]
    examples = vectors[learnt].astype(np.float64)
    # Moments are a tenth of a second apart whatever their stretch, so each weighs that; longer stretches are trusted more.
    weights = lengths[learnt] / PER_SECOND
    a_second = PER_SECOND / STEP * float(np.median(weights)) * count / len(firm)
    two = two_voices(examples, weights, LESSER * a_second)
    if two is None:
        return None
    clusters = more_voices(examples, weights, two, alike, third_seconds * a_second, MOST_VOICES)
    centres = _by_share(clusters, weights)
    switch = _switching(heard, found, smoothing)
    for again in range(ROUNDS + 1):
        fits = _fits(vectors, centres, lengths)
        labels = best_path(fits, switch)
        if again < ROUNDS:
            centres = relearned(examples, _margins(fits, labels)[learnt] * weights, labels[learnt], centres)
    return _decision(heard, found, fits, labels, switch, centres)


def labelled(heard: Heard, found: Moments, vectors: NDArray[np.float32], centres: Floats, smoothing: float) -> tuple[Labels, Floats]:
    """Which of some known voices [k, size] speaks at each of one or more moments, and how probable that is; arguments as for `decide`."""
    fits = _fits(vectors, centres, found.lengths)
    switch = _switching(heard, found, smoothing)
    labels = best_path(fits, switch)
    return labels, posteriors(fits, switch)[np.arange(len(labels)), labels]


def _fits(vectors: NDArray[np.float32], centres: Floats, lengths: Floats) -> Floats:
    """Log-likelihood of each voice at each moment, [n, voices]."""
    cosines = [vectors[at : at + BLOCK].astype(np.float64) @ centres.T for at in range(0, len(vectors), BLOCK)]
    return np.asarray(FIT * np.minimum(1.0, lengths / FIRM)[:, None] * np.concatenate(cosines))


def _decision(heard: Heard, found: Moments, fits: Floats, labels: Labels, switch: Floats, centres: Floats) -> Decision:
    sure = posteriors(fits, switch)[np.arange(len(labels)), labels]
    seconds = np.bincount(labels, minlength=len(centres)) * STEP / PER_SECOND
    order = np.argsort(-seconds, kind="stable")
    renamed = np.empty(len(order), np.int64)
    renamed[order] = np.arange(len(order))
    labels, centres = renamed[labels], centres[order]
    return Decision(
        labels=labels,
        sure=sure,
        centres=centres,
        similarity=float(np.clip(centres[0] @ centres[1], -1.0, 1.0)),
        agreement=agreement(heard, found, labels),
        seconds=tuple(seconds[order].tolist()),
    )


def agreement(heard: Heard, found: Moments, labels: Labels) -> float:
    """See `Decision.agreement`; only moments of the two main voices count."""
    chances: dict[bool, list[Floats]] = {True: [], False: []}
    for lag in LAGS:
        first, second = found.at[:-lag], found.at[lag:]
        use = (second - first < 5 * PER_SECOND) & (labels[:-lag] < 2) & (labels[lag:] < 2)
        odds = same_voice(heard, first[use], second[use])
        same = labels[:-lag][use] == labels[lag:][use]
        for kind in (True, False):
            chances[kind].append(1 / (1 + np.exp(-odds[same == kind])))
    one, two = (np.concatenate(chances[kind]) for kind in (True, False))
    return float(one.mean() - two.mean()) if len(one) and len(two) else 0.0


def nearest(found: Moments, ticks: int) -> Labels:
    """The moment nearest to every tick, [ticks], ties going to the later one."""
    borders = np.concatenate((found.at[:-1] + np.diff(found.at) / 2, [np.inf]))
    return np.asarray(np.searchsorted(borders, np.arange(ticks) + 0.5, "right"), np.int64)


def _switching(heard: Heard, found: Moments, smoothing: float) -> Floats:
    gaps = np.diff(found.at)
    odds = same_voice(heard, found.at[:-1], found.at[1:]) + smoothing
    return np.asarray(np.where(gaps < APART, odds * np.exp(-np.maximum(0.0, gaps - STEP) / FADE), 0.0))


def _margins(fits: Floats, labels: Labels) -> Floats:
    """How far each moment's own voice fits better than the next best, from 0 to 1."""
    own = fits[np.arange(len(labels)), labels]
    rest = fits.copy()
    rest[np.arange(len(labels)), labels] = -np.inf
    return np.asarray(np.clip((own - rest.max(axis=1)) / 2.0, 0.0, 1.0))


def _by_share(clusters: Clusters, weights: Floats) -> Floats:
    return np.asarray(clusters.centres[np.argsort(-clusters.shares(weights), kind="stable")])
