"""The constants of turn-taking as settings, the same for the statistics and for the events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from schemas.errors import UsageError
from schemas.stats import BACKCHANNEL_WORDS, FILLER_WORDS, LAUGHTER_WORDS, TurnTakingConstants
from stages.stage import what_fields
from stages.transcribe.unworded import REACH
from stages.turns.said import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingSettings:
    """Fields of every stage that finds out how two speakers take turns."""

    name: ClassVar[str] = "turns"

    ipu_silence: float = 0.2
    """Seconds; shorter silences of a channel do not end an IPU."""
    backchannel_longest: float = 1.2
    """Seconds."""
    backchannel_inside: float = 0.5
    """Least share of a backchannel inside the partner's speech."""
    floor_window: float = 1.0
    """Seconds before and after a backchannel within which the partner speaks."""
    barge_in: float = 0.2
    """Seconds; an interruption starts with at least this much of the partner's IPU left, and an overlap with less is turn-final."""
    give_up: float = 1.0
    """Seconds; a newcomer who outlasts the partner by no more than this, and is followed by the partner, gave the floor back."""
    monologue_pause: float = 2.0
    """Seconds; a longer silence ends a monologue."""
    simultaneous_start: float = 0.2
    """Seconds; two IPUs that overlap and start no further apart started together."""
    listed_longest: float = 3.0
    """Seconds; how long a backchannel may be that consists of listed words alone."""
    word_reach: float = REACH
    """Seconds; a word belongs to the IPU nearest to its middle, if that is no further away."""
    list_language: str = "en"
    """The lists are for channels whose transcript is of this language or of no known one; what was recovered is on them in any."""
    backchannel_words: tuple[str, ...] = BACKCHANNEL_WORDS
    filler_words: tuple[str, ...] = FILLER_WORDS
    laughter_words: tuple[str, ...] = LAUGHTER_WORDS
    """Written in brackets they mark laughter."""

    def __post_init__(self) -> None:
        for field, value in what_fields(self).items():
            if isinstance(value, float) and not 0 <= value < math.inf:
                raise UsageError(f"{self.name}: {field}: {value} must be 0 or more")
            if isinstance(value, tuple) and not all(plain(word) for entry in value for word in entry.split() or ("",)):
                raise UsageError(f"{self.name}: {field}: every entry must be a word or several, each with a letter or digit")
        if self.backchannel_inside > 1:
            raise UsageError(f"{self.name}: backchannel_inside: {self.backchannel_inside} is a share, at most 1")

    def constants(self) -> TurnTakingConstants:
        """The settings as they are published."""
        return TurnTakingConstants(**what_fields(self))
