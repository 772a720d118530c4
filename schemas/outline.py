"""The outline of a recording's waveform, small enough to keep for every recording and to draw from."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from schemas.errors import LawError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The lowest and highest sample of each step of every channel.

    Laws: `step > 0`, and every channel holds one pair for each `step` seconds begun in `seconds`.
    """

    seconds: float
    """Of the recording."""
    step: float
    """Seconds of sound that one pair sums up; the last may sum up less."""
    peaks: tuple[str, ...]
    """Base64 of int8 [points, 2] of each channel: lowest and highest sample, each as 127 times the signed square root of its share of full
    scale, so that -84 dBFS can still be told from silence."""

    def __post_init__(self) -> None:
        if not (self.step > 0 and self.seconds > 0):
            raise LawError(f"Outline: steps of {self.step} s over {self.seconds} s; wanted more than 0")
        for channel, text in enumerate(self.peaks):
            try:
                size = len(base64.b64decode(text, validate=True))
            except binascii.Error as error:
                raise LawError(f"Outline: channel {channel} is not base64: {error}") from error
            # A pair more or less than seconds / step is how far rounding may carry it.
            if size % 2 or not -1 < size // 2 - self.seconds / self.step < 1.001:
                raise LawError(f"Outline: channel {channel} has {size} bytes for {self.seconds} s in steps of {self.step} s")
