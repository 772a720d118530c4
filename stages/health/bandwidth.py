"""How high a channel's sound reaches, and the sampling rate it was likely made at."""

from __future__ import annotations

import numpy as np

from stages.health.survey import Floats, Survey

RATES = (8000, 11025, 12000, 16000, 22050, 24000)
"""Sampling rates below which speech loses content, and from which recordings are commonly upsampled."""
DROP_DB = 20.0
"""Above its last content a spectrum stays at least this far below the level just under the edge."""
LOOK = 0.12
"""The level just under an edge is taken over this share of its frequency, and the edge is as wide."""
MARGIN = 1.04
"""A resampler's edge lies up to this factor beyond half the original rate."""
MUCH_LOWER = 0.75
"""An original rate counts when it is at most this share of the recording's own."""


def bandwidth(survey: Survey, channel: int) -> float | None:
    """Highest frequency with content, in Hz; half the rate when the spectrum reaches the top; absent for digital silence.

    The spectrum is the median over blocks of 4 s of the louder half. Its content ends at the lowest edge above which nothing comes within 20 dB
    of the level just under it: speech falls more slowly, a resampler's or codec's filter falls so everywhere above.
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


def original_rate(survey: Survey, channel: int) -> int | None:
    """The common rate (Hz) much below the recording's own whose half just holds the bandwidth; absent when there is none."""
    reach = bandwidth(survey, channel)
    if reach is None:
        return None
    return next((rate for rate in RATES if rate <= MUCH_LOWER * survey.rate and reach <= rate / 2 * MARGIN), None)


def _typical(spectra: Floats) -> Floats | None:
    """Median spectrum over the louder half of the blocks that hold anything."""
    total = spectra.sum(axis=1)
    held = spectra[total >= np.median(total[total > 0])] if (total > 0).any() else spectra[:0]
    typical: Floats = np.median(held, axis=0)
    return typical if len(held) else None
