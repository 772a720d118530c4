"""NIST SPHERE files, plain or compressed with shorten, as a stream of samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.g711 import ALAW, ULAW
from stages.decode.shorten import Decoder, is_shorten
from stages.decode.sphere_header import MAGIC, SphereHeader, read_header, read_up_to
from stages.decode.stream import BLOCK_FRAMES, Header, Stream

DECODER = "duologue sphere"
READ_BYTES = 1 << 22

_NAMES = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}


def is_sphere(head: bytes) -> bool:
    """True when a file's first bytes, at least eight, are those of a SPHERE file."""
    return head.startswith(MAGIC)


def header_of(file: BinaryIO) -> Header:
    """What the SPHERE file says of itself, without decoding; reads from the file's start. Raises `Reject` as `open_sphere` does."""
    sphere = read_header(file)
    return _header(sphere, _packed(file, sphere))


def open_sphere(file: BinaryIO) -> Stream:
    """The samples of a seekable SPHERE file, from its start.

    8-bit PCM, mu-law and A-law become int16; 16-bit samples stay; 24 and 32 bits become left-justified int32 (`sample_sig_bits` is not
    used: samples fill their bytes). Samples go on to the end of the file whatever `sample_count` says; bytes after the last whole frame
    are left out. Raises `Reject` (`unreadable`, `unsupported`, `truncated`, `too_many_channels`), here or while blocks are drawn.
    """
    sphere = read_header(file)
    packed = _packed(file, sphere)
    raw = _unpacked(file, sphere) if packed else _plain(file, sphere)
    return Stream(header=_header(sphere, packed), decoder=DECODER, blocks=(_samples(r, sphere) for r in raw), lossy=False)


def checksum_matches(file: BinaryIO) -> bool | None:
    """Whether the whole file's samples add up to its header's `sample_checksum`; None when it has none. Decodes the whole file.

    The sum runs over the samples as they are coded (mu-law and A-law codes unsigned, PCM as numbers), modulo 2**16.
    """
    sphere = read_header(file)
    if sphere.checksum is None:
        return None
    packed = _packed(file, sphere)
    total = 0
    for raw in _unpacked(file, sphere) if packed else _plain(file, sphere):
        coded = raw if sphere.coding != "pcm" or sphere.width == 2 else _samples(raw, sphere) >> {1: 8, 3: 8, 4: 0}[sphere.width]
        total = (total + int(coded.sum(dtype=np.int64))) % (1 << 16)
    return total == sphere.checksum % (1 << 16)


def _header(sphere: SphereHeader, packed: bool) -> Header:
    name = _NAMES[sphere.width] if sphere.coding == "pcm" else sphere.coding.upper()
    encoding = f"shorten-{name}" if packed else name
    return Header(container="NIST", encoding=encoding, rate=sphere.rate, channels=sphere.channels, frames=sphere.count)


def _packed(file: BinaryIO, sphere: SphereHeader) -> bool:
    """Whether the samples are a shorten stream; headers that were edited may not say so. Leaves the file at the first sample."""
    head = read_up_to(file, 5)
    file.seek(sphere.size)
    packed = is_shorten(head) or sphere.shorten
    if not packed and sphere.width > 1 and sphere.order is None:
        raise Reject("unreadable", f"the SPHERE header gives no sample_byte_format for samples of {sphere.width} bytes")
    return packed


def _plain(file: BinaryIO, sphere: SphereHeader) -> Iterator[NDArray[Any]]:
    """Frames [n, channels] as coded: uint8 for one byte, int16 for two, left-justified int32 for three and four."""
    size = sphere.width * sphere.channels
    frames = min(BLOCK_FRAMES, READ_BYTES // size)
    while data := read_up_to(file, frames * size):
        whole = len(data) // size
        if whole:
            yield _numbers(np.frombuffer(data, np.uint8, whole * size), sphere).reshape(whole, sphere.channels)


def _numbers(data: NDArray[np.uint8], sphere: SphereHeader) -> NDArray[Any]:
    if sphere.width == 1:
        return data
    if sphere.width == 2:
        return data.view(f"{sphere.order}i2").astype(np.int16)
    wide = np.zeros((len(data) // sphere.width, 4), np.uint8)
    first = 4 - sphere.width if sphere.order == "<" else 0
    wide[:, first : first + sphere.width] = data.reshape(-1, sphere.width)
    return wide.view(f"{sphere.order}i4").astype(np.int32)


def _unpacked(file: BinaryIO, sphere: SphereHeader) -> Iterator[NDArray[Any]]:
    """Frames [n, channels] as coded, from shorten: uint8 or int16. Raises `Reject` at once where the two headers contradict each other."""
    if not file.read(1):
        return iter(())
    file.seek(sphere.size)
    decoder = Decoder(file)
    packed = decoder.header
    width = 2 if packed.kind == "int16" else 1
    law = packed.kind if packed.kind in ("ulaw", "alaw") else sphere.coding
    if width != sphere.width or law != sphere.coding or sphere.channels % packed.channels:
        said = f"{sphere.channels} channels of {sphere.coding} in {sphere.width} bytes"
        raise Reject("unreadable", f"the SPHERE header promises {said}, but the shorten stream holds {packed.channels} of {packed.kind}")
    return _regrouped(decoder.blocks(), sphere.channels)


def _regrouped(blocks: Iterator[NDArray[Any]], channels: int) -> Iterator[NDArray[Any]]:
    """Frames of all channels: shorten may have been told fewer than its samples were interleaved from."""
    rest: NDArray[Any] | None = None
    for block in blocks:
        flat = block.ravel() if rest is None else np.concatenate([rest, block.ravel()])
        whole = len(flat) // channels * channels
        rest = flat[whole:] if whole < len(flat) else None
        if whole:
            yield flat[:whole].reshape(-1, channels)


def _samples(raw: NDArray[Any], sphere: SphereHeader) -> NDArray[Any]:
    """Frames as coded to frames of int16 or left-justified int32."""
    samples = raw
    if sphere.coding != "pcm":
        samples = (ULAW if sphere.coding == "ulaw" else ALAW)[raw]
    elif sphere.width == 1:
        samples = raw.view(np.int8).astype(np.int16) << 8
    return samples
