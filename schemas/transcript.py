"""What was said on each channel, and when; and what a recogniser wrote that nobody said."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.span import Span, check_disjoint

METHODS: dict[str, str] = {
    "given": "times of the corpus's own transcript",
    "attention": "the recogniser's own cross-attention",
    "pocketsphinx": "forced alignment by pocketsphinx",
    "ctc": "forced alignment by a CTC acoustic model",
    "spread": "spread over the piece by the number of letters, because nothing could align it",
}
"""Where a word's times come from."""

REMOVALS: dict[str, str] = {
    "no_speech": "words where the channel holds no speech",
    "loop": "an n-gram that repeats without end",
    "known_phrase": "a phrase that recognisers invent in silence, such as thanks for watching",
    "rate": "more words or letters in a second than anybody speaks",
    "low_confidence": "the recogniser itself gave it too little probability",
    "no_time": "no stretch of the channel was left that the word could have been said in",
}
"""Every reason for which recognised text is taken out again."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written, punctuation included."""

    span: Span
    text: str
    """Without spaces at either end, never empty."""
    method: str
    """Where its times come from: a key of `METHODS`."""
    confidence: float | None = None
    """Probability that the word was said, in [0, 1]; absent when nothing gives one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one channel that was transcribed as one: an utterance, or neighbouring ones."""

    channel: int
    span: Span
    words: tuple[Word, ...]
    """In order of time, disjoint, inside `span`."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Text that a recogniser gave and that was taken out as not said."""

    channel: int
    span: Span
    text: str
    reason: str
    """A key of `REMOVALS`."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A filler or a short answer that the recogniser left out and another one heard, out of a small closed list."""

    channel: int
    span: Span
    text: str
    confidence: float | None
    """In [0, 1]; absent when the method gives none."""
    method: str


@dataclass(frozen=True, slots=True)
class Language:
    """The language of one channel, and how it is known."""

    tag: str
    """BCP 47."""
    how: str
    """`fixed` by the config, `claimed` by the source or `detected`."""
    probability: float | None = None
    """Of a detected one."""
    detected: str | None = None
    """What was heard, where that was asked for as a check and differs from `tag`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The words of both channels.

    Laws: pieces are sorted by start, end and channel, and disjoint within a channel; words lie inside their piece, are disjoint, of at
    least one sample, and in order; `languages` has one entry for each of the two channels.
    """

    pieces: tuple[Piece, ...]
    length: int
    """Samples per channel."""
    rate: int
    """Hz."""
    languages: tuple[Language | None, ...] = (None, None)
    removed: tuple[Removed, ...] = ()
    recovered: tuple[Recovered, ...] = ()

    def __post_init__(self) -> None:
        order = [(p.span.start, p.span.end, p.channel) for p in self.pieces]
        if order != sorted(order):
            raise LawError("Transcript: pieces are not sorted by start, end and channel")
        if len(self.languages) != 2:
            raise LawError(f"Transcript: {len(self.languages)} languages; wanted one entry per channel")
        for channel in (0, 1):
            check_disjoint([p.span for p in self.pieces if p.channel == channel], self.length, f"Transcript: pieces of channel {channel}")
        for piece in self.pieces:
            _check_words(piece)
        heard: tuple[Removed | Recovered, ...] = (*self.removed, *self.recovered)
        for each in heard:
            if not len(each.span) or each.span.end > self.length or each.channel not in (0, 1):
                raise LawError(f"Transcript: {each.text!r} at {each.span} of channel {each.channel} is empty or outside the recording")
        for removed in self.removed:
            if removed.reason not in REMOVALS:
                raise LawError(f"Transcript: {removed.reason!r} is not in schemas.transcript.REMOVALS")

    def words(self, channel: int) -> tuple[Word, ...]:
        """The words of one channel in order of time."""
        return tuple(word for piece in self.pieces if piece.channel == channel for word in piece.words)


def _check_words(piece: Piece) -> None:
    if piece.channel not in (0, 1):
        raise LawError(f"Transcript: a piece of channel {piece.channel}; wanted 0 or 1")
    at = piece.span.start
    for word in piece.words:
        if not word.text or word.text != word.text.strip():
            raise LawError(f"Transcript: {word.text!r} is no word without spaces around it")
        if word.method not in METHODS:
            raise LawError(f"Transcript: {word.method!r} is not in schemas.transcript.METHODS")
        if word.span.start < at or not len(word.span) or word.span.end > piece.span.end:
            raise LawError(
                f"Transcript: {word.text!r} at {word.span} of channel {piece.channel} is empty, out of order or outside its piece"
            )
        at = word.span.end
