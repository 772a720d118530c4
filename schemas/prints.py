"""What tells a recording from any other: hashes of its samples, and a robust acoustic fingerprint of each side."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError

TICK_S = 0.016
"""Seconds of one tick, the unit of a mark's time."""
MARK_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePrint:
    """One channel, whichever side of whichever file it stands on. Law: as many times as marks, in order of time."""

    sha256: str | None = None
    """Of the samples from the first to the last that is not zero, little endian, in two bytes each where all fit in 16 bits, else in four;
    absent for a channel of equal samples."""
    start: int = 0
    """Sample that the first one hashed stands at."""
    marks: str = ""
    """Base64 of two bytes for each mark, most significant first: see `stages.audit.marks`."""
    times: str = ""
    """Base64 of the ticks (`TICK_S`) from one mark to the next, the first from 0: seven bits a byte, low ones first, the high bit set
    while more follow."""

    def __post_init__(self) -> None:
        try:
            marks, steps = base64.b64decode(self.marks, validate=True), base64.b64decode(self.times, validate=True)
        except binascii.Error as error:
            raise LawError(f"SidePrint: {error}") from None
        ends = np.count_nonzero(np.frombuffer(steps, np.uint8) < 128)
        if len(marks) != MARK_BYTES * ends or (steps and steps[-1] >= 128):
            raise LawError(f"SidePrint: {len(marks)} bytes of marks and {ends} times; wanted {MARK_BYTES} bytes for each time")

    @property
    def count(self) -> int:
        """Number of marks."""
        return (len(self.marks) * 3 // 4 - self.marks.count("=")) // MARK_BYTES

    @staticmethod
    def of(values: NDArray[np.uint32], ticks: NDArray[np.int64], sha256: str | None = None, start: int = 0) -> SidePrint:
        """From marks below 2**16 and their ticks, both [n], ascending by tick."""
        if len(values) != len(ticks) or (len(ticks) and (ticks[0] < 0 or np.any(np.diff(ticks) < 0) or int(values.max()) >= 1 << 16)):
            raise LawError("SidePrint: wanted ascending ticks from 0 and a mark below 2**16 for each")
        steps = np.diff(ticks, prepend=0)
        return SidePrint(sha256=sha256, start=start, marks=_text(values.astype(">u2").tobytes()), times=_text(_varints(steps)))

    def decoded(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Marks and their ticks, both [n]."""
        values = np.frombuffer(base64.b64decode(self.marks), ">u2").astype(np.uint32)
        return values, np.cumsum(_from_varints(np.frombuffer(base64.b64decode(self.times), np.uint8)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """One recording. Laws: one or two sides; positive seconds and rate."""

    sha256: str | None = None
    """Of all samples, interleaved, little endian, in two bytes each where all fit in 16 bits, else in four: the same whatever the container
    or depth that carried them; absent where no channel holds anything but equal samples."""
    seconds: float
    rate: int
    """Hz, of the recording."""
    sides: tuple[SidePrint, ...]

    def __post_init__(self) -> None:
        if len(self.sides) not in (1, 2):
            raise LawError(f"Prints: {len(self.sides)} sides; wanted one or two")
        if self.seconds <= 0 or self.rate <= 0:
            raise LawError(f"Prints: {self.seconds} s at {self.rate} Hz")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _varints(values: NDArray[np.int64]) -> bytes:
    rows = np.zeros((len(values), 9), np.uint8)
    used = np.zeros((len(values), 9), bool)
    rest, left = values.astype(np.int64), np.ones(len(values), bool)
    for place in range(9):
        used[:, place] = left
        more = rest >= 128
        rows[:, place] = (rest & 127) | (more * 128)
        left, rest = left & more, rest >> 7
        if not left.any():
            break
    return rows[used].tobytes()


def _from_varints(octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    last = octets < 128
    if not len(octets):
        return np.zeros(0, np.int64)
    number = np.concatenate(([0], np.cumsum(last)[:-1]))
    first = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    place = np.arange(len(octets)) - first[number]
    found = np.zeros(int(last.sum()), np.int64)
    np.add.at(found, number, (octets & 127).astype(np.int64) << (7 * place))
    return found
