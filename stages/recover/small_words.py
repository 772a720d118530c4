"""Fillers and short answers that a recogniser left out, out of a small closed list."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Piece, Recovered, Transcript
from stages.align.pieces import hear
from stages.align.pocketsphinx import english
from stages.align.sphinx_model import model_weights
from stages.recover.ears import Ears
from stages.stage import Weights
from stages.transcribe.unworded import unworded_spans

METHOD = "pocketsphinx"
COVER = 0.5
"""Share of the unworded speech that the word must take up: less is a part of something longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallWordsRecover:
    """Listens to short speech without words for a filler, a backchannel or a short answer, and fills `recovered`.

    English only: channels in another language are left as they are; a channel without a language is taken as English. What is recovered
    is one of `stages.recover.ears.SMALL`, and had to be likelier than any other common short word, almost as likely as the best string of
    phones, voiced, and most of what was there.
    """

    name: ClassVar[str] = "recover"
    backend: ClassVar[str] = "small_words"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Tracks, Activity, Transcript)
    gives: ClassVar[type] = Transcript

    shortest: float = 0.12
    """Seconds of the shortest unworded speech that is listened to."""
    longest: float = 1.5
    """Seconds of the longest."""
    threshold: float = 0.8
    """Confidence from which a word is recovered (`stages.recover.ears.SURE`)."""
    voiced: float = 0.5
    """Share of the word that must be voiced, so that breath and clatter are no words."""
    pad: float = 0.15
    """Seconds of sound on both sides that are listened to as well, as far as no word lies there."""

    def __post_init__(self) -> None:
        if not 0 < self.shortest <= self.longest < math.inf:
            raise UsageError(f"recover: shortest ({self.shortest} s) must be above 0 and at most longest ({self.longest} s)")
        for name in ("threshold", "voiced", "pad"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"recover.{name}: {getattr(self, name)} must be from 0 to 1")

    def weights(self) -> tuple[Weights, ...]:
        return model_weights()

    def load(self, device: str) -> Callable[[Tracks, Activity, Transcript], Transcript]:
        """The listening as a function; runs on the CPU whatever `device`. Raises `UsageError` when the model is not there."""
        ears = Ears()

        def recover(tracks: Tracks, activity: Activity, transcript: Transcript) -> Transcript:
            if (activity.length, activity.rate, len(activity.channels)) != (tracks.length, tracks.rate, 2):
                raise LawError(f"Activity of {activity.length} samples does not belong to Tracks of 2 channels, {tracks.length} samples")
            spans = unworded_spans(transcript, activity)
            found = list(transcript.recovered)
            for channel, spoken in enumerate(english(transcript)):
                if spoken:
                    words = [word.span for word in transcript.words(channel)]
                    found += self._channel(ears, tracks, words, channel, spans[channel])
            found.sort(key=lambda each: (each.span.start, each.span.end, each.channel))
            return replace(transcript, recovered=tuple(found))

        return recover

    def _channel(self, ears: Ears, tracks: Tracks, words: Sequence[Span], channel: int, spans: Sequence[Span]) -> list[Recovered]:
        found: list[Recovered] = []
        for span in spans:
            if not self.shortest * tracks.rate <= len(span) <= self.longest * tracks.rate:
                continue
            said = [*words, *(each.span for each in found)]
            heard = hear(tracks, _between(said, span, channel, tracks.length), 1)
            small = ears.listen(heard, self.pad)
            if small is None or small.confidence < self.threshold or small.voiced < self.voiced:
                continue
            at = Span(max(heard.back(small.start), heard.start), min(heard.back(small.end), tracks.length))
            if len(at) >= max(1, COVER * len(span)):
                found.append(Recovered(channel, at, small.text, small.confidence, METHOD))
        return found


def _between(said: Sequence[Span], span: Span, channel: int, length: int) -> tuple[Piece, Piece, Piece]:
    """A span as a piece between what is said before and after it on the channel."""
    before = max((each.end for each in said if each.end <= span.start), default=0)
    after = min((each.start for each in said if each.start >= span.end), default=length)
    return Piece(channel, Span(0, before), ()), Piece(channel, span, ()), Piece(channel, Span(after, length), ())
