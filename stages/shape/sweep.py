"""Where a dialogue is cut so that as much of it as possible keeps the rules, in as few clips as possible.

The places where it may be cut divide it into pieces. Whether consecutive pieces may be one clip is, for every end, a range of beginnings
(`_Limits`): every rule for which a longer clip is worse sets the earliest, every rule for which it is better the latest. One sweep over
the ends then finds the best choice of clips exactly, by dynamic programming. With n pieces it takes O(n) after the sorting of the talk,
O(n log n) in all, and so do memory and time of the longest rows.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from stages.shape.talk import Talk, cut_points
from stages.shape.targets import Targets
from stages.turns.floor import Floor

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a dialogue: a clip, or what is in none and why."""

    span: Span
    reason: str | None = None
    """A key of `stages.shape.targets.LEFT_OUT`; absent for a clip."""


def sweep(talk: Talk, targets: Targets) -> tuple[Stretch, ...]:
    """Stretches that tile the dialogue exactly, in order of time.

    Together the clips hold as many samples as any choice of clips that keep the rules can, and they are as few as that allows, so that a
    dialogue which keeps the rules as a whole is one clip. Among equal choices the last clip is the earliest, then the one before it.
    """
    points = np.array(cut_points(talk, targets.min_silence), np.int64)
    held = talk.floor()
    bad = _bad(talk, targets, points, held)
    clips = _best(points, _limits(talk, targets, points, held, bad))
    found: list[Stretch] = []
    at = 0
    for first, last in [*clips, (len(points) - 1, len(points) - 1)]:
        found.extend(_rest(talk, targets, points, bad, at, first))
        if last > first:
            found.append(Stretch(Span(int(points[first]), int(points[last]))))
        at = last
    return tuple(found)


def _bad(talk: Talk, targets: Targets, points: Places, held: Floor) -> list[str | None]:
    """For each piece, why it can be in no clip, if it cannot."""
    found: list[str | None] = [None] * (len(points) - 1)

    def mark(longest: float | None, reason: str, start: Places, end: Places) -> None:
        if longest is not None:
            for piece in _piece(points, start[end - start > round(longest * talk.rate)]).tolist():
                found[piece] = found[piece] or reason

    turns = [span for spans in talk.turns for span in spans]
    mark(targets.max_turn, "long_turn", np.array([s.start for s in turns], np.int64), np.array([s.end for s in turns], np.int64))
    within = _together(held, points, round(talk.constants.monologue_pause * talk.rate))
    mark(targets.max_monologue, "monologue", held.start[within[0]], held.end[within[1]])
    mark(targets.max_clip, "too_long", points[:-1], points[1:])
    return found


def _together(held: Floor, points: Places, pause: int) -> tuple[Places, Places]:
    """First and last IPU of every stretch of one holder inside one piece."""
    if not len(held.start):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    piece = _piece(points, held.start)
    cut = _changes(held, pause) | (piece[1:] != piece[:-1])
    return np.flatnonzero(np.concatenate(([True], cut))), np.flatnonzero(np.concatenate((cut, [True])))


def _changes(held: Floor, pause: int) -> NDArray[np.bool_]:
    return np.asarray((held.channel[1:] != held.channel[:-1]) | (held.start[1:] - held.end[:-1] > pause))


def _piece(points: Places, at: Places) -> Places:
    """The piece in which each sample lies."""
    return np.asarray(np.searchsorted(points, at, "right") - 1, np.int64)


@dataclass(frozen=True, slots=True)
class _Limits:
    """For every end (a place where it may be cut), the first and last place at which a clip may begin; none where first > last."""

    first: Places
    last: Places


def _limits(talk: Talk, targets: Targets, points: Places, held: Floor, bad: list[str | None]) -> _Limits:
    n, rate = len(points), talk.rate
    first = np.zeros(n, np.int64)
    for piece, reason in enumerate(bad):
        if reason is not None:
            first[piece + 1] = piece + 1
    if targets.max_monologue is not None:
        for begin, end in _monologues(held, points, round(targets.max_monologue * rate), round(talk.constants.monologue_pause * rate)):
            first[end] = max(first[end], begin)
    if targets.max_clip is not None:
        first = np.maximum(first, np.searchsorted(points, points - round(targets.max_clip * rate), "left"))
    last = np.searchsorted(points, points - max(round(targets.min_clip * rate), 1), "right") - 1
    if targets.both_speak:
        for spans in talk.activity.channels:
            # A clip up to `end` holds speech of this channel if it begins no later than the last piece before it that does.
            spoken = np.full(n, -1, np.int64)
            mine = _piece(points, np.array([span.start for span in spans], np.int64))
            spoken[mine + 1] = mine
            last = np.minimum(last, np.maximum.accumulate(spoken))
    return _Limits(np.maximum.accumulate(first), last)


def _monologues(held: Floor, points: Places, longest: int, pause: int) -> list[tuple[int, int]]:
    """Pairs (begin, end): a clip that ends at place `end` or later must begin at `begin` or later to be no longer monologue than that."""
    if not len(held.start):
        return []
    fresh = np.concatenate(([True], _changes(held, pause)))
    run = np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), 0))
    # The earliest IPU of the same stretch with which this one still fits; starts ascend.
    fits = np.maximum(np.searchsorted(held.start, held.end - longest, "left"), run)
    piece = _piece(points, held.start)
    return [(int(piece[fit - 1]) + 1, int(piece[at]) + 1) for at, fit in enumerate(fits.tolist()) if fit > run[at]]


def _best(points: Places, limits: _Limits) -> list[tuple[int, int]]:
    """The clips of the best choice, as first and last place: most samples, then fewest clips, then earliest from the last on."""
    where = [int(point) for point in points]
    best: list[tuple[int, int]] = [(0, 0)]
    back: list[int | None] = [None]
    window: deque[int] = deque()
    entered = 0

    def value(begin: int) -> tuple[int, int]:
        return best[begin][0] - where[begin], best[begin][1]

    for end in range(1, len(where)):
        while entered <= min(int(limits.last[end]), end - 1):
            while window and value(window[-1]) < value(entered):
                window.pop()
            window.append(entered)
            entered += 1
        while window and window[0] < limits.first[end]:
            window.popleft()
        best.append(best[end - 1])
        back.append(None)
        if window:
            kept, clips = value(window[0])
            if (kept + where[end], clips - 1) > best[end]:
                best[end] = (kept + where[end], clips - 1)
                back[end] = window[0]
    found, at = [], len(where) - 1
    while at > 0:
        begin = back[at]
        if begin is not None:
            found.append((begin, at))
        at = at - 1 if begin is None else begin
    return found[::-1]


def _rest(talk: Talk, targets: Targets, points: Places, bad: list[str | None], begin: int, end: int) -> list[Stretch]:
    """What of the pieces from `begin` up to `end` is in no clip: neighbours with the same reason are told as one."""
    found: list[Stretch] = []
    at = begin
    while at < end:
        stop = at + 1
        while stop < end and bad[stop] == bad[at]:
            stop += 1
        span = Span(int(points[at]), int(points[stop]))
        found.append(Stretch(span, bad[at] or _why_not(talk, targets, span)))
        at = stop
    return found


def _why_not(talk: Talk, targets: Targets, span: Span) -> str:
    if len(span) < round(targets.min_clip * talk.rate):
        return "too_short"
    heard = [any(s.start < span.end and span.start < s.end for s in spans) for spans in talk.activity.channels]
    return "one_sided" if targets.both_speak and not all(heard) else "too_short"
