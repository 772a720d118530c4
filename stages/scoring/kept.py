"""What of the true speech arrives where it belongs: overlap, backchannels, and speech in the right channel. Exact to the sample."""

from __future__ import annotations

from schemas.span import Span, Spans, intersect, total, union
from schemas.tracks import Tracks
from stages.scoring.speakers import Pair
from stages.turns.channels import ipus

IPU_SILENCE = 0.2
"""Seconds; shorter silences do not end an utterance."""
BACKCHANNEL = 1.0
"""Seconds; only shorter utterances count as backchannels here."""
INSIDE = 0.5
"""Least share of a backchannel inside the partner's speech."""
KEPT = 0.5
"""Least share of its time that must be speech in the right channel for a backchannel to count as kept."""
NOTHING = ("silence", "room_tone")
"""Origins of stretches that carry nothing of the recording."""


def overlap(speech: Pair) -> Spans:
    """Where both talk."""
    return intersect(speech[0], speech[1])


def backchannels(reference: Pair, rate: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Each true speaker's backchannels: utterances (IPUs) under `BACKCHANNEL` seconds that lie at least by `INSIDE` in the partner's."""
    found = []
    for own, partner in (reference, reference[::-1]):
        short = (span for span in ipus(own, IPU_SILENCE, rate) if len(span) < BACKCHANNEL * rate)
        found.append(tuple(span for span in short if total(intersect((span,), partner)) >= INSIDE * len(span)))
    return found[0], found[1]


def backchannels_kept(reference: Pair, found: Pair, rate: int) -> tuple[int, int]:
    """How many true backchannels there are, and how many of them are speech in the right channel of `found` for `KEPT` of their time."""
    pairs = [(span, found[speaker]) for speaker, spans in enumerate(backchannels(reference, rate)) for span in spans]
    kept = sum(1 for span, speech in pairs if total(intersect((span,), speech)) >= KEPT * len(span))
    return len(pairs), kept


def carried(tracks: Tracks, channel: int) -> Spans:
    """Where one made channel carries sound of the recording, by its origins."""
    return union(origin.span for origin in tracks.origins if origin.channel == channel and origin.kind not in NOTHING)
