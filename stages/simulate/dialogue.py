"""One dialogue from its seed: plan, sound and truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from schemas.activity import Activity, Turn, Turns
from schemas.span import Span, union
from schemas.stats import TurnTakingConstants
from schemas.truth import Truth, TruthEvent, TruthWord
from stages.simulate.ipu import Supply
from stages.simulate.plan import Placed, plan
from stages.simulate.settings import Simulation
from stages.simulate.shape import Budget
from stages.simulate.sound import Sound, draw_conditions, dry, heard, placements, speaker_gains
from stages.turns.channels import ipus
from stages.turns.floor import FloorRule, Kind, Side, kinds
from stages.turns.stats import TurnTaking, turn_taking

EVENTS = {
    Kind.BACKCHANNEL: "backchannel",
    Kind.INTERRUPTION: "interruption",
    Kind.FAILED: "failed_interruption",
    Kind.TRANSITION: "transition",
}


def make_dialogue(
    id: str, budget: Budget, supply: Supply, speakers: tuple[str, str], rate: int, seed: int, settings: Simulation
) -> tuple[Sound, Truth]:
    """The dialogue that `seed` stands for: the same arguments give the same samples."""
    rng = np.random.default_rng((seed, 4))
    conditions = draw_conditions(settings, rate, rng)
    placed = plan(budget, supply, rate, seed)
    gains = speaker_gains(placed, rate, settings, conditions.level_db)
    sound, scale_db = heard(dry(placed, budget.length, rate, gains), rate, conditions, settings, rng)
    activity = _activity(placed, budget.length, rate)
    constants = TurnTaking().constants()
    turns = [
        Turn(channel, span, speakers[channel])
        for channel, spans in enumerate(activity.channels)
        for span in ipus(spans, constants.ipu_silence, rate)
    ]
    truth = Truth(
        id=id,
        rate=rate,
        length=budget.length,
        speakers=speakers,
        seed=seed,
        activity=activity,
        turns=Turns(turns=tuple(sorted(turns, key=lambda t: (t.span.start, t.span.end, t.channel))), length=budget.length, rate=rate),
        events=events(activity, constants),
        placements=placements(placed, gains, scale_db),
        words=_words(placed),
        conditions=dataclasses.replace(conditions, scale_db=scale_db),
        stats=turn_taking(activity, constants),
    )
    return sound, truth


def events(activity: Activity, constants: TurnTakingConstants) -> tuple[TruthEvent, ...]:
    """Every IPU that is not plain, as turn-taking statistics with these constants call it, by start, end and channel."""
    rate = activity.rate
    rule = FloorRule.of(constants, rate)
    joined = [ipus(spans, constants.ipu_silence, rate) for spans in activity.channels]
    sides = [Side.of(spans) for spans in joined]
    found = [
        TruthEvent(EVENTS[Kind(kind)], channel, span)  # type: ignore[arg-type]
        for channel in (0, 1)
        for span, kind in zip(joined[channel], kinds(sides[channel], sides[1 - channel], rule).tolist(), strict=True)
        if kind != Kind.PLAIN
    ]
    return tuple(sorted(found, key=lambda each: (each.span.start, each.span.end, each.channel)))


def _activity(placed: Sequence[Placed], length: int, rate: int) -> Activity:
    channels = []
    for channel in (0, 1):
        spans = [
            Span(each.start + fragment.at, each.start + fragment.end)
            for each in placed
            if each.ipu.channel == channel
            for fragment in each.ipu.fragments
        ]
        channels.append(union(spans))
    return Activity(channels=tuple(channels), length=length, rate=rate)


def _words(placed: Sequence[Placed]) -> tuple[TruthWord, ...]:
    found = [
        TruthWord(each.ipu.channel, Span(word.span.start + shift, word.span.end + shift), word.text)
        for each in placed
        for fragment in each.ipu.fragments
        for shift in (each.start + fragment.at - fragment.span.start,)
        for word in fragment.utterance.words
        if fragment.span.start <= word.span.start and word.span.end <= fragment.span.end
    ]
    return tuple(sorted(found, key=lambda word: (word.span.start, word.span.end, word.channel)))
