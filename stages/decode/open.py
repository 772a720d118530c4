"""From an open file to a stream of samples: the one place that knows which decoder reads what."""

from __future__ import annotations

from typing import BinaryIO

from schemas.errors import Reject
from stages.decode.chunks import Promise, aiff_promise, au_promise, wave_promise
from stages.decode.ffmpeg import open_ffmpeg
from stages.decode.mpeg import xing_frames
from stages.decode.sndfile import open_sndfile
from stages.decode.sniff import Found, sniff
from stages.decode.stream import Stream

_LINEAR_TAGS = (1, 3, 6, 7)
"""WAVE format tags of PCM, IEEE float, A-law and mu-law."""
_FFMPEG_TAGS = (0x02, 0x11, 0x31, 0x50, 0x55)
"""MS ADPCM, IMA ADPCM, GSM 6.10, MPEG layers I-III: common in call recordings; FFmpeg reads them, libsndfile never sees them."""
_AIFF_TYPES = (b"NONE", b"twos", b"sowt", b"raw ", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32", b"alaw", b"ALAW", b"ulaw", b"ULAW")
_AU_ENCODINGS = (1, 2, 3, 4, 5, 6, 7, 27)


def open_stream(file: BinaryIO) -> Stream:
    """A stream of the samples of `file`, seekable and open for reading; nothing is decoded yet.

    Raises `Reject`: empty (no bytes), not_audio, unsupported, unreadable.
    """
    found = sniff(file)
    if found.by == "sphere":
        from stages.decode.sphere import open_sphere

        file.seek(0)
        return open_sphere(file)
    if found.by == "wave":
        return _open_wave(file, found)
    if found.by == "aiff":
        promise = aiff_promise(file)
        _check(promise.encoding in _AIFF_TYPES, found, promise.encoding)
        return open_sndfile(file, found.container, promise.frames)
    if found.by == "au":
        promise = au_promise(file)
        _check(promise.encoding in _AU_ENCODINGS, found, promise.encoding)
        return open_sndfile(file, found.container, promise.frames)
    if found.by == "sndfile":
        return _open_either(file, found)
    return open_ffmpeg(file, found.container, found.demuxer, _promised(file, found))


def _open_wave(file: BinaryIO, found: Found) -> Stream:
    promise: Promise = wave_promise(file)
    if promise.encoding in _LINEAR_TAGS:
        _check(promise.encoding != 1 or promise.sample_bytes <= 4, found, f"{promise.sample_bytes * 8}-bit PCM")
        return open_sndfile(file, found.container, promise.frames)
    _check(promise.encoding in _FFMPEG_TAGS, found, promise.encoding)
    return open_ffmpeg(file, found.container, found.demuxer, promise.frames)


def _open_either(file: BinaryIO, found: Found) -> Stream:
    """libsndfile for what it reads exactly or at its own rate (Opus); FFmpeg for the rest of Ogg and CAF."""
    try:
        return open_sndfile(file, found.container, None)
    except Reject as refused:
        if refused.reason == "unsupported":
            raise
        return open_ffmpeg(file, found.container, found.demuxer)


def _promised(file: BinaryIO, found: Found) -> int | None:
    file.seek(found.start)
    if found.demuxer == "mp3":
        return xing_frames(file.read(4096))
    if found.demuxer == "flac":
        # STREAMINFO is always the first block; its 36 bits of total samples are 0 when unknown (RFC 9639, section 8.2).
        head = file.read(26)
        return int.from_bytes(head[21:26], "big") & (1 << 36) - 1 or None
    return None


def _check(accepted: bool, found: Found, encoding: object) -> None:
    if not accepted:
        name = encoding.decode("latin-1") if isinstance(encoding, bytes) else str(encoding)
        raise Reject(
            "unsupported", f"encoding {name} in {found.container} is refused; convert the file to WAV or FLAC first", encoding=name
        )
