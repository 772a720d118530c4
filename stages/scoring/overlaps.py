"""Made channels against true ones, overlap by overlap: what separating them brought over leaving the mixture on both.

The measure is SI-SDR improvement: SI-SDR of the made channel against the true side, less SI-SDR of the mixture against the same side over
the same samples. A routed overlap holds the mixture itself, so it gains 0 but for fades at its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schemas.overlaps import KindSeconds, Overlaps, OverlapScores, OverlapVoice, WholeOverlap
from schemas.span import Span, Spans, intersect, subtract, total, union
from schemas.tracks import Tracks
from stages.scoring.kept import NOTHING, overlap
from stages.scoring.signal import Floats, Ratio, Window, level, mask
from stages.scoring.speakers import Pair
from stages.sureness import touching

JOIN = 0.1
"""Seconds; overlaps this close or closer are one."""
SHORTEST = 0.1
"""Seconds; shorter overlaps, and shorter separated parts of one, are counted and not measured."""
BLOCK = 1 << 18
"""Samples compared at a time."""
SEPARATED = "separated"

Mono = Callable[[int, int], Floats]
"""Samples `[start, end)` of one channel as float64 [m]."""


def true_overlaps(speech: Pair, rate: int) -> tuple[Spans, Spans]:
    """Maximal stretches in which both talk, gaps of up to `JOIN` closed: those that are measured, and those shorter than `SHORTEST`."""
    every = union(overlap(speech), round(JOIN * rate))
    long = tuple(span for span in every if len(span) >= SHORTEST * rate)
    return long, tuple(span for span in every if len(span) < SHORTEST * rate)


@dataclass(frozen=True, slots=True)
class _Held:
    """What of one origin lies in an overlap."""

    span: Span
    kind: str
    confidence: float | None


@dataclass(slots=True)
class _Voice:
    """Sums over samples of one voice: of the made channel and of the mixture, in all of an overlap and where it was separated."""

    made: Ratio = field(default_factory=Ratio)
    mix: Ratio = field(default_factory=Ratio)
    kept: Ratio = field(default_factory=Ratio)
    kept_mix: Ratio = field(default_factory=Ratio)

    def add(self, made: Floats, true: Floats, mix: Floats, kept: NDArray[np.bool_] | None = None) -> None:
        """Take in some samples, [m] each; `kept` says which of them were separated."""
        self.made.add(made, true)
        self.mix.add(mix, true)
        if kept is not None and kept.any():
            self.kept.add(made[kept], true[kept])
            self.kept_mix.add(mix[kept], true[kept])


def measure_overlaps(tracks: Tracks, order: tuple[int, int], made: Window, true: Window, mix: Mono, speech: Pair) -> Overlaps:
    """What became of each true overlap.

    `tracks` has the origins, and `order` the made channel that stands for each true one; `made` and `true` give samples in the order of
    the true channels, `mix` those of the mixture, and `speech` says where the true speakers talk.
    """
    rate = tracks.rate
    long, short = true_overlaps(speech, rate)
    origins = tuple(tuple(origin for origin in tracks.origins if origin.channel == channel) for channel in order)
    spans = tuple(tuple(origin.span for origin in each) for each in origins)
    whole = (_Voice(), _Voice())
    found = []
    for span in long:
        held = tuple(
            [_Held(_cut(spans[i][at], span), origins[i][at].kind, origins[i][at].confidence) for at in touching(spans[i], span)]
            for i in (0, 1)
        )
        kept = tuple(_of(each, SEPARATED) for each in held)
        voices = (_Voice(), _Voice())
        for start, end in _blocks(span):
            sound, voice, both = made(start, end), true(start, end), mix(start, end)
            for channel in (0, 1):
                voices[channel].add(sound[channel], voice[channel], both, mask(kept[channel], start, end))
                whole[channel].add(sound[channel], voice[channel], both)
        found.append(_overlap(span, held, voices, rate))
    apart = (union(o.span for o in each if o.kind == SEPARATED) for each in origins)
    outside = sum(total(subtract(each, union((*long, *short)))) for each in apart) / 2
    return Overlaps(
        found=tuple(found),
        short=len(short),
        short_seconds=total(short) / rate,
        separated_outside=outside / rate,
        whole=tuple(WholeOverlap(si_sdr_db=v.made.db, mix_si_sdr_db=v.mix.db, gain_db=_gain(v.made, v.mix)) for v in whole),
    )


def _blocks(span: Span) -> Iterator[tuple[int, int]]:
    for start in range(span.start, span.end, BLOCK):
        yield start, min(start + BLOCK, span.end)


def _cut(span: Span, within: Span) -> Span:
    return Span(max(span.start, within.start), min(span.end, within.end))


def _of(held: Sequence[_Held], *kinds: str) -> Spans:
    return union(each.span for each in held if each.kind in kinds)


def _gain(made: Ratio, mix: Ratio) -> float | None:
    return None if made.db is None or mix.db is None else made.db - mix.db


def _overlap(span: Span, held: tuple[list[_Held], ...], voices: tuple[_Voice, _Voice], rate: int) -> OverlapScores:
    def both(kind: str) -> float:
        return total(intersect(_of(held[0], kind), _of(held[1], kind))) / rate

    start, end = span.seconds(rate)
    return OverlapScores(
        start=start,
        end=end,
        separated=both(SEPARATED),
        routed=both("routed"),
        lost=total(union((*_of(held[0], *NOTHING), *_of(held[1], *NOTHING)))) / rate,
        voices=tuple(_voice(voices[i], voices[1 - i], held[i], rate) for i in (0, 1)),
    )


def _voice(mine: _Voice, other: _Voice, held: Sequence[_Held], rate: int) -> OverlapVoice:
    kept = [each for each in held if each.kind == SEPARATED]
    known = [(len(each.span), each.confidence) for each in kept if each.confidence is not None]
    samples, told = total(each.span for each in kept), sum(size for size, _ in known)
    quiet = mine.made.true <= 0 and other.made.true <= 0
    return OverlapVoice(
        si_sdr_db=mine.made.db,
        mix_si_sdr_db=mine.mix.db,
        gain_db=_gain(mine.made, mine.mix),
        level_db=0.0 if quiet else level(mine.made.true, other.made.true),
        kinds=tuple(KindSeconds(kind=kind, seconds=total(_of(held, kind)) / rate) for kind in sorted({each.kind for each in held})),
        kept_seconds=samples / rate,
        kept_gain_db=_gain(mine.kept, mine.kept_mix) if samples >= SHORTEST * rate else None,
        confidence=min(1.0, sum(size * sure for size, sure in known) / told) if told else None,
    )
