"""Which container a file is, from its first bytes alone.

Decoders never guess here: each file goes to one decoder with its format named, because guessing takes raw bytes, text and playlists for
audio. Names and extensions say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from schemas.errors import Reject
from stages.decode.mpeg import find_mpeg, is_adts

HEAD_BYTES = 1 << 16
W64_GUID = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"


@dataclass(frozen=True, slots=True)
class Found:
    """A container, who reads it, and FFmpeg's name of its demuxer."""

    container: str
    by: Literal["sphere", "wave", "aiff", "au", "sndfile", "ffmpeg"]
    demuxer: str = ""
    start: int = 0
    """Byte where the format itself starts, after ID3v2 tags."""


_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_MAGIC: tuple[tuple[bytes, Found], ...] = (
    (b"NIST_1A", Found("NIST", "sphere")),
    (b".snd", Found("AU", "au")),
    (b"dns.", Found("AU", "au")),
    (W64_GUID, Found("W64", "sndfile", "w64")),
    (b"caff", Found("CAF", "sndfile", "caf")),
    (b"OggS", Found("OGG", "sndfile", "ogg")),
    (b"fLaC", Found("FLAC", "ffmpeg", "flac")),
    (b"wvpk", Found("WAVPACK", "ffmpeg", "wv")),
    (b"TTA1", Found("TTA", "ffmpeg", "tta")),
    (b"MAC ", Found("APE", "ffmpeg", "ape")),
    (b"tBaK", Found("TAK", "ffmpeg", "tak")),
    (b"#!AMR", Found("AMR", "ffmpeg", "amr")),
    (b"\x1a\x45\xdf\xa3", Found("MATROSKA", "ffmpeg", "matroska,webm")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Found("ASF", "ffmpeg", "asf")),
)
_FORMS = {
    b"WAVE": Found("WAV", "wave", "wav"),
    b"AIFF": Found("AIFF", "aiff"),
    b"AIFC": Found("AIFF", "aiff"),
}
_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"ADIF", "ADIF (AAC)"),
    (0, b"ajkg", "raw shorten"),
    (0, b"Creative Voice File", "Creative VOC"),
    (0, b"SOUND\x1a", "Sounder"),
    (65, b"FSSD", "Macintosh HCOM"),
    (8, b"8SVX", "Amiga 8SVX"),
    (8, b"AVI ", "AVI"),
    (8, b"QLCM", "QCP"),
    (0, b".RMF", "RealMedia"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"MP+", "Musepack"),
    (0, b"MPCK", "Musepack"),
    (0, b"DSD ", "DSD"),
    (0, b"#!SILK", "SILK"),
)


def sniff(file: BinaryIO) -> Found:
    """The container of `file`; raises `Reject` empty, not_audio, unsupported, or unreadable for a tag with no audio after it."""
    start = _after_id3(file)
    file.seek(start)
    head = file.read(HEAD_BYTES)
    if not head and not start:
        raise Reject("empty", "the file has no bytes", bytes=0)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return Found(found.container, found.by, found.demuxer, start)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM") and head[8:12] in _FORMS:
        return _FORMS[head[8:12]]
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return Found("MP4", "ffmpeg", _MOV)
    if head[:2] == b"\x0b\x77" and len(head) > 5 and head[5] >> 3 <= 16:
        name = "ac3" if head[5] >> 3 <= 10 else "eac3"
        return Found(name.upper(), "ffmpeg", name)
    if is_adts(head):
        return Found("ADTS", "ffmpeg", "aac", start)
    frame = find_mpeg(head, len(head) if start else 4096)
    if frame is not None:
        return Found("MP3", "ffmpeg", "mp3", start + frame)
    for at, magic, name in _REFUSED:
        if head.startswith(magic, at):
            raise Reject("unsupported", f"{name} files are not read here; convert the file to WAV or FLAC first", container=name)
    if start:
        raise Reject("unreadable", "the file is an ID3 tag with no audio frames after it")
    raise Reject("not_audio", "the file's first bytes are of no supported audio container", head=head[:16].hex())


def _after_id3(file: BinaryIO) -> int:
    """The byte after any ID3v2 tags; sizes are four bytes of seven bits (id3.org, ID3v2.4 section 3.1)."""
    at = 0
    for _ in range(8):
        file.seek(at)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3" or max(tag[6:10]) > 127:
            break
        at += 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]) + (10 if tag[5] & 16 else 0)
    return at
