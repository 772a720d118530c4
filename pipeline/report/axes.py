"""Round numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.report.words import lasting, number

HOUR = 3600
MOMENTS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR, 72 * HOUR, 240 * HOUR)
"""Seconds that read well on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of values laid over a stretch of pixels."""

    low: float
    high: float
    first: float
    last: float
    """Pixels of `low` and `high`."""
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Pixel of a value."""
        low, high, value = (math.log(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.first + (value - low) / (high - low) * (self.last - self.first)

    def ticks(self, label: Callable[[float], str], about: int = 6) -> list[tuple[float, str]]:
        """Pixel and text of round values, at least 48 pixels apart on a logarithmic axis."""
        if not self.logarithmic:
            return [(self.at(value), label(value)) for value in steps(self.low, self.high, about)]
        found: list[tuple[float, str]] = []
        for moment in MOMENTS:
            if self.low <= moment <= self.high and (not found or abs(self.at(moment) - found[-1][0]) >= 48):
                found.append((self.at(moment), label(moment)))
        return found if len(found) > 1 else [(self.at(v), label(v)) for v in (self.low, self.high)]


def steps(low: float, high: float, about: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten inside `[low, high]`, about as many as asked."""
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    # A hair of tolerance keeps a tick that rounding would push out of the range.
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def whole_steps(most: int, about: int = 3) -> list[int]:
    """0 and round whole numbers up to `most`."""
    return [int(v) for v in steps(0, most, about) if v == int(v)] if most > 1 else [0, most]


def plain_label(value: float) -> str:
    """A number without needless digits."""
    return number(value, 0 if abs(value - round(value)) < 1e-9 else 1 if abs(value * 10 - round(value * 10)) < 1e-9 else 2)


def percent_label(value: float) -> str:
    """A share as a percentage without needless digits."""
    return plain_label(100 * value)


def moment_label(value: float) -> str:
    """A duration, short: `10 min`."""
    for size, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if value >= size and value % size == 0:
            return f"{number(value / size, 0)}\u00a0{unit}"
    return lasting(value)


def clock_label(value: float) -> str:
    """A position in a recording: `1:30`."""
    return f"{int(value) // 60}:{int(value) % 60:02d}"
