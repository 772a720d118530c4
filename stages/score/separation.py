"""How sure the making of one channel per speaker is of itself."""

from __future__ import annotations

from schemas.diarization import Diarization
from schemas.quality import Score
from schemas.span import Span, intersect, total, union
from schemas.tracks import Tracks
from stages.score.names import score
from stages.score.part import Dialogue
from stages.sureness import Sureness

MADE = ("routed", "separated", "cleaned", "restored")
"""Kinds of origin whose samples are not simply those that the recording has of this speaker alone."""


def separation(dialogue: Dialogue) -> list[Score]:
    """What the diarization says of itself, confidence in what is not the recording's own, and how much overlap nothing took apart."""
    found = [] if dialogue.diarization is None else _diarized(dialogue.diarization)
    tracks, activity = dialogue.tracks, dialogue.activity
    for channel in (0, 1):
        sure = _confidence(tracks, channel)
        if sure is not None:
            method = f"separate: mean confidence of stretches that are {', '.join(MADE)}"
            found.append(score("separation.confidence", sure, method, channel))
    overlap = intersect(*activity.channels)
    if overlap and tracks.order is None:
        routed = union(origin.span for origin in tracks.origins if origin.kind == "routed")
        method = "separate: share of the time in which both speak that holds the mixture"
        found.append(score("separation.routed", total(intersect(overlap, routed)) / total(overlap), method))
    return found


def _diarized(diarization: Diarization) -> list[Score]:
    found = []
    if diarization.confidence is not None:
        method = "diarize: expected share of speech given to the right speaker"
        found.append(score("diarization_confidence", diarization.confidence, method))
    if diarization.similarity is not None:
        found.append(score("voice_similarity", diarization.similarity, "diarize: cosine between the voice models of the two speakers"))
    return found


def _confidence(tracks: Tracks, channel: int) -> float | None:
    made = (origin for origin in tracks.origins if origin.channel == channel and origin.kind in MADE)
    return Sureness((origin.span, origin.confidence) for origin in made).over(Span(0, tracks.length))
