"""From a dialogue's stored values to its published rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.clips import Clip, clip_limit, clips_inside, within
from pipeline.codecs import write_flac
from pipeline.coded import check_length, row_codes
from pipeline.plan import Plan
from pipeline.said import OF_A_STRETCH, Anew, clip_transcript, row_events, row_transcript, row_words
from schemas.activity import Activity, Turns
from schemas.codes import Codes, grid
from schemas.diarization import Conversation, Diarization
from schemas.events import Events
from schemas.health import Health, Side, swapped
from schemas.quality import Quality
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
from schemas.span import Span, Spans
from schemas.stats import Stats
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.rights.recorded import row_rights

Value = Callable[[type], Any]
"""Gives the dialogue's stored value of a type."""


def rows_of(source: Source, plan: Plan, value: Value, minutes: float, anew: Anew) -> Iterator[Row]:
    """The rows of one dialogue in order: of each of its conversations, or of the whole recording where it has no others.

    `anew` finds what belongs to a row's own stretch, where that is not the whole recording; what it cannot find is absent there.
    """
    tracks: Tracks = value(Tracks)
    activity: Activity = value(Activity)
    limit = clip_limit(minutes, tracks.rate, tracks.bits, 2 if tracks.residual is None else 3)
    diarization = diarization_of(plan, value)
    whole = Conversation(Span(0, tracks.length))
    parts = [
        _Part(clip, conversation)
        for conversation in (diarization.kept if diarization is not None and diarization.conversations else (whole,))
        for clip in clips_inside(conversation.span, tracks.length, limit, activity.channels, grid(tracks.rate))
    ]
    check_length(optional(plan, value, Codes), tracks)
    transcript: Transcript | None = optional(plan, value, Transcript)
    for index, part in enumerate(parts):
        window = part.clip.span
        inner = clip_activity(activity, window)
        words = None if transcript is None else clip_transcript(transcript, window)
        found = {
            kind: optional(plan, value, kind) if window == whole.span else anew[kind](inner, words) if kind in anew else None
            for kind in OF_A_STRETCH
        }
        stretch = _Stretch(inner, words, found[Stats], found[Events])
        yield _row(source, plan, value, tracks, part, index, len(parts), stretch)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What was found in one row's stretch, counted from its start."""

    activity: Activity
    transcript: Transcript | None
    stats: Stats | None
    events: Events | None


@dataclass(frozen=True, slots=True)
class _Part:
    """One row's stretch, and the conversation that it is of."""

    clip: Clip
    conversation: Conversation


def optional(plan: Plan, value: Value, kind: type) -> Any:
    """The value of a type, or None where no stage of the chain gives one."""
    return value(kind) if plan.giver(kind) is not None else None


def diarization_of(plan: Plan, value: Value) -> Diarization | None:
    """The diarization of one dialogue, if the chain has any."""
    found: Diarization | None = optional(plan, value, Diarization)
    return found


def clip_activity(activity: Activity, window: Span) -> Activity:
    """The activity inside a window, counted from its start."""
    channels = tuple(within(spans, window) for spans in activity.channels)
    return Activity(channels=channels, length=len(window), rate=activity.rate)


def _row(source: Source, plan: Plan, value: Value, tracks: Tracks, part: _Part, index: int, count: int, stretch: _Stretch) -> Row:
    clip, conversation = part.clip, part.conversation
    window, rate = clip.span, tracks.rate
    activity, events = stretch.activity, stretch.events
    health: Health | None = optional(plan, value, Health)
    if health is not None and tracks.order == (1, 0):
        health = swapped(health)
    diarization = diarization_of(plan, value)
    names = _names(tracks, diarization, conversation)
    id = source.id if count == 1 else f"{source.id}#{index:04d}"
    return Row(
        id=id,
        source=RowSource(source.corpus, source.uris, source.licence, source.consent, source.language, source.extra),
        rights=row_rights(source, (weights for step in plan.steps for weights in step.stage.weights())),
        audio=RowAudio(encode(tracks.samples, tracks, window), None),
        rate=rate,
        duration=len(window) / rate,
        clip=RowClip(source.id, index, count, window.start / rate, window.end / rate, clip.cut),
        speakers=_speakers(tracks, names),
        speech=tuple(RowSpeech(c, *span.seconds(rate)) for c, spans in enumerate(activity.channels) for span in spans),
        turns=_turns(value(Turns), window, names) if plan.giver(Turns) is not None else (),
        words=row_words(stretch.transcript),
        transcript=row_transcript(stretch.transcript, activity),
        events=row_events(events),
        event_constants=None if events is None else events.constants,
        origins=_origins(tracks, window),
        crossfade=tracks.crossfade / rate,
        others=_others(diarization, window),
        residual=None if tracks.residual is None else RowAudio(encode(tracks.residual, tracks, window), None),
        decoding=value(Recording).decoding,
        health=health,
        quality=_quality(scores(health, diarization, conversation), _measured(optional(plan, value, Quality), window)),
        codes=row_codes(optional(plan, value, Codes), window),
        stats=stretch.stats,
        provenance=provenance(plan),
    )


def encode(samples: Samples, tracks: Tracks, window: Span) -> bytes:
    """The FLAC of one stretch of samples [channels, n] that belong to `tracks`, bit for bit."""
    with tempfile.TemporaryFile(prefix="duologue-") as file:
        write_flac(file, samples[:, window.start : window.end], tracks.rate, tracks.bits)
        file.seek(0)
        return file.read()


def _names(tracks: Tracks, diarization: Diarization | None, conversation: Conversation) -> tuple[str, str] | None:
    """Who is on each channel in a conversation with speakers of its own; None where they are those of the whole recording."""
    if diarization is None or conversation.speakers is None:
        return None
    first, second = (conversation.speakers[diarization.speakers.index(name)] for name in tracks.speakers)
    return first, second


def _speakers(tracks: Tracks, names: tuple[str, str] | None) -> tuple[RowSpeaker, ...]:
    recorded: Sequence[int | None] = tracks.order if tracks.order is not None else (None, None)
    return tuple(
        RowSpeaker(channel, (names or tracks.speakers)[channel], tracks.roles[channel] or None, recorded[channel], tracks.chosen)
        for channel in (0, 1)
    )


def _turns(turns: Turns, window: Span, names: tuple[str, str] | None) -> tuple[RowTurn, ...]:
    found = []
    for turn in turns.turns:
        for span in _inside(turn.span, window):
            speaker = turn.speaker if names is None else names[turn.channel]
            found.append(RowTurn(turn.channel, *span.seconds(turns.rate), speaker, turn.confidence))
    return tuple(found)


def _origins(tracks: Tracks, window: Span) -> tuple[RowOrigin, ...]:
    found = []
    for origin in tracks.origins:
        for span in _inside(origin.span, window):
            found.append(RowOrigin(origin.channel, *span.seconds(tracks.rate), origin.kind, origin.confidence))
    return tuple(found)


def _others(diarization: Diarization | None, window: Span) -> tuple[RowOther, ...]:
    found: list[RowOther] = []
    if diarization is None:
        return ()
    for sound in diarization.others:
        for span in _inside(sound.span, window):
            found.append(RowOther(sound.kind, *span.seconds(diarization.rate)))
    return tuple(found)


def _inside(span: Span, window: Span) -> Spans:
    """The part of one span inside a window, counted from its start; a recording of many rows asks this of all for each."""
    if span.end <= window.start or span.start >= window.end:
        return ()
    return within((span,), window)


def scores(health: Health | None, diarization: Diarization | None = None, conversation: Conversation | None = None) -> tuple[RowScore, ...]:
    """Signal-to-noise ratio of each channel, where both its levels are known, and what the diarization says of itself.

    What it says of a conversation goes before what it says of the whole recording. The ratio of a mixture is that of the channel that was
    diarized, and belongs to no channel of the row.
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
    sure, alike = _sureness(diarization, conversation)
    if sure is not None:
        method = "diarize: expected share of speech given to the right speaker"
        found.append(RowScore("diarization_confidence", None, sure, "share", method))
    if alike is not None:
        method = "diarize: cosine between the voice models of the two speakers"
        found.append(RowScore("voice_similarity", None, alike, "cosine", method))
    return tuple(found)


def _quality(own: tuple[RowScore, ...], measured: tuple[RowScore, ...]) -> tuple[RowScore, ...]:
    """What is known of the row's own conversation goes before a score of the same name that was measured of the whole recording."""
    held = {(score.name, score.channel) for score in own}
    return (*own, *(score for score in measured if score.start is not None or (score.name, score.channel) not in held))


def _measured(quality: Quality | None, window: Span) -> tuple[RowScore, ...]:
    """The scores of the recording, and of its regions as far as they lie in the window."""
    found: list[RowScore] = []
    for score in () if quality is None else quality.scores:
        if score.span is None:
            found.append(RowScore(score.name, score.channel, score.value, score.unit, score.method))
        else:
            regions = (span.seconds(quality.rate) for span in _inside(score.span, window)) if quality is not None else ()
            found.extend(RowScore(score.name, score.channel, score.value, score.unit, score.method, *region) for region in regions)
    return tuple(found)


def _sureness(diarization: Diarization | None, conversation: Conversation | None) -> tuple[float | None, float | None]:
    """Confidence and similarity."""
    if diarization is None or conversation is None or conversation.speakers is None:
        return (None, None) if diarization is None else (diarization.confidence, diarization.similarity)
    return conversation.confidence, conversation.similarity


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
