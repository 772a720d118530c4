"""Who speaks when in a recording that holds both sides in one channel, and what else is heard in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from schemas.errors import LawError
from schemas.span import Span, Spans, check_disjoint, intersect, union

OtherKind = Literal["third_voice", "music", "tone"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One of the two speakers talking over one stretch, whoever else talks there."""

    speaker: int
    """0 or 1; 0 is the one who speaks first. In a recording of several conversations these are the two of the one that it lies in, and 0 is
    the one who is heard first in the whole recording."""
    span: Span
    confidence: float | None = None
    """Probability that it is this speaker, in [0, 1]; absent when the method gives none."""
    sure: bool = True
    """False where the evidence is too thin to tell the two apart: the likelier of the two is named, and nobody should rely on it."""


@dataclass(frozen=True, slots=True)
class OtherSound:
    """Sound that is neither of the two speakers. Law: `kind` is one of `OtherKind`."""

    kind: OtherKind
    span: Span

    def __post_init__(self) -> None:
        if self.kind not in get_args(OtherKind):
            raise LawError(f"OtherSound: kind {self.kind!r} is none of {', '.join(get_args(OtherKind))}")


DROPPED: dict[str, str] = {
    "too_short": "its talk is shorter than the shortest conversation accepted",
    "one_speaker": "one voice holds all of it",
    "too_many_speakers": "voices other than its two speakers have a real share of the speech",
    "unsure": "the evidence is too thin to tell its two voices apart",
    "one_turn": "the floor changes too seldom",
    "one_sided": "one of its two speakers holds too large a share of the speech",
    "low_confidence": "the expected share of speech given to the right speaker is below the least accepted",
}
"""Every reason for which a stretch of a longer recording becomes no row, in the order in which they are looked at."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A stretch of a longer recording that is one two-party conversation, or the reason why it is none.

    Laws: `dropped` is a key of `DROPPED`; two different speakers; confidence in [0, 1].
    """

    span: Span
    dropped: str | None = None
    """Why the stretch becomes no row; absent when it does."""
    speakers: tuple[str, str] | None = None
    """Its own two speakers, in the order of `Segment.speaker`; a name is one voice in all of the recording. Absent where one is alone."""
    confidence: float | None = None
    """As `Diarization.confidence`, of this stretch alone."""
    similarity: float | None = None
    """As `Diarization.similarity`, of its own two speakers."""

    def __post_init__(self) -> None:
        if self.dropped is not None and self.dropped not in DROPPED:
            raise LawError(f"Conversation: dropped for {self.dropped!r}, which is none of {', '.join(DROPPED)}")
        if self.speakers is not None and self.speakers[0] == self.speakers[1]:
            raise LawError(f"Conversation: {self.speakers[0]!r} talks with itself")
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise LawError(f"Conversation: confidence {self.confidence} is not in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diarization:
    """Who speaks when. Where the recording's own channels are the speakers, `channel` is None and there is nothing else to say.

    Laws: segments sorted by start, end, speaker; a speaker's segments disjoint; all inside `[0, length)`; confidences in [0, 1];
    conversations, when there are any, disjoint and sorted.
    """

    length: int
    """Samples per channel of the recording."""
    rate: int
    """Hz."""
    channel: int | None
    """The recorded channel that was diarized."""
    segments: tuple[Segment, ...] = ()
    others: tuple[OtherSound, ...] = ()
    speakers: tuple[str, str] = ("A", "B")
    """Names, in the order of `Segment.speaker`; each conversation may have its own."""
    confidence: float | None = None
    """Expected share of speech that is given to the right speaker, in [0, 1]; absent when the method gives none."""
    similarity: float | None = None
    """Cosine between the two speakers' voice models, in [-1, 1]: near 1 they are hard to tell apart. Of more voices, those of the two
    heard most."""
    conversations: tuple[Conversation, ...] = ()
    """Empty: the whole recording is one conversation. Otherwise what lies in none is silence and belongs to no row."""

    def __post_init__(self) -> None:
        if self.channel is None and (self.segments or self.others or self.conversations):
            raise LawError("Diarization: segments of a recording whose own channels are the speakers")
        order = [(s.span.start, s.span.end, s.speaker) for s in self.segments]
        if order != sorted(order):
            raise LawError("Diarization: segments not sorted by start, end and speaker")
        if any(s.speaker not in (0, 1) for s in self.segments):
            raise LawError("Diarization: speakers are 0 and 1")
        for speaker in (0, 1):
            check_disjoint(self._raw(speaker), self.length, f"Diarization of speaker {speaker}")
        for sound in self.others:
            check_disjoint((sound.span,), self.length, "Diarization: other sound")
        check_disjoint([c.span for c in self.conversations], self.length, "Diarization: conversations")
        for value in (self.confidence, *(s.confidence for s in self.segments)):
            if value is not None and not (math.isfinite(value) and 0.0 <= value <= 1.0):
                raise LawError(f"Diarization: confidence {value} is not in [0, 1]")

    def _raw(self, speaker: int) -> list[Span]:
        return [s.span for s in self.segments if s.speaker == speaker]

    def of(self, speaker: int) -> Spans:
        """Where one speaker talks, touching segments joined."""
        return union(self._raw(speaker))

    @property
    def kept(self) -> tuple[Conversation, ...]:
        """The conversations that become rows."""
        return tuple(each for each in self.conversations if each.dropped is None)

    @property
    def overlaps(self) -> Spans:
        """Where both talk."""
        return intersect(self.of(0), self.of(1))
