"""Tar files and sound of known samples, for tests of what lies in containers."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import numpy as np
import soundfile


def tar_of(*members: tuple[str | tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def talk(seed: int, channels: int = 2, frames: int = 3000) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.random.default_rng(seed).integers(-9000, 9000, (channels, frames), dtype=np.int16)


def wav(samples: np.ndarray[Any, Any], rate: int = 8000, format: str = "WAV") -> bytes:
    sink = io.BytesIO()
    soundfile.write(sink, samples.T, rate, "PCM_16", format=format)
    return sink.getvalue()
