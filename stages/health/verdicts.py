"""Which of the measured numbers are findings, under a policy."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.errors import UsageError
from schemas.health import Finding, Health, Side
from stages.health.likeness import COPY, COPY_SHARE

FINDINGS = (
    "silent",
    "dual_mono",
    "one_scene",
    "one_sided",
    "leakage",
    "clipping",
    "upsampled",
    "dc_offset",
    "hum",
    "low_level",
)
"""Every finding, gravest first: a recording is rejected for the first that its policy rejects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where each number becomes a finding; the fields of `ChannelHealth` of the same names say what they mean."""

    min_speech_s: float
    min_speech_share: float
    scene_similarity: float
    scene_separation_db: float
    scene_spread_db: float
    scene_gain_db: float
    scene_leakage_db: float
    max_leakage_db: float
    max_clipping: float
    max_dc: float
    max_hum_db: float
    min_hum_dbfs: float
    min_level_dbfs: float


def findings(health: Health, limits: Limits, seconds: float, rate: int) -> tuple[Finding, ...]:
    """Every number of `health` beyond its limit, gravest first; `seconds` and `rate` (Hz) are the recording's."""
    found = [*_speech(health, limits, seconds), *_alike(health, limits), *_leaks(health, limits)]
    for channel, side in enumerate(health.sides):
        found += _side(channel, side, limits, rate)
    return tuple(sorted(found, key=lambda finding: FINDINGS.index(finding.name)))


def check_names(setting: str, names: tuple[str, ...]) -> None:
    """Raise `UsageError` for a name that is no finding, with the nearest one."""
    for name in names:
        if name not in FINDINGS:
            near = difflib.get_close_matches(name, FINDINGS, n=1, cutoff=0.0)[0]
            raise UsageError(f"health.{setting}: no such finding {name!r}; did you mean {near!r}? Findings are {', '.join(FINDINGS)}")


def _speech(health: Health, limits: Limits, seconds: float) -> Iterator[Finding]:
    """A copy has no speech of its own, and two microphones in one room seem to have none: those go by all they hear."""
    needed = max(limits.min_speech_s, limits.min_speech_share * seconds)
    if all(side.speech_s < needed for side in health.sides):
        most = max(side.speech_s for side in health.sides)
        yield Finding(name="silent", channel=None, value=most, unit="s", limit=needed)
    elif not any(True for _ in _alike(health, limits)):
        for channel, side in enumerate(health.sides):
            if len(health.sides) == 2 and side.own_speech_s < needed:
                yield Finding(name="one_sided", channel=channel, value=side.own_speech_s, unit="s", limit=needed)


def _alike(health: Health, limits: Limits) -> Iterator[Finding]:
    like = health.likeness
    if like is None:
        return
    similar = like.similarity
    leaks = [leak.level_db for leak in health.leaks if leak.level_db is not None]
    both = min(leaks) if len(leaks) == 2 else None
    if like.copy is not None or like.same_samples:
        value = similar if similar is not None else 1.0
        yield Finding(name="dual_mono", channel=None, value=value, unit="correlation", limit=COPY)
    elif both is not None and both > limits.scene_leakage_db:
        yield Finding(name="one_scene", channel=None, value=both, unit="dB", limit=limits.scene_leakage_db)
    elif similar is not None and abs(like.gain_db or 0.0) <= limits.scene_gain_db:
        together = like.separation_db is not None and like.separation_db < limits.scene_separation_db
        steady = like.gain_spread_db is not None and like.gain_spread_db < limits.scene_spread_db
        whole = like.both_loud is not None and like.both_loud >= COPY_SHARE
        if abs(similar) >= limits.scene_similarity and (together or (steady and whole)):
            yield Finding(name="one_scene", channel=None, value=similar, unit="correlation", limit=limits.scene_similarity)


def _leaks(health: Health, limits: Limits) -> Iterator[Finding]:
    for leak in health.leaks:
        if leak.level_db is not None and leak.level_db > limits.max_leakage_db:
            yield Finding(name="leakage", channel=leak.into, value=leak.level_db, unit="dB", limit=limits.max_leakage_db)


def _side(channel: int, side: Side, limits: Limits, rate: int) -> Iterator[Finding]:
    if side.clipping > limits.max_clipping:
        yield Finding(name="clipping", channel=channel, value=side.clipping, unit="share", limit=limits.max_clipping)
    if side.original_rate is not None:
        yield Finding(name="upsampled", channel=channel, value=float(side.original_rate), unit="Hz", limit=float(rate))
    if abs(side.dc) > limits.max_dc:
        yield Finding(name="dc_offset", channel=channel, value=side.dc, unit="full scale", limit=limits.max_dc)
    loud = side.hum_dbfs is not None and side.hum_dbfs > limits.min_hum_dbfs
    if loud and side.hum_db is not None and side.hum_db > limits.max_hum_db:
        yield Finding(name="hum", channel=channel, value=side.hum_db, unit="dB", limit=limits.max_hum_db)
    if side.level_dbfs is not None and side.level_dbfs < limits.min_level_dbfs:
        yield Finding(name="low_level", channel=channel, value=side.level_dbfs, unit="dBFS", limit=limits.min_level_dbfs)
