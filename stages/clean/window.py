"""The echo of one side in the other side's channel, over one window of a recording."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.health import Leak
from schemas.recording import Decoding, Recording
from schemas.span import Span
from stages.clean.line import Line, aligned, find_line
from stages.clean.path import Path, Shape, fit
from stages.clean.scene import Scene
from stages.health.activity import Mask
from stages.health.leakage import leak
from stages.health.survey import Floats

LEAD_S = 0.016
"""A path begins this long before its strongest part."""
PATHS = 3
"""Echoes at different delays that are looked for, one after the other."""
TURNS = 4
"""Times that a drift is refined, at most."""
DRIFT_DEVIATION = 5e-5
"""Expected of clocks: 50 ppm, which keeps the drift of a short stretch from running away."""
ROUNDS = 3
"""Times that a path is solved for, each with weights from what the one before left; fewer where one is known to begin with."""
FIRST_ROUNDS, LAST_ROUNDS = 2, 1
SETTLED = 1e-7
"""A drift that changes by less is found."""
LOUDEST_DB = -6.0
"""A louder leak is no echo but the voice itself: channels that are copies, or the side whose channel only hears the other."""
GUARD = 2
"""Frames beside a side's own speech that do not count as free of it."""
FULL = 1 << 23


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for."""

    latest: float
    """Seconds: the longest delay."""
    tail: float
    """Seconds that a path goes on after its strongest part."""
    weakest_db: float
    """Level of a leak over its source's, below which it is none."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What one side leaves in the other channel over a window."""

    samples: Floats
    """[whole frames]: in [-1, 1)."""
    leak: Leak
    """The strongest path, its delay that of the window's middle."""
    delays: tuple[float, ...]
    """Of all paths, in seconds, in the window's middle."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """A window at one rate: the source with `margin` more on both sides, and the hearing channel with where it is free of own speech."""

    source: Floats
    near: Floats
    free: Mask
    rate: float
    hop: int
    margin: int

    def path(self, line: Line, late: Mask, tail: float, level: float, first: Floats | None = None, rounds: int = ROUNDS) -> Path:
        """The path that is left when the source is as late as `line` says, from the frames `late`, on `tail` s."""
        count = round((LEAD_S + tail) * self.rate)
        before = count - 1
        moved = Line(line.delay - LEAD_S, line.drift, line.at + before / self.rate)
        reference = aligned(self.source, self.margin - before, before + len(self.near), self.rate, moved)
        shape = Shape(count, round(LEAD_S * self.rate), level)
        return fit(reference, self.near, self.free & np.repeat(late, self.hop), self.hop, shape, first, rounds)


def find_echo(scene: Scene, window: Span, source: int, search: Search) -> Echo | None:
    """The echo of channel `source` in the other one, over a window that begins with a frame; absent without a sure one.

    A leak is sure when a delay stands out (`find_line`) and the channel health's own measure of leakage, on the channels aligned by it,
    finds more than chance. Up to `PATHS` echoes are taken out one after the other, the later ones from what is left.
    """
    first, last = window.start // scene.hop, -(-window.end // scene.hop)
    frames = slice(first, min(last, scene.survey.frames))
    talking = _padded(scene.active[source, frames], last - first)
    if not talking.any():
        return None
    full = _sight(scene, first, last, source, search.latest + search.tail)
    same = scene.hop == scene.work_hop
    work = full if same else _slower(scene, full)
    found: list[Floats] = []
    leaks: list[Leak] = []
    for _ in range(PATHS):
        line = _line(scene, work, talking, search.latest)
        measured = None if line is None else _measured(scene, (first, last), source, work, line)
        if line is None or measured is None or not _is_echo(measured, search):
            break
        late = later(talking, seconds(measured), scene.survey.frame_rate, search.tail)
        level = 10 ** ((measured.level_db or 0.0) / 10)
        line, path = _refined(work, line, late, search.tail, level)
        work = replace(work, near=work.near - path.echo)
        if not same:
            path = full.path(line, late, search.tail, level)
        full = work if same else replace(full, near=full.near - path.echo)
        found.append(path.echo)
        leaks.append(measured)
    if not found:
        return None
    return Echo(sum(found[1:], start=found[0]), leaks[0], tuple(seconds(each) for each in leaks))


def seconds(measured: Leak) -> float:
    """A leak's delay."""
    return (measured.delay_ms or 0.0) / 1000


def _is_echo(measured: Leak, search: Search) -> bool:
    return measured.level_db is not None and search.weakest_db <= measured.level_db <= LOUDEST_DB


def _sight(scene: Scene, first: int, last: int, source: int, reach: float) -> _Sight:
    """Frames `first` to `last` at the recording's own rate."""
    hop = scene.hop
    margin = math.ceil((reach + 0.2) * scene.survey.frame_rate) * hop
    own = _padded(scene.own[1 - source, first : min(last, scene.survey.frames)], last - first)
    return _Sight(
        source=scene.heard(source, first * hop - margin, last * hop + margin),
        near=scene.heard(1 - source, first * hop, last * hop),
        free=np.repeat(~spread(own, GUARD, GUARD), hop),
        rate=float(scene.recording.rate),
        hop=hop,
        margin=margin,
    )


def _slower(scene: Scene, full: _Sight) -> _Sight:
    """The same at the rate of measuring."""
    hop, frames = scene.work_hop, len(full.near) // full.hop
    return _Sight(
        source=_padded(scene.slower(full.source), frames * hop + 2 * (full.margin // full.hop) * hop),
        near=_padded(scene.slower(full.near), frames * hop),
        free=np.repeat(full.free[:: full.hop], hop),
        rate=scene.work_rate,
        hop=hop,
        margin=full.margin // full.hop * hop,
    )


def _line(scene: Scene, sight: _Sight, talking: Mask, latest: float) -> Line | None:
    heard = np.where(sight.free, sight.near, np.float32(0))
    return find_line(sight.source, sight.margin, heard, np.repeat(talking, sight.hop), sight.rate, latest, scene.blank)


def _measured(scene: Scene, frames: tuple[int, int], source: int, sight: _Sight, line: Line) -> Leak:
    """The leak on the channels aligned by a line, as channel health measures it; its delay is that of the line in the middle."""
    moved = aligned(sight.source, sight.margin, len(sight.near), sight.rate, line)
    pair = (moved, sight.near) if source == 0 else (sight.near, moved)
    samples = np.clip(np.rint(np.stack(pair) * FULL), -FULL, FULL - 1).astype(np.int32)
    decoding = Decoding(container="", encoding="", decoder="", exact=False)
    recording = Recording(samples=samples, rate=round(sight.rate), bits=24, decoding=decoding)
    first, last = frames[0], min(frames[1], scene.survey.frames)
    active = scene.active[:, first:last].copy()
    active[source] = _moved(active[source], round(line.delay * scene.survey.frame_rate))
    found = leak(recording, scene.part(first, last), active, scene.own[:, first:last], source, scene.blank, 0.0)
    middle = (len(sight.near) / sight.rate) / 2
    return replace(found, delay_ms=1000 * (line.delay + line.drift * (middle - line.at)))


def _refined(sight: _Sight, line: Line, late: Mask, tail: float, level: float) -> tuple[Line, Path]:
    """The line with its drift set by what its path leaves, and the path.

    What the path leaves tells how much more drift there is (`_more_drift`). Where the drift is wrong the path has lost its highs and so
    the answer is too large, by a factor that hardly changes: from the second step on, the drift for which it is nothing is taken (secant).
    """
    path = sight.path(line, late, tail, level, rounds=FIRST_ROUNDS)
    known: tuple[float, float] | None = None
    for _ in range(TURNS):
        more, middle = _more_drift(sight, line, path)
        by = more
        if known is not None and known[1] != more:
            secant = more * (line.drift - known[0]) / (known[1] - more)
            by = secant if abs(secant) <= abs(more) else more
        turned = line.turned(by, middle)
        if abs(turned.drift - line.drift) < SETTLED:
            break
        known, line = (line.drift, more), turned
        path = sight.path(line, late, tail, level, path.taps, 1)
    return line, sight.path(line, late, tail, level, path.taps, LAST_ROUNDS)


def _more_drift(sight: _Sight, line: Line, path: Path) -> tuple[float, float]:
    """How much more drift there is, and the time in seconds about which it turns.

    An echo that comes e(t) later than the line says is echo(t) - e(t) echo'(t) to first order, and e(t) = d (t - middle): so d is found
    by least squares on what is left (Gauss-Newton), with the path's weights, and a deviation of `DRIFT_DEVIATION` expected of all drift.
    """
    slope = np.gradient(path.echo.astype(np.float64)) * sight.rate
    weight = path.weights * slope**2
    if not weight.any():
        return 0.0, line.at
    time = np.arange(len(sight.near)) / sight.rate
    middle = float(np.average(time, weights=weight))
    along = time - middle
    information = float(np.sum(weight * along**2))
    change = -float(np.sum(path.weights * slope * along * (sight.near - path.echo)))
    prior = DRIFT_DEVIATION**-2
    return (change - prior * line.drift) / (information + prior), middle


def later(talking: Mask, delay: float, frame_rate: float, tail: float) -> Mask:
    """[frames]: where the echo of speech may be heard, `delay` s later and for `tail` s after."""
    return spread(_moved(talking, round(delay * frame_rate)), GUARD, GUARD + math.ceil(tail * frame_rate))


def spread(mask: Mask, before: int, after: int) -> Mask:
    """The mask with its true stretches begun `before` frames earlier and ended `after` frames later."""
    edges = np.concatenate((np.zeros(after + 1, np.int64), np.cumsum(mask), np.full(before, mask.sum())))
    found: Mask = edges[before + after + 1 :] > edges[: len(mask)]
    return found


def _moved(mask: Mask, by: int) -> Mask:
    """The mask `by` frames later."""
    found = np.zeros_like(mask)
    if abs(by) < len(mask):
        found[max(by, 0) : len(mask) + min(by, 0)] = mask[max(-by, 0) : len(mask) - max(by, 0)]
    return found


def _padded(values: NDArray[Any], count: int) -> NDArray[Any]:
    """`count` values: cut, or with zeros after them."""
    cut = values[:count]
    return cut if len(cut) == count else np.pad(cut, (0, count - len(cut)))
