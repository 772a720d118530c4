"""Turns of a recording that has one channel per speaker: each channel's speech, short silences closed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.activity import Activity, Turn, Turns
from schemas.errors import LawError, Reject, UsageError
from schemas.span import Span, Spans, union
from schemas.tracks import Tracks
from stages.stage import Weights
from stages.sureness import Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTurns:
    """A turn is an inter-pausal unit (IPU): speech of one channel bounded by at least `join` seconds of that channel's silence.

    It is as sure as the origins of its samples are on average, over the time for which that is known. Rejects a recording without any
    speech as `no_speech`.
    """

    name: ClassVar[str] = "turns"
    backend: ClassVar[str] = "channels"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Tracks, Activity)
    gives: ClassVar[type] = Turns

    join: float = 0.2
    """Seconds; shorter silences of a channel are closed."""

    def __post_init__(self) -> None:
        if not 0 <= self.join < math.inf:
            raise UsageError(f"turns: join: {self.join} s must be 0 or more")

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks, Activity], Turns]:
        """The joining as a pure function; `device` does not matter."""

        def turns(tracks: Tracks, activity: Activity) -> Turns:
            if activity.length != tracks.length or activity.rate != tracks.rate or len(activity.channels) != 2:
                raise LawError(
                    f"Activity of {len(activity.channels)} channels, {activity.length} samples at {activity.rate} Hz does not belong to "
                    f"Tracks of 2 channels, {tracks.length} samples at {tracks.rate} Hz"
                )
            names = _names(tracks.speakers)
            joined = (ipus(spans, self.join, activity.rate) for spans in activity.channels)
            sure = [Sureness((o.span, o.confidence) for o in tracks.origins if o.channel == channel) for channel in (0, 1)]
            found = [Turn(c, span, names[c], sure[c].over(span)) for c, spans in enumerate(joined) for span in spans]
            if not found:
                seconds = tracks.length / tracks.rate
                raise Reject("no_speech", f"none on either channel in {seconds:.2f} s", seconds=seconds)
            ordered = sorted(found, key=lambda turn: (turn.span.start, turn.span.end, turn.channel))
            return Turns(turns=tuple(ordered), length=activity.length, rate=activity.rate)

        return turns


def ipus(spans: Spans, shortest: float, rate: int) -> tuple[Span, ...]:
    """Speech of one channel with every silence shorter than `shortest` seconds (rounded to a sample) closed, and touching spans joined."""
    return union(spans, max(round(shortest * rate) - 1, 0))


def _names(speakers: tuple[str, str]) -> tuple[str, str]:
    """Two different names even when the tracks give none, or one twice: a corpus may know its speakers by a shared label."""
    if speakers[0] != speakers[1]:
        return speakers
    return f"{speakers[0]}#0", f"{speakers[1]}#1"
