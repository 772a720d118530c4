"""Audio of items as files: stereo or one side, at the recording's rate or another, without a lossy codec."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.item import Item


def write_wav(path: Path, samples: NDArray[Any], rate: int, subtype: str) -> None:
    """Write samples [channels, n], as `Item.samples` gives them, as a WAV file."""
    import soundfile

    soundfile.write(path, np.ascontiguousarray(samples.T), rate, subtype, format="WAV")


def flac_bytes(samples: NDArray[np.int16], rate: int) -> bytes:
    """Mono samples [n] as a FLAC file."""
    import soundfile

    sink = io.BytesIO()
    soundfile.write(sink, samples, rate, "PCM_16", format="FLAC")
    return sink.getvalue()


def main_first(item: Item, main: int) -> NDArray[Any]:
    """Samples with the main channel first."""
    return item.samples if main == 0 else item.samples[::-1]


def side_at(item: Item, channel: int, rate: int, start: float = 0.0, end: float | None = None) -> NDArray[np.int16]:
    """One side as 16-bit samples at `rate`, of a stretch in seconds.

    At the recording's own rate and depth they are the recording's samples; otherwise they are resampled (soxr, very high quality).
    """
    first = round(start * item.rate)
    last = None if end is None else round(end * item.rate)
    samples = item.samples[channel, first:last]
    if rate == item.rate and item.subtype == "PCM_16":
        return np.ascontiguousarray(samples, dtype=np.int16)
    full = 32768.0 if item.subtype == "PCM_16" else 2147483648.0
    heard = samples.astype(np.float64) / full
    if rate != item.rate:
        import soxr

        heard = soxr.resample(heard, item.rate, rate, quality="VHQ")
    return np.clip(np.rint(heard * 32768.0), -32768, 32767).astype(np.int16)
