"""From a dialogue's stored values to its published rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pipeline.clips import Clip, clip_limit, clips, within
from pipeline.codecs import write_flac
from pipeline.plan import Plan
from schemas.activity import Activity, Turns
from schemas.diarization import Diarization
from schemas.health import Health, Side, swapped
from schemas.recording import Recording, Samples
from schemas.row import (
    Row,
    RowAudio,
    RowClip,
    RowOrigin,
    RowOther,
    RowScore,
    RowSource,
    RowSpeaker,
    RowSpeech,
    RowStage,
    RowTurn,
    RowWeights,
)
from schemas.source import Source
from schemas.span import Span
from schemas.stats import Stats
from schemas.tracks import Tracks

Value = Callable[[type], Any]
"""Gives the dialogue's stored value of a type."""


def rows_of(source: Source, plan: Plan, value: Value, minutes: float, recount: Callable[[Activity], Stats] | None) -> Iterator[Row]:
    """The rows of one dialogue in order; `recount` gives the statistics of a clip's own activity."""
    tracks: Tracks = value(Tracks)
    activity: Activity = value(Activity)
    channels = 2 if tracks.residual is None else 3
    parts = clips(tracks.length, clip_limit(minutes, tracks.rate, tracks.bits, channels), activity.channels)
    whole_stats = value(Stats) if plan.giver(Stats) is not None else None
    for index, part in enumerate(parts):
        inner = clip_activity(activity, part.span)
        stats = whole_stats if len(parts) == 1 or recount is None else recount(inner)
        yield _row(source, plan, value, tracks, part, index, len(parts), inner, stats)


def clip_activity(activity: Activity, window: Span) -> Activity:
    """The activity inside a window, counted from its start."""
    channels = tuple(within(spans, window) for spans in activity.channels)
    return Activity(channels=channels, length=len(window), rate=activity.rate)


def _row(
    source: Source, plan: Plan, value: Value, tracks: Tracks, clip: Clip, index: int, count: int, activity: Activity, stats: Stats | None
) -> Row:
    window, rate = clip.span, tracks.rate
    health: Health | None = value(Health) if plan.giver(Health) is not None else None
    if health is not None and tracks.order == (1, 0):
        health = swapped(health)
    diarization: Diarization | None = value(Diarization) if plan.giver(Diarization) is not None else None
    id = source.id if count == 1 else f"{source.id}#{index:04d}"
    return Row(
        id=id,
        source=RowSource(source.corpus, source.uris, source.licence, source.consent, source.language, source.extra),
        audio=RowAudio(encode(tracks.samples, tracks, window), None),
        rate=rate,
        duration=len(window) / rate,
        clip=RowClip(source.id, index, count, window.start / rate, window.end / rate, clip.cut),
        speakers=_speakers(tracks),
        speech=tuple(RowSpeech(c, *span.seconds(rate)) for c, spans in enumerate(activity.channels) for span in spans),
        turns=_turns(value(Turns), window) if plan.giver(Turns) is not None else (),
        origins=_origins(tracks, window),
        crossfade=tracks.crossfade / rate,
        others=_others(diarization, window),
        residual=None if tracks.residual is None else RowAudio(encode(tracks.residual, tracks, window), None),
        decoding=value(Recording).decoding,
        health=health,
        quality=scores(health, diarization),
        stats=stats,
        provenance=provenance(plan),
    )


def encode(samples: Samples, tracks: Tracks, window: Span) -> bytes:
    """The FLAC of one stretch of samples [channels, n] that belong to `tracks`, bit for bit."""
    with tempfile.TemporaryFile(prefix="duologue-") as file:
        write_flac(file, samples[:, window.start : window.end], tracks.rate, tracks.bits)
        file.seek(0)
        return file.read()


def _speakers(tracks: Tracks) -> tuple[RowSpeaker, ...]:
    recorded: Sequence[int | None] = tracks.order if tracks.order is not None else (None, None)
    return tuple(
        RowSpeaker(channel, tracks.speakers[channel], tracks.roles[channel] or None, recorded[channel], tracks.chosen) for channel in (0, 1)
    )


def _turns(turns: Turns, window: Span) -> tuple[RowTurn, ...]:
    found = []
    for turn in turns.turns:
        for span in within((turn.span,), window):
            found.append(RowTurn(turn.channel, *span.seconds(turns.rate), turn.speaker, turn.confidence))
    return tuple(found)


def _origins(tracks: Tracks, window: Span) -> tuple[RowOrigin, ...]:
    found = []
    for origin in tracks.origins:
        for span in within((origin.span,), window):
            found.append(RowOrigin(origin.channel, *span.seconds(tracks.rate), origin.kind, origin.confidence))
    return tuple(found)


def _others(diarization: Diarization | None, window: Span) -> tuple[RowOther, ...]:
    found: list[RowOther] = []
    if diarization is None:
        return ()
    for sound in diarization.others:
        for span in within((sound.span,), window):
            found.append(RowOther(sound.kind, *span.seconds(diarization.rate)))
    return tuple(found)


def scores(health: Health | None, diarization: Diarization | None = None) -> tuple[RowScore, ...]:
    """Signal-to-noise ratio of each channel, where both its levels are known, and what the diarization says of itself.

    The ratio of a mixture is that of the channel that was diarized, and belongs to no channel of the row.
    """
    found = []
    sides = tuple(enumerate(health.sides)) if health is not None else ()
    measured: tuple[tuple[int | None, Side], ...] = sides
    if diarization is not None and diarization.channel is not None and sides:
        measured = ((None, sides[diarization.channel][1]),)
    for channel, side in measured:
        if side.level_dbfs is not None and side.noise_dbfs is not None:
            method = "health: level_dbfs - noise_dbfs"
            found.append(RowScore("snr", channel, side.level_dbfs - side.noise_dbfs, "dB", method))
    if diarization is not None and diarization.confidence is not None:
        method = "diarize: expected share of speech given to the right speaker"
        found.append(RowScore("diarization_confidence", None, diarization.confidence, "share", method))
    if diarization is not None and diarization.similarity is not None:
        method = "diarize: cosine between the voice models of the two speakers"
        found.append(RowScore("voice_similarity", None, diarization.similarity, "cosine", method))
    return tuple(found)


def provenance(plan: Plan) -> tuple[RowStage, ...]:
    """Every stage that made the row."""
    return tuple(
        RowStage(
            step.name,
            step.stage.backend,
            step.address,
            step.stage.version,
            tuple(RowWeights(w.name, w.revision, w.sha256, w.licence) for w in step.stage.weights()),
        )
        for step in plan.steps
    )
