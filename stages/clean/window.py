"""The echo of one side in the other side's channel, over one window of a recording."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from schemas.health import Leak
from schemas.recording import Decoding, Recording
from schemas.span import Span
from stages.clean.line import SAME_DRIFT, Drifts, Line, aligned, find_line
from stages.clean.path import Path
from stages.clean.scene import Scene
from stages.clean.sight import GUARD, Sight, moved_by, padded, sight_of, slower, spread
from stages.health.activity import Mask, unexplained
from stages.health.leakage import leak
from stages.health.survey import Floats

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
    reached: Mask
    """[frames]: where the source's speech is heard, as late as each path makes it and for its tail."""


def strongest(scene: Scene, frames: Span, source: int, search: Search, drifts: Drifts) -> Line | None:
    """The delay and drift of the strongest path of channel `source` into the other one, over some frames; absent when none stands out."""
    talking = _talking(scene, frames, source)
    return _line(scene, _work(scene, _full(scene, frames, source, search)), talking, search, drifts) if talking.any() else None


def sure_leak(scene: Scene, frames: Span, source: int, search: Search, line: Line) -> Leak | None:
    """The leak of channel `source` along a line; absent when the channel health's own measure of it, on the channels aligned by the
    line, finds no more than chance, or what is too weak or too loud for an echo."""
    found = _measured(scene, frames, source, _work(scene, _full(scene, frames, source, search)), line)
    return found if _is_echo(found, search) else None


def find_echo(scene: Scene, frames: Span, source: int, search: Search, line: Line, pair: tuple[Leak, Leak | None]) -> Echo:
    """The echo of channel `source` in the other one, over some frames, its strongest path along `line`.

    `pair` is the leak that was measured along it and the one the other way, so that what either channel hears of the other side is
    taken neither for the source's speech nor for the near side's. Up to `PATHS` echoes are taken out one after the other, the later
    ones from what is left, by lines of their own of about the same drift.
    """
    leaked, back = pair
    talking = own_speech(scene, frames, source, back)
    free = ~spread(own_speech(scene, frames, 1 - source, leaked), GUARD, GUARD)
    full = replace(_full(scene, frames, source, search), free=np.repeat(free, scene.hop))
    same = scene.hop == scene.work_hop
    work = _work(scene, full)
    found: list[Floats] = []
    reached = np.zeros(len(frames), bool)
    along: Line | None = line
    measured = leaked
    while along is not None and len(found) < PATHS and _is_echo(measured, search):
        late = later(talking, seconds(measured), scene.survey.frame_rate, search.tail)
        level = 10 ** ((measured.level_db or 0.0) / 10)
        refined, path = _refined(work, along, late, search.tail, level)
        work = replace(work, near=work.near - path.echo)
        if not same:
            path = full.path(refined, late, search.tail, level, ROUNDS)
            full = replace(full, near=full.near - path.echo)
        found.append(path.echo)
        reached |= late
        along = _line(scene, work, talking, search, Drifts(refined.drift, SAME_DRIFT))
        measured = measured if along is None else _measured(scene, frames, source, work, along)
    return Echo(sum(found[1:], start=found[0]), reached)


def own_speech(scene: Scene, frames: Span, channel: int, heard: Leak | None) -> Mask:
    """[frames]: speech in a channel that the leak which it hears does not explain."""
    last = min(frames.end, scene.survey.frames)
    active = scene.active[channel, frames.start : last]
    own = active if heard is None else unexplained(scene.part(frames.start, last), active, heard)
    found: Mask = padded(own, len(frames))
    return found


def _talking(scene: Scene, frames: Span, source: int) -> Mask:
    found: Mask = padded(scene.active[source, frames.start : min(frames.end, scene.survey.frames)], len(frames))
    return found


def _full(scene: Scene, frames: Span, source: int, search: Search) -> Sight:
    return sight_of(scene, frames, source, search.latest + search.tail)


def _work(scene: Scene, full: Sight) -> Sight:
    return full if scene.hop == scene.work_hop else slower(scene, full)


def seconds(measured: Leak) -> float:
    """A leak's delay."""
    return (measured.delay_ms or 0.0) / 1000


def _is_echo(measured: Leak, search: Search) -> bool:
    return measured.level_db is not None and search.weakest_db <= measured.level_db <= LOUDEST_DB


def _line(scene: Scene, sight: Sight, talking: Mask, search: Search, drifts: Drifts) -> Line | None:
    heard = np.where(sight.free, sight.near, np.float32(0))
    return find_line(sight.source, sight.margin, heard, np.repeat(talking, sight.hop), sight.rate, search.latest, scene.blank, drifts)


def _measured(scene: Scene, frames: Span, source: int, sight: Sight, line: Line) -> Leak:
    """The leak on the channels aligned by a line, as channel health measures it; its delay is that of the line in the middle."""
    moved = aligned(sight.source, sight.margin, len(sight.near), sight.rate, line)
    pair = (moved, sight.near) if source == 0 else (sight.near, moved)
    samples = np.clip(np.rint(np.stack(pair) * FULL), -FULL, FULL - 1).astype(np.int32)
    decoding = Decoding(container="", encoding="", decoder="", exact=False)
    recording = Recording(samples=samples, rate=round(sight.rate), bits=24, decoding=decoding)
    first, last = frames.start, min(frames.end, scene.survey.frames)
    active = scene.active[:, first:last].copy()
    active[source] = moved_by(active[source], round(line.delay * scene.survey.frame_rate))
    found = leak(recording, scene.part(first, last), active, scene.own[:, first:last], source, scene.blank, 0.0)
    middle = (len(sight.near) / sight.rate) / 2
    return replace(found, delay_ms=1000 * (line.delay + line.drift * (middle - line.at)))


def _refined(sight: Sight, line: Line, late: Mask, tail: float, level: float) -> tuple[Line, Path]:
    """The line with its drift set by what its path leaves, and the path.

    What the path leaves tells how much more drift there is (`_more_drift`). Where the drift is wrong the path has lost its highs and so
    the answer is too large, by a factor that hardly changes: from the second step on, the drift for which it is nothing is taken (secant).
    """
    path = sight.path(line, late, tail, level, FIRST_ROUNDS)
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
        path = sight.path(line, late, tail, level, 1, path.taps)
    return line, sight.path(line, late, tail, level, LAST_ROUNDS, path.taps)


def _more_drift(sight: Sight, line: Line, path: Path) -> tuple[float, float]:
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
    return spread(moved_by(talking, round(delay * frame_rate)), GUARD, GUARD + math.ceil(tail * frame_rate))
