"""The channel health stage: measures a recording's channels and applies the policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import numpy as np

from schemas.errors import Reject
from schemas.health import Finding, Health, Leak, Side
from schemas.plain import to_plain
from schemas.recording import Recording, full_scale
from stages.health.activity import Mask, activity, likely_own, unexplained
from stages.health.bandwidth import bandwidth, original_rate
from stages.health.hum import lines, mains_hum, steady_spectrum
from stages.health.leakage import leak
from stages.health.levels import noise_floor, speech_level, to_db
from stages.health.likeness import likeness
from stages.health.survey import Floats, Survey, survey
from stages.health.verdicts import Limits, check_names, findings
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """Levels, likeness and leakage of a recording's channels; rejects what cannot become one channel per speaker.

    `reject` and `flag` name findings; what is in neither is measured and not judged. Raises `UsageError` for a name that is none.
    """

    name: ClassVar[str] = "health"
    backend: ClassVar[str] = "channels"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Recording,)
    gives: ClassVar[type] = Health

    reject: tuple[str, ...] = ("silent", "dual_mono", "one_scene", "one_sided")
    flag: tuple[str, ...] = ("leakage", "clipping", "upsampled", "dc_offset", "hum", "low_level")
    min_speech_s: float = 0.25
    """Seconds of a side's own speech below which it counts as having none."""
    min_speech_share: float = 0.002
    """The same as a share of the recording, for long ones: 7 s of an hour."""
    scene_similarity: float = 0.35
    """Similarity from which channels whose levels move together are one scene."""
    scene_separation_db: float = 12.0
    """Levels move together when their difference stays inside this spread (dB, 10th to 90th percentile)."""
    scene_spread_db: float = 6.0
    """Or when their gain does in the windows in which both are loud, and those are most of the loud ones (drifting copies)."""
    scene_gain_db: float = 20.0
    """Channels further apart in level (dB) are no scene: the softer one has no speech of its own and hears a leak."""
    scene_leakage_db: float = -9.0
    """Leaks both ways above this (dB) are one scene, however reverberation makes the channels unlike."""
    max_leakage_db: float = -30.0
    max_clipping: float = 0.001
    """Share of samples."""
    max_dc: float = 0.01
    """Fraction of full scale, either sign."""
    max_hum_db: float = 20.0
    """dB over the neighbouring floor."""
    min_hum_dbfs: float = -70.0
    """Hum below this level (dBFS) is not judged."""
    min_level_dbfs: float = -45.0
    """Active speech level (dBFS)."""

    def __post_init__(self) -> None:
        check_names("reject", self.reject)
        check_names("flag", self.flag)

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Recording], Health]:
        """A function from a recording to its health, flagged findings included; raises `Reject` for a finding in `reject`."""
        limits = Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

        def judge(recording: Recording) -> Health:
            health = measure(recording)
            found = findings(health, limits, recording.duration, recording.rate)
            for finding in found:
                if finding.name in self.reject:
                    raise _rejection(finding, found, health)
            return replace(health, findings=tuple(f for f in found if f.name in self.flag))

        return judge


def measure(recording: Recording) -> Health:
    """Every number of `Health` and no findings; mono recordings have only their side's.

    Samples are read in batches of seconds; what grows with length is some 30 bytes per 16 ms and channel, so that
    10 hours of two channels stay below 130 MB.
    """
    seen = survey(recording)
    active = np.stack([activity(seen, channel) for channel in range(recording.channels)])
    steady = [steady_spectrum(recording, seen, channel, active[channel]) for channel in range(recording.channels)]
    if recording.channels == 1:
        return Health(sides=(_side(recording, seen, 0, active[0], active[0], steady[0]),))
    blank = lines(steady[0]) | lines(steady[1])
    level = (speech_level(seen, 0, active[0]), speech_level(seen, 1, active[1]))
    alike = likeness(recording, seen, active, level, blank)
    own, leaks = np.zeros_like(active), _no_leaks()
    if alike.copy is None:
        own, leaks = _apart(recording, seen, active, blank)
    sides = tuple(_side(recording, seen, channel, active[channel], own[channel], steady[channel]) for channel in (0, 1))
    return Health(sides=sides, likeness=alike, leaks=leaks)


def _apart(recording: Recording, seen: Survey, active: Mask, blank: Mask) -> tuple[Mask, tuple[Leak, ...]]:
    """Each side's own activity, and the leaks: first with a guess of the former, then with what the leaks do not explain."""
    guess = np.stack([likely_own(seen, active, channel) for channel in (0, 1)])
    first = tuple(leak(recording, seen, active, guess, source, blank) for source in (0, 1))
    own = np.stack([unexplained(seen, active[channel], first[1 - channel]) for channel in (0, 1)])
    return own, tuple(leak(recording, seen, active, own, source, blank, first[source].delay_ms) for source in (0, 1))


def _no_leaks() -> tuple[Leak, ...]:
    """Copies leave no stretch in which only one side speaks."""
    return tuple(Leak(source=source, into=1 - source, evidence_s=0.0) for source in (0, 1))


def _side(recording: Recording, seen: Survey, channel: int, active: Mask, own: Mask, steady: Floats | None) -> Side:
    hum = mains_hum(steady) if steady is not None else None
    reach = bandwidth(seen, channel)
    peak = max(-int(seen.low[channel]), int(seen.high[channel])) / full_scale(recording.bits)
    return Side(
        speech_s=float(active.sum() / seen.frame_rate),
        own_speech_s=float(own.sum() / seen.frame_rate),
        level_dbfs=speech_level(seen, channel, own if own.any() else active),
        noise_dbfs=noise_floor(seen, channel, active),
        peak_dbfs=to_db(peak**2),
        dc=float(seen.mean[channel]),
        zeros=int(seen.zeros[channel]) / recording.length,
        clipping=int(seen.clipped[channel]) / recording.length,
        bandwidth_hz=reach,
        original_rate=original_rate(recording, seen, channel, reach),
        hum_db=hum.over_db if hum else None,
        hum_dbfs=hum.level_dbfs if hum else None,
        hum_hz=hum.hz if hum else None,
    )


def _rejection(finding: Finding, found: tuple[Finding, ...], health: Health) -> Reject:
    where = "" if finding.channel is None else f" on channel {finding.channel}"
    detail = f"{finding.name}{where}: {finding.value:.4g} {finding.unit}, against a limit of {finding.limit:.4g} {finding.unit}"
    facts = {"health": to_plain(replace(health, findings=found))}
    return Reject(finding.name, detail, finding=to_plain(finding), **facts)
