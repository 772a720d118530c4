"""Voices of the pieces of a recording, beside what the whole of it says of them: how firmly two are told apart, and who was missed.

Voices are learned over the whole recording, which is best for two people. In a show of many it can give two of them one voice, most of all
two who share a telephone line. Where that shows, every piece that can be is decided by itself, as if it were a recording, and the voices
of the pieces are put together by their likeness; the other pieces are decided among the voices so found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span, Spans
from stages.diarize.segmentation import RATE, WINDOW, Heard
from stages.diarize.ticks import PER_SECOND
from stages.diarize.two_party import STEP, Decision, Moments, agreement
from stages.diarize.voices import ONE_PERSON

ASIDE = 2
"""The label of everybody else, once two voices are looked at."""
HEARD = 0.2
"""Agreement of the segmentation network below which a piece's own two voices may be one."""
CLEARLY = 0.25
"""Agreement by which a piece's own two voices must be better than the whole recording's to show that those are wrong."""

Vectors = NDArray[np.float64]
Decide = Callable[[Heard, Moments, NDArray[np.float32]], Decision | None]
"""`stages.diarize.two_party.decide` with its settings."""
Label = Callable[[Heard, Moments, NDArray[np.float32], Vectors], tuple[NDArray[np.int64], Vectors]]
"""`stages.diarize.two_party.labelled` with its settings."""
Verdict = Callable[[Decision], str | None]
"""Why two voices are not told apart; None where they are."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was decided of a recording, and from what: the network's view, the moments [n] and their embeddings [n, size]."""

    decision: Decision
    heard: Heard
    found: Moments
    vectors: NDArray[np.float32]
    own: Mapping[Span, tuple[NDArray[np.int64], Decision]] = field(default_factory=dict)
    """Pieces that were decided by themselves: the number in `decision` of each of their voices, and what was decided."""

    def between(self, pair: tuple[int, int], stretch: Span) -> Decision:
        """The decision on two voices inside a stretch of ticks: their likeness there, and how far the network agrees.

        The cosine is that of the voices' centres, or of what the stretch itself holds of them where that is more alike: one person who was
        given to two voices sounds the same in both. A piece that was decided by itself says what it found.
        """
        if stretch in self.own and set(pair) == set(self.own[stretch][0][:2].tolist()):
            return self.own[stretch][1]
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

    def again(self, stretches: Spans, decide: Decide, label: Label, verdict: Verdict) -> Known:
        """The same where the whole recording's voices are right about every piece, otherwise with the voices of the pieces.

        They are wrong where they find no two in a piece that by itself has two, or where the network agrees with its own ones far better.
        `similarity` and `agreement` stay those of the whole.
        """
        own = {stretch: made for stretch in stretches if (made := self._by_itself(stretch, decide, verdict)) is not None}
        if not any(self._wrong(stretch, made, verdict) for stretch, made in own.items()):
            return self
        people, names = linked(list(own.values()))
        strangers = self.decision.centres[(self.decision.centres @ people.T).max(axis=1) < ONE_PERSON]
        centres = np.vstack((people, strangers))
        labels, sure = self.decision.labels.copy(), self.decision.sure.copy()
        for stretch in stretches:
            inside, here = self._inside(stretch)
            if not len(here.at):
                continue
            if stretch in own:
                labels[inside], sure[inside] = names[list(own).index(stretch)][own[stretch].labels], own[stretch].sure
            else:
                labels[inside], sure[inside] = label(_near(self.heard, stretch), here, self.vectors[inside], centres)
        seconds = tuple((np.bincount(labels, minlength=len(centres)) * STEP / PER_SECOND).tolist())
        decision = replace(self.decision, labels=labels, sure=sure, centres=centres, seconds=seconds)
        return replace(self, decision=decision, own=dict(zip(own, zip(names, own.values(), strict=True), strict=True)))

    def _by_itself(self, stretch: Span, decide: Decide, verdict: Verdict) -> Decision | None:
        """A piece decided as a recording would be, if two voices are then told apart."""
        inside, here = self._inside(stretch)
        made = decide(_near(self.heard, stretch), here, self.vectors[inside])
        return None if made is None or verdict(made) is not None or made.agreement < HEARD else made

    def _wrong(self, stretch: Span, own: Decision, verdict: Verdict) -> bool:
        before = self.between(self._main(self._inside(stretch)[0]), stretch)
        missed = not (before.labels == 1).any() or verdict(before) is not None
        return missed or own.agreement >= before.agreement + CLEARLY

    def _inside(self, stretch: Span) -> tuple[slice, Moments]:
        low, high = np.searchsorted(self.found.at, (stretch.start, stretch.end)).tolist()
        return slice(low, high), Moments(self.found.at[low:high], self.found.stretches[low:high])

    def _main(self, inside: slice) -> tuple[int, int]:
        """The two voices with the most moments."""
        counts = np.bincount(self.decision.labels[inside], minlength=len(self.decision.centres))
        first, second = np.argsort(-counts, kind="stable")[:2].tolist()
        return first, second


def linked(pieces: Sequence[Decision]) -> tuple[Vectors, list[NDArray[np.int64]]]:
    """The people [n, size] whose voices the pieces have, and the number of each of a piece's voices among them.

    The two groups of voices that are most alike become one, as long as they are as alike as one person's and hold no two of one piece:
    agglomerative clustering by the cosine of weighted means.
    """
    owners = np.repeat(np.arange(len(pieces)), [len(piece.centres) for piece in pieces])
    weights = np.concatenate([np.maximum(piece.seconds, STEP / PER_SECOND) for piece in pieces])
    sums = np.concatenate([piece.centres for piece in pieces]) * weights[:, None]
    groups = np.arange(len(owners))
    apart = owners[:, None] == owners[None, :]
    while True:
        units = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        cosines = np.where(apart, -np.inf, units @ units.T)
        first, second = sorted(int(i) for i in np.unravel_index(int(cosines.argmax()), cosines.shape))
        if cosines[first, second] < ONE_PERSON:
            break
        sums[first] += sums[second]
        groups[groups == second] = first
        apart[first] |= apart[second]
        apart[:, first] = apart[first]
        apart[second] = apart[:, second] = True
    kept, numbers = np.unique(groups, return_inverse=True)
    return units[kept], [numbers[owners == piece].astype(np.int64) for piece in range(len(pieces))]


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
