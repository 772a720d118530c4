"""Generated stereo calls as files, with exact samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 8000


def talk(seed: int, seconds: float = 3.0, rate: int = RATE, bits: int = 16) -> NDArray[Any]:
    """Two channels [2, n] of left-justified-free integers: noise bursts that take turns with silence between, over a quiet noise floor."""
    draw = np.random.default_rng(seed)
    n, top = int(seconds * rate), 1 << (bits - 1)
    samples = draw.normal(0, top * 3e-4, (2, n))
    turn = rate // 2
    for index, start in enumerate(range(turn // 2, n - turn, turn + turn // 2)):
        burst = np.minimum(turn, n - start)
        envelope = np.abs(np.sin(np.arange(burst) * 2 * np.pi * 4 / rate)) + 0.1
        samples[index % 2, start : start + burst] += draw.normal(0, top * 0.08, burst) * envelope
    return np.clip(np.rint(samples), -top, top - 1).astype(np.int16 if bits == 16 else np.int32)


def write_call(path: Path, samples: NDArray[Any], rate: int = RATE) -> None:
    """`samples` [channels, n]: int16 as 16-bit WAV, int32 as 24-bit WAV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = samples.dtype == np.int32
    data = np.left_shift(samples, 8) if wide else samples
    soundfile.write(str(path), np.ascontiguousarray(data.T), rate, subtype="PCM_24" if wide else "PCM_16", format="WAV")


def decoded(flac: bytes) -> NDArray[Any]:
    """Samples [channels, n] of a FLAC: int16, or int32 with 24-bit values."""
    import io

    info = soundfile.info(io.BytesIO(flac))
    wide = info.subtype == "PCM_24"
    samples, _ = soundfile.read(io.BytesIO(flac), dtype="int32" if wide else "int16", always_2d=True)
    found: NDArray[Any] = np.ascontiguousarray(samples.T) >> 8 if wide else np.ascontiguousarray(samples.T)
    return found
