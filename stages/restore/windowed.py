"""Pieces cut into windows with context on both sides, and what a network makes of each joined again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from schemas.errors import LawError
from stages.restore.enhancer import Change, Floats, Heard
from stages.separate.render import FULL, rising


@dataclass(frozen=True, slots=True)
class Cut:
    """Windows, in samples at the rate that a network hears; all are multiples of `of`, so that each is whole at the rate that it gives."""

    window: int
    context: int
    """Heard on both sides of what a window is for, and kept of it only as far as `fade` reaches."""
    fade: int
    """Over which what two windows give is crossed, centred on where the one ends and the next begins."""
    of: int
    """Samples heard for each `gives`."""
    gives: int

    @property
    def hop(self) -> int:
        return self.window - 2 * self.context

    def given(self, samples: int) -> int:
        """Samples given for so many heard, rounded up."""
        return -(-samples * self.gives // self.of)


def cut(rate: int, output_rate: int, window: int, context: float, fade: float) -> Cut:
    """Windows of `window` samples and `context` seconds, rounded up, that are crossed over at most `fade` seconds."""
    common = int(np.gcd(rate, output_rate))
    of, gives = rate // common, output_rate // common
    # The fade is halved.
    whole = 2 * of
    held = -(-round(context * rate) // whole) * whole
    size = -(-window // whole) * whole
    crossed = min(held, size - 2 * held, round(fade * rate) // whole * whole)
    return Cut(size, held, max(whole, crossed), of, gives)


@dataclass(frozen=True, slots=True)
class Window:
    """One window [n] of a piece."""

    sound: Floats
    first: bool
    left: int | None
    """Samples of the piece from where the window's own part begins, in its last window; None in any other."""


def windows_of(heard: Heard, how: Cut) -> Iterator[Window]:
    """Windows of each piece, with zeros before its start and after its end."""
    held, first = np.zeros(how.context, np.float32), True
    for block, last in heard:
        held = np.concatenate((held, block))
        while len(held) >= how.window:
            yield Window(held[: how.window], first, None)
            held, first = held[how.hop :], False
        while last:
            left = len(held) - how.context
            final = left <= how.hop
            sound = held[: how.window]
            yield Window(np.pad(sound, (0, how.window - len(sound))), first, left if final else None)
            if final:
                held, first = np.zeros(how.context, np.float32), True
                break
            held, first = held[how.hop :], False


def changed(
    windows: Iterable[Window], how: Cut, run: Callable[[Floats], Floats], base: Callable[[Floats], Floats], batch: int
) -> Iterator[Change]:
    """What `run` gives for windows [b, window] less what `base` makes of each one, joined piece by piece.

    Raises `LawError` when a network gives what is no number.
    """
    fade, hop = how.given(how.fade), how.given(how.hop)
    start = how.given(how.context) - fade // 2
    rise = rising(fade).astype(np.float32) / np.float32(FULL)
    carry = np.zeros(fade, np.float32)
    for window, wet in _run(windows, run, batch):
        if not np.isfinite(wet).all():
            raise LawError("restore.model: the network gives samples that are not finite; a shorter number format may be too short for it")
        part = (wet - base(window.sound))[start : start + hop + fade]
        if not window.first:
            part[:fade] = part[:fade] * rise + carry
        if window.left is None:
            carry = part[hop:] * rise[::-1]
            yield part[fade // 2 if window.first else 0 : hop], False
        else:
            at = fade // 2 if window.first else 0
            yield part[at : fade // 2 + how.given(window.left)], True


def _run(windows: Iterable[Window], run: Callable[[Floats], Floats], batch: int) -> Iterator[tuple[Window, Floats]]:
    held: list[Window] = []
    for window in windows:
        held.append(window)
        if len(held) == batch:
            yield from zip(held, run(np.stack([each.sound for each in held])), strict=True)
            held = []
    if held:
        yield from zip(held, run(np.stack([each.sound for each in held])), strict=True)
