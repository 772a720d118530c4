"""A shorten encoder for tests, written from the format and independent of the decoder: it keeps its own means and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.decode.shorten import outward_table

QUIT, BLOCKSIZE, BITSHIFT, QLPC, ZERO, VERBATIM = 4, 5, 6, 7, 8, 9
AU1, S8, U8, S16HL, U16HL, S16LH, U16LH, ULAW, AU2, AU3 = range(10)
FIRST_MEAN = {U8: 0x80, U16HL: 0x8000, U16LH: 0x8000}


class Bits:
    """Codes gathered in order, packed all at once."""

    def __init__(self) -> None:
        self.values: list[NDArray[np.int64]] = []
        self.lows: list[NDArray[np.int64]] = []

    def unsigned(self, value: int | NDArray[Any], low: int) -> Bits:
        values = np.atleast_1d(np.asarray(value, np.int64))
        self.values.append(values)
        self.lows.append(np.full(len(values), low))
        return self

    def signed(self, value: int | NDArray[Any], low: int) -> Bits:
        v = np.atleast_1d(np.asarray(value, np.int64))
        return self.unsigned(np.where(v < 0, -2 * v - 1, 2 * v), low + 1)

    def number(self, value: int) -> Bits:
        low = int(value).bit_length()
        return self.unsigned(low, 2).unsigned(value, low)

    def pack(self) -> bytes:
        values, lows = np.concatenate(self.values), np.concatenate(self.lows)
        zeros = values >> lows
        ends = np.cumsum(zeros + 1 + lows)
        bits = np.zeros(-(-int(ends[-1]) // 32) * 32, np.uint8)
        bits[ends - lows - 1] = 1
        for j in range(int(lows.max())):
            at = lows > j
            bits[ends[at] - 1 - j] = values[at] >> j & 1
        return np.packbits(bits).tobytes()


@dataclass(frozen=True)
class Plan:
    """How one block is coded."""

    kind: int = 2
    shift: int = 0
    coefficients: tuple[int, ...] = ()


@dataclass
class _Channel:
    history: NDArray[np.int64]
    means: list[int] = field(default_factory=list)


def start(version: int = 2, ftype: int = S16LH, channels: int = 1, block: int = 256, order: int = 0, means: int = 4) -> Bits:
    """The header's numbers; put `magic(version)` in front of what it packs to."""
    bits = Bits()
    for value in (ftype, channels, block, order, means, 0):
        bits.number(value)
    return bits


def magic(version: int = 2) -> bytes:
    return b"ajkg" + bytes([version])


@cache
def _back() -> NDArray[np.int64]:
    return np.argsort(outward_table(), axis=1).astype(np.int64) - 128


def inward(values: NDArray[Any], ftype: int, shift: int) -> NDArray[np.int64]:
    """What is coded for original values of one block."""
    if ftype in (AU1, AU2):
        back = _back()[shift]
        coded: NDArray[np.int64] = back[values]
        if ftype == AU2:
            coded = np.where(values == 0x7F, -1, np.where(values < 0x7F, coded - 1, coded))
        return coded
    if ftype == AU3:
        plain = values ^ 0x55
        return np.where(plain & 0x80, plain - 128, -1 - plain).astype(np.int64) >> shift
    return np.asarray(values, np.int64) >> shift


def encode(
    samples: NDArray[Any],
    *,
    version: int = 2,
    ftype: int = S16LH,
    block: int = 256,
    means: int = 4,
    order: int = 0,
    plans: Sequence[Plan] = (Plan(),),
) -> bytes:
    """`samples` [n, channels] of the original file (codes, bytes as numbers or 16-bit values); `plans` are used in turn."""
    n, channels = samples.shape
    bits = start(version, ftype, channels, block, order, means)
    wrap = max(3, order)
    states = [_Channel(np.zeros(wrap, np.int64), [FIRST_MEAN.get(ftype, 0)] * max(1, means)) for _ in range(channels)]
    shift, turn = 0, 0
    for at in range(0, n, block):
        size = min(block, n - at)
        if size < block:
            bits.unsigned(BLOCKSIZE, 2).number(size)
        for channel, state in enumerate(states):
            plan = plans[turn % len(plans)]
            turn += 1
            if plan.shift != shift:
                shift = plan.shift
                bits.unsigned(BITSHIFT, 2).unsigned(shift, 2)
            values = inward(samples[at : at + size, channel].astype(np.int64), ftype, shift)
            _block(bits, values, plan, state, version, means)
    return magic(version) + bits.unsigned(QUIT, 2).pack()


def _block(bits: Bits, values: NDArray[np.int64], plan: Plan, state: _Channel, version: int, means: int) -> None:
    wrap = len(state.history)
    line = np.concatenate([state.history, values])
    offset = _offset(state.means, version, means, plan.shift)
    bits.unsigned(plan.kind, 2)
    if plan.kind == ZERO:
        assert not values.any()
    else:
        past = [line[wrap - j : len(line) - j] for j in range(1, wrap + 1)]
        if plan.kind == QLPC:
            total = np.full(len(values), 32 if version > 1 else 0)
            for j, c in enumerate(plan.coefficients):
                total += c * (past[j] - offset)
            guess = (total >> 5) + offset
        else:
            flat = np.full(len(values), offset)
            guess = (flat, past[0], 2 * past[0] - past[1], 3 * (past[0] - past[1]) + past[2])[plan.kind]
        residual = values - guess
        low = max(0, int(np.abs(residual).mean()).bit_length())
        bits.unsigned(low, 3)
        if plan.kind == QLPC:
            bits.unsigned(len(plan.coefficients), 2).signed(np.array(plan.coefficients), 5)
        bits.signed(residual, low)
    if means:
        mean = int((float(values.sum()) + (0 if version < 2 else len(values) // 2)) / len(values))
        state.means = [*state.means[1:], mean if version < 2 else mean << plan.shift]
    state.history = line[len(line) - wrap :]


def _offset(history: list[int], version: int, means: int, shift: int) -> int:
    if not means:
        return history[0]
    mean = int((sum(history) + (0 if version < 2 else means // 2)) / means)
    return mean if version < 2 or shift == 0 else mean >> shift


def sphere(payload: bytes, *, size: int = 1024, **fields: Any) -> bytes:
    """A SPHERE file of `payload`: integers and strings by name, in order; a field of None is left out."""
    lines = [b"NIST_1A", f"{size:7d}".encode()]
    for name, value in fields.items():
        if value is not None:
            kind = "i" if isinstance(value, int) else "r" if isinstance(value, float) else f"s{len(str(value))}"
            lines.append(f"{name} -{kind} {value}".encode())
    return b"\n".join([*lines, b"end_head\n"]).ljust(size) + payload
