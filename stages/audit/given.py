"""A recording's own transcript, as far as an audit can use it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.activity import Activity
from schemas.errors import Reject
from schemas.personal import SpokenWord
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.transcribe.formats.markup import words
from stages.transcribe.formats.said import Said
from stages.transcribe.given import GivenTranscribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the transcript says; all absent where the source names none."""

    transcript: Transcript | None = None
    """On the channels of a two-channel recording; absent for mono and where it cannot be used."""
    words: tuple[SpokenWord, ...] | None = None
    """In time; for a mono recording the channel is the number of the label. Absent where the file cannot be read."""
    ends_s: float | None = None
    """When its last text ends, wherever the recording does."""
    problem: str | None = None
    """Why it cannot be used."""


def read_given(stage: GivenTranscribe, source: Source, tracks: Tracks | None, activity: Activity) -> Given:
    """The transcript that the source names, by `stage`; what is wrong with it is told, never raised."""
    if source.transcript is None:
        return Given()
    try:
        said = stage.reading(source).said
    except Reject as unread:
        return Given(problem=unread.detail.replace(source.base, "").lstrip("/") if source.base else unread.detail)
    ends = max((each.end for each in said if each.text.strip()), default=None)
    if tracks is None:
        return Given(words=_by_label(said, activity.rate), ends_s=ends)
    try:
        transcript = stage.load("cpu")(source, tracks, activity)
    except Reject as unread:
        return Given(words=_by_label(said, activity.rate), ends_s=ends, problem=unread.detail)
    return Given(transcript=transcript, words=_spoken(transcript), ends_s=ends)


def _spoken(transcript: Transcript) -> tuple[SpokenWord, ...]:
    return _in_time(SpokenWord(c, word.span, word.text) for c in (0, 1) for word in transcript.words(c))


def _in_time(found: Iterable[SpokenWord]) -> tuple[SpokenWord, ...]:
    return tuple(sorted(found, key=lambda word: (word.span.start, word.span.end, word.channel)))


def _by_label(said: tuple[Said, ...], rate: int) -> tuple[SpokenWord, ...]:
    """Words of a mono recording; those of one utterance share its time by their number."""
    labels = {label: index for index, label in enumerate(sorted({each.label for each in said}))}
    found = []
    for each in said:
        texts = words(each.text)
        step = (each.end - each.start) / max(1, len(texts))
        for index, text in enumerate(texts):
            start = max(0, round((each.start + index * step) * rate))
            end = max(start, round((each.start + (index + 1) * step) * rate))
            found.append(SpokenWord(labels[each.label], Span(start, end), text))
    return _in_time(found)
