"""Speech that got no words."""

from __future__ import annotations

from schemas.activity import Activity
from schemas.span import Span, intersect, subtract, total, union
from schemas.transcript import Transcript

REACH = 0.3
"""Seconds. Speech no further than this from a word counts as that word's: recognisers place words within a few tenths of a second, and the
detector pads what it marks."""


def unworded(transcript: Transcript, activity: Activity, reach: float = REACH) -> tuple[int, ...]:
    """Samples of each channel's speech that lie further than `reach` seconds from any of its words, recovered ones included."""
    return tuple(total(each) for each in unworded_spans(transcript, activity, reach))


def unworded_spans(transcript: Transcript, activity: Activity, seconds: float = REACH) -> tuple[tuple[Span, ...], ...]:
    """Where those samples are, channel by channel."""
    reach = round(seconds * activity.rate)
    found = []
    for channel, speech in enumerate(activity.channels):
        said = [word.span for word in transcript.words(channel)]
        said += [each.span for each in transcript.recovered if each.channel == channel]
        near = union(Span(max(span.start - reach, 0), span.end + reach) for span in said)
        found.append(subtract(speech, intersect(near, (Span(0, activity.length),))) if near else tuple(speech))
    return tuple(found)
