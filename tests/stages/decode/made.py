"""Generated audio files whose samples are known."""

from __future__ import annotations

import struct
import tempfile
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 8000


def noise16(frames: int, channels: int, seed: int = 0) -> NDArray[np.int16]:
    """Smooth-ish random int16 [frames, channels] that touches both ends of the range."""
    rng = np.random.default_rng(seed)
    samples = rng.integers(-9000, 9000, (frames, channels)).astype(np.int16)
    samples[: min(2, frames)] = [[-32768] * channels, [32767] * channels][: min(2, frames)]
    return samples


def written(samples: NDArray[Any], format: str, subtype: str, endian: str = "FILE", rate: int = RATE) -> bytes:
    """`samples` [frames, channels] as libsndfile writes them."""
    out = BytesIO()
    soundfile.write(out, samples, rate, format=format, subtype=subtype, endian=endian)
    return out.getvalue()


def encoded(samples: NDArray[np.int16], codec: str, format: str, rate: int, options: dict[str, str] | None = None) -> bytes:
    """`samples` int16 [frames, channels] as FFmpeg encodes and muxes them."""
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    # A named file, because moving an MP4's index to the front opens it once more.
    with tempfile.NamedTemporaryFile() as out:
        _encode(out.name, samples, codec, format, rate, layout, options or {})
        return out.read()


def _encode(path: str, samples: NDArray[np.int16], codec: str, format: str, rate: int, layout: str, options: dict[str, str]) -> None:
    with av.open(path, "w", format=format, options=options) as muxer:
        stream: Any = muxer.add_stream(codec, rate=rate, layout=layout)
        offered = [one.name for one in stream.codec_context.codec.audio_formats or ()]
        stream.codec_context.format = av.AudioFormat(
            next((name for name in ("s16", "s16p") if name in offered), offered[0] if offered else "s16")
        )
        resampler = av.AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate)
        for at in range(0, len(samples), 1000):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[at : at + 1000]).reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            for ready in resampler.resample(frame):
                muxer.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            muxer.mux(stream.encode(ready))
        muxer.mux(stream.encode(None))


def wav(payload: bytes, *, tag: int = 1, channels: int = 1, bits: int = 16, rate: int = RATE, claimed: int | None = None) -> bytes:
    """A WAV file of `payload` whose data chunk claims `claimed` bytes."""
    align = channels * ((bits + 7) // 8)
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits)
    size = len(payload) if claimed is None else claimed
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", size) + payload
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body
