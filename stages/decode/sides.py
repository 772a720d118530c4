"""Decoded files as recordings: one file as it is, or two mono files as the two channels of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from schemas.recording import Decoding, Recording
from stages.decode.sandbox import Decoded
from stages.spool import Spool

_WINDOW = 1 << 16
_HALF_DB = 6.020599913279624
"""20 log10(2): the gain of one halving."""


@dataclass(slots=True)
class Side:
    """One decoded file and the scratch space that holds its samples."""

    decoded: Decoded
    spool: Spool

    def recording(self) -> Recording:
        """The file as a recording of its own, its samples mapped."""
        self.spool.retype(self.dtype, self.decoded.header.channels)
        return Recording(samples=self.spool.samples(), rate=self.rate, bits=self.bits, decoding=self.decoding())

    def decoding(self) -> Decoding:
        header, done = self.decoded.header, self.decoded.finished
        return Decoding(
            container=header.container,
            encoding=header.encoding,
            decoder=self.decoded.decoder,
            exact=done.exact,
            header_frames=header.frames,
            gain_db=done.gain_db,
            clipped=done.clipped,
            damaged=self.decoded.damaged,
            pcm_sha256=done.sha256,
        )

    @property
    def rate(self) -> int:
        return self.decoded.header.rate

    @property
    def bits(self) -> int:
        return self.decoded.finished.bits

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int16 if self.bits == 16 else np.int32)

    @property
    def frames(self) -> int:
        return self.decoded.finished.frames

    @property
    def halvings(self) -> int:
        """How often the file's float samples were halved to bring them inside full scale."""
        return round(-self.decoded.finished.gain_db / _HALF_DB)

    def window(self, at: int, bits: int, down: int) -> NDArray[Any]:
        """Samples `at` to `at + _WINDOW` at `bits`, halved `down` times, fewer at the end.

        They are read, not mapped, so that they do not stay in memory.
        """
        self.spool.file.seek(at * self.dtype.itemsize)
        samples = np.frombuffer(self.spool.file.read(_WINDOW * self.dtype.itemsize), self.dtype)
        if bits > self.bits:
            samples = samples.astype(np.int32) << 8
        return samples if down == 0 else np.rint(samples * 2.0**-down).astype(samples.dtype)


def joined(first: Side, second: Side, tolerance: float) -> Recording:
    """Two mono files as one recording of two channels, in their order.

    The shorter is padded with zeros when at most `tolerance` seconds are absent. 16 bits beside 24 become 24, exactly. Where float samples
    of one file had to be scaled down more than the other's, the other follows, so that levels keep their relation.
    Raises `Reject` sides_differ_in_rate or sides_differ_in_length.
    """
    if first.rate != second.rate:
        raise Reject("sides_differ_in_rate", f"{first.rate} and {second.rate} Hz", rates=[first.rate, second.rate])
    frames = max(first.frames, second.frames)
    absent = frames - min(first.frames, second.frames)
    if absent > tolerance * first.rate:
        seconds = [first.frames / first.rate, second.frames / first.rate]
        detail = f"{seconds[0]:.3f} and {seconds[1]:.3f} s; accepted is a difference of {tolerance:g} s"
        raise Reject("sides_differ_in_length", detail, seconds=seconds, frames=[first.frames, second.frames], rate=first.rate)
    down = max(first.halvings, second.halvings)
    follows = [down - side.halvings for side in (first, second)]
    bits = 24 if any(follows) else max(first.bits, second.bits)
    sha = hashlib.sha256()
    spool = Spool(np.int16 if bits == 16 else np.int32, 2)
    for at in range(0, frames, _WINDOW):
        both = np.zeros((min(_WINDOW, frames - at), 2), spool.dtype)
        for channel, side in enumerate((first, second)):
            window = side.window(at, bits, follows[channel])
            both[: len(window), channel] = window
        sha.update(both.astype(both.dtype.newbyteorder("<"), copy=False).data)
        spool.write(both)
    first.spool.file.close()
    second.spool.file.close()
    exact = all(_stays_exact(side, bits, by) for side, by in zip((first, second), follows, strict=True))
    facts = replace(_both(first.decoding(), second.decoding()), padded=absent, exact=exact, pcm_sha256=sha.hexdigest())
    return Recording(samples=spool.samples(), rate=first.rate, bits=bits, decoding=facts)


def _stays_exact(side: Side, bits: int, down: int) -> bool:
    return side.decoded.finished.exact and down <= bits - side.bits


def _both(first: Decoding, second: Decoding) -> Decoding:
    promises = [first.header_frames, second.header_frames]
    known = [promise for promise in promises if promise is not None]
    return Decoding(
        container=_one_or_both(first.container, second.container),
        encoding=_one_or_both(first.encoding, second.encoding),
        decoder=_one_or_both(first.decoder, second.decoder),
        exact=first.exact and second.exact,
        header_frames=max(known) if len(known) == 2 else None,
        gain_db=min(first.gain_db, second.gain_db),
        clipped=first.clipped + second.clipped,
        damaged=first.damaged + second.damaged,
    )


def _one_or_both(first: str, second: str) -> str:
    return first if first == second else f"{first}+{second}"
