"""Words and events of a stretch: nothing is lost or doubled where a recording is cut, and a row's own are found anew."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.said import clip_transcript, row_transcript, row_words
from schemas.activity import Activity
from schemas.span import Span, Spans
from schemas.transcript import Language, Piece, Recovered, Removed, Transcript, Word
from stages.transcribe.unworded import REACH, unworded

LENGTH, RATE = 400, 100


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    pieces: list[Piece] = []
    for channel in (0, 1):
        edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=12)))
        for start, end in list(pairwise(edges))[:: draw(st.integers(1, 2))]:
            cuts = sorted(draw(st.sets(st.integers(start, end), max_size=6)))
            words = tuple(Word(Span(a, b), f"w{channel}-{a}", "given") for a, b in list(pairwise(cuts))[::2])
            pieces.append(Piece(channel, Span(start, end), words))
    ordered = tuple(sorted(pieces, key=lambda p: (p.span.start, p.span.end, p.channel)))
    removed = tuple(Removed(0, Span(at, at + 10), f"r{at}", "loop") for at in draw(st.sets(st.integers(0, LENGTH - 10), max_size=4)))
    recovered = tuple(Recovered(1, Span(at, at + 10), "uh", 0.5, "test") for at in draw(st.sets(st.integers(0, LENGTH - 10), max_size=4)))
    return Transcript(pieces=ordered, length=LENGTH, rate=RATE, removed=removed, recovered=recovered)


@given(transcripts(), st.sets(st.integers(1, LENGTH - 1), max_size=4))
def test_cutting_loses_and_doubles_nothing(transcript: Transcript, cuts: set[int]) -> None:
    windows = [Span(a, b) for a, b in pairwise((0, *sorted(cuts), LENGTH))]
    parts = [clip_transcript(transcript, window) for window in windows]
    for channel in (0, 1):
        assert [w.text for part in parts for w in part.words(channel)] == [w.text for w in transcript.words(channel)]
    assert sorted(r.text for part in parts for r in part.removed) == sorted(r.text for r in transcript.removed)
    assert sum(len(part.recovered) for part in parts) == len(transcript.recovered)
    for part, window in zip(parts, windows, strict=True):
        for channel in (0, 1):
            known = {word.text: word.span for word in transcript.words(channel)}
            for word in part.words(channel):
                whole = known[word.text]
                assert word.span.start + window.start in (whole.start, window.start)
                assert word.span.end + window.start in (whole.end, window.end)


@given(transcripts())
def test_the_whole_recording_is_cut_to_itself(transcript: Transcript) -> None:
    assert clip_transcript(transcript, Span(0, LENGTH)).pieces == transcript.pieces
    starts = [(word.start, word.end, word.channel) for word in row_words(transcript)]
    assert starts == sorted(starts)
    assert len(starts) == len(transcript.words(0)) + len(transcript.words(1))


def test_a_row_tells_languages_removals_and_speech_without_words() -> None:
    transcript = Transcript(
        pieces=(Piece(0, Span(0, 100), (Word(Span(10, 20), "Hi.", "given"),)),),
        length=LENGTH,
        rate=RATE,
        languages=(Language("en", "claimed", None, "de"), None),
        removed=(Removed(1, Span(200, 250), "thanks for watching", "known_phrase"),),
    )
    speech: tuple[Spans, Spans] = ((Span(5, 25), Span(150, 200)), (Span(0, 30),))
    found = row_transcript(transcript, Activity(channels=speech, length=LENGTH, rate=RATE))
    assert found is not None
    assert [(each.channel, each.tag, each.detected) for each in found.languages] == [(0, "en", "de")]
    assert [(each.start, each.end, each.reason) for each in found.removed] == [(2.0, 2.5, "known_phrase")]
    assert found.unworded == (0.5, 0.3)
    assert row_transcript(None, Activity(channels=speech, length=LENGTH, rate=RATE)) is None


@given(transcripts(), st.integers(0, LENGTH - 50))
def test_unworded_speech_is_speech_and_far_from_words(transcript: Transcript, start: int) -> None:
    activity = Activity(channels=((Span(start, start + 50),), (Span(0, LENGTH),)), length=LENGTH, rate=RATE)
    missing = unworded(transcript, activity)
    reach = round(REACH * RATE)
    for channel, speech in enumerate(activity.channels):
        said = [word.span for word in transcript.words(channel)] + [r.span for r in transcript.recovered if r.channel == channel]
        bare = sum(all(not (s.start - reach <= at < s.end + reach) for s in said) for span in speech for at in range(span.start, span.end))
        assert missing[channel] == bare
