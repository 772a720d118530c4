"""The prints of one recording: hashes of its decoded samples, whole and by side, and the marks of each side's sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.prints import TICK_S, Prints, SidePrint
from schemas.recording import Recording
from stages.audit.marks import RATE, Marks, marks_of
from stages.vad.windows import windows

WINDOW = 1 << 18
"""Samples per channel hashed at once."""
SHIFTS = 4


def prints(recording: Recording) -> Prints:
    """The prints of `recording`, in windows: some 7 MB and 400 bytes a second and side, 30 MB for ten hours of two.

    Marks are those of the sound from 300 to 3400 Hz, brought to 8 kHz; equal sounds at other rates have almost the same ones. Silence,
    steady noise and steady tones have none.
    """
    whole, sides = _Hash(), [_SideHash() for _ in range(recording.channels)]
    for at in range(0, recording.length, WINDOW):
        block = np.ascontiguousarray(recording.samples[:, at : at + WINDOW])
        whole.add(block.T, recording.bits)
        for side, samples in zip(sides, block, strict=True):
            side.add(samples, recording.bits)
    found = marks_of(windows(recording.samples, recording.bits, recording.rate, RATE), recording.channels)
    made = tuple(SidePrint.of(*marks, *side.done()) for marks, side in zip(found, sides, strict=True))
    known = any(side.sha256 is not None for side in made)
    return Prints(sha256=whole.done() if known else None, seconds=recording.duration, rate=recording.rate, sides=made)


def evaluation_prints(recordings: Iterable[tuple[str, Recording]]) -> list[tuple[str, Prints]]:
    """Prints of evaluation audio, id by id, to hold a corpus against; recordings are read one at a time.

    Their sides hold the marks of the sound moved by `SHIFTS` quarters of a tick, all together: some two and a half times as many, of which
    a recording that holds the audio has more, whatever the place its own frames fall on.
    """
    return [(id, _dense(recording)) for id, recording in recordings]


def _dense(recording: Recording) -> Prints:
    plain = prints(recording)
    made = [[side.decoded() for side in plain.sides]]
    for shift in range(1, SHIFTS):
        later = round(shift / SHIFTS * TICK_S * recording.rate)
        if recording.length > later:
            made.append(marks_of(windows(recording.samples[:, later:], recording.bits, recording.rate, RATE), recording.channels))
    return replace(plain, sides=tuple(_together(side, found) for side, found in zip(plain.sides, zip(*made, strict=True), strict=True)))


def _together(side: SidePrint, found: Sequence[Marks]) -> SidePrint:
    values, ticks = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((ticks, values))
    values, ticks = values[order], ticks[order]
    # One mark found again a tick beside itself is one.
    fresh = np.concatenate(([True], (values[1:] != values[:-1]) | (ticks[1:] > ticks[:-1] + 1))) if len(values) else np.zeros(0, bool)
    values, ticks = values[fresh], ticks[fresh]
    order = np.lexsort((values, ticks))
    return SidePrint.of(values[order], ticks[order], side.sha256, side.start)


class _Hash:
    """SHA-256 of samples in two bytes each where all fit in 16 bits, and of their 24 bits in four bytes where not."""

    def __init__(self) -> None:
        self._narrow: Any = hashlib.sha256()
        self._wide: Any = None

    def add(self, samples: NDArray[Any], bits: int) -> None:
        """`samples` in the order they are hashed in, flattened by rows."""
        if bits == 16:
            self._narrow.update(np.ascontiguousarray(samples, "<i2").data)
            return
        if self._wide is None:
            self._wide = hashlib.sha256()
        self._wide.update(np.ascontiguousarray(samples, "<i4").data)
        if self._narrow is not None and not int(np.bitwise_or.reduce(samples, axis=None)) & 0xFF:
            self._narrow.update(np.ascontiguousarray(samples >> 8, "<i2").data)
        else:
            self._narrow = None

    def done(self) -> str:
        return str((self._wide if self._narrow is None else self._narrow).hexdigest())


class _SideHash:
    """The hash of one channel without the zeros at both ends, and where it starts."""

    def __init__(self) -> None:
        self._hash = _Hash()
        self._start: int | None = None
        self._seen = self._zeros = 0
        self._first: int | None = None
        self._equal = True

    def add(self, samples: NDArray[Any], bits: int) -> None:
        self._first = int(samples[0]) if self._first is None else self._first
        self._equal = self._equal and bool((samples == self._first).all())
        there = np.flatnonzero(samples)
        if not len(there):
            self._zeros += len(samples)
        else:
            begin = 0
            if self._start is None:
                begin = int(there[0])
                self._start, self._zeros = self._seen + begin, 0
            self._silence(samples.dtype, bits)
            self._hash.add(samples[begin : there[-1] + 1], bits)
            self._zeros = len(samples) - 1 - int(there[-1])
        self._seen += len(samples)

    def _silence(self, dtype: np.dtype[Any], bits: int) -> None:
        for at in range(0, self._zeros, WINDOW):
            self._hash.add(np.zeros(min(WINDOW, self._zeros - at), dtype), bits)

    def done(self) -> tuple[str | None, int]:
        """The hash and the sample that it starts at; no hash for a channel of equal samples."""
        if self._equal or self._start is None:
            return None, 0
        return self._hash.done(), self._start
