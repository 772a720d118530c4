"""Speech level and noise floor of one channel."""

from __future__ import annotations

import math

import numpy as np

from stages.health.activity import Mask
from stages.health.survey import LOWEST, Survey

GUARD_S = 0.1
"""Frames this near to speech count neither as speech nor as noise."""


def speech_level(survey: Survey, channel: int, active: Mask) -> float | None:
    """Mean power over active frames in dBFS, above 60 Hz; absent without any.

    Active speech level in the sense of ITU-T P.56 (pauses up to 0.2 s count as speech), with this package's own activity.
    """
    return to_db(float(survey.power[channel][active].mean(dtype=np.float64))) if active.any() else None


def noise_floor(survey: Survey, channel: int, active: Mask) -> float | None:
    """Median power in dBFS, above 60 Hz, of frames far from speech; absent when all of them are digital silence.

    A side that speaks throughout has no such frames; its quietest twentieth stands in.
    """
    from scipy import ndimage

    power = survey.power[channel]
    live = power > LOWEST
    near = ndimage.binary_dilation(active, iterations=max(1, round(GUARD_S * survey.frame_rate)))
    rest = power[live & ~near]
    if len(rest) >= 0.1 * survey.frame_rate:
        return to_db(float(np.median(rest)))
    if near.all() and live.any():
        return to_db(float(np.quantile(power[live], 0.05)))
    return None


def to_db(power: float) -> float | None:
    """10 log10; absent for zero and below."""
    return 10 * math.log10(power) if power > 0 else None
