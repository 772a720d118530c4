"""Turn-taking statistics of one dialogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.stats import FTO_EDGES, ChannelTaking, FloorTransfers, Measure, Stats, TurnTakingConstants
from stages.stage import Weights, what_fields
from stages.turns.channels import ipus
from stages.turns.floor import Floor, FloorRule, Kind, Side, Times, floor, kinds, states


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTaking:
    """IPUs, pauses, gaps, overlaps, floor transfers, backchannels and interruptions, from speech activity alone.

    The definitions are those of `stages.turns.floor`; the constants are published with the result. IPU, pause, gap and overlap follow
    dGSLM (arXiv 2203.16502) and are given in its units, seconds and counts per minute.
    """

    name: ClassVar[str] = "stats"
    backend: ClassVar[str] = "turn_taking"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Activity,)
    gives: ClassVar[type] = Stats

    ipu_silence: float = 0.2
    """Seconds; shorter silences of a channel do not end an IPU."""
    backchannel_longest: float = 1.2
    """Seconds."""
    backchannel_inside: float = 0.5
    """Least share of a backchannel inside the partner's speech."""
    floor_window: float = 1.0
    """Seconds before and after a backchannel within which the partner speaks."""
    barge_in: float = 0.2
    """Seconds; an interruption starts with at least this much of the partner's IPU left."""
    give_up: float = 1.0
    """Seconds; a newcomer who outlasts the partner by no more than this, and is followed by the partner, gave the floor back."""
    monologue_pause: float = 2.0
    """Seconds; a longer silence ends a monologue."""

    def __post_init__(self) -> None:
        for field, value in what_fields(self).items():
            if not 0 <= value < math.inf:
                raise UsageError(f"stats: {field}: {value} must be 0 or more")
        if self.backchannel_inside > 1:
            raise UsageError(f"stats: backchannel_inside: {self.backchannel_inside} is a share, at most 1")

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Activity], Stats]:
        """The measurement as a pure function; `device` does not matter."""
        constants = TurnTakingConstants(**what_fields(self))
        return lambda activity: turn_taking(activity, constants)


def turn_taking(activity: Activity, constants: TurnTakingConstants) -> Stats:
    """Statistics of an activity of two channels; raises `LawError` for any other number."""
    if len(activity.channels) != 2:
        raise LawError(f"turn taking: activity of {len(activity.channels)} channels; wanted 2")
    if activity.length <= 0:
        raise LawError("turn taking: activity of no samples")
    rate = activity.rate
    joined = [Side.of(ipus(spans, constants.ipu_silence, rate)) for spans in activity.channels]
    sides = (joined[0], joined[1])
    rule = FloorRule(
        backchannel_longest=round(constants.backchannel_longest * rate),
        backchannel_inside=constants.backchannel_inside,
        floor_window=round(constants.floor_window * rate),
        barge_in=round(constants.barge_in * rate),
        give_up=round(constants.give_up * rate),
    )
    kind = (kinds(sides[0], sides[1], rule), kinds(sides[1], sides[0], rule))
    return _stats(activity, constants, sides, kind)


def _stats(
    activity: Activity, constants: TurnTakingConstants, sides: tuple[Side, Side], kind: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Stats:
    rate, length = activity.rate, activity.length
    held = floor(sides, kind)
    parts = states(sides, length)
    channels = tuple(_channel(index, sides[index], kind[index], held, activity, constants) for index in (0, 1))
    minutes = length / rate / 60
    overlap, silence = int(parts.overlaps.sum()), int(parts.pauses.sum()) + int(parts.gaps.sum()) + parts.edges
    speech = overlap + parts.single
    return Stats(
        duration=length / rate,
        ipu=_measure(np.concatenate([side.end - side.start for side in sides]), rate, minutes),
        pause=_measure(parts.pauses, rate, minutes),
        gap=_measure(parts.gaps, rate, minutes),
        overlap=_measure(parts.overlaps, rate, minutes),
        single=parts.single / rate,
        silence=silence / rate,
        edge_silence=parts.edges / rate,
        overlap_share=overlap / length,
        overlapped_speech=overlap / speech if speech else None,
        transfers=floor_transfers(held.transfers(), rate),
        backchannels_per_minute=sum(each.backchannels for each in channels) / minutes,
        interruptions_per_minute=sum(each.interruptions for each in channels) / minutes,
        failed_interruptions_per_minute=sum(each.failed_interruptions for each in channels) / minutes,
        longest_monologue=max(each.longest_monologue for each in channels),
        channels=channels,
        constants=constants,
    )


def _measure(lengths: Times, rate: int, minutes: float) -> Measure:
    count, seconds = len(lengths), int(lengths.sum()) / rate
    return Measure(
        count=count,
        seconds=seconds,
        per_minute=count / minutes,
        seconds_per_minute=seconds / minutes,
        mean=seconds / count if count else None,
    )


def _channel(
    index: int, side: Side, kind: NDArray[np.int64], held: Floor, activity: Activity, constants: TurnTakingConstants
) -> ChannelTaking:
    samples = int((side.end - side.start).sum())
    counts = np.bincount(kind, minlength=len(Kind)).tolist()
    return ChannelTaking(
        ipus=len(kind),
        speech=samples / activity.rate,
        speech_share=samples / activity.length,
        mean_ipu=samples / activity.rate / len(kind) if len(kind) else None,
        longest_monologue=held.longest(index, round(constants.monologue_pause * activity.rate)) / activity.rate,
        plain=counts[Kind.PLAIN],
        transitions=counts[Kind.TRANSITION],
        backchannels=counts[Kind.BACKCHANNEL],
        interruptions=counts[Kind.INTERRUPTION],
        failed_interruptions=counts[Kind.FAILED],
    )


def floor_transfers(offsets: Times, rate: int) -> FloorTransfers:
    """Summary of offsets in samples at `rate` Hz; quartiles are linear between order statistics, bins are decided in whole samples."""
    n = len(offsets)
    # An edge is a tenth of a second times a whole number, so the bin is an exact integer division.
    bins = np.clip(offsets * 10 // rate - round(FTO_EDGES[0] * 10), -1, len(FTO_EDGES) - 1) + 1
    quartiles = np.percentile(offsets, (25, 50, 75)) / rate if n else None
    return FloorTransfers(
        n=n,
        median=None if quartiles is None else float(quartiles[1]),
        lower_quartile=None if quartiles is None else float(quartiles[0]),
        upper_quartile=None if quartiles is None else float(quartiles[2]),
        within_200ms=float(np.mean((offsets >= 0) & (offsets * 5 <= rate))) if n else None,
        edges=FTO_EDGES,
        counts=tuple(np.bincount(bins, minlength=len(FTO_EDGES) + 1).tolist()),
    )
