"""What happens between two speakers, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from schemas.activity import Activity
from schemas.events import Event, Events
from schemas.span import Span
from schemas.stats import TurnTakingConstants
from schemas.transcript import Transcript
from stages.stage import Weights
from stages.turns.floor import Floor, Kind, OverlapKind, States
from stages.turns.settings import TakingSettings
from stages.turns.taken import Taken, take

INTERRUPTIONS = {Kind.INTERRUPTION: "successful", Kind.FAILED: "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTakingEvents(TakingSettings):
    """All kinds of `schemas.events` from speech activity and, where there is a transcript, its words.

    The definitions are those of the statistics (`stages.turns.taken`): with equal settings there are as many backchannels, interruptions,
    pauses, gaps, overlaps, changes of the floor and fillers here as there.

    - `ipu`, `pause`, `gap`, `overlap`, `silence`: `stages.turns.floor.states`. A pause is both speakers', and names no channel, where both
      stop and both go on at the same samples.
    - `floor_change`: the newcomer's, between the end of the turn before and the start of the next, whichever comes first.
    - `backchannel`, `interruption`: the whole IPU, as `stages.turns.floor.kinds` calls it; a backchannel with its words.
    - `filler`: each word of `filler_words`, and each recovered one that no backchannel tells of.
    - `laughter`: each word or recovered one in brackets, of `laughter_words`. A detector of laughter is a stage that gives a `Transcript`
      with `[laughter]` among the recovered.
    """

    name: ClassVar[str] = "events"
    backend: ClassVar[str] = "turn_taking"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Activity,)
    may_take: ClassVar[tuple[type, ...]] = (Transcript,)
    gives: ClassVar[type] = Events

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[..., Events]:
        """A pure function of the activity and, where there is one, the transcript; `device` does not matter."""
        constants = self.constants()

        def events(activity: Activity, transcript: Transcript | None = None) -> Events:
            return turn_taking_events(activity, constants, transcript)

        return events


def turn_taking_events(activity: Activity, constants: TurnTakingConstants, transcript: Transcript | None = None) -> Events:
    """Every event of an activity of two channels; raises `LawError` for any other number, and for a transcript of another recording."""
    taken = take(activity, transcript, constants)
    found = [*_silences(taken.states), *_overlaps(taken), *_changes(taken.floor)]
    for channel in (0, 1):
        found += [*_ipus(channel, taken), *_words(channel, taken)]
    # The text decides last, so that equal input gives equal order.
    found.sort(key=lambda e: (e.span.start, e.span.end, e.kind, -1 if e.channel is None else e.channel, e.text or ""))
    return Events(events=tuple(found), constants=constants, length=activity.length, rate=activity.rate)


def _silences(states: States) -> Iterator[Event]:
    for span, channel in zip(states.pauses.spans(), states.pausing.tolist(), strict=True):
        yield Event("pause", span, channel if channel >= 0 else None)
    for span in states.gaps.spans():
        yield Event("gap", span)
    whole = not states.single and not len(states.overlaps.start)
    for span in states.edges.spans():
        yield Event("silence", span, detail="whole" if whole else "end" if span.start else "start")


def _overlaps(taken: Taken) -> Iterator[Event]:
    for span, kind in zip(taken.states.overlaps.spans(), taken.overlaps.tolist(), strict=True):
        yield Event("overlap", span, detail=OverlapKind(kind).name.lower())


def _changes(floor: Floor) -> Iterator[Event]:
    changes = floor.changes()
    for channel, start, end in zip(changes.channel.tolist(), changes.start.tolist(), changes.end.tolist(), strict=True):
        yield Event("floor_change", Span(min(start, end), max(start, end)), channel, offset=start - end)


def _ipus(channel: int, taken: Taken) -> Iterator[Event]:
    told = {} if taken.said is None else taken.said[channel].told()
    for index, (span, number) in enumerate(zip(taken.sides[channel].spans(), taken.kinds[channel].tolist(), strict=True)):
        yield Event("ipu", span, channel)
        kind = Kind(number)
        if kind == Kind.BACKCHANNEL:
            text, recovered = told.get(index, (None, False))
            yield Event("backchannel", span, channel, text=text, recovered=recovered)
        elif kind in INTERRUPTIONS:
            yield Event("interruption", span, channel, INTERRUPTIONS[kind])


def _words(channel: int, taken: Taken) -> Iterator[Event]:
    for token in taken.fillers(channel):
        yield Event("filler", token.span, channel, text=token.text, recovered=token.recovered)
    for token in taken.said[channel].tokens if taken.said is not None else ():
        if token.laughter:
            yield Event("laughter", token.span, channel, text=token.text, recovered=token.recovered)
