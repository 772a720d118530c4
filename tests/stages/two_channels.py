"""Two recorded channels as tracks, for every stage that hears them."""

from __future__ import annotations

from schemas.recording import Samples
from schemas.span import Span
from schemas.tracks import Origin, Tracks


def tracks_of(samples: Samples, rate: int) -> Tracks:
    """16-bit samples [2, n] as they were recorded, channel 0 first."""
    whole = Span(0, samples.shape[1])
    return Tracks(
        samples=samples,
        rate=rate,
        bits=16,
        speakers=("A", "B"),
        roles=("", ""),
        order=(0, 1),
        chosen="as_recorded",
        origins=(Origin(0, whole, "original"), Origin(1, whole, "original")),
    )
