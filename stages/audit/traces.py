"""Traces that separation of a mixture leaves: one voice in the other's channel, in phase with it bin by bin and at levels that jump.

A leak through air or wire is one filter: its gain at a frequency stays as it is. A separator multiplies each bin of the mixture's spectrum
by a mask of its own, so what is left of the other voice has that voice's phase, and a gain that changes from frame to frame. Digital and
room silence have neither. Masks as a product with the mixture's spectrum: Wang & Chen 2018, IEEE/ACM TASLP 26(10), section III.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.recording import Recording, as_float
from schemas.span import Span, subtract, total

WINDOW = 0.032
"""Seconds of one spectrum; they overlap by half."""
BAND = (200.0, 3400.0)
"""Hz."""
MOST_S = 24.0
"""Seconds of evidence looked at for each direction, spread over the recording."""
LEAST_S = 2.0
STRONG_DB = 15.0
"""A bin counts where the speaker's own channel stands so far above its median at that frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one side leaves in the other's channel while it alone speaks."""

    source: int
    evidence_s: float
    locked: float | None
    """Mean resultant length of the phase differences of strong bins, 0 (random) to 1 (the same phase); absent with too little evidence."""
    jumps_db: float | None
    """Standard deviation over time of the level of the trace against its source at one frequency, median over frequencies."""
    level_db: float | None
    """Median level of the trace against its source."""


def traces(recording: Recording, activity: Activity) -> tuple[Trace, Trace]:
    """Both directions of a two-channel recording."""
    return _trace(recording, activity, 0), _trace(recording, activity, 1)


def _trace(recording: Recording, activity: Activity, source: int) -> Trace:
    alone = subtract(activity.channels[source], activity.channels[1 - source])
    evidence = total(alone) / recording.rate
    spectra = [_spectra(recording, span) for span in _spread(alone, recording.rate)]
    spectra = [each for each in spectra if each.shape[1]]
    if evidence < LEAST_S or not spectra:
        return Trace(source=source, evidence_s=evidence, locked=None, jumps_db=None, level_db=None)
    both = np.concatenate(spectra, axis=1)
    own, other = both[source], both[1 - source]
    power = np.abs(own) ** 2
    strong = (power > np.median(power, axis=0) * 10 ** (STRONG_DB / 10)) & (np.abs(other) > 0) & (power > 0)
    if strong.sum() < 200:
        return Trace(source=source, evidence_s=evidence, locked=None, jumps_db=None, level_db=None)
    turned = np.where(strong, other * np.conj(own), 0)
    size = np.abs(turned)
    phase = np.where(size > 0, turned / np.where(size > 0, size, 1), 0)
    ratio = np.where(strong, 20 * np.log10(np.where(strong, np.abs(other), 1) / np.where(strong, np.abs(own), 1)), np.nan)
    enough = strong.sum(axis=0) >= 8
    with np.errstate(invalid="ignore"):
        spread = [float(np.nanstd(ratio[:, f])) for f in np.flatnonzero(enough)]
    return Trace(
        source=source,
        evidence_s=evidence,
        locked=float(abs(phase.sum()) / strong.sum()),
        jumps_db=float(np.median(spread)) if spread else None,
        level_db=float(np.nanmedian(ratio)),
    )


def _spread(alone: tuple[Span, ...], rate: int) -> list[Span]:
    """Stretches of evidence, thinned evenly to at most `MOST_S` seconds."""
    step = max(1, -(-total(alone) // round(MOST_S * rate)))
    return [span for span in alone if len(span) > 2 * WINDOW * rate][::step]


def _spectra(recording: Recording, span: Span) -> NDArray[np.complex128]:
    """Spectra [2, frames, bins in the band] of one stretch."""
    size = round(WINDOW * recording.rate)
    hop = size // 2
    longest = Span(span.start, min(span.end, span.start + round(4 * recording.rate)))
    samples = as_float(recording.samples[:, longest.start : longest.end], recording.bits)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size, axis=1)[:, ::hop]
    bins = np.fft.rfftfreq(size, 1 / recording.rate)
    band = (bins >= BAND[0]) & (bins <= BAND[1])
    return np.asarray(np.fft.rfft(frames * np.hanning(size), axis=2)[:, :, band])
