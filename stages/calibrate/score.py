"""Every score of one made pair of channels against the true one."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.calibration import Amounts, ChannelScores, Scores, StageCost, WordScores
from schemas.diarization import Diarization
from schemas.recording import as_float
from schemas.span import intersect, total
from schemas.stats import Stats
from schemas.tracks import Tracks
from stages.calibrate.chain import Ran
from stages.calibrate.mixture import Mixture
from stages.scoring.identity import swaps
from stages.scoring.kept import backchannels_kept, carried, overlap
from stages.scoring.overlaps import measure_overlaps
from stages.scoring.pool import pooled_taking_error, ratio, shares
from stages.scoring.signal import SignalScores, signal_scores
from stages.scoring.speakers import COLLAR, Pair, mapping, pick, speaker_errors
from stages.scoring.taking import taking

Words = Callable[[tuple[int, int]], WordScores]


def score(ran: Ran, mixed: Mixture, reference: Activity, true_stats: Stats, words: Words | None = None) -> Scores:
    """Scores of what a chain made of `mixed`, against the activity and the turn-taking of the true channels.

    `words` compares what is heard, given the made channel that stands for each true one.
    """
    diarization: Diarization = ran.values[Diarization]
    tracks: Tracks = ran.values[Tracks]
    activity: Activity = ran.values[Activity]
    true = _pair(reference)
    order = mapping(true, _pair(activity))
    kept = _kept(true, tracks, order)

    def made(start: int, end: int) -> NDArray[np.float64]:
        return _window(tracks, order, start, end)

    def mixture(start: int, end: int) -> NDArray[np.float64]:
        return as_float(mixed.recording.samples[0, start:end], mixed.recording.bits).astype(np.float64)

    amounts = _amounts(ran, reference, order, sum(kept), true_stats)
    signals = signal_scores(made, mixed.sides, true, tracks.length, tracks.rate)
    channels = tuple(_channel(signal, ratio(kept[i] / tracks.rate, total(true[i]) / tracks.rate)) for i, signal in enumerate(signals))
    seconds = tracks.length / tracks.rate
    named: dict[str, Any] = shares([amounts])
    levels = ("leakage_db", "leakage_solo_db", "si_sdr_db", "si_sdr_solo_db", "si_sdr_overlap_db")
    means: dict[str, Any] = {name: _mean([getattr(channel, name) for channel in channels]) for name in levels}
    return Scores(
        **named,
        **means,
        turn_taking_error=pooled_taking_error([amounts]),
        stages=tuple(StageCost(stage=name, rtf=spent / seconds) for name, spent in ran.seconds),
        confidence=diarization.confidence,
        channels=channels,
        mapping=order,
        amounts=amounts,
        words=None if words is None else words(order),
        overlaps=measure_overlaps(tracks, order, made, mixed.sides, mixture, true),
    )


def _pair(activity: Activity) -> Pair:
    return activity.channels[0], activity.channels[1]


def _kept(true: Pair, tracks: Tracks, order: tuple[int, int]) -> tuple[int, int]:
    """Samples of each true speaker's speech during which the right made channel carries the recording."""
    first, second = (total(intersect(true[i], carried(tracks, order[i]))) for i in (0, 1))
    return first, second


def _amounts(ran: Ran, reference: Activity, order: tuple[int, int], kept: int, true_stats: Stats) -> Amounts:
    activity: Activity = ran.values[Activity]
    diarization: Diarization = ran.values[Diarization]
    rate, length = reference.rate, reference.length
    true, found = _pair(reference), pick(_pair(activity), order)
    segments = (diarization.of(0), diarization.of(1))
    heard = backchannels_kept(true, found, rate)
    both, both_found = overlap(true), overlap(found)
    return Amounts(
        seconds=length / rate,
        errors=speaker_errors(true, found, length, rate),
        errors_collar=speaker_errors(true, found, length, rate, COLLAR),
        errors_segments=speaker_errors(true, segments, length, rate) if diarization.segments else None,
        overlap=total(both) / rate,
        overlap_found=total(both_found) / rate,
        overlap_both=total(intersect(both, both_found)) / rate,
        backchannels=heard[0],
        backchannels_kept=heard[1],
        speech_kept=kept / rate,
        swaps=len(swaps(true, found, rate)),
        taking=taking(true_stats),
        taking_found=taking(ran.values[Stats]),
        processor=sum(spent for _, spent in ran.seconds),
    )


def _window(tracks: Tracks, order: tuple[int, int], start: int, end: int) -> NDArray[np.float64]:
    block = as_float(tracks.samples[:, start:end], tracks.bits)
    return np.stack((block[order[0]], block[order[1]])).astype(np.float64)


def _channel(signal: SignalScores, kept: float | None) -> ChannelScores:
    return ChannelScores(
        speech_kept=kept,
        leakage_db=signal.leak.db,
        leakage_solo_db=signal.leak.solo_db,
        si_sdr_db=signal.whole.db,
        si_sdr_solo_db=signal.solo.db,
        si_sdr_overlap_db=signal.overlap.db,
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
