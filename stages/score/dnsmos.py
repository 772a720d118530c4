"""DNSMOS: what listeners would say of a channel's speech (P.835: signal, background, overall; P.808), by networks from a package.

The recipe is that of the package: windows of 9.01 s every second, the P.835 network's numbers bent by polynomials, the mean over windows.
Of each channel only a bounded number of windows is judged, all of them with speech, because one takes 0.4 s of a core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.quality import Score
from schemas.recording import as_float
from schemas.span import Span, Spans
from schemas.tracks import Tracks
from stages.onnx import onnx_session
from stages.packaged import Carrier
from stages.score.mel import RATE, log_mel
from stages.score.names import score
from stages.score.part import Covered, Dialogue, Part
from stages.stage import Weights

RELEASE = "0.0.1.1"
CARRIER = Carrier("score: dnsmos", "speechmos", "speechmos", RELEASE)
P835, P808 = "dnsmos_models/sig_bak_ovr.onnx", "dnsmos_models/model_v8.onnx"
SHA256 = {
    P835: "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
    P808: "9246480c58567bc6affd4200938e77eef49468c8bc7ed3776d109c07456f6e91",
}
WEIGHTS = tuple(Weights(f"DNSMOS {file.rpartition('/')[2]}", RELEASE, digest, "MIT") for file, digest in SHA256.items())

NAMES = ("dnsmos.sig", "dnsmos.bak", "dnsmos.ovrl", "dnsmos.p808")
BENT = ((-0.08397278, 1.22083953, 0.0052439), (-0.13166888, 1.60915514, -0.39604546), (-0.06766283, 1.11546468, 0.04602535))
"""The published polynomials for signal, background and overall, highest power first."""
WINDOW = 144160
"""Samples at 16 kHz: 9.01 s."""
SHORT = 160
"""Samples that the P.808 network's window is shorter by."""
SPEECH = 3.0
"""Seconds of speech that a window is judged for, where there are windows with that much."""
MARGIN = 1
"""Seconds resampled before a window, so that the resampler has settled."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many windows of a channel are judged: one for each `every` seconds of recording begun, at most `most`."""

    most: int
    every: float

    def of(self, seconds: float) -> int:
        return int(max(1, min(self.most, seconds // self.every)))


class Networks:
    """Both networks, loaded; raises `UsageError` when the package is absent or its weights are not the pinned ones."""

    def __init__(self, device: str, threads: int) -> None:
        self.p835: Any = onnx_session(CARRIER.pinned(P835, SHA256[P835]), device, threads, CARRIER.asker)
        self.p808: Any = onnx_session(CARRIER.pinned(P808, SHA256[P808]), device, threads, CARRIER.asker)

    def __call__(self, window: NDArray[np.float32]) -> tuple[float, ...]:
        """The scores of `NAMES` for one window [144160] at 16 kHz in [-1, 1]."""
        raw = self.p835.run(None, {"input_1": window[None]})[0][0]
        bent = [float(np.polyval(polynomial, value)) for polynomial, value in zip(BENT, raw, strict=True)]
        return (*bent, float(self.p808.run(None, {"input_1": log_mel(window[:-SHORT])[None]})[0][0][0]))


def dnsmos(bounds: Bounds, regions: bool, device: str, threads: int) -> Part:
    """The part, loaded; with `regions` every judged window also has its scores of its own."""
    networks = Networks(device, threads)
    method = f"speechmos {RELEASE}: mean over at most {bounds.most} windows of 9.01 s with speech"
    alone = f"speechmos {RELEASE}: one window of 9.01 s"

    def part(dialogue: Dialogue) -> list[Score]:
        tracks, found = dialogue.tracks, []
        most = bounds.of(tracks.length / tracks.rate)
        for channel, speech in enumerate(dialogue.activity.channels):
            starts = chosen(speech, tracks.length, tracks.rate, most)
            if not starts:
                continue
            judged = np.array([networks(window(tracks, channel, start)) for start in starts])
            found += [score(name, value, method, channel) for name, value in zip(NAMES, judged.mean(axis=0), strict=True)]
            found.append(score("dnsmos.windows", len(starts), "windows judged", channel))
            for start, values in zip(starts if regions else (), judged, strict=False):
                span = Span(start * tracks.rate, min(tracks.length, start * tracks.rate + -(-WINDOW * tracks.rate // RATE)))
                found += [score(name, value, alone, channel, span) for name, value in zip(NAMES, values, strict=True)]
        return found

    return part


def hops(samples: int) -> int:
    """Windows that the recipe takes of `samples` at 16 kHz, one every second; 0 where it would repeat the sound to fill one."""
    return max(1, samples // RATE - 9) if samples >= WINDOW else 0


def chosen(speech: Spans, length: int, rate: int, most: int) -> list[int]:
    """Seconds at which the windows to judge start: spread evenly over those with `SPEECH` seconds of speech, else the one with the most.

    Of a channel shorter than a window it is the whole, and of one without speech there is none.
    """
    if not speech:
        return []
    starts = np.arange(max(1, hops(length * RATE // rate)))
    first = np.asarray(starts * rate, np.float64)
    held = Covered(speech).within(first, first + WINDOW * rate / RATE)
    good = starts[held >= SPEECH * rate]
    if not len(good):
        return [int(held.argmax())] if held.max() > 0 else []
    if len(good) <= most:
        return [int(start) for start in good]
    return [int(good[(2 * k + 1) * len(good) // (2 * most)]) for k in range(most)]


def window(tracks: Tracks, channel: int, start: int) -> NDArray[np.float32]:
    """One window [144160] at 16 kHz from second `start` of a channel; of one that is shorter the sound is repeated, as in the recipe."""
    rate = tracks.rate
    before = min(start, MARGIN)
    end = -(-(start * RATE + WINDOW) * rate // RATE) + rate // 4
    audio = as_float(tracks.samples[channel, (start - before) * rate : end], tracks.bits)
    if rate != RATE:
        import soxr

        audio = soxr.resample(audio, rate, RATE, quality="HQ")
    return filled(np.clip(audio[before * RATE :][:WINDOW], -1, 1))


def filled(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first window of `audio` [n > 0] put one after the other as often as it takes."""
    return np.ascontiguousarray(np.tile(audio, -(-WINDOW // len(audio)))[:WINDOW])
