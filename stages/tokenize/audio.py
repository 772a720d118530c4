"""Both channels at a codec's rate, in windows of equal size, at bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schemas.codes import frames_of
from schemas.recording import full_scale
from schemas.tracks import Tracks
from stages.torch_audio import ensure_torchaudio
from stages.vad.windows import WINDOW, windows

if TYPE_CHECKING:
    import torch

SINC = {"lowpass_filter_width": 64, "rolloff": 0.9475937167399596, "beta": 14.769656459379492, "resampling_method": "sinc_interp_kaiser"}
"""The windowed sinc that torchaudio's documentation gives as equal to librosa's `kaiser_best`."""
SINC_RATES = 4000
"""Whole-number ratio of rates, at most, for a table of filters of sane size."""


def even_windows(tracks: Tracks, rate: int, hop: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Windows [2, size] at `rate` Hz that cover the recording's frames of `hop` samples; zeros after its end. soxr on the CPU.

    Equal to one pass over the whole, because the resampler carries its state.
    """
    left = frames_of(tracks.length, tracks.rate, rate, hop) * hop
    held: NDArray[np.float32] = np.zeros((2, 0), np.float32)
    for block in windows(tracks.samples, tracks.bits, tracks.rate, rate):
        held = np.concatenate((held, block), axis=1)
        while held.shape[1] >= size and left > 0:
            yield held[:, :size]
            held, left = held[:, size:], left - size
    while left > 0:
        yield np.pad(held[:, :size], ((0, 0), (0, size - min(size, held.shape[1]))))
        held, left = held[:, size:], left - size


def device_windows(tracks: Tracks, rate: int, hop: int, size: int, device: str) -> Iterator[torch.Tensor]:
    """The same as tensors [2, 1, size] on a device, resampled there by torchaudio's windowed sinc in float32.

    Integers go to the device as they are; each stretch is resampled with what the filter sees on both sides, so that the result is that of
    one pass over the whole. Nothing here waits for the device.
    """
    import torch

    left = frames_of(tracks.length, tracks.rate, rate, hop) * hop
    held = torch.zeros((2, 0), device=device)
    for block in _resampled(tracks, rate, device):
        held = torch.cat((held, block), dim=1)
        while held.shape[1] >= size and left > 0:
            yield held[:, None, :size]
            held, left = held[:, size:], left - size
    while left > 0:
        yield torch.nn.functional.pad(held[:, None, :size], (0, size - min(size, held.shape[1])))
        held, left = held[:, size:], left - size


def _resampled(tracks: Tracks, wanted: int, device: str) -> Iterator[torch.Tensor]:
    import torch

    common = math.gcd(tracks.rate, wanted)
    old, new = tracks.rate // common, wanted // common
    sinc = _sinc(tracks.rate, wanted, device)
    reach = math.ceil(SINC["lowpass_filter_width"] * old / min(old, new) / float(SINC["rolloff"]))  # type: ignore[operator, arg-type]
    side = (reach // old + 2) * old if old != new else 0
    step = max(1, round(WINDOW * tracks.rate / old)) * old
    scale = 1.0 / full_scale(tracks.bits)
    for at in range(0, tracks.length, step):
        start, end = max(0, at - side), min(tracks.length, at + step + side)
        block = torch.from_numpy(np.ascontiguousarray(tracks.samples[:, start:end]))
        if device != "cpu":
            block = block.pin_memory().to(device, non_blocking=True)
        floats = block.to(torch.float32) * scale
        count = -(-min(step, tracks.length - at) * new // old)
        first = (at - start) // old * new
        yield (floats if old == new else sinc(floats))[:, first : first + count]


def _sinc(rate: int, wanted: int, device: str) -> Any:
    ensure_torchaudio()
    from torchaudio.transforms import Resample

    return Resample(rate, wanted, **SINC).to(device)


def as_windows(tracks: Tracks, rate: int, hop: int, size: int, device: str, resample: str) -> Iterator[torch.Tensor]:
    """Windows [2, 1, size] on a device, resampled by `soxr` on the CPU or on the `device` itself."""
    common = math.gcd(tracks.rate, rate)
    if resample == "device" and max(tracks.rate, rate) // common <= SINC_RATES:
        yield from device_windows(tracks, rate, hop, size, device)
        return
    import torch

    for block in even_windows(tracks, rate, hop, size):
        tensor = torch.from_numpy(np.ascontiguousarray(block))[:, None]
        yield tensor if device == "cpu" else tensor.pin_memory().to(device, non_blocking=True)
