"""What happens inside overlaps, pooled over mixtures, and the few of them that are to be heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.calibration import CallScores, Scores
from schemas.overlaps import Excerpt, Overlaps, OverlapScores
from schemas.plain import to_plain
from schemas.source import Source
from stages.calibrate.excerpts import worst
from stages.calibrate.heard import pooled_inside
from stages.scoring.pool import ratio
from stages.scoring.rank import spearman

SHOWN = 8
"""Overlaps of one chain that can be heard on the page."""
DIGITS = 4
"""Decimals of the figures of single overlaps."""

Weighted = list[tuple[float, float]]
"""Values, each with its weight."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One overlap to be heard, and where it is from."""

    source: Source
    condition: str
    overlap: OverlapScores
    excerpt: Excerpt


class Worst:
    """Keeps the excerpts of the worst overlaps of all mixtures that it is offered, and lets the others go."""

    def __init__(self, most: int = SHOWN) -> None:
        self.most = most
        self.kept: tuple[Heard, ...] = ()

    def take(self, source: Source, call: CallScores) -> CallScores:
        """Look through a call; returns it without its excerpts."""
        offered = list(self.kept)
        for mix in call.mixes:
            overlaps = None if mix.scores is None else mix.scores.overlaps
            if overlaps is not None:
                offered += [Heard(source, mix.condition, overlaps.found[each.overlap], each) for each in mix.excerpts]
        self.kept = tuple(offered[at] for at in worst([each.overlap for each in offered], self.most))
        return dataclasses.replace(call, mixes=tuple(dataclasses.replace(mix, excerpts=()) for mix in call.mixes))


def pooled_overlaps(scored: Sequence[tuple[Source, Scores]]) -> dict[str, Any]:
    """The figures of some mixtures' overlaps together, by name; each is explained in `pipeline.calibrate.words`."""
    parts = [(source, scores.overlaps) for source, scores in scored if scores.overlaps is not None]
    found = [each for _, overlaps in parts for each in overlaps.found]
    seconds = sum(each.seconds for each in found)
    gains = [(voice.gain_db, each.seconds) for each in found for voice in each.voices if voice.gain_db is not None]
    whole = list(_channels(parts))
    return {
        "count": len(found),
        "seconds": seconds,
        "short": sum(overlaps.short for _, overlaps in parts),
        "separated": ratio(sum(each.separated for each in found), seconds),
        "routed": ratio(sum(each.routed for each in found), seconds),
        "lost": ratio(sum(each.lost for each in found), seconds),
        "separated_outside": sum(overlaps.separated_outside for _, overlaps in parts),
        "si_sdr_db": _mean([(each["si_sdr_db"], each["seconds"]) for each in whole]),
        "mix_si_sdr_db": _mean([(each["mix_si_sdr_db"], each["seconds"]) for each in whole]),
        "gain_db": _mean([(each["gain_db"], each["seconds"]) for each in whole]),
        "gain_worst": _worst_channel(whole),
        "gain_overlap_mean_db": _mean(gains),
        "gain_overlap_median_db": _median(gains),
        **_kept(found),
        **pooled_inside([scores.words for _, scores in scored if scores.words is not None]),
    }


def _channels(parts: Iterable[tuple[Source, Overlaps]]) -> Iterator[dict[str, Any]]:
    """Each channel of each mixture over all of its overlaps, where it has a gain."""
    for source, overlaps in parts:
        seconds = sum(each.seconds for each in overlaps.found)
        for number, channel in enumerate(overlaps.whole):
            if channel.gain_db is not None:
                yield {**to_plain(channel), "id": source.id, "channel": number, "seconds": seconds}


def _worst_channel(channels: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    if not channels:
        return None
    least = min(channels, key=lambda each: each["gain_db"])
    return {"value": least["gain_db"], **{name: least[name] for name in ("id", "channel", "seconds")}}


def _kept(found: Sequence[OverlapScores]) -> dict[str, Any]:
    """What was separated, and whether that was right."""
    voices = [voice for each in found for voice in each.voices if voice.kept_gain_db is not None]
    kept = [each for each in found if each.kept_gain_db is not None]
    told = [(each.confidence, each.kept_gain_db) for each in kept if each.confidence is not None and each.kept_gain_db is not None]
    return {
        "kept": len(kept),
        "kept_gain_db": _mean([(voice.kept_gain_db or 0.0, voice.kept_seconds) for voice in voices]),
        "kept_worse": ratio(sum(1 for each in kept if (each.kept_gain_db or 0.0) < 0), len(kept)),
        "kept_worse_voices": ratio(sum(1 for voice in voices if (voice.kept_gain_db or 0.0) < 0), len(voices)),
        "confidence": ratio(sum(sure for sure, _ in told), len(told)),
        "rank_correlation": {"overlaps": len(told), "gain": spearman([sure for sure, _ in told], [gain for _, gain in told])},
    }


def _mean(values: Weighted) -> float | None:
    weight = sum(each for _, each in values)
    return sum(value * each for value, each in values) / weight if weight else None


def _median(values: Weighted) -> float | None:
    """The value at which half of the weight is reached."""
    left = sum(weight for _, weight in values) / 2
    for value, weight in sorted(values):
        left -= weight
        if left <= 0:
            return value
    return None


def entry(source: Source, scores: Scores) -> dict[str, Any] | None:
    """One mixture's overlaps as JSON: its figures as they are pooled, each channel's, and every overlap."""
    overlaps = scores.overlaps
    if overlaps is None:
        return None
    found = [{**to_plain(each), "confidence": each.confidence, "kept_gain_db": each.kept_gain_db} for each in overlaps.found]
    return {
        **pooled_overlaps([(source, scores)]),
        "short_seconds": overlaps.short_seconds,
        "channels": [to_plain(each) for each in overlaps.whole],
        "found": rounded(found),
    }


def rounded(value: Any) -> Any:
    """JSON with `DIGITS` decimals: a long call has hundreds of overlaps."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value
