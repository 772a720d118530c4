"""Echoes taken out of a recording's channels: estimated window by window, judged stretch by stretch, and subtracted block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples, full_scale
from schemas.span import Span, Spans
from schemas.tracks import Tracks
from stages.clean.line import SAME_DRIFT, Drifts, Line, agreed
from stages.clean.scene import Scene
from stages.clean.sight import GUARD, padded, spread
from stages.clean.window import Echo, Search, find_echo, strongest, sure_leak
from stages.health.activity import Mask, bridge, runs
from stages.health.survey import LOWEST, Floats
from stages.restore.render import shares
from stages.spool import Spool

WINDOW_S = 60.0
"""A path is estimated over this long; windows overlap by half, and one estimate passes into the next along a raised cosine."""
NEIGHBOURS = 8
"""Windows to either side whose drifts are compared with one's own."""
AROUND_S = 10.0
"""A stretch is judged by the frames this near to it in which only the far side is heard."""
LEAST_S = 0.4
"""Fewer of those tell nothing, and the stretch is left alone."""
BRIDGE_S = 0.2
"""Stretches closer together than this are one."""
EDGE = 1e-3
"""Least weight of a window's estimate, at its ends, where it may be the only one."""
SOFT = 0.1
"""Frames with less than this part of the mean power of the echo count for little in that."""
WORST = 10.0
"""A single frame counts as raised by no more than this factor."""
BLOCK = 1 << 16
"""Samples written at a time."""


@dataclass(frozen=True, slots=True)
class Echoes:
    """What was estimated of both channels, each as the one that hears the other."""

    samples: Samples
    """[2, n or more]: the echo in each channel, in its integers; mapped from scratch disk."""
    marked: Mask
    """[2, frames]: where the other side's speech is heard, by the paths that were found."""
    before: Floats
    """[2, frames]: power of the channel in each hop."""
    after: Floats
    """The same without the echo."""
    echo: Floats
    """Power of the echo itself."""


def estimate(scene: Scene, search: Search) -> Echoes | None:
    """The echoes in both channels; absent when there is no sure one in any window."""
    hop = scene.hop
    frames = -(-scene.recording.length // hop)
    half = round(WINDOW_S / 2 * scene.survey.frame_rate)
    count = max(1, -(-frames // half) - 1)
    windows = [Span(index * half, frames if index == count - 1 else (index + 2) * half) for index in range(count)]
    lines = [_lines(scene, windows, 1 - into, search) for into in (0, 1)]
    if not any(line for side in lines for line in side):
        return None
    total, weight = (np.zeros((2, 2 * half * hop), np.float32) for _ in range(2))
    marked = np.zeros((2, frames), bool)
    powers = np.zeros((3, 2, frames), np.float32)
    spool = Spool(scene.recording.samples.dtype, 2)
    for index, window in enumerate(windows):
        found = _both(scene, window, search, (lines[0][index], lines[1][index]))
        ramp = np.repeat(np.sin(np.pi * (np.arange(len(window)) + 0.5) / (2 * half)) ** 2 + EDGE, hop).astype(np.float32)
        for into, echo in enumerate(found):
            if echo is not None:
                total[into, : len(ramp)] += ramp * echo.samples
                weight[into, : len(ramp)] += ramp
                marked[into, window.start : window.end] |= echo.reached
        ready = slice(0, (len(window) if index == count - 1 else half) * hop)
        echoes = np.divide(total[:, ready], weight[:, ready], out=np.zeros_like(total[:, ready]), where=weight[:, ready] > 0)
        _write(spool, scene, window.start, echoes, powers)
        for each in (total, weight):
            each[:, : -half * hop] = each[:, half * hop :]
            each[:, -half * hop :] = 0
    return Echoes(spool.samples(), marked, *powers) if marked.any() else None


def _lines(scene: Scene, windows: list[Span], source: int, search: Search) -> list[Line | None]:
    """Where the strongest echo of channel `source` lies in each window.

    Where most windows around one agree upon a drift, as two clocks make it, one that has another is looked at again for that drift.
    """
    first = [strongest(scene, window, source, search, Drifts()) for window in windows]
    found = list(first)
    for index, line in enumerate(first):
        beside = first[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1]
        drift = agreed([None if each is None else each.drift for each in beside])
        if line is not None and drift is not None and abs(line.drift - drift) > SAME_DRIFT:
            found[index] = strongest(scene, windows[index], source, search, Drifts(drift, SAME_DRIFT))
    return found


def _both(scene: Scene, window: Span, search: Search, lines: tuple[Line | None, Line | None]) -> list[Echo | None]:
    """The echoes in both channels over a window, along the line of each; first the leaks are made sure of, for each needs both."""
    leaks = [None if line is None else sure_leak(scene, window, 1 - into, search, line) for into, line in enumerate(lines)]
    found: list[Echo | None] = []
    for into, (line, leaked) in enumerate(zip(lines, leaks, strict=True)):
        if line is None or leaked is None:
            found.append(None)
        else:
            found.append(find_echo(scene, window, 1 - into, search, line, (leaked, leaks[1 - into])))
    return found


def _write(spool: Spool, scene: Scene, start: int, echoes: Floats, powers: Floats) -> None:
    """Append echoes that begin with frame `start`, and note the powers [before, after, echo] of their frames."""
    hop, scale = scene.hop, full_scale(scene.recording.bits)
    count = echoes.shape[1] // hop
    for channel in (0, 1):
        near = scene.heard(channel, start * hop, (start + count) * hop)
        for kind, signal in enumerate((near, near - echoes[channel], echoes[channel])):
            powers[kind, channel, start : start + count] = np.mean(signal.reshape(count, hop) ** 2, axis=1)
    spool.write(np.clip(np.rint(echoes * np.float32(scale)), -scale, scale - 1).T)


def judged(scene: Scene, echoes: Echoes, into: int, least_db: float) -> Spans:
    """Stretches of channel `into` in which taking out the echo is sure to help: power around them falls by `least_db` at least."""
    frame_rate, hop, length = scene.survey.frame_rate, scene.hop, scene.recording.length
    marked = echoes.marked[into]
    own = padded(scene.own[into], len(marked))
    alone = marked & ~spread(own, GUARD, GUARD) & (echoes.before[into] > LOWEST)
    around, least = round(AROUND_S * frame_rate), LEAST_S * frame_rate
    found = []
    for start, end in zip(*runs(bridge(marked, round(BRIDGE_S * frame_rate))), strict=True):
        first = max(0, int(start) - around)
        there = np.flatnonzero(alone[first : int(end) + around]) + first
        if len(there) >= least and _left(echoes, into, there) <= 10 ** (-least_db / 10):
            found.append(Span(int(start) * hop, min(int(end) * hop, length)))
    return tuple(found)


def _left(echoes: Echoes, into: int, there: NDArray[np.int64]) -> float:
    """The share of power that is left in frames in which only the far side is heard.

    It is the mean over frames of what is left over what was there, each frame weighted by how much of its echo stands above the softest
    that matter, `SOFT` of the mean: so neither a few loud frames of speech that went unnoticed nor the silence between words decide.
    """
    before, after, echo = (powers[into, there].astype(np.float64) for powers in (echoes.before, echoes.after, echoes.echo))
    soft = SOFT * float(echo.mean()) + LOWEST
    ratio = np.minimum((after + soft) / (before + soft), WORST)
    return float(np.average(ratio, weights=echo / (echo + soft) + LOWEST))


def subtracted(tracks: Tracks, echoes: Echoes, cleaned: tuple[Spans, Spans], fade: int) -> Samples:
    """Both channels [2, n], mapped from scratch disk: their echoes taken out inside `cleaned`, fading over `fade` samples at its ends.

    What would be beyond full scale is held at it.
    """
    low, high = -(1 << (tracks.bits - 1)), (1 << (tracks.bits - 1)) - 1
    spool = Spool(tracks.samples.dtype, 2)
    for window in _blocks(tracks.length):
        out = np.array(tracks.samples[:, window.start : window.end])
        for channel in (0, 1):
            share = shares(cleaned[channel], fade, window, tracks.length)
            taken = np.rint(echoes.samples[channel, window.start : window.end] * share).astype(np.int64)
            out[channel] = np.clip(out[channel] - taken, low, high)
        spool.write(out.T)
    return spool.samples()


def _blocks(length: int) -> Iterator[Span]:
    for start in range(0, length, BLOCK):
        yield Span(start, min(start + BLOCK, length))
