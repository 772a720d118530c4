"""From a published row back to the values that its columns were made of, in samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schemas.activity import Activity
from schemas.codes import grid
from schemas.row import Row, RowEvent, RowWord
from schemas.span import Span, Spans
from schemas.stats import TurnTakingConstants
from schemas.transcript import Language, Piece, Recovered, Removed, Transcript, Word
from stages.shape.talk import Talk
from stages.turns.channels import ipus
from stages.turns.stats import TurnTaking

RECOVERED = "published"
"""Method of what was recovered, as a row has it: the row does not say which."""


def span_of(start: float, end: float, rate: int) -> Span:
    """The samples of a stretch in seconds, as they were before they were divided by the rate."""
    return Span(round(start * rate), round(end * rate))


def length_of(row: Row) -> int:
    """Samples per channel."""
    return round(row.duration * row.rate)


def talk_of_row(row: Row) -> Talk:
    """The row's talk, with its inter-pausal units for turns where it has none.

    Where nothing in it says how turn-taking is told, it is by the constants that `stats` has by itself. The grid is the recording's.
    """
    activity, constants = activity_of(row), constants_of(row)
    if row.turns:
        turns = [tuple(span_of(t.start, t.end, row.rate) for t in row.turns if t.channel == channel) for channel in (0, 1)]
    else:
        turns = [ipus(spans, constants.ipu_silence, row.rate) for spans in activity.channels]
    return Talk(
        activity=activity,
        transcript=transcript_of(row, activity),
        turns=(turns[0], turns[1]),
        constants=constants,
        grid=grid(row.rate),
        offset=round(row.clip.start * row.rate),
    )


def constants_of(row: Row) -> TurnTakingConstants:
    """What defines turn-taking in the row."""
    if row.stats is not None:
        return row.stats.constants
    return row.event_constants or TurnTaking().constants()


def activity_of(row: Row) -> Activity:
    """Where each channel holds speech."""
    channels = tuple(tuple(span_of(s.start, s.end, row.rate) for s in row.speech if s.channel == channel) for channel in (0, 1))
    return Activity(channels=channels, length=length_of(row), rate=row.rate)


def transcript_of(row: Row, activity: Activity) -> Transcript | None:
    """What was said, None when nothing was transcribed.

    A row does not say which words were transcribed together: those of one stretch of speech are one piece.
    """
    if row.transcript is None:
        return None
    pieces = [piece for channel in (0, 1) for piece in _pieces(row, channel, activity.channels[channel])]
    known = {each.channel: Language(each.tag, each.how, each.probability, each.detected) for each in row.transcript.languages}
    return Transcript(
        pieces=tuple(sorted(pieces, key=lambda piece: (piece.span.start, piece.span.end, piece.channel))),
        length=activity.length,
        rate=row.rate,
        languages=(known.get(0), known.get(1)),
        removed=tuple(Removed(r.channel, span_of(r.start, r.end, row.rate), r.text, r.reason) for r in row.transcript.removed),
        recovered=_recovered(row),
    )


def _pieces(row: Row, channel: int, speech: Spans) -> list[Piece]:
    words = [each for each in row.words if each.channel == channel]
    held: list[list[Word]] = []
    last = None
    at = 0
    for each in words:
        word = Word(span_of(each.start, each.end, row.rate), each.text, each.method, each.confidence)
        middle = (word.span.start + word.span.end) // 2
        while at < len(speech) and speech[at].end <= middle:
            at += 1
        owner = at if at < len(speech) and speech[at].start <= middle else None
        if owner is not None and owner == last:
            held[-1].append(word)
        else:
            held.append([word])
        last = owner
    return [Piece(channel, Span(group[0].span.start, group[-1].span.end), tuple(group)) for group in held]


def _recovered(row: Row) -> tuple[Recovered, ...]:
    """What a recogniser left out and another one heard: fillers have their own time, other text is what an event has beyond its words."""
    found: dict[tuple[int, Span], Recovered] = {}
    fillers = [each for each in row.events if each.recovered and each.kind == "filler"]
    for event in fillers:
        _add(found, event, event.text, row.rate)
    for event in row.events:
        if event.recovered and event.kind != "filler":
            heard = [f for f in fillers if f.channel == event.channel and event.start <= (f.start + f.end) / 2 < event.end]
            _add(found, event, _beyond(event, row.words, heard), row.rate)
    return tuple(sorted(found.values(), key=lambda each: (each.span, each.channel)))


def _add(found: dict[tuple[int, Span], Recovered], event: RowEvent, text: str | None, rate: int) -> None:
    span = span_of(event.start, event.end, rate)
    if text and event.channel is not None:
        found.setdefault((event.channel, span), Recovered(event.channel, span, text, None, RECOVERED))


def _beyond(event: RowEvent, words: Sequence[RowWord], heard: Sequence[RowEvent]) -> str:
    """The text of an event without that of the words and fillers in it."""
    known = Counter(w.text for w in words if w.channel == event.channel and event.start <= (w.start + w.end) / 2 < event.end)
    known.update(each.text or "" for each in heard)
    left = []
    for text in (event.text or "").split():
        if known[text] > 0:
            known[text] -= 1
        else:
            left.append(text)
    return " ".join(left)
