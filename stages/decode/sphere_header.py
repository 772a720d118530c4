"""The text header of a NIST SPHERE file, checked field by field and then not believed.

Format: "NIST Speech Header Resources" (SPHERE). Line 1 is `NIST_1A`, line 2 the header's length in bytes, then `name -type value` lines
up to `end_head`; the samples start at the header's length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

from schemas.errors import Reject

MAGIC = b"NIST_1A\n"
PREFIX_BYTES = 16
MAX_HEADER_BYTES = 1 << 20
MAX_CHANNELS = 64

Coding = Literal["pcm", "ulaw", "alaw"]
Order = Literal["<", ">"]

_CODINGS: dict[str, Coding] = {
    **dict.fromkeys(("pcm", "linear", "pcm-1", "pcm-2", "pcm-4"), "pcm"),
    **dict.fromkeys(("ulaw", "mulaw", "u-law", "mu-law"), "ulaw"),
    **dict.fromkeys(("alaw", "a-law"), "alaw"),
}
_ORDERS: dict[str, Order] = {"01": "<", "10": ">", "012": "<", "210": ">", "0123": "<", "3210": ">"}
_FIELD = re.compile(r"(\S+)\s+-(i|r|s(\d{1,7}))(?:[ \t](.*))?")
_WANTED = {
    "channel_count",
    "sample_count",
    "sample_rate",
    "sample_n_bytes",
    "sample_byte_format",
    "sample_coding",
    "sample_checksum",
    "channels_interleaved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SphereHeader:
    """The fields of a SPHERE header that say how to read its samples."""

    size: int
    """Bytes before the first sample."""
    rate: int
    """Hz."""
    channels: int
    count: int | None
    """Samples per channel promised; None when absent or not positive (written before the length was known)."""
    width: int
    """Bytes per sample, 1 to 4, before any compression."""
    order: Order | None
    """Byte order of samples of more than one byte, as numpy writes it; None when the header gives none."""
    coding: Coding
    shorten: bool
    """True when the header says that the samples are compressed with shorten."""
    checksum: int | None
    """Sum of all samples modulo 2**16, as promised."""


def read_header(file: BinaryIO) -> SphereHeader:
    """Read and check a SPHERE header from the start of `file`; the file is left at the first sample.

    Raises `Reject`: `unreadable` for a malformed header, `truncated` for a file that ends inside it, `unsupported` for a compression or
    layout other than shorten and interleaved channels, `too_many_channels` beyond 64.
    """
    file.seek(0)
    prefix = read_up_to(file, PREFIX_BYTES)
    size = header_size(prefix)
    body = read_up_to(file, size - PREFIX_BYTES)
    if len(body) < size - PREFIX_BYTES:
        present = PREFIX_BYTES + len(body)
        raise Reject(
            "truncated", f"the file ends inside its SPHERE header, at byte {present} of {size}", header_bytes=size, present=present
        )
    return _interpret(size, _fields(body.decode("latin-1")))


def read_up_to(file: BinaryIO, size: int) -> bytes:
    """`size` bytes from `file`, or fewer only at its end, however little one call of `read` gives."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def header_size(prefix: bytes) -> int:
    """The header's length that the first 16 bytes of a SPHERE file give; raises `Reject("unreadable")` for any other bytes."""
    number = prefix[len(MAGIC) : PREFIX_BYTES]
    if not prefix.startswith(MAGIC) or len(prefix) < PREFIX_BYTES:
        raise Reject("unreadable", "the file does not start as a NIST SPHERE file does")
    if not re.fullmatch(rb"[ \t]*[0-9]+[ \t\r]*\n", number):
        raise Reject("unreadable", f"the second line of the SPHERE header is {number!r}, not the header's length")
    size = int(number)
    if not PREFIX_BYTES < size <= MAX_HEADER_BYTES:
        raise Reject("unreadable", f"the SPHERE header claims {size} bytes; wanted {PREFIX_BYTES + 1} to {MAX_HEADER_BYTES}")
    return size


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        stripped = line.strip(" \t\r\0")
        if stripped == "end_head":
            return found
        # A malformed line that says nothing about the samples, such as a speaker's name, must not cost the recording.
        name = re.split(r"\s", stripped, maxsplit=1)[0]
        if name not in _WANTED:
            continue
        match = _FIELD.fullmatch(stripped)
        if match is None:
            raise Reject("unreadable", f"the SPHERE header has the line {stripped[:80]!r}; wanted 'name -type value'")
        value = _value(match)
        if found.setdefault(name, value) != value:
            raise Reject("unreadable", f"the SPHERE header gives {name} twice: {found[name]!r} and {value[:40]!r}")
    raise Reject("unreadable", "the SPHERE header has no end_head line")


def _value(match: re.Match[str]) -> str:
    text = match[4] or ""
    length = int(match[3]) if match[3] else len(text)
    # Edited headers often keep a stale string length: it cuts the value only where what follows is a comment or blank.
    value = text[:length] if text[length : length + 1] in ("", " ", "\t", ";") else text
    return value.split(";", 1)[0].strip()


def _interpret(size: int, fields: Mapping[str, str]) -> SphereHeader:
    coding, shorten = _coding(fields.get("sample_coding", "pcm").lower())
    order_text = fields.get("sample_byte_format")
    width = _width(fields, coding, order_text)
    channels = _number(fields, "channel_count")
    rate = _number(fields, "sample_rate")
    if channels is None or rate is None or channels < 1 or rate < 1:
        raise Reject("unreadable", f"the SPHERE header gives channel_count {channels} and sample_rate {rate}; wanted positive numbers")
    if channels > MAX_CHANNELS:
        raise Reject("too_many_channels", f"the SPHERE header gives {channels} channels", channels=channels)
    if channels > 1 and fields.get("channels_interleaved", "TRUE").upper() not in ("TRUE", "1", "YES"):
        raise Reject("unsupported", "the SPHERE file holds its channels one after the other, not interleaved")
    count = _number(fields, "sample_count")
    return SphereHeader(
        size=size,
        rate=rate,
        channels=channels,
        count=count if count is not None and count > 0 else None,
        width=width,
        order=_order(order_text, width),
        coding=coding,
        shorten=shorten,
        checksum=_number(fields, "sample_checksum"),
    )


def _coding(text: str) -> tuple[Coding, bool]:
    base, _, packing = text.partition(",")
    coding = _CODINGS.get(base.strip())
    packing = packing.strip()
    if coding is None or (packing and not packing.startswith("embedded-shorten")):
        raise Reject("unsupported", f"SPHERE sample_coding {text[:60]!r}; supported are pcm, ulaw and alaw, plain or embedded-shorten")
    return coding, bool(packing)


def _width(fields: Mapping[str, str], coding: Coding, order: str | None) -> int:
    width = _number(fields, "sample_n_bytes")
    if width is None:
        width = 1 if coding != "pcm" else len(order or "")
    if width not in (1, 2, 3, 4):
        raise Reject("unreadable", f"the SPHERE header gives samples of {width} bytes; wanted 1 to 4")
    if coding != "pcm" and width != 1:
        raise Reject("unreadable", f"the SPHERE header gives {coding} samples of {width} bytes; wanted 1")
    return width


def _order(text: str | None, width: int) -> Order | None:
    if width == 1 or text is None:
        return None
    order = _ORDERS.get(text)
    if order is None or len(text) != width:
        raise Reject("unreadable", f"the SPHERE header gives sample_byte_format {text[:20]!r} for samples of {width} bytes")
    return order


def _number(fields: Mapping[str, str], name: str) -> int | None:
    text = fields.get(name)
    if text is None:
        return None
    match = re.fullmatch(r"([+-]?[0-9]{1,12})(?:\.0*)?", text)
    if match is None:
        raise Reject("unreadable", f"the SPHERE header gives {name} {text[:40]!r}; wanted a whole number")
    return int(match[1])
