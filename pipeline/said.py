"""The words and events of one stretch of a recording, as a row holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.plan import Plan
from schemas.activity import Activity
from schemas.events import Events
from schemas.row import RowEvent, RowLanguage, RowRemoved, RowTranscript, RowWord
from schemas.span import Span, intersect
from schemas.stats import Stats
from schemas.transcript import Piece, Recovered, Removed, Transcript, Word
from stages.stage import may_take
from stages.transcribe.unworded import unworded

OF_A_STRETCH = (Stats, Events)
"""Values that a row has for its own stretch, and that are found anew where it is not the whole recording."""
FROM = (Activity, Transcript)
"""What those may be found from."""

Anew = dict[type, Callable[[Activity, Transcript | None], Any]]
"""For each of `OF_A_STRETCH` that the chain gives, how it is found from the activity and the transcript of a stretch."""


def anew(plan: Plan) -> Anew:
    """The functions of the chain's stages that give `OF_A_STRETCH`, loaded; a stage that reads anything but `FROM` has none."""
    found: Anew = {}
    for kind in OF_A_STRETCH:
        index = plan.giver(kind)
        if index is None:
            continue
        step = plan.steps[index]
        wanted = (*step.stage.takes, *may_take(step.stage))
        # What came to the stage as absent, because it stands before the giver, is absent for a stretch of the recording too.
        there = tuple(None if at is None else each for each, at in zip(wanted, step.reads, strict=True))
        if set(there) <= {*FROM, None}:
            found[kind] = _of_stretch(step.stage.load("cpu"), there)
    return found


def _of_stretch(function: Callable[..., Any], wanted: tuple[type | None, ...]) -> Callable[[Activity, Transcript | None], Any]:
    def of(activity: Activity, transcript: Transcript | None) -> Any:
        given: dict[type | None, Any] = {Activity: activity, Transcript: transcript, None: None}
        return function(*[given[kind] for kind in wanted])

    return of


def clip_transcript(transcript: Transcript, window: Span) -> Transcript:
    """What lies inside a window, counted from its start. What crosses an edge belongs where its middle lies, and is trimmed."""
    pieces = []
    for piece in transcript.pieces:
        inside = intersect((piece.span,), (window,)) if len(piece.span) else ()
        words = tuple(
            Word(_moved(word.span, window), word.text, word.method, word.confidence) for word in piece.words if _belongs(word.span, window)
        )
        if inside:
            pieces.append(Piece(piece.channel, _moved(inside[0], window), words))
    return Transcript(
        pieces=tuple(sorted(pieces, key=lambda p: (p.span.start, p.span.end, p.channel))),
        length=len(window),
        rate=transcript.rate,
        languages=transcript.languages,
        removed=tuple(Removed(r.channel, _moved(r.span, window), r.text, r.reason) for r in transcript.removed if _belongs(r.span, window)),
        recovered=tuple(
            Recovered(r.channel, _moved(r.span, window), r.text, r.confidence, r.method)
            for r in transcript.recovered
            if _belongs(r.span, window)
        ),
    )


def _belongs(span: Span, window: Span) -> bool:
    return window.start <= (span.start + span.end) // 2 < window.end


def _moved(span: Span, window: Span) -> Span:
    return Span(max(span.start, window.start) - window.start, min(span.end, window.end) - window.start)


def row_words(transcript: Transcript | None) -> tuple[RowWord, ...]:
    """The words of both channels in order of time."""
    if transcript is None:
        return ()
    rate = transcript.rate
    found = [
        RowWord(piece.channel, *word.span.seconds(rate), word.text, word.confidence, word.method)
        for piece in transcript.pieces
        for word in piece.words
    ]
    return tuple(sorted(found, key=lambda word: (word.start, word.end, word.channel)))


def row_transcript(transcript: Transcript | None, activity: Activity) -> RowTranscript | None:
    """What is known of the words as a whole."""
    if transcript is None:
        return None
    rate = transcript.rate
    return RowTranscript(
        languages=tuple(
            RowLanguage(channel, language.tag, language.how, language.probability, language.detected)
            for channel, language in enumerate(transcript.languages)
            if language is not None
        ),
        removed=tuple(RowRemoved(r.channel, *r.span.seconds(rate), r.text, r.reason) for r in transcript.removed),
        unworded=tuple(samples / rate for samples in unworded(transcript, activity)),
    )


def row_events(events: Events | None) -> tuple[RowEvent, ...]:
    """Every event, in order of time."""
    if events is None:
        return ()
    rate = events.rate
    return tuple(
        RowEvent(
            each.kind,
            each.channel,
            *each.span.seconds(rate),
            each.detail,
            None if each.offset is None else each.offset / rate,
            each.text,
            each.recovered,
        )
        for each in events.events
    )
