"""What is true of a dialogue that was made: who speaks when, from which utterance, and what was done to the sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from schemas.activity import Activity, Turns
from schemas.errors import LawError
from schemas.span import Span, check_disjoint
from schemas.stats import Stats

EventKind = Literal["backchannel", "interruption", "failed_interruption", "transition"]


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """An inter-pausal unit (IPU) that starts or lies in the other's speech, as `stages.turns.floor` calls it."""

    kind: EventKind
    channel: int
    span: Span


@dataclass(frozen=True, slots=True)
class TruthWord:
    """A word where it was said; only words that are heard whole."""

    channel: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A stretch of an utterance in its place."""

    channel: int
    span: Span
    utterance: str
    """Path below the utterances' folder, or the manifest's uri."""
    offset: int
    """First sample of the utterance that is heard, at the dialogue's rate."""
    gain_db: float
    cut: bool
    """Whether it was broken off: faded out over 10 ms."""
    text: str | None = None
    """Of the whole utterance, heard whole or not; absent when nobody wrote it down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthConditions:
    """What was done to the two sides, in this order; absent values did nothing."""

    level_db: float
    """Speech level of side 1 minus that of side 0, dB."""
    rt60: tuple[float, ...] = ()
    """Seconds, of each side's room; empty without rooms."""
    leakage_db: float | None = None
    """Level at which each side is heard in the other's channel."""
    leakage_delay: int | None = None
    """Samples by which it comes later."""
    snr_db: float | None = None
    """Active speech level of each channel over its pink noise, dB."""
    codec: str = "none"
    scale_db: float = 0.0
    """dB by which all was turned down to stay inside full scale; part of every placement's gain already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth about one dialogue of two channels; all times in samples at `rate`.

    Laws: spans inside `[0, length)`; on each channel placements are sorted and disjoint and are what the activity covers; turns are the
    activity with silences under 0.2 s closed; events are spans of turns.
    """

    id: str
    rate: int
    """Hz."""
    length: int
    speakers: tuple[str, str]
    seed: int
    activity: Activity
    turns: Turns
    events: tuple[TruthEvent, ...]
    placements: tuple[Placement, ...]
    words: tuple[TruthWord, ...]
    """Empty when the utterances have no timed words."""
    conditions: TruthConditions
    stats: Stats

    def __post_init__(self) -> None:
        for what, value in (("activity", self.activity), ("turns", self.turns)):
            if (value.length, value.rate) != (self.length, self.rate):
                raise LawError(f"Truth {self.id}: {what} of {value.length} samples at {value.rate} Hz; wanted {self.length}, {self.rate}")
        if len(self.activity.channels) != 2 or self.speakers[0] == self.speakers[1]:
            raise LawError(f"Truth {self.id}: wanted two channels of two speakers; got {self.speakers}")
        for channel in (0, 1):
            placed = [each.span for each in self.placements if each.channel == channel]
            check_disjoint(placed, self.length, f"Truth {self.id}: placements of channel {channel}")
            if sum(map(len, placed)) != sum(map(len, self.activity.channels[channel])):
                raise LawError(f"Truth {self.id}: placements and activity of channel {channel} cover different samples")
        turns = {(turn.channel, turn.span) for turn in self.turns.turns}
        for event in self.events:
            if event.kind not in get_args(EventKind) or (event.channel, event.span) not in turns:
                raise LawError(f"Truth {self.id}: {event} is no turn, or of no known kind")
        if any(word.span.end > self.length for word in self.words):
            raise LawError(f"Truth {self.id}: a word ends beyond the dialogue")
