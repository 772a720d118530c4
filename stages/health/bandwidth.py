"""How high a channel's sound reaches, and the sampling rate it was likely made at."""

from __future__ import annotations

import numpy as np

from schemas.recording import Recording, as_float
from stages.health.survey import Floats, Survey, hann

RATES = (8000, 11025, 12000, 16000, 22050, 24000)
"""Sampling rates below which speech loses content, and from which recordings are commonly upsampled."""
DROP_DB = 20.0
"""Above its last content a spectrum stays at least this far below the level just under the edge."""
LOOK = 0.12
"""The level just under an edge is taken over this share of its frequency, and the edge is as wide."""
MARGIN = 1.06
"""A resampler's edge lies up to this factor beyond half the original rate."""
IMAGE_FRAME_S = 0.04
"""Frames in which images are sought: bins of 25 Hz divide every common rate, so a bin's image is a bin."""
MOST_IMAGES = 400
LEAST_IMAGES = 40
IMAGES = (((20, 80), 0.5), ((3, 20), 0.85))
"""Bins from the fold between which images are sought, and the correlation from which they are told.

Further off they come from interpolation, at 0.7 to 1; sixty real recordings of full band show under 0.35. Nearby they come from
filters of gentle slope, at 0.94 to 1; but there natural sound is like itself, too, up to 0.65.
"""
MUCH_LOWER = 0.75
"""An original rate counts when it is at most this share of the recording's own."""


def bandwidth(survey: Survey, channel: int) -> float | None:
    """Highest frequency with content, in Hz; half the rate when the spectrum reaches the top; absent for digital silence.

    The spectrum is the median over blocks of 4 s of the louder half. Its content ends at the lowest edge above which nothing comes
    within 20 dB of the level just under it: speech falls more slowly, a resampler's or codec's filter falls so everywhere above.
    """
    spectrum = _typical(survey.spectra[channel])
    if spectrum is None:
        return None
    bin_hz = survey.rate / survey.n
    level = 10 * np.log10(np.maximum(spectrum, 1e-20))
    usable = int(len(level) * 0.985)
    above = np.maximum.accumulate(level[:usable][::-1])[::-1]
    for edge in range(int(1500 / bin_hz), usable):
        under = level[int(edge * (1 - LOOK)) : edge].mean()
        far = int(edge * (1 + LOOK))
        if far < usable and above[far] < under - DROP_DB:
            steep = np.flatnonzero(level[edge:far] < (under + above[far]) / 2)
            return float((edge + (steep[0] if len(steep) else far - edge)) * bin_hz)
    return survey.rate / 2


def original_rate(recording: Recording, survey: Survey, channel: int, reach: float | None) -> int | None:
    """The common rate (Hz) much below the recording's own at which the sound was likely made; absent when there is none.

    Either the spectrum above its half mirrors the one below, as all but good resamplers leave it, or its half just holds the bandwidth
    `reach`, in Hz.
    """
    lower = [rate for rate in RATES if rate <= MUCH_LOWER * survey.rate]
    if reach is None or not lower:
        return None
    images = _mirrored(recording, survey, channel, lower)
    return images if images is not None else next((rate for rate in lower if reach <= rate / 2 * MARGIN), None)


def _mirrored(recording: Recording, survey: Survey, channel: int, rates: list[int]) -> int | None:
    """The lowest rate about whose half the spectra of the loudest frames are mirrored as clearly as about any.

    Interpolation by lines or short polynomials leaves images: the level at `rate - f` follows the level at `f` from frame to frame. The
    measure is the median over f of the correlation of both levels in dB, after each frame's mean level has been taken off both sides.
    """
    from scipy import fft

    n = round(IMAGE_FRAME_S * recording.rate)
    loud = np.argsort(-survey.band[channel], kind="stable")[: max(LEAST_IMAGES, survey.frames // 20)]
    starts = np.sort(loud)[:: max(1, len(loud) // MOST_IMAGES)] * survey.hop
    starts = starts[starts + n <= recording.length]
    if len(starts) < LEAST_IMAGES:
        return None
    frames = np.stack([as_float(recording.samples[channel, start : start + n], recording.bits) for start in starts])
    level = 10 * np.log10(np.abs(fft.rfft(frames * hann(n), axis=1)) ** 2 + 1e-12)
    found: set[int] = set()
    for bins, least in IMAGES:
        alike = [_mirror(level, round(rate * IMAGE_FRAME_S), bins) for rate in rates]
        clear = max(least, max(alike) - 0.1)
        found |= {rate for rate, value in zip(rates, alike, strict=True) if value > clear}
    return min(found, default=None)


def _mirror(level: Floats, fold: int, bins: tuple[int, int]) -> float:
    """Median correlation over frames of the levels [frames, bins] in bins `b` and `fold - b`, `bins` away from `fold / 2`."""
    apart = np.arange(bins[0], min(bins[1], fold // 2, level.shape[1] - 1 - fold // 2))
    below, above = level[:, fold // 2 - apart], level[:, fold - (fold // 2 - apart)]
    below, above = (side - side.mean(axis=1, keepdims=True) for side in (below, above))
    below, above = (side - side.mean(axis=0) for side in (below, above))
    scale = np.sqrt((below**2).sum(axis=0) * (above**2).sum(axis=0))
    return float(np.median((below * above).sum(axis=0) / np.maximum(scale, 1e-12)))


def _typical(spectra: Floats) -> Floats | None:
    """Median spectrum over the louder half of the blocks that hold anything."""
    total = spectra.sum(axis=1)
    if not (total > 0).any():
        return None
    typical: Floats = np.median(spectra[total >= np.median(total[total > 0])], axis=0)
    return typical
