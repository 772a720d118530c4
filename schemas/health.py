"""What was measured of a recording's channels before anything is built on them.

Levels are RMS in dBFS where 0 dBFS is a constant of full scale, so a full-scale sine lies at -3.01 dBFS. An unknown number is absent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from schemas.errors import REASONS, LawError

CopyKind = Literal["identical", "scaled", "inverted", "delayed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One channel on its own. Laws: shares in [0, 1], `0 <= own_speech_s <= speech_s`."""

    speech_s: float
    """Seconds of speech-like sound: level above an adaptive floor, longer than a click, neither steady nor tonal."""
    own_speech_s: float
    """The part of `speech_s` that is not explained by the other channel's sound leaking in."""
    level_dbfs: float | None = None
    """Active speech level: mean power above 60 Hz over speech, pauses up to 0.2 s included; absent without speech."""
    noise_dbfs: float | None = None
    """Noise floor: median power above 60 Hz outside speech; absent when all of that is digital silence."""
    peak_dbfs: float | None = None
    """Largest absolute sample; absent when all samples are zero."""
    dc: float
    """Mean of all samples as a fraction of full scale, signed."""
    zeros: float
    """Share of samples that are exactly zero."""
    clipping: float
    """Share of samples at full scale, or in flat tops of at least three samples at the channel's own extreme."""
    bandwidth_hz: float | None = None
    """Highest frequency with content; absent when too little was heard."""
    original_rate: int | None = None
    """The lower sampling rate (Hz) the sound was likely made at; absent when it fills its own rate."""
    hum_db: float | None = None
    """Mains hum and its harmonics over the neighbouring floor, in quiet stretches; absent below 3 s."""
    hum_dbfs: float | None = None
    """Level of the hum without that floor; absent when nothing stands out."""
    hum_hz: float | None = None
    """50 or 60, whichever stands out more."""

    def __post_init__(self) -> None:
        for name in ("zeros", "clipping"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise LawError(f"Side: {name} {getattr(self, name)} is no share")
        if not 0.0 <= self.own_speech_s <= self.speech_s:
            raise LawError(f"Side: {self.own_speech_s} s of own speech in {self.speech_s} s of speech")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How far two channels are one signal. Law: correlations in [-1, 1]."""

    correlation: float | None = None
    """Normalised cross-correlation over the loud windows of the recording at the best lag, negative for an inverted copy."""
    lag_ms: float | None = None
    """How much later channel 1 has what channel 0 has, at the best lag; negative when channel 0 is the later one;
    absent when the correlation is so weak (under 0.25) that its lag is chance."""
    similarity: float | None = None
    """Median correlation of the windows in which both channels are loud; absent when no window is."""
    gain_db: float | None = None
    """Level of channel 1 over channel 0, median over those windows."""
    gain_spread_db: float | None = None
    """Spread of that level difference over those windows (10th to 90th percentile)."""
    both_loud: float | None = None
    """Share of the loud windows that are loud in both channels; absent when none is loud."""
    separation_db: float | None = None
    """Spread (10th to 90th percentile) of the level difference between the channels while either has speech:
    large when two people have a channel each, small for one scene."""
    same_samples: bool = False
    """Every sample of channel 0 equals its neighbour in channel 1, and they are not all zero."""
    copy: CopyKind | None = None
    """How channel 1 copies channel 0; absent when it does not. A delayed and scaled copy is `delayed`, an inverted one always
    `inverted`."""

    def __post_init__(self) -> None:
        for name in ("correlation", "similarity"):
            value = getattr(self, name)
            if value is not None and not -1.0 <= value <= 1.0:
                raise LawError(f"Likeness: {name} {value} is no correlation")
        if self.copy is not None and self.copy not in get_args(CopyKind):
            raise LawError(f"Likeness: copy {self.copy!r} is none of {', '.join(get_args(CopyKind))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One side heard in the other side's channel."""

    source: int
    into: int
    evidence_s: float
    """Seconds in which only `source` speaks, from which the numbers come."""
    level_db: float | None = None
    """Power of what `source` predicts of the other channel (100 Hz to 4 kHz) over its own; absent when no leak was found or
    the evidence is too thin."""
    delay_ms: float | None = None
    """How much later the leak arrives; absent when no single path stands out."""
    detectable_db: float | None = None
    """The weakest leak that the evidence could have shown; absent when the evidence is too thin."""
    excess_db: float | None = None
    """Rise of the other channel's median level while only `source` speaks, over the source's own median level: an upper bound that also
    sees leaks that a codec made incoherent; absent when the level does not rise by 1 dB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One number beyond its limit. Law: `name` is a reject reason."""

    name: str
    channel: int | None
    """The side it was found on (for leakage, the side that hears the other); absent for findings on the whole recording."""
    value: float
    unit: str
    limit: float

    def __post_init__(self) -> None:
        if self.name not in REASONS:
            raise LawError(f"Finding: {self.name!r} is not in schemas.errors.REASONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What channel health measured of one recording, and what of it was flagged.

    Laws: one or two sides; likeness and leaks only with two.
    """

    sides: tuple[Side, ...]
    likeness: Likeness | None = None
    leaks: tuple[Leak, ...] = ()
    """Channel 0 into 1, then 1 into 0; empty for a mono recording."""
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if len(self.sides) not in (1, 2):
            raise LawError(f"Health: {len(self.sides)} sides; wanted one or two")
        if len(self.sides) == 1 and (self.likeness is not None or self.leaks):
            raise LawError("Health: a mono recording has no other channel to be like or to leak into")

    def found(self, name: str) -> tuple[Finding, ...]:
        """The findings of one name."""
        return tuple(finding for finding in self.findings if finding.name == name)


def swapped(health: Health) -> Health:
    """The health of the same recording with its two channels the other way round; its own inverse. A mono one stays as it is."""
    if len(health.sides) == 1:
        return health
    alike = health.likeness
    if alike is not None:
        lag, gain = alike.lag_ms, alike.gain_db
        alike = replace(alike, lag_ms=None if lag is None else -lag, gain_db=None if gain is None else -gain)
    leaks = tuple(replace(leak, source=1 - leak.source, into=1 - leak.into) for leak in reversed(health.leaks))
    findings = tuple(f if f.channel is None else replace(f, channel=1 - f.channel) for f in health.findings)
    return replace(health, sides=health.sides[::-1], likeness=alike, leaks=leaks, findings=findings)
