"""A window of two channels as it is measured: one the source, the other the one that hears it, at either rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from stages.clean.line import Line, aligned
from stages.clean.path import Path, Shape, fit
from stages.clean.scene import Scene
from stages.health.activity import Mask
from stages.health.survey import Floats

LEAD_S = 0.016
"""A path begins this long before its strongest part."""
GUARD = 2
"""Frames beside a side's own speech that do not count as free of it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A window at one rate: the source with `margin` more on both sides, and the hearing channel with where it is free of own speech."""

    source: Floats
    near: Floats
    free: Mask
    rate: float
    hop: int
    margin: int

    def path(self, line: Line, late: Mask, tail: float, level: float, rounds: int, first: Floats | None = None) -> Path:
        """The path that is left when the source is as late as `line` says, from the frames `late`, on `tail` s."""
        count = round((LEAD_S + tail) * self.rate)
        before = count - 1
        moved = Line(line.delay - LEAD_S, line.drift, line.at + before / self.rate)
        reference = aligned(self.source, self.margin - before, before + len(self.near), self.rate, moved)
        shape = Shape(count, round(LEAD_S * self.rate), level)
        return fit(reference, self.near, self.free & np.repeat(late, self.hop), self.hop, shape, first, rounds)


def sight_of(scene: Scene, frames: Span, source: int, reach: float) -> Sight:
    """Some frames at the recording's own rate, with `reach` s and a little more of the source around them."""
    first, last = frames.start, frames.end
    hop = scene.hop
    margin = math.ceil((reach + 0.2) * scene.survey.frame_rate) * hop
    own = padded(scene.own[1 - source, first : min(last, scene.survey.frames)], last - first)
    return Sight(
        source=scene.heard(source, first * hop - margin, last * hop + margin),
        near=scene.heard(1 - source, first * hop, last * hop),
        free=np.repeat(~spread(own, GUARD, GUARD), hop),
        rate=float(scene.recording.rate),
        hop=hop,
        margin=margin,
    )


def slower(scene: Scene, full: Sight) -> Sight:
    """The same at the rate of measuring."""
    hop, frames = scene.work_hop, len(full.near) // full.hop
    return Sight(
        source=padded(scene.slower(full.source), frames * hop + 2 * (full.margin // full.hop) * hop),
        near=padded(scene.slower(full.near), frames * hop),
        free=np.repeat(full.free[:: full.hop], hop),
        rate=scene.work_rate,
        hop=hop,
        margin=full.margin // full.hop * hop,
    )


def spread(mask: Mask, before: int, after: int) -> Mask:
    """The mask with its true stretches begun `before` frames earlier and ended `after` frames later."""
    edges = np.concatenate((np.zeros(after + 1, np.int64), np.cumsum(mask), np.full(before, mask.sum())))
    found: Mask = edges[before + after + 1 :] > edges[: len(mask)]
    return found


def moved_by(mask: Mask, by: int) -> Mask:
    """The mask `by` frames later."""
    found = np.zeros_like(mask)
    if abs(by) < len(mask):
        found[max(by, 0) : len(mask) + min(by, 0)] = mask[max(-by, 0) : len(mask) - max(by, 0)]
    return found


def padded(values: NDArray[Any], count: int) -> NDArray[Any]:
    """`count` values: cut, or with zeros after them."""
    cut = values[:count]
    return cut if len(cut) == count else np.pad(cut, (0, count - len(cut)))
