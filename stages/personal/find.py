"""Rules that find personal data in the words of a conversation. They need no model and are measured in `tests/bench/personal.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.personal import PersonalSpan, SpokenWord
from schemas.row import Row
from schemas.span import Span
from schemas.transcript import Transcript
from stages.personal.births import find_births
from stages.personal.echo import find_names_again, find_numbers_again
from stages.personal.mail import find_mail
from stages.personal.numbers import find_numbers, find_written
from stages.personal.people import find_people
from stages.personal.places import find_places
from stages.personal.sides import Candidate, Side, Talk, sides_of

Languages = str | None | tuple[str | None, ...]


def find_personal(words: Sequence[SpokenWord], rate: int, language: Languages = "en") -> tuple[PersonalSpan, ...]:
    """Personal data in `words`, in order of channel and time; `rate` is Hz, and `language` a BCP 47 tag, or one for each channel.

    English has all rules; None counts as English. In other languages only digits that are written as such and written e-mail addresses are
    found. Stretches of one channel never overlap: where two rules find overlapping words, they are one stretch of the surer rule's kind.
    """
    talk = Talk(sides_of(words, rate))
    english = {side.channel: _is_english(language, side.channel) for side in talk.sides}
    found = {side.channel: merged(_candidates(talk, side, english[side.channel])) for side in talk.sides}
    again = {side.channel: _again(talk, side, found) if english[side.channel] else [] for side in talk.sides}
    return tuple(_span(words, side, each) for side in talk.sides for each in merged([*found[side.channel], *again[side.channel]]))


def _again(talk: Talk, side: Side, found: dict[int, list[Candidate]]) -> list[Candidate]:
    """What was found and is said again on a channel."""
    again = [each for other in talk.sides for each in find_names_again(other, found[other.channel], side)]
    return again + [each for other in talk.sides if other is not side for each in find_numbers_again(other, found[other.channel], side)]


def _is_english(language: Languages, channel: int) -> bool:
    tag = language if language is None or isinstance(language, str) else language[channel]
    return tag is None or tag.lower().partition("-")[0] == "en"


def words_of_transcript(transcript: Transcript) -> list[SpokenWord]:
    """The words of both channels, as `find_personal` takes them."""
    return [SpokenWord(piece.channel, word.span, word.text) for piece in transcript.pieces for word in piece.words]


def words_of_row(row: Row) -> list[SpokenWord]:
    """The words of a published row, in their order there."""
    return [SpokenWord(w.channel, Span(round(w.start * row.rate), round(w.end * row.rate)), w.text) for w in row.words]


def merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The least set of disjoint stretches that covers all candidates, each of the kind of its surest one."""
    found: list[Candidate] = []
    for each in sorted(candidates, key=lambda c: (c.first, c.last, c.kind, c.rule)):
        if found and each.first <= found[-1].last:
            best = max(found[-1], each, key=lambda c: c.confidence)
            found[-1] = Candidate(best.kind, found[-1].first, max(found[-1].last, each.last), best.rule, best.confidence)
        else:
            found.append(each)
    return found


def _candidates(talk: Talk, side: Side, english: bool) -> Iterable[Candidate]:
    yield from find_mail(talk, side)
    if not english:
        yield from find_written(side)
        return
    yield from find_numbers(talk, side)
    yield from find_births(talk, side)
    yield from find_places(talk, side)
    yield from find_people(talk, side)


def _span(words: Sequence[SpokenWord], side: Side, found: Candidate) -> PersonalSpan:
    first, last = side.places[found.first], side.places[found.last]
    inside = [words[side.places[at]].span for at in range(found.first, found.last + 1)]
    return PersonalSpan(
        kind=found.kind,
        channel=side.channel,
        span=Span(inside[0].start, max(span.end for span in inside)),
        rule=found.rule,
        confidence=found.confidence,
        first=min(first, last),
        last=max(first, last),
    )
