"""Two true channels mixed into a mono recording under a condition, with the sides as they are inside the mix."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Decoding, Recording, Samples, as_float, full_scale
from stages.acoustics.condition import PEAK, Condition, mix
from stages.acoustics.line import through
from stages.spool import Spool

BLOCK = 1 << 20
"""Samples per channel worked on at a time."""
LOW = 1 / 64
"""The sides are mixed this much below their level, a power of two, so that nothing is rounded and `mix` has no need to turn them down:
how far to turn them down is decided, and told, here."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """A mono recording, and what it is the sum of."""

    recording: Recording
    sides: Callable[[int, int], Floats]
    """The two sides inside the mixture, before noise and codec: samples `[start, end)` as float64 [2, m], full scale 1."""
    gain_db: float
    """Gain of both sides, 0 unless their sum would have been clipped."""


def mixture(recording: Recording, condition: Condition, id: str, seed: int) -> Mixture:
    """`recording` of two channels mixed under `condition`, at its own rate and depth.

    Under a condition that changes nothing the mixture is the exact sum of the integers. Otherwise everything drawn at random depends on
    `seed` and the recording's `id` alone. Long recordings are held on scratch disk, and read in blocks where the condition allows.
    """
    plain = condition == Condition(condition.name)
    return _plain(recording) if plain else _changed(recording, condition, _seed(id, seed))


def _plain(recording: Recording) -> Mixture:
    scale = full_scale(recording.bits)
    low = high = 0
    for block in _blocks(recording):
        total = block.sum(axis=0, dtype=np.int64)
        low, high = min(low, int(total.min())), max(high, int(total.max()))
    gain = 1.0 if -scale <= low and high < scale else PEAK * scale / max(-low, high)
    spool = Spool(recording.samples.dtype, 1)
    for block in _blocks(recording):
        total = block.sum(axis=0, dtype=np.int64)
        spool.write((total if gain == 1.0 else np.rint(total * gain))[:, None].astype(recording.samples.dtype))

    def sides(start: int, end: int) -> Floats:
        return as_float(recording.samples[:, start:end], recording.bits).astype(np.float64) * gain

    return _made(recording, spool.samples(), sides, gain)


def _changed(recording: Recording, condition: Condition, seed: int) -> Mixture:
    channels = as_float(recording.samples, recording.bits) * np.float32(LOW)
    mixed, parts = mix(channels, recording.rate, replace(condition, codec="none"), seed)
    del channels
    peak = float(np.abs(mixed).max(initial=0.0)) / LOW
    gain = min(1.0, PEAK / peak) if peak else 1.0
    mixed *= np.float32(gain / LOW)
    heard = through(mixed, recording.rate, condition.codec)
    scale = full_scale(recording.bits)
    spool, held = Spool(recording.samples.dtype, 1), Spool(np.float32, 2)
    for start in range(0, recording.length, BLOCK):
        block = np.rint(heard[start : start + BLOCK].astype(np.float64) * scale)
        spool.write(np.clip(block, -scale, scale - 1)[:, None].astype(recording.samples.dtype))
        held.write(parts[:, start : start + BLOCK].T * np.float32(gain / LOW))
    kept = held.samples()
    return _made(recording, spool.samples(), lambda start, end: kept[:, start:end].astype(np.float64), gain)


def _made(recording: Recording, samples: Samples, sides: Callable[[int, int], Floats], gain: float) -> Mixture:
    encoding = f"PCM_{recording.bits}"
    gain_db = 20 * math.log10(gain)
    decoding = Decoding(container="mixture", encoding=encoding, decoder="duologue calibrate", exact=gain == 1.0, gain_db=gain_db)
    made = Recording(samples=samples, rate=recording.rate, bits=recording.bits, decoding=decoding)
    return Mixture(recording=made, sides=sides, gain_db=gain_db)


def _blocks(recording: Recording) -> Iterator[Samples]:
    for start in range(0, recording.length, BLOCK):
        yield recording.samples[:, start : start + BLOCK]


def _seed(id: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed} {id}".encode(errors="backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
