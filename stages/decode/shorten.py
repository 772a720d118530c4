"""shorten (Tony Robinson's lossless waveform coder), versions 1 to 3, as SPHERE files embed it.

What comes out is what went in: the original file's samples, as mu-law or A-law codes, 8-bit bytes or 16-bit values. The bit stream is
read through a window, so memory does not grow with the file. Format: CUED/F-INFENG/TR.156 (1994), and the type codes of shorten 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.g711 import compress_ulaw
from stages.decode.sphere_header import read_up_to
from stages.decode.stream import BLOCK_FRAMES

if TYPE_CHECKING:
    from types import ModuleType

MAGIC = b"ajkg"
WINDOW_BYTES = 1 << 20
MAX_CHANNELS = 64
MAX_BLOCK = 65535
MAX_ORDER = 64
MAX_MEANS = 1024

Kind = Literal["bytes", "int16", "ulaw", "alaw"]


@dataclass(frozen=True, slots=True)
class _Type:
    kind: Kind
    low: int
    high: int
    companding: int = 0
    mean: int = 0


_TYPES: dict[int, _Type] = {
    0: _Type("ulaw", 0, 255, companding=1),
    1: _Type("bytes", -128, 127),
    2: _Type("bytes", 0, 255, mean=0x80),
    3: _Type("int16", -32768, 32767),
    4: _Type("int16", 0, 65535, mean=0x8000),
    5: _Type("int16", -32768, 32767),
    6: _Type("int16", 0, 65535, mean=0x8000),
    7: _Type("ulaw", -4096, 4095),
    8: _Type("ulaw", 0, 255, companding=2),
    9: _Type("alaw", -128, 127),
}
"""The original file's sample type by its code; 3 and 4 were big endian, 5 and 6 little endian, which shorten has already undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenHeader:
    """What a shorten stream says of itself before its first block."""

    version: int
    type: int
    channels: int
    block: int
    """Samples per channel of a block, and the most any block may have."""
    max_order: int
    means: int
    """How many block means make the running mean."""

    @property
    def kind(self) -> Kind:
        """What the decoded values are."""
        return _TYPES[self.type].kind


def is_shorten(head: bytes) -> bool:
    """True for the first five bytes of a shorten stream of a known version."""
    return head[:4] == MAGIC and len(head) > 4 and 1 <= head[4] <= 3


class Decoder:
    """Decodes one shorten stream from `file`, which stands at its magic; the header is checked when the decoder is made.

    Raises `Reject`: `unreadable` for what is no shorten stream, `unsupported` for versions and types other than those named above.
    """

    def __init__(self, file: BinaryIO) -> None:
        head = read_up_to(file, 5)
        if head[:4] != MAGIC:
            raise Reject("unreadable", f"the compressed samples start with {head[:4]!r}; shorten starts with {MAGIC!r}")
        if not is_shorten(head):
            raise Reject("unsupported", f"shorten format version {head[4] if len(head) > 4 else 'missing'}; supported are 1, 2 and 3")
        self._file = file
        self._data = read_up_to(file, WINDOW_BYTES)
        self._kernel = _kernel()
        self._load(0)
        self.header = self._parse(head[4])

    def _parse(self, version: int) -> ShortenHeader:
        self._at = 0
        type = self._number(4)
        channels = self._number(0)
        block, max_order, means, skip = self._number(8), self._number(2), self._number(0), self._number(1)
        if type not in _TYPES or skip:
            raise Reject("unsupported", f"shorten file type {type} with {skip} bytes in front; supported are types 0 to 9 with none")
        sizes = (("channels", channels, 1, MAX_CHANNELS), ("samples per block", block, 1, MAX_BLOCK))
        for name, value, least, most in (*sizes, ("coefficients", max_order, 0, MAX_ORDER), ("block means", means, 0, MAX_MEANS)):
            if not least <= value <= most:
                raise Reject("unreadable", f"the shorten header gives {value} {name}; wanted {least} to {most}")
        return ShortenHeader(version=version, type=type, channels=channels, block=block, max_order=max_order, means=means)

    def _number(self, low: int) -> int:
        """One header number, which carries its own count of direct bits; `low` is only the count that versions before 1 used."""
        bits, self._at = self._kernel.unsigned(self._words, self._nbits, self._at, 2)
        value = 0
        if self._at >= 0 and bits < self._kernel.MAX_RICE:
            value, self._at = self._kernel.unsigned(self._words, self._nbits, self._at, bits)
        elif self._at >= 0:
            self._at = self._kernel.WRONG
        if self._at < 0:
            raise Reject("unreadable", "the file ends inside the shorten header, or holds no such header")
        return int(value)

    def _load(self, keep: int) -> bool:
        """Drop `keep` bytes, a multiple of four, in front of the window and fill it up; False when the file has no more."""
        rest = self._data[keep:]
        fresh = read_up_to(self._file, WINDOW_BYTES - len(rest))
        self._data = rest + fresh
        self._nbits = 8 * len(self._data)
        padded = self._data + bytes(-len(self._data) % 4 + 8)
        self._words = np.frombuffer(padded, dtype=">u4").astype(np.int64)
        return bool(fresh)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Decoded frames [n, channels], at most 65,536 at a time: int16 for 16-bit types, otherwise uint8 as in the original file.

        A stream that stops early gives its whole blocks. Raises `Reject("unreadable")` where the bits stop making sense.
        """
        k, head, kind = self._kernel, self.header, _TYPES[self.header.type]
        wrap = max(3, head.max_order)
        history = np.zeros((head.channels, wrap), np.int64)
        means = np.full((head.channels, max(1, head.means)), kind.mean, np.int64)
        work = np.zeros(wrap + head.block, np.int64)
        coefficients = np.zeros(max(1, head.max_order), np.int64)
        out = np.zeros((BLOCK_FRAMES, head.channels), np.int32)
        max_shift = 12 if kind.companding else 32
        settings = np.array([head.version, head.means, kind.companding, kind.low, kind.high, max_shift], np.int64)
        state = np.array([self._at, 0, 0, head.block, 0], np.int64)
        outward = outward_table()
        done = 0
        while True:
            status = k.decode(self._words, self._nbits, state, history, means, work, coefficients, out, settings, outward)
            if status == k.NEED and self._advance(state, done):
                continue
            if status == k.BAD:
                raise Reject("unreadable", "the shorten stream is damaged", frames_before=done + int(state[k.FRAMES]))
            frames = int(state[k.FRAMES])
            if frames:
                yield _original(out[:frames], head.type)
            if status != k.FULL:
                return
            done += frames
            state[k.FRAMES] = 0

    def _advance(self, state: NDArray[np.int64], done: int) -> bool:
        """Slide the window to the next command; False at the end of the file. One command larger than the window is damage."""
        pos = self._kernel.POS
        keep = int(state[pos]) // 32 * 4
        if keep == 0 and len(self._data) >= WINDOW_BYTES:
            raise Reject("unreadable", "the shorten stream is damaged", frames_before=done + int(state[self._kernel.FRAMES]))
        state[pos] -= 8 * keep
        return self._load(keep)


def outward_table() -> NDArray[np.int64]:
    """int64 [13, 256]: the mu-law code of each value -128 to 127 when the lowest `shift` bits of all samples in a block are alike.

    Codes reached by a multiple of 2**shift (of 16-bit samples over 8, so down to -4096 and up to 4095) come first, by magnitude on
    either side of zero; then the others. On the negative side -0 stands between the two, since +0 is what zero means.
    """
    table = np.zeros((13, 256), np.int64)
    for shift in range(13):
        reached = np.arange(0, (1 << 15) + 1, 1 << (shift + 3))
        table[shift, 128:] = 255 - _ranked(reached[reached < 1 << 15], [])
        table[shift, 127::-1] = 127 - _ranked(reached[1:], [0])
    return table


def _ranked(reached: NDArray[np.int64], between: list[int]) -> NDArray[np.int64]:
    """All 128 magnitude ranks: those of the samples `reached`, then `between`, then the others, each in order."""
    near = np.unique(255 - compress_ulaw(reached).astype(np.int64))
    others = np.setdiff1d(np.arange(128), [*near, *between])
    return np.concatenate([near, np.array(between, np.int64), others])


def warm_up() -> None:
    """Compile the kernel, or load it from its cache, by decoding an empty stream: for a parent that forks workers."""
    k = _kernel()
    words = np.zeros(2, np.int64)
    k.unsigned(words, 0, 0, 2)
    square, line = np.zeros((1, 3), np.int64), np.zeros(4, np.int64)
    state = np.array([0, 0, 0, 1, 0], np.int64)
    out, settings = np.zeros((1, 1), np.int32), np.array([2, 0, 0, 0, 0, 0], np.int64)
    k.decode(words, 0, state, square, square, line, line, out, settings, outward_table())


def _kernel() -> ModuleType:
    from stages.decode import shorten_kernel

    return shorten_kernel


def _original(values: NDArray[np.int32], type: int) -> NDArray[Any]:
    """Decoded values as the original file's codes, bytes or 16-bit samples; always a copy."""
    kind = _TYPES[type].kind
    if kind == "int16":
        return values.astype(np.uint16).view(np.int16)
    if kind == "alaw":
        return np.where(values < 0, (127 - values) ^ 0xD5, (values + 128) ^ 0x55).astype(np.uint8)
    if type == 7:
        return compress_ulaw(values << 3)
    return values.astype(np.uint8)
