"""Headers of WAV, AIFF and AU read by hand: which encoding they name and how many samples they promise.

libsndfile reports the samples that are there, not those promised, and must not meet encodings it handles badly; so the header is read
here first. Formats: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE), EBU Tech 3306 (RF64/BW64),
Apple "Audio Interchange File Format AIFF-C", Sun/NeXT .au.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from schemas.errors import Reject

MOST_CHUNKS = 4096
EXTENSIBLE = 0xFFFE
_NO_LENGTH = 0x7FFFF000
"""Sizes from here to 2**31 and at the top of 32 bits are what programs write when they cannot seek back to fill in the length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a chunked header says: its encoding as the format names it, and samples per channel."""

    encoding: int | bytes
    """WAVE format tag (the subformat's for extensible files), AIFF-C compression type, or AU encoding number."""
    sample_bytes: int
    """Bytes of one sample of one channel, 0 for block codecs."""
    frames: int | None
    """Samples per channel promised; None when the length was left open."""


def wave_promise(file: BinaryIO) -> Promise:
    """The promise of a RIFF, RIFX, RF64 or BW64 file; raises `Reject` unreadable when its format or data chunk is not there."""
    head = _read(file, 0, 12)
    order = ">" if head[:4] == b"RIFX" else "<"
    long_data = None
    fmt: bytes | None = None
    fact = None
    for name, start, size in _chunks(file, 12, order):
        if name == b"ds64" and head[:4] in (b"RF64", b"BW64"):
            ds64 = _read(file, start, 24)
            if len(ds64) == 24:
                long_data = struct.unpack(order + "Q", ds64[8:16])[0]
        elif name == b"fmt ":
            fmt = _read(file, start, min(size, 40))
        elif name == b"fact":
            raw = _read(file, start, 4)
            fact = struct.unpack(order + "I", raw)[0] if len(raw) == 4 else None
        elif name == b"data":
            if fmt is None or len(fmt) < 16:
                break
            data = long_data if long_data is not None and size == 0xFFFFFFFF else _known(size)
            return _wave(fmt, order, data, fact)
    raise Reject("unreadable", "the WAV file has no format chunk followed by a data chunk")


def _wave(fmt: bytes, order: str, data: int | None, fact: int | None) -> Promise:
    tag, channels, _rate, _per_second, align, bits = struct.unpack(order + "HHIIHH", fmt[:16])
    if tag == EXTENSIBLE and len(fmt) >= 28:
        tag = struct.unpack(order + "I", fmt[24:28])[0]
    if tag not in (1, 3, 6, 7):
        return Promise(encoding=tag, sample_bytes=0, frames=_known(fact) if fact else _blocks(fmt, order, data, align))
    width = align // channels if channels and align else (bits + 7) // 8
    frame = width * channels
    return Promise(encoding=tag, sample_bytes=width, frames=data // frame if data is not None and frame else None)


def _blocks(fmt: bytes, order: str, data: int | None, align: int) -> int | None:
    """Samples in the whole blocks of an ADPCM or GSM file, whose format chunk gives the samples of one block after its extra size."""
    if data is None or not align or len(fmt) < 20 or struct.unpack(order + "H", fmt[16:18])[0] < 2:
        return None
    return data // align * int(struct.unpack(order + "H", fmt[18:20])[0]) or None


def aiff_promise(file: BinaryIO) -> Promise:
    """The promise of an AIFF or AIFF-C file; raises `Reject` unreadable when it has no COMM chunk."""
    packed = _read(file, 8, 4) == b"AIFC"
    for name, start, size in _chunks(file, 12, ">"):
        if name == b"COMM":
            comm = _read(file, start, min(size, 22))
            if len(comm) < (22 if packed else 18):
                break
            _channels, frames, bits = struct.unpack(">hIh", comm[:8])
            return Promise(encoding=comm[18:22] if packed else b"NONE", sample_bytes=(bits + 7) // 8, frames=_known(frames))
    raise Reject("unreadable", "the AIFF file has no whole COMM chunk")


def au_promise(file: BinaryIO) -> Promise:
    """The promise of a Sun/NeXT .au file in either byte order; raises `Reject` unreadable when the header is cut."""
    head = _read(file, 0, 24)
    if len(head) < 24:
        raise Reject("unreadable", "the AU header is cut")
    order = ">" if head[:4] == b".snd" else "<"
    _offset, size, encoding, _rate, channels = struct.unpack(order + "5I", head[4:])
    width = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(encoding, 0)
    data = None if size == 0 else _known(size)
    return Promise(
        encoding=encoding, sample_bytes=width, frames=data // (width * channels) if data is not None and width * channels else None
    )


def _known(size: int) -> int | None:
    return None if _NO_LENGTH <= size <= 0x80000000 or size >= 0xFFFFF000 else size


def _chunks(file: BinaryIO, at: int, order: str) -> list[tuple[bytes, int, int]]:
    """Name, start of the contents and size of each chunk, up to the first that lies beyond the end of the file."""
    found: list[tuple[bytes, int, int]] = []
    while len(found) < MOST_CHUNKS:
        head = _read(file, at, 8)
        if len(head) < 8:
            break
        size = struct.unpack(order + "I", head[4:])[0]
        found.append((head[:4], at + 8, size))
        at += 8 + size + (size & 1)
    return found


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
