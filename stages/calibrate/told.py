"""Who speaks when as the true channels have it, in the place of what a chain's diarization would have found."""

from __future__ import annotations

from schemas.activity import Activity
from schemas.diarization import Diarization, Segment


def true_diarization(activity: Activity) -> Diarization:
    """A diarization whose segments are the speech of two true channels; speaker 0 is the one who speaks first.

    It is exact and says nothing of how sure it is, so its `confidence` is absent.
    """
    sides = sorted((0, 1), key=lambda side: activity.channels[side][0].start if activity.channels[side] else activity.length)
    segments = [Segment(speaker, span) for speaker, side in enumerate(sides) for span in activity.channels[side]]
    return Diarization(
        length=activity.length,
        rate=activity.rate,
        channel=0,
        segments=tuple(sorted(segments, key=lambda each: (each.span.start, each.span.end, each.speaker))),
        speakers=("AB"[sides[0]], "AB"[sides[1]]),
    )
