"""What happens inside overlaps when two channels are made of one: each overlap on its own, and sums that can be pooled.

Levels are in dB, times in seconds from the recording's start. What cannot be told is absent.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from schemas.errors import LawError

SIGNALS = ("mixture", "made 0", "made 1", "true 0", "true 1")
"""The channels of an excerpt: the mixture, the made channel that stands for each true one, and the true ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSeconds:
    """How long a made channel has one kind of origin."""

    kind: str
    """A `schemas.tracks.OriginKind`."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapVoice:
    """One true speaker inside one overlap, and the channel made for them."""

    si_sdr_db: float | None
    """Of the made channel against the true side; absent where the channel is silent throughout. So is `gain_db`."""
    mix_si_sdr_db: float | None
    """Of the mixture, which is what routing gives."""
    gain_db: float | None
    """The first less the second: SI-SDR improvement over routing (SI-SDRi)."""
    level_db: float
    """This voice over the other one."""
    kinds: tuple[KindSeconds, ...]
    """Origins of the made channel, by name."""
    kept_seconds: float
    """What of the overlap is `separated` on this channel."""
    kept_gain_db: float | None
    """`gain_db` of that part alone; absent where it is too short to tell."""
    confidence: float | None
    """Of that part's origins, mean by time; absent where none has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapScores:
    """One stretch in which both true speakers talk. Laws: its end is after its start; two voices, in the order of the true channels."""

    start: float
    end: float
    separated: float
    """Seconds that are separated on both channels."""
    routed: float
    """Seconds of the mixture on both channels, because nothing separated them."""
    lost: float
    """Seconds in which a channel holds nothing of the recording: one speaker was given all of it, or nobody anything."""
    voices: tuple[OverlapVoice, ...]

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.end and len(self.voices) == 2):
            raise LawError(
                f"OverlapScores: {len(self.voices)} voices from {self.start} to {self.end} s; wanted 2 and an end after the start"
            )

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start

    @property
    def confidence(self) -> float | None:
        """Mean of the two channels' confidence; absent unless both have one."""
        first, second = (voice.confidence for voice in self.voices)
        return None if first is None or second is None else (first + second) / 2

    @property
    def kept_gain_db(self) -> float | None:
        """Mean gain of both voices where the overlap was separated; absent where either is."""
        first, second = (voice.kept_gain_db for voice in self.voices)
        return None if first is None or second is None else (first + second) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeOverlap:
    """One true channel over all measured overlaps of a call, taken as one signal."""

    si_sdr_db: float | None
    mix_si_sdr_db: float | None
    gain_db: float | None
    """The first less the second; absent where there is no overlap, or the made channel is silent in all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """The overlaps of one call under one condition. Law: two channels."""

    found: tuple[OverlapScores, ...]
    """Those that are measured, in order of time."""
    short: int
    """Overlaps too short to be measured."""
    short_seconds: float
    separated_outside: float
    """Seconds that are `separated` on a channel where the true speakers do not both talk, mean of the two channels."""
    whole: tuple[WholeOverlap, ...]

    def __post_init__(self) -> None:
        if len(self.whole) != 2:
            raise LawError(f"Overlaps: {len(self.whole)} channels; wanted 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """An overlap to be heard, with what comes before and after it. Laws: it has an end after its start; `flac` is base64."""

    overlap: int
    """Place in `Overlaps.found`."""
    start: float
    end: float
    flac: str
    """Base64 of a FLAC file of 16 bits whose channels are `SIGNALS`, at its own rate."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise LawError(f"Excerpt: from {self.start} to {self.end} s")
        try:
            base64.b64decode(self.flac, validate=True)
        except binascii.Error as error:
            raise LawError(f"Excerpt: {error}") from error
