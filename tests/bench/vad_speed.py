"""Speed of the VAD beside the package's own loop, in one run: `python -m tests.bench.vad_speed [two-channel file]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.vad.energy import EnergyVad
from stages.vad.segment import RATE
from stages.vad.silero import SileroVad
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import talk


def side_by_side(samples: NDArray[np.int16], rate: int = 8000, rounds: int = 3) -> dict[str, float]:
    """Ratios over the best of `rounds`, one thread each, for int16 `samples` [2, n] at `rate` Hz.

    `times_jit`, `times_onnx`: speed of our stage as a multiple of `get_speech_timestamps`, called channel after channel with the
    TorchScript or the ONNX model on the same 16 kHz samples. `realtime_16k`, `realtime`: seconds of recording (both channels) done in one
    second of one core, from 16 kHz and from `rate` with resampling; `realtime_energy`: from `rate` with the energy backend. `same`: 1
    when all segments agree.
    """
    import soxr
    import torch
    from silero_vad import get_speech_timestamps, load_silero_vad

    wide = soxr.resample(samples.T.astype(np.float32) / 32768, rate, RATE).T
    whole = np.clip(np.round(wide * 32768), -32768, 32767).astype(np.int16)
    floats = [torch.from_numpy(channel.astype(np.float32) / 32768) for channel in whole]
    vad, energy = SileroVad(min_speech=0.25).load("cpu"), EnergyVad().load("cpu")
    seconds = samples.shape[1] / rate

    def stock(onnx: bool) -> Callable[[], list[list[dict[str, int]]]]:
        model = load_silero_vad(onnx=onnx)
        return lambda: [get_speech_timestamps(channel, model) for channel in floats]

    ours, found = _best(lambda: vad(tracks_of(whole, RATE)), rounds)
    jit, jit_found = _best(stock(False), rounds)
    onnx, onnx_found = _best(stock(True), rounds)
    resampled, _ = _best(lambda: vad(tracks_of(samples, rate)), rounds)
    plain, _ = _best(lambda: energy(tracks_of(samples, rate)), rounds)
    spans = [[{"start": span.start, "end": span.end} for span in channel] for channel in found.channels]
    return {
        "seconds": seconds,
        "times_jit": jit / ours,
        "times_onnx": onnx / ours,
        "realtime_16k": seconds / ours,
        "realtime": seconds / resampled,
        "realtime_energy": seconds / plain,
        "same": float(spans == jit_found == onnx_found),
    }


def _best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - began)
    return min(taken), result


def main() -> None:
    """Print the ratios for a file, or for a minute of generated talk."""
    if len(sys.argv) > 1:
        import soundfile

        samples, rate = soundfile.read(sys.argv[1], dtype="int16", always_2d=True)
        found = side_by_side(samples.T, rate)
    else:
        found = side_by_side(np.tile(talk(8000).tracks.samples, (1, 4)))
    for name, value in found.items():
        print(f"{name:16} {value:10.1f}")


if __name__ == "__main__":
    main()
