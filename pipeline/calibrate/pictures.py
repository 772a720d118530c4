"""Excerpts as a page carries them inside itself: sounds that a browser plays and pictures that it shows, both without a script."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.overlaps import Excerpt

WINDOW = 0.032
"""Seconds of one spectrum."""
HOP = 0.01
"""Seconds from one spectrum to the next."""
ROWS = 128
"""Bands of a picture, from 0 Hz at the bottom to half of the sampling rate."""
RANGE_DB = 60.0
"""Levels shown, below the highest of the excerpt's signals."""
COLOURS = ((12, 8, 38), (88, 24, 104), (188, 55, 84), (244, 136, 73), (252, 250, 210))
"""From the softest to the loudest; lightness grows all the way, so that the order is seen without colour too."""
LEVELS = 16

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """One channel of an excerpt, as data addresses."""

    sound: str
    picture: str


def signals(excerpt: Excerpt) -> tuple[tuple[Signal, ...], int]:
    """Each of `schemas.overlaps.SIGNALS`, pictures on one scale of levels, and the highest frequency in them (Hz)."""
    import soundfile

    pcm, rate = soundfile.read(io.BytesIO(base64.b64decode(excerpt.flac)), dtype="int16", always_2d=True)
    spectra = [spectrogram(channel / 32768, rate) for channel in pcm.T]
    top = max(float(each.max(initial=-np.inf)) for each in spectra)
    return tuple(Signal(_sound(pcm[:, at], rate), _picture(each, top)) for at, each in enumerate(spectra)), rate // 2


def _sound(pcm: NDArray[np.int16], rate: int) -> str:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, pcm, rate, subtype="PCM_16", format="FLAC")
    return f"data:audio/flac;base64,{base64.b64encode(file.getvalue()).decode()}"


def spectrogram(samples: NDArray[np.floating], rate: int) -> Floats:
    """Levels in dB [ROWS, spectra] of samples [n] under a Hann window, the lowest band first; -inf where there is nothing.

    Spectrum k is centred `k * HOP` seconds after the start.
    """
    size, hop = round(WINDOW * rate), max(1, round(HOP * rate))
    padded = np.pad(np.asarray(samples, np.float64), size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, 2 * max(ROWS, 1 << (size - 1).bit_length()), axis=1)) ** 2
    bands = np.array_split(power[:, 1:], ROWS, axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(np.stack([band.mean(axis=1) for band in bands])))


def _picture(levels: Floats, top: float) -> str:
    if not np.isfinite(top):
        top = 0.0
    steps = np.clip((np.maximum(levels, top - RANGE_DB) - (top - RANGE_DB)) / RANGE_DB, 0, 1)
    return f"data:image/png;base64,{base64.b64encode(png(np.rint(steps[::-1] * (LEVELS - 1)).astype(np.uint8))).decode()}"


def png(levels: NDArray[np.uint8]) -> bytes:
    """Levels [height, width], each below `LEVELS`, as a PNG with a palette of four bits (PNG specification, ISO/IEC 15948, 11.2)."""
    height, width = levels.shape
    even = np.pad(levels, ((0, 0), (0, width % 2)))
    rows = np.concatenate((np.zeros((height, 1), np.uint8), even[:, ::2] << 4 | even[:, 1::2]), axis=1)
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette().tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def palette() -> NDArray[np.uint8]:
    """[LEVELS, 3]: red, green and blue of each level."""
    places = np.linspace(0, len(COLOURS) - 1, LEVELS)
    return np.rint(np.stack([np.interp(places, range(len(COLOURS)), part) for part in zip(*COLOURS, strict=True)], axis=1)).astype(np.uint8)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
