"""A network hears windows of one recording: resampled, levelled, in batches of one shape, and back at the recording's rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.separate.network.base import Separator

Floats = NDArray[np.float32]

LEVEL = 0.05
"""RMS of what a network hears (-26 dB of full scale), about that of the read speech that most are trained on."""
PEAK = 0.9
LEEWAY = 0.01
"""Share of its length by which an output may be longer or shorter than it should be: networks pad and trim."""


def hear(network: Separator, windows: list[Floats], rate: int, batch: int) -> list[Floats]:
    """Voices [outputs, n] of each window [n] at `rate` Hz.

    Windows of one size are heard together. Raises `UsageError` when what comes back is no two voices or more of the right length, or not
    finite.
    """
    made: list[Floats] = [np.zeros((0, 0), np.float32)] * len(windows)
    for size in sorted({len(window) for window in windows}):
        same = [index for index, window in enumerate(windows) if len(window) == size]
        for at in range(0, len(same), batch):
            some = same[at : at + batch]
            ready = [_ready(windows[index], rate, network) for index in some]
            given = network.run(np.stack([sound for sound, _ in ready]))
            _check(given, len(some), ready[0][0].shape[0], network)
            for index, voices, (_, gain) in zip(some, given, ready, strict=True):
                made[index] = _back(voices / np.float32(gain), network.given, rate, size)
    return made


def _ready(window: Floats, rate: int, network: Separator) -> tuple[Floats, float]:
    """A window as the network wants it, and by how much it was amplified."""
    import soxr

    # Every window of one size has one length at the network's rate, whatever the resampler rounds to.
    length = round(len(window) * network.rate / rate)
    if network.lengths:
        length = min(network.lengths, key=lambda each: abs(each - length))
    sound = _fitted(soxr.resample(window, rate, network.rate) if rate != network.rate else window, length)
    level, peak = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))), float(np.abs(sound).max())
    gain = min(LEVEL / level, PEAK / peak) if level > 0 else 1.0
    return np.asarray(sound * np.float32(gain), np.float32), gain


def _back(voices: Floats, given: int, rate: int, size: int) -> Floats:
    """[outputs, size]"""
    import soxr

    again = soxr.resample(np.ascontiguousarray(voices.T), given, rate).T if given != rate else voices
    return _fitted(np.asarray(again, np.float32), size)


def _fitted(x: Floats, length: int) -> Floats:
    """[..., length]: cut, or filled with zeros, at its end."""
    return x[..., :length] if x.shape[-1] >= length else np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, length - x.shape[-1])])


def _check(given: Floats, windows: int, samples: int, network: Separator) -> None:
    wanted = samples * network.given / network.rate
    fits = given.ndim == 3 and given.shape[0] == windows and given.shape[1] >= 2
    if not fits or abs(given.shape[2] - wanted) > max(2.0, LEEWAY * wanted):
        raise UsageError(
            f"separate.model: of {windows} windows of {samples} samples the network makes {list(given.shape)}; wanted [{windows}, 2 or "
            f"more voices, about {round(wanted)} samples]; a network with another rate at its output has that in separate.output_rate"
        )
    if not np.isfinite(given).all():
        raise UsageError("separate.precision: the network gives numbers that are not finite; use float32")
