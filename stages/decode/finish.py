"""From a stream of any depth to the integers a recording keeps: 16 bits, or 24 bits in int32.

Memory stays at a few blocks: samples go to `out` as they come, and where the final depth hangs on all of them, `out` is rewritten in place
window by window, which works because the final samples are never wider than those first written.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.stream import Stream

_WINDOW = 1 << 17
"""Samples of all channels together that are rewritten at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What `finish` left in `out`: interleaved int16 (16 bits) or int32 (24 bits), native order."""

    bits: int
    frames: int
    """Samples per channel."""
    exact: bool
    """The integers equal the file's samples, up to `gain_db`."""
    gain_db: float
    clipped: int
    sha256: str
    """Of the samples as little-endian bytes."""


class _Sink(Protocol):
    def take(self, block: NDArray[Any]) -> None: ...
    def done(self, frames: int) -> Finished: ...


def finish(stream: Stream, out: BinaryIO, most_frames: int, tick: Callable[[int], None] = lambda frames: None) -> Finished:
    """Write the final integers of `stream` to the empty, readable and writable file `out`, and say what they are.

    int16 stays as it is. int32 becomes 24 bits, exact when the low 8 bits are zero throughout. Float samples keep 16 or 24 bits where every
    one of them is such an integer, and are else rounded to 24 bits; beyond full scale they are first divided by the least power of two that
    brings them inside (+1.0 itself counts as inside, and is limited to the highest integer). Lossy float is rounded to 16 bits and limited.

    `tick` is told the frames done so far after each block. Raises `Reject` too_long beyond `most_frames`, non_finite; `OSError` of `out`.
    """
    sink: _Sink | None = None
    frames = 0
    for block in stream.blocks:
        if sink is None:
            sink = _sink(stream, block.dtype, out)
        frames += len(block)
        if frames > most_frames:
            hours = most_frames / stream.header.rate / 3600
            raise Reject("too_long", f"the recording is longer than {hours:g} hours", hours=hours, header_frames=stream.header.frames)
        sink.take(block)
        tick(frames)
    if sink is None:
        return Finished(bits=16, frames=0, exact=True, gain_db=0.0, clipped=0, sha256=hashlib.sha256().hexdigest())
    done = sink.done(frames)
    out.flush()
    return done


def _sink(stream: Stream, dtype: np.dtype[Any], out: BinaryIO) -> _Sink:
    if dtype == np.int16:
        return _Narrow(out, exact=not stream.lossy)
    if stream.lossy:
        return _Lossy(out)
    if dtype == np.int32:
        return _Wide(out)
    return _Float(out, dtype)


class _Narrow:
    """int16, written through."""

    def __init__(self, out: BinaryIO, *, exact: bool) -> None:
        self.out, self.exact, self.clipped, self.sha = out, exact, 0, hashlib.sha256()

    def take(self, block: NDArray[Any]) -> None:
        samples = np.ascontiguousarray(block, dtype="<i2")
        self.sha.update(samples.data)
        self.out.write(samples.data)

    def done(self, frames: int) -> Finished:
        return Finished(bits=16, frames=frames, exact=self.exact, gain_db=0.0, clipped=self.clipped, sha256=self.sha.hexdigest())


class _Lossy(_Narrow):
    """Float or int32 of a lossy codec, rounded to 16 bits and limited."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__(out, exact=False)
        self.finite = _Finite()

    def take(self, block: NDArray[Any]) -> None:
        scale = 2.0**-16 if block.dtype == np.int32 else 2.0**15
        if not self.finite.check(block):
            return
        rounded = np.rint(block * block.dtype.type(scale) if block.dtype != np.int32 else block * scale)
        limited = np.clip(rounded, -32768, 32767)
        self.clipped += int(np.count_nonzero(limited != rounded))
        super().take(limited.astype(np.int16))

    def done(self, frames: int) -> Finished:
        self.finite.judge()
        return super().done(frames)


class _Wide:
    """int32, left-justified: 24 bits when the low 8 are zero throughout, else rounded to 24."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.low, self.samples = out, 0, 0

    def take(self, block: NDArray[Any]) -> None:
        self.low |= int(np.bitwise_or.reduce(block, axis=None)) & 0xFF
        self.samples += block.size
        self.out.write(np.ascontiguousarray(block, dtype=np.int32).data)

    def done(self, frames: int) -> Finished:
        exact = self.low == 0
        sha = _rewrite(self.out, np.dtype(np.int32), self.samples, (lambda x: x >> 8) if exact else _rounded_to_24)
        return Finished(bits=24, frames=frames, exact=exact, gain_db=0.0, clipped=0, sha256=sha)


def _rounded_to_24(samples: NDArray[Any]) -> NDArray[Any]:
    rounded: NDArray[np.int32] = np.minimum((samples.astype(np.int64) + 128) >> 8, (1 << 23) - 1).astype(np.int32)
    return rounded


class _Float:
    """float32 or float64 that no codec touched: the depth is chosen when all samples are known."""

    def __init__(self, out: BinaryIO, dtype: np.dtype[Any]) -> None:
        self.out, self.dtype, self.samples = out, dtype, 0
        self.finite, self.finest = _Finite(), 0
        self.high, self.low = 0.0, 0.0

    def take(self, block: NDArray[Any]) -> None:
        if not self.finite.check(block):
            return
        self.high, self.low = max(self.high, float(block.max())), min(self.low, float(block.min()))
        self.finest = _finest(block, self.finest)
        self.samples += block.size
        self.out.write(np.ascontiguousarray(block).data)

    def done(self, frames: int) -> Finished:
        self.finite.judge()
        down = _halvings(max(self.high, -self.low))
        fits = self.high * 2.0**-down < 1.0
        bits = 16 if fits and self.finest + down <= 15 else 24
        scale = 2.0 ** (bits - 1 - down)
        top = (1 << (bits - 1)) - 1
        kind = np.int16 if bits == 16 else np.int32

        def convert(samples: NDArray[Any]) -> NDArray[Any]:
            return np.minimum(np.rint(samples.astype(np.float64) * scale), top).astype(kind)

        sha = _rewrite(self.out, self.dtype, self.samples, convert)
        exact = fits and self.finest + down <= bits - 1
        gain = -20.0 * math.log10(2.0) * down if down else 0.0
        return Finished(bits=bits, frames=frames, exact=exact, gain_db=gain, clipped=0, sha256=sha)


def _finest(block: NDArray[Any], known: int) -> int:
    """The least b >= `known` for which every sample times 2**b is an integer; 24 stands for all beyond 23."""
    while known <= 23:
        # float64, because float32 near its limits would overflow to infinity and pass for an integer.
        scaled = block.astype(np.float64) * 2.0**known
        if np.array_equal(scaled, np.rint(scaled)):
            break
        known += 1
    return known


def _halvings(peak: float) -> int:
    """How often `peak` must be halved to be at most 1."""
    mantissa, exponent = math.frexp(peak)
    return max(0, exponent - 1 if mantissa == 0.5 else exponent)


class _Finite:
    """Counts samples that are no finite numbers, and remembers the first."""

    def __init__(self) -> None:
        self.count, self.first, self.frames = 0, (0, 0), 0

    def check(self, block: NDArray[Any]) -> bool:
        """Whether all samples so far were finite."""
        if block.dtype != np.int32:
            finite = np.isfinite(block)
            if not finite.all():
                if not self.count:
                    frame, channel = np.argwhere(~finite)[0]
                    self.first = (self.frames + int(frame), int(channel))
                self.count += int(np.count_nonzero(~finite))
        self.frames += len(block)
        return not self.count

    def judge(self) -> None:
        if self.count:
            frame, channel = self.first
            detail = f"{self.count} samples are not finite numbers, the first at sample {frame} of channel {channel}"
            raise Reject("non_finite", detail, count=self.count, first_sample=frame, first_channel=channel)


def _rewrite(out: BinaryIO, dtype: np.dtype[Any], samples: int, convert: Callable[[NDArray[Any]], NDArray[Any]]) -> str:
    """Replace `samples` values of `dtype` in `out` by what `convert` makes of them, no wider; gives the SHA-256 of the result."""
    sha = hashlib.sha256()
    end = 0
    for at in range(0, samples, _WINDOW):
        size = min(_WINDOW, samples - at) * dtype.itemsize
        out.seek(at * dtype.itemsize)
        data = out.read(size)
        if len(data) != size:
            raise OSError(f"scratch file ended at byte {at * dtype.itemsize + len(data)}, {size - len(data)} short of what was written")
        final = convert(np.frombuffer(data, dtype))
        out.seek(end)
        out.write(final.data)
        sha.update(final.astype(final.dtype.newbyteorder("<"), copy=False).data)
        end += final.nbytes
    out.truncate(end)
    return sha.hexdigest()
