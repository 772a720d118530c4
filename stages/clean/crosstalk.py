"""Crosstalk taken out of two recorded channels: each side's echo, predicted from its own channel, is subtracted from the other one.

Cancellers in packages are not used: WebRTC's suppresses whatever is left of an echo and so harms double talk, speex has no maintained
wheel, and those of adaptive-filter libraries know neither delays of half a second nor drift, and run one sample at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from schemas.errors import UsageError
from schemas.span import Span, Spans, intersect, subtract, union
from schemas.tracks import Origin, Tracks
from stages.clean.render import estimate, judged, subtracted
from stages.clean.scene import scene_of
from stages.clean.window import Search
from stages.stage import Weights

FADE_S = 0.01
"""Seconds over which a change fades in and out at the ends of a cleaned stretch, inside it."""
MOST_DELAY, MOST_TAIL = 2.0, 0.5
LEAST_TAIL = 0.01
MOST_GAIN_DB = 20.0
WEAKEST_DB = (-90.0, -10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosstalkClean:
    """Stretches in which the other side is surely heard are freed of it and called `cleaned`; every other sample stays, to the bit.

    The echo's delay and drift are found first, then its path as a finite impulse response by weighted least squares, in overlapping
    windows of a minute, and what the path makes of the other channel is subtracted. That is linear: nothing is gated or suppressed, so
    the near side's own voice under the echo keeps its level. Of leaks made in real and generated calls (-12 to -35 dB, delays up to 0.5 s,
    100 ppm of drift, one way or both, a room, mu-law) 23 to 59 dB were taken out (ERLE) above a quiet floor. Loud noise that both channels
    share counts as a leak. Channels in which no echo is sure come back as they are. Only `original`
    stretches of a recording's own channels are touched.
    """

    name: ClassVar[str] = "clean"
    backend: ClassVar[str] = "crosstalk"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Tracks

    max_delay: float = 0.6
    """Seconds: echoes that come later are not looked for."""
    tail: float = 0.112
    """Seconds: how long an echo's path goes on after its strongest part."""
    weakest_db: float = -50.0
    """Level of a leak, over its source's, below which it is left where it is: nobody hears it, and nothing learns it."""
    least_gain_db: float = 0.5
    """Decibels by which the channel must become quieter where only the other side is heard; where it does not, samples stay as they are."""

    def __post_init__(self) -> None:
        for name, value, low, high, unit in (
            ("max_delay", self.max_delay, 0.0, MOST_DELAY, "s"),
            ("tail", self.tail, LEAST_TAIL, MOST_TAIL, "s"),
            ("weakest_db", self.weakest_db, *WEAKEST_DB, "dB"),
            ("least_gain_db", self.least_gain_db, 0.0, MOST_GAIN_DB, "dB"),
        ):
            if not (math.isfinite(value) and low <= value <= high):
                raise UsageError(f"clean.{name}: {value} {unit}; wanted a number from {low:g} to {high:g}")

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks], Tracks]:
        """The canceller as a pure function; tracks without a sure echo, and tracks made from a mixture, come back as they are."""

        def clean(tracks: Tracks) -> Tracks:
            originals = _originals(tracks)
            if tracks.order is None or not any(originals):
                return tracks
            scene = scene_of(tracks)
            echoes = None if scene.copies else estimate(scene, Search(self.max_delay, self.tail, self.weakest_db))
            if echoes is None:
                return tracks
            first, second = (intersect(originals[into], judged(scene, echoes, into, self.least_gain_db)) for into in (0, 1))
            if not (first or second):
                return tracks
            samples = subtracted(tracks, echoes, (first, second), round(FADE_S * tracks.rate))
            return replace(tracks, samples=samples, origins=relabelled(tracks, (first, second)))

        return clean


def _originals(tracks: Tracks) -> tuple[Spans, Spans]:
    first, second = (union(o.span for o in tracks.origins if o.channel == channel and o.kind == "original") for channel in (0, 1))
    return first, second


def relabelled(tracks: Tracks, cleaned: tuple[Spans, Spans]) -> tuple[Origin, ...]:
    """The origins with the cleaned stretches, which lie inside `original` ones, under that name; how sure it is whose they are stays."""
    found: list[Origin] = []
    for origin in tracks.origins:
        if origin.kind != "original":
            found.append(origin)
            continue
        inside = intersect((origin.span,), cleaned[origin.channel])
        parts: list[tuple[Span, bool]] = [(span, True) for span in inside]
        parts += [(span, False) for span in subtract((origin.span,), inside)]
        found += [replace(origin, span=span, kind="cleaned" if done else "original") for span, done in sorted(parts)]
    return tuple(found)
