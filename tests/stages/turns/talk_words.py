"""Activities with words on them, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.span import Span, Spans
from schemas.transcript import Language, Piece, Recovered, Transcript, Word

RATE = 10
TEXTS = st.sampled_from(["yeah", "Uh-huh.", "MMMM", "I", "see,", "of", "course", "no", "dog", "uh", "Um,", "[laughter]", "<LAUGH/>", "--"])
HEARD = st.sampled_from(["uh", "mhm", "yeah", "[laughter]"])


def laid(steps: list[tuple[int, int]]) -> Spans:
    """Spans from (silence, speech) steps."""
    at, spans = 0, []
    for silence, size in steps:
        spans.append(Span(at + silence, at + silence + size))
        at += silence + size
    return tuple(spans)


STEPS = st.lists(st.tuples(st.integers(0, 25) | st.integers(0, 4), st.integers(1, 40) | st.integers(1, 14)), max_size=9).map(laid)


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    left, right = draw(STEPS), draw(STEPS)
    end = max((spans[-1].end for spans in (left, right) if spans), default=0)
    return Activity(channels=(left, right), length=max(1, end + draw(st.integers(0, 30))), rate=RATE)


@st.composite
def worded(draw: st.DrawFn, languages: tuple[str | None, ...] = (None,)) -> tuple[Activity, Transcript]:
    """Words wherever, some recovered; a silent mark of laughter among them."""
    activity = draw(activities())
    pieces, recovered = [], []
    for channel in (0, 1):
        spans = [Span(s.start, min(s.end, activity.length)) for s in draw(STEPS) if s.start < activity.length]
        texts = draw(st.lists(TEXTS, min_size=len(spans), max_size=len(spans)))
        words = tuple(Word(span, text, "given") for span, text in zip(spans, texts, strict=True))
        pieces.append(Piece(channel, Span(0, activity.length), words))
        for at in draw(st.sets(st.integers(0, activity.length - 1), max_size=3)):
            recovered.append(Recovered(channel, Span(at, min(at + 4, activity.length)), draw(HEARD), None, "test"))
    tags = [draw(st.sampled_from(languages)) for _ in (0, 1)]
    known = tuple(None if tag is None else Language(tag, "fixed") for tag in tags)
    return activity, Transcript(
        pieces=tuple(pieces), length=activity.length, rate=RATE, languages=(known[0], known[1]), recovered=tuple(recovered)
    )


def swapped(transcript: Transcript) -> Transcript:
    """The same with the channels changed over."""
    pieces = sorted((replace(p, channel=1 - p.channel) for p in transcript.pieces), key=lambda p: (p.span.start, p.span.end, p.channel))
    return replace(
        transcript,
        pieces=tuple(pieces),
        languages=transcript.languages[::-1],
        recovered=tuple(replace(r, channel=1 - r.channel) for r in transcript.recovered),
    )
