"""Two channels that are a cut-up mixture in disguise: one is perfectly silent whenever the other speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.recording import Recording, Samples
from schemas.span import union

FRAME = 0.02
"""Seconds."""
BLOCK_FRAMES = 4096
GROWN = 0.3
"""Seconds around speech that do not count as a channel's silence."""
ALIKE = 0.98
"""Correlation above which two sounding frames are the same sound in both channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gating:
    """How silent each channel is where its speaker is. Shares in [0, 1]; absent where there is nothing to take a share of."""

    dead: tuple[float | None, float | None]
    """Share of each channel's time away from its own speech in which its samples do not change at all."""
    quiet_s: tuple[float, float]
    """Seconds away from each channel's own speech."""
    both: float | None
    """Share of the time in which anything sounds in which both channels do, to the sample."""
    same: float | None
    """Share of the frames in which both sound in which both hold the same sound; absent when there are none."""


def gating(recording: Recording, activity: Activity) -> Gating:
    """Measured on frames of 20 ms of a two-channel recording."""
    hop = max(1, round(FRAME * recording.rate))
    count = recording.length // hop
    away = [_away(activity, channel, hop, count) for channel in (0, 1)]
    dead = np.zeros((2, count), bool)
    same, both, samples = 0, 0, 0
    for at in range(0, count, BLOCK_FRAMES):
        block: Any = np.asarray(recording.samples[:, at * hop : min(at + BLOCK_FRAMES, count) * hop]).reshape(2, -1, hop)
        still = block.max(axis=2) == block.min(axis=2)
        dead[:, at : at + still.shape[1]] = still
        sounding = ~still.any(axis=0)
        both += int(sounding.sum())
        samples += int((block[:, sounding] != 0).all(axis=0).sum())
        same += _same(block[:, sounding])
    anything = int((~dead.all(axis=0)).sum()) * hop
    shares = [float(dead[c][away[c]].mean()) if away[c].any() else None for c in (0, 1)]
    return Gating(
        dead=(shares[0], shares[1]),
        quiet_s=(float(away[0].sum() * hop / recording.rate), float(away[1].sum() * hop / recording.rate)),
        both=samples / anything if anything else None,
        same=same / both if both else None,
    )


def _away(activity: Activity, channel: int, hop: int, count: int) -> NDArray[np.bool_]:
    """Frames of a channel away from its own speech."""
    mask = np.ones(count, bool)
    margin = GROWN * activity.rate
    for span in union(activity.channels[channel]):
        mask[int(max(0, span.start - margin) // hop) : int((span.end + margin) // hop) + 1] = False
    return mask


def _same(frames: Samples) -> int:
    """How many of `frames` [2, n, hop] hold one sound in both channels, whatever its level."""
    if not frames.shape[1]:
        return 0
    left, right = (channel - channel.mean(axis=1, keepdims=True) for channel in frames.astype(np.float64))
    power = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    return int((np.abs((left * right).sum(axis=1)) > ALIKE * power).sum())
