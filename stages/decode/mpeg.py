"""Frame headers of MPEG audio and ADTS: enough to tell such streams from raw bytes, and to read what a Xing header promises.

Formats: ISO/IEC 11172-3 and 13818-3 (frame header), ISO/IEC 13818-7 (ADTS), the Xing and LAME "Info" tag as the LAME project documents it.
"""

from __future__ import annotations

from dataclasses import dataclass

_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44100, 48000, 32000)
WANTED_FRAMES = 3
"""Consecutive frames that must agree before bytes count as a stream: chance hits need some 40 matching bits."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame header; two frames belong to one stream when all but `size` agree."""

    size: int
    """Bytes from this header to the next."""
    samples: int
    """Samples per channel."""
    kind: tuple[int, ...]


def mpeg_frame(head: bytes) -> Frame | None:
    """The MPEG-1, 2 or 2.5 layer I-III frame whose header is the first four bytes; None when they are no such header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version = {0: 25, 2: 2, 3: 1}.get(head[1] >> 3 & 3)
    layer = {1: 3, 2: 2, 3: 1}.get(head[1] >> 1 & 3)
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version is None or layer is None or bitrate in (0, 15) or rate == 3:
        return None
    kbits = _BITRATES[1 if version == 1 else 2, layer][bitrate - 1]
    hertz = _RATES[rate] // {1: 1, 2: 2, 25: 4}[version]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 1 else 1152
    slot = 4 if layer == 1 else 1
    return Frame((samples // 8 * kbits * 1000 // hertz // slot + padding) * slot, samples, (version, layer, hertz))


def adts_frame(head: bytes) -> Frame | None:
    """The ADTS frame whose header is the first seven bytes; None when they are no such header."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate, size = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate > 12 or size < 7:
        return None
    return Frame(size, 1024, (head[1] & 9, head[2] & 0xFD, head[3] >> 6))


def find_mpeg(data: bytes, search: int) -> int | None:
    """Where a run of agreeing MPEG audio frames starts, at most `search` bytes in; None when there is none."""
    at = data.find(b"\xff", 0, search)
    while at >= 0:
        if _run(data, at, adts=False):
            return at
        at = data.find(b"\xff", at + 1, search)
    return None


def is_adts(data: bytes) -> bool:
    """Whether `data` starts with a run of agreeing ADTS frames."""
    return _run(data, 0, adts=True)


def _run(data: bytes, at: int, *, adts: bool) -> bool:
    read = adts_frame if adts else mpeg_frame
    first = read(data[at : at + 7])
    if first is None:
        return False
    at += first.size
    for _ in range(WANTED_FRAMES - 1):
        if at >= len(data) - 7:
            return True
        frame = read(data[at : at + 7])
        if frame is None or frame.kind != first.kind:
            return False
        at += frame.size
    return True


def xing_frames(data: bytes) -> int | None:
    """Samples per channel that the Xing or Info tag in the first frame at the start of `data` promises; None without one.

    The encoder delay and padding of a LAME tag are taken off, as a gapless decoder does.
    """
    frame = mpeg_frame(data)
    if frame is None:
        return None
    mono = data[3] >> 6 == 3
    side = {(1, False): 32, (1, True): 17, (2, False): 17, (2, True): 9}[1 if frame.kind[0] == 1 else 2, mono]
    tag = data[4 + side : 4 + side + 156]
    if tag[:4] not in (b"Xing", b"Info") or len(tag) < 12 or not tag[7] & 1:
        return None
    promised = int.from_bytes(tag[8:12], "big") * frame.samples
    lame = 8 + 4 * (tag[7] & 1) + 4 * (tag[7] >> 1 & 1) + 100 * (tag[7] >> 2 & 1) + 4 * (tag[7] >> 3 & 1)
    if tag[lame : lame + 4] in (b"LAME", b"Lavf", b"Lavc"):
        gap = int.from_bytes(tag[lame + 21 : lame + 24], "big")
        promised -= (gap >> 12) + (gap & 0xFFF)
    return max(promised, 0)
