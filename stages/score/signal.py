"""Scores that channel health and speech activity already hold."""

from __future__ import annotations

from schemas.health import Health, Leak, Side
from schemas.quality import Score
from schemas.span import total
from stages.score.names import score
from stages.score.part import Dialogue


def signal(dialogue: Dialogue) -> list[Score]:
    """Signal-to-noise ratio, bandwidth and clipping of each side, leakage into each channel, and each channel's share of speech.

    Of a mixture the first three are those of the channel that was diarized, and belong to no channel of the row.
    """
    found = []
    for channel, side in _sides(dialogue):
        if side.level_dbfs is not None and side.noise_dbfs is not None:
            found.append(score("snr", side.level_dbfs - side.noise_dbfs, "health: level_dbfs - noise_dbfs", channel))
        if side.bandwidth_hz is not None:
            found.append(score("bandwidth", side.bandwidth_hz, "health: bandwidth_hz", channel))
        found.append(score("clipping", side.clipping, "health: clipping", channel))
    if dialogue.health is not None and not _mixed(dialogue):
        found += _leakage(dialogue.health)
    activity = dialogue.activity
    for channel, spans in enumerate(activity.channels):
        found.append(score("speech_share", total(spans) / activity.length, "vad: speech over the recording's time", channel))
    return found


def _mixed(dialogue: Dialogue) -> bool:
    return dialogue.diarization is not None and dialogue.diarization.channel is not None


def _sides(dialogue: Dialogue) -> list[tuple[int | None, Side]]:
    if dialogue.health is None:
        return []
    sides = dialogue.health.sides
    if dialogue.diarization is not None and dialogue.diarization.channel is not None:
        return [(None, sides[dialogue.diarization.channel])]
    return list(enumerate(sides))


def _leakage(health: Health) -> list[Score]:
    return [
        score("leakage", bound, "health: leak level, or the weakest that could have been seen where there was none", leak.into)
        for leak in health.leaks
        if (bound := leakage_bound(leak)) is not None
    ]


def leakage_bound(leak: Leak) -> float | None:
    """Decibels that the leak does not exceed: its level, or where none was found the weakest that the evidence could have shown."""
    return leak.detectable_db if leak.level_db is None else leak.level_db
