"""What a shaped set must look like, and the closed list of reasons for which something is left out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from schemas.errors import UsageError

LEFT_OUT: dict[str, str] = {
    # rules that every clip keeps
    "long_turn": "a turn is longer than the longest allowed, and nothing is cut inside a turn",
    "monologue": "one speaker holds the floor for longer than allowed, without a silence in which to cut",
    "too_long": "no silence of both sides in which to cut it to the longest clip allowed",
    "too_short": "no stretch of it that keeps the other rules reaches the shortest clip allowed",
    "one_sided": "only one of the two speaks in it",
    # what the set as a whole must meet
    "overlap_share": "the set comes into the wanted range of overlap without it",
    "backchannels": "the set comes into the wanted range of backchannels without it",
    "hours": "the set has as many hours as wanted without it",
}
"""Every reason, in the order in which they are looked at."""

RANGES = ("overlap_share", "backchannels")
"""Targets of the whole set that are ranges; where not all can be met, the first goes before the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From `low` to `high`, both included; an absent end is open. Laws: an end is there; `0 <= low <= high`."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends or any(not 0 <= end < math.inf for end in ends) or ends != sorted(ends):
            raise UsageError(f"wanted LOW:HIGH with 0 <= LOW <= HIGH, or one of the two; got {self}")

    def __str__(self) -> str:
        return ":".join("" if end is None else f"{end:g}" for end in (self.low, self.high))

    @property
    def scale(self) -> float:
        """By which distances from the range are divided, so that those from different ranges can be added."""
        return self.high or self.low or 1.0

    def holds(self, value: float | None) -> bool:
        """Whether a value is known and inside."""
        return value is not None and (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Rules that each clip keeps, in seconds, and targets that the set as a whole is to meet; an absent one asks for nothing."""

    max_turn: float | None = 10.0
    """Of a turn in the column `turns`, or of an inter-pausal unit where the row has no turns."""
    max_monologue: float | None = 60.0
    """One speaker holds the floor, inner pauses included: `longest_monologue` of the clip's own statistics."""
    min_clip: float = 10.0
    max_clip: float | None = None
    both_speak: bool = True
    """Each of the two says something in each clip."""
    min_silence: float = 0.2
    """Least silence of both sides in which a cut may fall; it falls in the middle."""
    overlap_share: Range | None = None
    """Of time, 0 to 1: seconds in which both speak over all seconds of the set."""
    backchannels: Range | None = None
    """Per minute, of both sides together."""
    hours: float | None = None
    """At most this many, and less by no more than one clip where there are enough."""
    seed: int = 0
    """Decides between clips that serve the targets equally well."""

    def __post_init__(self) -> None:
        for name in ("max_turn", "max_monologue", "max_clip", "hours"):
            value = getattr(self, name)
            _law(value is None or 0 < value < math.inf, name, value, "a number above 0, or none")
        for name in ("min_clip", "min_silence"):
            value = getattr(self, name)
            _law(0 <= value < math.inf, name, value, "0 or more seconds")
        _law(self.max_clip is None or self.min_clip <= self.max_clip, "max_clip", self.max_clip, f"at least min_clip, {self.min_clip:g} s")
        share = self.overlap_share
        _law(share is None or max(share.low or 0, share.high or 0) <= 1, "overlap_share", share, "shares of time from 0 to 1")
        _law(self.seed >= 0, "seed", self.seed, "0 or more")


def _law(good: bool, name: str, value: object, wanted: str) -> None:
    if not good:
        raise UsageError(f"{name}: wanted {wanted}, got {value}")
