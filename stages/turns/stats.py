"""Turn-taking statistics of one dialogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from schemas.activity import Activity
from schemas.stats import FTO_EDGES, ChannelTaking, FloorTransfers, Measure, OverlapKinds, Stats, TurnTakingConstants
from schemas.transcript import Transcript
from stages.stage import Weights
from stages.transcribe.unworded import unworded
from stages.turns.floor import Kind, OverlapKind, Times
from stages.turns.settings import TakingSettings
from stages.turns.taken import Taken, take


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTaking(TakingSettings):
    """IPUs, pauses, gaps, overlaps, floor transfers, backchannels and interruptions from speech activity; with a transcript also the
    rate of speech, fillers, and backchannels known by their words.

    The definitions are those of `stages.turns.floor` and `stages.turns.said`; the constants are published with the result. IPU, pause,
    gap and overlap follow dGSLM (arXiv 2203.16502) and are given in its units, seconds and counts per minute.
    """

    name: ClassVar[str] = "stats"
    backend: ClassVar[str] = "turn_taking"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Activity,)
    may_take: ClassVar[tuple[type, ...]] = (Transcript,)
    gives: ClassVar[type] = Stats

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[..., Stats]:
        """The measurement as a pure function of the activity and, where there is one, the transcript; `device` does not matter."""
        constants = self.constants()

        def stats(activity: Activity, transcript: Transcript | None = None) -> Stats:
            return turn_taking(activity, constants, transcript)

        return stats


def turn_taking(activity: Activity, constants: TurnTakingConstants, transcript: Transcript | None = None) -> Stats:
    """Statistics of an activity of two channels; raises `LawError` for any other number, and for a transcript of another recording."""
    taken = take(activity, transcript, constants)
    rate, length, parts = activity.rate, activity.length, taken.states
    bare = None if transcript is None else unworded(transcript, activity, constants.word_reach)
    channels = tuple(_channel(index, taken, activity, constants, None if bare is None else bare[index]) for index in (0, 1))
    minutes = length / rate / 60
    overlap, pause, gap, edge = (int(each.size.sum()) for each in (parts.overlaps, parts.pauses, parts.gaps, parts.edges))
    speech = overlap + parts.single
    kinds = np.bincount(taken.overlaps, minlength=len(OverlapKind)).tolist()
    return Stats(
        duration=length / rate,
        ipu=_measure(np.concatenate([side.size for side in taken.sides]), rate, minutes),
        pause=_measure(parts.pauses.size, rate, minutes),
        gap=_measure(parts.gaps.size, rate, minutes),
        overlap=_measure(parts.overlaps.size, rate, minutes),
        single=parts.single / rate,
        silence=(pause + gap + edge) / rate,
        edge_silence=edge / rate,
        overlap_share=overlap / length,
        overlapped_speech=overlap / speech if speech else None,
        overlaps=OverlapKinds(**{kind.name.lower(): kinds[kind] for kind in OverlapKind}),
        transfers=floor_transfers(taken.floor.transfers(), rate),
        backchannels_per_minute=sum(each.backchannels for each in channels) / minutes,
        interruptions_per_minute=sum(each.interruptions for each in channels) / minutes,
        failed_interruptions_per_minute=sum(each.failed_interruptions for each in channels) / minutes,
        longest_monologue=max(each.longest_monologue for each in channels),
        speech_dominance=_larger([each.speech for each in channels]),
        floor_dominance=_larger([each.floor for each in channels]),
        speech_rate=_rate(taken, (0, 1), rate),
        channels=channels,
        constants=constants,
    )


def _larger(parts: list[float]) -> float | None:
    return max(parts) / sum(parts) if sum(parts) else None


def _rate(taken: Taken, channels: tuple[int, ...], rate: int) -> float | None:
    """Words per second of the IPUs that have words."""
    if taken.said is None:
        return None
    found = [taken.said[channel].rated(taken.sides[channel]) for channel in channels]
    samples = sum(size for _, size in found)
    return sum(words for words, _ in found) * rate / samples if samples else None


def _measure(lengths: Times, rate: int, minutes: float) -> Measure:
    count, seconds = len(lengths), int(lengths.sum()) / rate
    return Measure(
        count=count,
        seconds=seconds,
        per_minute=count / minutes,
        seconds_per_minute=seconds / minutes,
        mean=seconds / count if count else None,
    )


def _channel(index: int, taken: Taken, activity: Activity, constants: TurnTakingConstants, bare: int | None) -> ChannelTaking:
    kind, samples, rate = taken.kinds[index], int(taken.sides[index].size.sum()), activity.rate
    counts = np.bincount(kind, minlength=len(Kind)).tolist()
    held = taken.floor.stretches(index, round(constants.monologue_pause * rate))
    spoken: dict[str, Any] = {}
    if taken.said is not None and bare is not None:
        words = sum(token.word for token in taken.said[index].tokens)
        spoken = {
            "words": words,
            "speech_rate": _rate(taken, (index,), rate),
            "unworded": bare / rate,
            "fillers": len(taken.fillers(index)),
        }
    return ChannelTaking(
        ipus=len(kind),
        speech=samples / rate,
        speech_share=samples / activity.length,
        mean_ipu=samples / rate / len(kind) if len(kind) else None,
        longest_monologue=int(held.max(initial=0)) / rate,
        plain=counts[Kind.PLAIN],
        transitions=counts[Kind.TRANSITION],
        backchannels=counts[Kind.BACKCHANNEL],
        interruptions=counts[Kind.INTERRUPTION],
        failed_interruptions=counts[Kind.FAILED],
        floor=int(held.sum()) / rate,
        **spoken,
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
