"""Where a long recording falls into conversations of two: at long silences, each piece with two voices of its own. Pure arithmetic.

The rules are those of J-CHAT (arXiv 2407.15828): dialogues end at 5 s of silence, have two turns at least, and nobody says more than four
fifths of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from schemas.activity import Activity
from schemas.diarization import DROPPED, Conversation
from schemas.errors import LawError, Reject, UsageError
from schemas.span import Span, Spans, subtract, total, union
from stages.turns.stats import TurnTaking

MARGIN = 1.0
"""Seconds of a long silence that stay with the conversation before it, and as many with the one after it; half of it at most."""

Pair = tuple[int, int]
"""Two voices, the one heard first in the recording first."""
Judge = Callable[[Pair, Span], str | None]
"""Says of two voices and the stretch they share why it is no conversation: `one_speaker`, `unsure` or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The settings `split_…` and `third_share` of a backend of `diarize`; its fields say what each means."""

    silence: float | None
    turns: int
    share: float
    seconds: float
    third_share: float

    def __post_init__(self) -> None:
        if self.silence is not None and not (0 < self.silence < math.inf):
            raise UsageError(f"diarize: split_silence: {self.silence} s; wanted more than 0, or null for no split")
        if self.turns < 1:
            raise UsageError(f"diarize: split_turns: {self.turns} must be 1 or more")
        if not 0.5 <= self.share <= 1:
            raise UsageError(f"diarize: split_share: {self.share}; of two speakers one has at least half, so wanted 0.5 to 1")
        if not 0 <= self.seconds < math.inf:
            raise UsageError(f"diarize: split_seconds: {self.seconds} must be 0 or more")
        if not 0 <= self.third_share <= 1:
            raise UsageError(f"diarize: third_share: {self.third_share} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The speech of a recording by voice, in units of which `rate` make a second. Law: two voices at least."""

    voices: tuple[Spans, ...]
    both: Spans
    """Where two speak whose voices are not told: the two speakers, whoever they are there."""
    length: int
    rate: int

    def __post_init__(self) -> None:
        if len(self.voices) < 2:
            raise LawError(f"Talk of {len(self.voices)} voices; wanted two or more")

    @property
    def speech(self) -> Spans:
        """Where anybody speaks."""
        return union([*self.both, *(span for voice in self.voices for span in voice)])

    @property
    def ranks(self) -> tuple[int, ...]:
        """Voices in the order in which they are first heard."""
        first = [voice[0].start if voice else self.length for voice in self.voices]
        return tuple(sorted(range(len(first)), key=lambda voice: (first[voice], voice)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch between long silences."""

    span: Span
    """With what it keeps of the silences around it."""
    speech: Span
    """From its first speech to its last."""
    pair: Pair
    """Its two speakers: the voices with the most solo speech in it, then in the recording."""
    alone: bool
    """Only one voice is heard in it."""
    dropped: str | None
    """A key of `DROPPED`; None for a conversation."""


def split(talk: Talk, rule: Rule, judge: Judge) -> tuple[Piece, ...]:
    """Every piece of a recording in order, with the first reason of `DROPPED` for which it is no conversation.

    What lies in no piece is silence. `judge` is asked only where two voices are heard and nobody else has a real share.
    """
    speeches = stretches(talk.speech, rule, talk.rate)
    spans = _margins(speeches, _shortest(rule, talk.rate), talk)
    parts = _Parts(talk)
    return tuple(parts.judged(span, speech, rule, judge) for span, speech in zip(spans, speeches, strict=True))


def stretches(speech: Sequence[Span], rule: Rule, rate: int) -> Spans:
    """Speech with all silences closed but those that end a conversation."""
    return union(speech, _shortest(rule, rate) - 1)


def _shortest(rule: Rule, rate: int) -> int:
    """Units of the shortest silence that ends a conversation."""
    if rule.silence is None:
        raise LawError("split: a rule without a silence cuts nothing")
    return max(1, round(rule.silence * rate))


def _margins(speeches: Spans, silence: int, talk: Talk) -> list[Span]:
    most = round(MARGIN * talk.rate)
    inner = [min(most, (after.start - before.end) // 2) for before, after in pairwise(speeches)]
    # A silence at an end of the recording that would not cut it inside does not cut it there.
    head, tail = (
        (gap if gap < silence else min(most, gap) for gap in (speeches[0].start, talk.length - speeches[-1].end)) if speeches else (0, 0)
    )
    before, after = [head, *inner], [*inner, tail]
    return [Span(speech.start - before[i], speech.end + after[i]) for i, speech in enumerate(speeches)]


class _Parts:
    """The talk with what every piece asks of it worked out once."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        others = [
            union([*talk.both, *(s for v, voice in enumerate(talk.voices) if v != own for s in voice)]) for own in range(len(talk.voices))
        ]
        self.solo = [_Sorted(subtract(voice, other)) for voice, other in zip(talk.voices, others, strict=True)]
        self.voices = [_Sorted(voice) for voice in talk.voices]
        self.both = _Sorted(talk.both)
        self.whole = [total(solo.spans) for solo in self.solo]
        self.rank = {voice: place for place, voice in enumerate(talk.ranks)}

    def judged(self, span: Span, speech: Span, rule: Rule, judge: Judge) -> Piece:
        solo = [total(each.inside(speech)) for each in self.solo]
        said = [total(each.inside(speech)) for each in self.voices]
        most = sorted(self.rank, key=lambda voice: (-solo[voice], -said[voice], -self.whole[voice], voice))
        first, second = sorted(most[:2], key=self.rank.__getitem__)
        alone = not said[most[1]]
        third, of = sum(solo) - solo[first] - solo[second], sum(solo)
        why: str | None = None
        if len(speech) < rule.seconds * self.talk.rate:
            why = "too_short"
        elif alone:
            why = "one_speaker"
        elif third and third >= rule.third_share * of:
            why = "too_many_speakers"
        else:
            why = judge((first, second), speech) or self._uneven((first, second), speech, rule)
        return Piece(span, speech, (first, second), alone, why)

    def _uneven(self, pair: Pair, speech: Span, rule: Rule) -> str | None:
        sides = [union([*self.voices[voice].inside(speech), *self.both.inside(speech)]) for voice in pair]
        if turns(sides[0], sides[1], speech, self.talk.rate) < rule.turns:
            return "one_turn"
        amounts = [total(side) for side in sides]
        return "one_sided" if max(amounts) > rule.share * sum(amounts) else None


class _Sorted:
    """Spans of which those inside a piece are found quickly: none lies across the silence that bounds it."""

    def __init__(self, spans: Spans) -> None:
        self.spans = spans
        self.starts = [span.start for span in spans]

    def inside(self, piece: Span) -> Spans:
        return self.spans[bisect_left(self.starts, piece.start) : bisect_left(self.starts, piece.end)]


_taking = TurnTaking().load("cpu")


def turns(first: Spans, second: Spans, speech: Span, rate: int) -> int:
    """Changes of floor between two speakers inside `speech`, plus one.

    They are the floor transfers of the published statistics: a backchannel, or speech wholly inside the other's, takes no floor.
    """
    channels = tuple(tuple(Span(s.start - speech.start, s.end - speech.start) for s in side) for side in (first, second))
    return _taking(Activity(channels=channels, length=len(speech), rate=rate)).transfers.n + 1


def check_some(conversations: Sequence[Conversation], length: int, rate: int) -> None:
    """Raise `Reject` unless at least one is kept, with pieces and seconds by reason."""
    if any(each.dropped is None for each in conversations):
        return
    facts: dict[str, Any] = {}
    for reason in DROPPED:
        spans = [each.span for each in conversations if each.dropped == reason]
        if spans:
            facts[reason] = {"pieces": len(spans), "seconds": round(total(spans) / rate, 3)}
    silence = (length - total(each.span for each in conversations)) / rate
    told = ", ".join(f"{fact['pieces']} {reason}" for reason, fact in facts.items())
    raise Reject(
        "no_conversation", f"none in {length / rate:.1f} s ({told})", dropped=facts, silence=round(silence, 3), seconds=length / rate
    )
