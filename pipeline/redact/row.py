"""A row with its personal data muted in sound, words and tokens together.

Who speaks when is nobody's secret: speech, turns, events and statistics stay those of the talk as it was, so that a muted name is no pause
and makes no turn; what they quote of muted words goes. Scores were measured before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.redact.fill import fade_of, muted_sound
from pipeline.redact.found import Muted, spans_of
from pipeline.redact.settings import Redaction
from pipeline.redact.tokens import Recoder
from pipeline.shape.cut import Opened, encoded
from pipeline.shape.values import span_of
from schemas.recording import Samples
from schemas.row import Row, RowAudio, RowEvent, RowOrigin, RowRedaction, RowRemoved, RowTranscript, RowWord
from schemas.span import Span, Spans, subtract, union


def redacted(row: Row, muted: Sequence[Muted], settings: Redaction, recoder: Recoder | None) -> Row:
    """The row with `muted` taken out of it; a row of which nothing is muted is the row itself.

    Raises `DuologueError` for a row whose audio is not what it says, and `UsageError` when its codes cannot be made anew.
    """
    if not muted:
        return row
    opened = Opened.of(row)
    audio: Samples = opened.audio.copy()
    for channel in (0, 1):
        audio[channel] = _sound(opened, muted, settings, channel)
    wide = (_wide(row, muted, 0), _wide(row, muted, 1))
    return replace(
        row,
        audio=RowAudio(encoded(audio, row.rate, opened.bits), None),
        words=tuple(_word(row, word, muted) for word in row.words),
        transcript=_transcript(row, muted),
        events=tuple(_event(row, event, muted) for event in row.events),
        origins=_origins(row, muted),
        residual=_residual(opened, muted, settings),
        codes=None if recoder is None or row.codes is None else recoder.codes(opened, wide, audio),
        provenance=(*row.provenance, settings.made()),
        redactions=_redactions(row, muted, settings),
    )


def _sound(opened: Opened, muted: Sequence[Muted], settings: Redaction, channel: int) -> Samples:
    row, spans = opened.row, spans_of(muted, channel)
    if not spans:
        own: Samples = opened.audio[channel]
        return own
    heard = union(opened.activity.channels[channel])
    return muted_sound(opened.audio[channel], channel, spans, opened.bits, row.rate, settings.how, heard, row.id)


def _wide(row: Row, muted: Sequence[Muted], channel: int) -> Spans:
    """What changes of a channel: its muted stretches and the fades around them."""
    fade, length = fade_of(row.rate), round(row.duration * row.rate)
    return union(Span(max(0, s.start - fade), min(length, s.end + fade)) for s in spans_of(muted, channel))


def _residual(opened: Opened, muted: Sequence[Muted], settings: Redaction) -> RowAudio | None:
    """What was given to neither speaker is silent wherever one of them is muted: it may hold what is left of their voices."""
    if opened.residual is None:
        return None
    row, spans = opened.row, union(each.span for each in muted)
    found = muted_sound(opened.residual[0], 0, spans, opened.bits, row.rate, "silence", (), row.id)
    return RowAudio(encoded(found[np.newaxis], row.rate, opened.bits), None)


def placeholder(kind: str) -> str:
    """What stands for a word."""
    return f"[{kind}]"


def _kind(row: Row, channel: int | None, start: float, end: float, muted: Sequence[Muted], whole: bool = False) -> str | None:
    """The kind of what is muted in a stretch of a channel (None: of either): anywhere in it, or in its middle."""
    span = span_of(start, end, row.rate)
    middle = (span.start + span.end) // 2
    for each in muted:
        inside = each.span.start < span.end and span.start < each.span.end if whole else each.span.start <= middle < each.span.end
        if inside and channel in (None, each.channel):
            return each.kind
    return None


def _word(row: Row, word: RowWord, muted: Sequence[Muted]) -> RowWord:
    kind = _kind(row, word.channel, word.start, word.end, muted)
    return word if kind is None else replace(word, text=placeholder(kind))


def _event(row: Row, event: RowEvent, muted: Sequence[Muted]) -> RowEvent:
    kind = None if event.text is None else _kind(row, event.channel, event.start, event.end, muted, whole=True)
    return event if kind is None else replace(event, text=placeholder(kind))


def _transcript(row: Row, muted: Sequence[Muted]) -> RowTranscript | None:
    """With the text that the recogniser gave and that was taken out as not said: where sound is muted its text is not kept."""
    if row.transcript is None:
        return None

    def cleaned(each: RowRemoved) -> RowRemoved:
        kind = _kind(row, each.channel, each.start, each.end, muted, whole=True)
        return each if kind is None else replace(each, text=placeholder(kind))

    return replace(row.transcript, removed=tuple(cleaned(each) for each in row.transcript.removed))


def _origins(row: Row, muted: Sequence[Muted]) -> tuple[RowOrigin, ...]:
    """With muted stretches as `redacted`."""
    found: list[RowOrigin] = []
    for channel in (0, 1):
        spans = spans_of(muted, channel)
        here: list[tuple[Span, RowOrigin | None]] = [(span, None) for span in spans]
        for origin in row.origins:
            if origin.channel == channel:
                here += [(span, origin) for span in subtract((span_of(origin.start, origin.end, row.rate),), spans)]
        for span, kept in sorted(here, key=lambda each: each[0]):
            start, end = span.seconds(row.rate)
            found.append(RowOrigin(channel, start, end, "redacted", None) if kept is None else replace(kept, start=start, end=end))
    return tuple(found)


def _redactions(row: Row, muted: Sequence[Muted], settings: Redaction) -> tuple[RowRedaction, ...]:
    mine = [RowRedaction(each.kind, each.channel, *each.span.seconds(row.rate), settings.how) for each in muted]
    return tuple(sorted({*row.redactions, *mine}, key=lambda r: (r.start, r.end, r.channel, r.kind)))
