"""Headers of the plainest files, read without a decoder and so without a process for each: for listing many files quickly.

What is not certain from a few bytes is left to the sandbox, and nothing is decoded on the strength of a peek.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from schemas.errors import Reject
from stages.decode.chunks import EXTENSIBLE, wave_promise
from stages.decode.sphere import header_of
from stages.decode.stream import Header

_LINEAR = {(1, 8): "PCM_U8", (1, 16): "PCM_16", (1, 24): "PCM_24", (1, 32): "PCM_32", (3, 32): "FLOAT", (3, 64): "DOUBLE"}
_COMPANDED = {6: "ALAW", 7: "ULAW"}


def peek(file: BinaryIO) -> Header | None:
    """The header of a RIFF WAV file in a plain encoding, or of a SPHERE or FLAC file; None for whatever needs a closer look."""
    file.seek(0)
    head = file.read(64)
    try:
        if head.startswith(b"NIST_1A"):
            return header_of(file)
        if head[:4] == b"RIFF" and head[8:16] == b"WAVEfmt ":
            return _wave(file, head)
        if head[:4] == b"fLaC" and head[4] & 0x7F == 0:
            return _flac(head)
    except Reject:
        return None
    return None


def _wave(file: BinaryIO, head: bytes) -> Header | None:
    if len(head) < 36:
        return None
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", head[20:36])
    if tag == EXTENSIBLE and len(head) >= 48:
        tag = struct.unpack("<I", head[44:48])[0]
    encoding = _COMPANDED.get(tag) or _LINEAR.get((tag, bits))
    if encoding is None or not rate or not channels or align * 8 != channels * (8 if tag in _COMPANDED else bits):
        return None
    return Header(container="WAV", encoding=encoding, rate=rate, channels=channels, frames=wave_promise(file).frames)


def _flac(head: bytes) -> Header | None:
    """STREAMINFO (RFC 9639, section 8.2): 20 bits of rate, 3 of channels less one, 5 of depth less one, 36 of samples in all."""
    if len(head) < 26:
        return None
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, frames = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    return Header(container="FLAC", encoding="flac", rate=rate, channels=channels, frames=frames or None) if rate else None
