"""Where a channel holds speech-like sound, from frame levels alone: adaptive, and blind to steady noise and tones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.health import Leak
from stages.health.survey import LOWEST, Floats, Survey, decibels

Mask = NDArray[np.bool_]

ABOVE_FLOOR_DB = 9.0
"""A frame is active this far above the local noise floor (dB)."""
LEAST_DBFS = -75.0
"""Quieter sound is never speech: 16-bit dither and single-bit toggling lie below."""
FLOOR_S = 30.0
"""Stretch over which one noise floor is taken."""
FLOOR_QUANTILE = 0.1
BRIDGE_S = 0.2
"""Pauses up to this long belong to the speech around them, as in ITU-T P.56."""
SHORTEST_S = 0.08
"""Shorter sounds are clicks."""
TONE_BREADTH = 5.0
TONE_DRIFT_HZ = 5.0
"""A segment is one or two tones when its median frame has fewer effective bins and its mean frequency moves less from frame to frame:
call progress tones and DTMF move by under 4 Hz, voices by more than 8."""
OWN_DB = 8.0
"""A side's own sound stands this far above what leaks of the other side."""
REACH_S = (0.03, 0.5)
"""How long before and after a sound of the other side its leak can be heard, when nothing is known of the leak."""
REVERB_S = (0.05, 0.15)
"""The same around the known delay of a leak."""


def activity(survey: Survey, channel: int) -> Mask:
    """[frames]: frames of speech-like sound.

    Active is what rises `ABOVE_FLOOR_DB` above the local floor (the 10th percentile of frames that are not digital silence, over
    30 s), lasts, and is not one or two tones. Constant noise, constant tones, beeps and silence give no activity.
    """
    level = smooth(decibels(survey.band[channel]), 5)
    live = survey.power[channel] > LOWEST
    raised = live & (level > _floor(level, live, survey.frame_rate) + ABOVE_FLOOR_DB) & (level > LEAST_DBFS)
    closed = bridge(raised, round(BRIDGE_S * survey.frame_rate))
    kept = np.zeros_like(closed)
    for start, end in zip(*runs(closed), strict=True):
        loud = np.flatnonzero(raised[start:end]) + start
        kept[start:end] = len(loud) >= SHORTEST_S * survey.frame_rate and not _tonal(survey, channel, loud)
    return kept


def _tonal(survey: Survey, channel: int, frames: NDArray[np.int64]) -> bool:
    drift = np.abs(np.diff(survey.centre[channel, frames].astype(np.float32)))
    return bool(np.median(survey.breadth[channel, frames]) < TONE_BREADTH and np.median(drift) < TONE_DRIFT_HZ)


def likely_own(survey: Survey, active: Mask, channel: int) -> Mask:
    """[frames]: the part of `active` [2, frames] of one channel that is most likely its own side's, before any leak is known.

    While the other side is active, this channel mostly holds leak and noise, some level below it; own speech stands `OWN_DB` above the
    median of that. Side talk that is softer is missed, which costs a leak's first estimate some precision and nothing else.
    """
    other = 1 - channel
    here, there = decibels(survey.band[channel]), decibels(survey.band[other])
    reached = spread(there, *(round(s * survey.frame_rate) for s in REACH_S))
    below = smooth(here, 5) - reached
    covered = active[other] & (survey.power[channel] > LOWEST)
    if covered.sum() < survey.frame_rate:
        whole: Mask = active[channel]
        return whole
    own = active[channel] & (below > np.median(below[covered]) + OWN_DB)
    return _lasting(own, active[channel], survey.frame_rate)


def unexplained(survey: Survey, active: Mask, leak: Leak) -> Mask:
    """[frames]: the part of `active`, the activity of the channel that hears `leak`, that the measured leak does not explain.

    The leak's level is expected at its delay, and for `REVERB_S` after; own speech stands `OWN_DB` above.
    """
    if leak.level_db is None:
        return active
    late = round((leak.delay_ms or 0.0) / 1000 * survey.frame_rate)
    there = np.roll(decibels(survey.band[leak.source]), late)
    expected = spread(there, *(round(s * survey.frame_rate) for s in REVERB_S)) + np.float32(leak.level_db + OWN_DB)
    return _lasting(active & (smooth(decibels(survey.band[leak.into]), 5) > expected), active, survey.frame_rate)


def _lasting(kept: Mask, within: Mask, frame_rate: float) -> Mask:
    closed = bridge(kept, round(BRIDGE_S * frame_rate)) & within
    for start, end in zip(*runs(closed), strict=True):
        if kept[start:end].sum() < SHORTEST_S * frame_rate:
            closed[start:end] = False
    return closed


def _floor(level: Floats, live: Mask, frame_rate: float) -> Floats:
    """Local noise floor of each frame in dB: the low quantile of each stretch, the median of neighbouring stretches, joined by lines."""
    size = max(1, round(FLOOR_S * frame_rate))
    centres, floors = [], []
    for start in range(0, len(level), size):
        heard = level[start : start + size][live[start : start + size]]
        if len(heard) >= min(size, len(level)) / 10:
            centres.append(start + size / 2)
            floors.append(float(np.quantile(heard, FLOOR_QUANTILE)))
    if not floors:
        return np.full(len(level), np.quantile(level[live], FLOOR_QUANTILE) if live.any() else 0.0, np.float32)
    padded = np.pad(floors, 1, mode="edge")
    steady = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    joined: Floats = np.interp(np.arange(len(level)), centres, steady).astype(np.float32)
    return joined


def runs(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends (half-open) of the true stretches of a mask."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return edges[::2], edges[1::2]


def bridge(mask: Mask, gap: int) -> Mask:
    """The mask with inner false stretches of at most `gap` frames made true."""
    closed = mask.copy()
    starts, ends = runs(~mask)
    for start, end in zip(starts, ends, strict=True):
        if start > 0 and end < len(mask) and end - start <= gap:
            closed[start:end] = True
    return closed


def smooth(values: Floats, width: int) -> Floats:
    """Running mean over an odd `width`, edges repeated, same length."""
    from scipy import ndimage

    mean: Floats = ndimage.uniform_filter1d(values, width, mode="nearest")
    return mean


def spread(values: Floats, before: int, after: int) -> Floats:
    """The greatest of `values[i - after .. i + before]` at each `i`: a sound reaches `before` frames back and `after` forward."""
    from scipy import ndimage

    size = before + after + 1
    found: Floats = ndimage.maximum_filter1d(values, size, origin=after - size // 2, mode="nearest")
    return found
