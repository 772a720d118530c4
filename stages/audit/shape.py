"""How the people of a corpus talk, all of it together, and how that compares with talk that others have published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from schemas.shapes import ABSOLUTE, DISTANCES, FIGURES, SHAPES, Shape
from schemas.stats import FTO_EDGES
from schemas.tally import Tally
from stages.audit.hours import Hours, Item
from stages.turns.pooled import MEASURES, Pooled

BATCH = 512
"""Recordings whose statistics are added up at once."""


def corpus_shape(items: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """The keys `shape` and `hours_by` of `audit.json` for recordings given as `Item`s, or as plain tuples of the same order.

    One pass; memory does not grow with the number of recordings, but for the names that the tables of hours list. Seconds and counts
    are added up before they are divided, so long recordings weigh more than short ones. What cannot be told is None.
    """
    pooled, hours = Pooled(), Hours()
    for batch in _batches(Item(*each) for each in items):
        for item in batch:
            hours.add(item)
        pooled.take([item.stats for item in batch])
    return {"shape": shape_of(pooled), "hours_by": hours.plain()}


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def shape_of(pooled: Pooled) -> dict[str, Any]:
    """The pooled statistics as plain values; names of units are in the keys, shares are 0 to 1."""
    if not pooled.rows:
        return {"recordings": 0, "without_statistics": pooled.overlap_share.absent, "hours": 0.0}
    seconds = {name: pooled.per_minute(pooled.lasting[name]) for name in MEASURES}
    transfers = pooled.transfers
    return {
        "recordings": pooled.rows,
        "without_statistics": pooled.overlap_share.absent,
        "hours": pooled.seconds / 3600,
        "seconds_per_minute": seconds,
        "per_minute": {name: pooled.per_minute(pooled.counts[name]) for name in MEASURES} | _events(pooled),
        "mean_seconds": {name: _over(pooled.lasting[name], pooled.counts[name]) for name in MEASURES},
        "sides": [_side(pooled, channel) for channel in (0, 1)],
        "fto": {
            "n": transfers.n,
            **{name: transfers.quantile(q) for name, q in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75))},
            "within_200ms": _over(pooled.within_200ms, transfers.n),
            "edges": list(FTO_EDGES),
            "counts": _counts(transfers),
        },
        "overlap": {
            "share_of_time": pooled.share_of_overlap,
            "share_of_speech": pooled.overlapped_speech,
            **{f"{kind}_per_minute": pooled.per_minute(count) for kind, count in pooled.overlaps.items()},
        },
        "silence_share": _over(pooled.lasting["silence"], pooled.seconds),
        "longest_monologue_seconds": pooled.longest,
        "references": [compared(pooled, shape) for shape in SHAPES],
        "histograms": _histograms(pooled),
        "constants": pooled.constants,
    }


def _events(pooled: Pooled) -> dict[str, float]:
    kinds = ("backchannels", "interruptions", "failed_interruptions")
    return {kind: pooled.per_minute(float(pooled.kinds[kind].sum())) for kind in kinds} | {
        "floor_transfers": pooled.per_minute(pooled.transfers.n)
    }


def _side(pooled: Pooled, channel: int) -> dict[str, Any]:
    """One channel's; words are counted over the speech that got words. `Stats` counts pauses and gaps for the dialogue, not by side."""
    ipus, speech = float(pooled.kinds["ipus"][channel]), float(pooled.speech[channel])
    worded = float(pooled.worded_speech[channel] - pooled.spoken["unworded"][channel])
    per_minute = {kind: pooled.per_minute(float(pooled.kinds[kind][channel])) for kind in pooled.kinds}
    return {
        "channel": channel,
        "speech_seconds_per_minute": pooled.per_minute(speech),
        **{f"{kind}_per_minute": value for kind, value in per_minute.items()},
        "mean_ipu_seconds": _over(speech, ipus),
        "share_of_speech": _over(speech, float(pooled.speech.sum())),
        "share_of_floor": _over(float(pooled.floor[channel]), float(pooled.floor.sum())),
        "words_per_second": _over(float(pooled.spoken["words"][channel]), worded),
        "fillers_per_minute": _over(60 * float(pooled.spoken["fillers"][channel]), pooled.worded_seconds),
    }


def figures_of(pooled: Pooled) -> dict[str, float | None]:
    """This corpus's value of each figure that a reference may have."""
    return {**{name: pooled.per_minute(pooled.lasting[name]) for name in MEASURES}, "fto_median": pooled.transfers.quantile(0.5)}


def compared(pooled: Pooled, shape: Shape) -> dict[str, Any]:
    """The corpus beside one reference, figure by figure, and the distance of the two; None where the corpus has no such figure."""
    own = figures_of(pooled)
    lines = []
    for name, reference in shape.figures:
        value, (label, unit) = own[name], FIGURES[name]
        difference = None if value is None else value - reference
        lines.append({"name": name, "label": label, "unit": unit, "reference": reference, "corpus": value, "difference": difference})
    return {
        "name": shape.name,
        "title": shape.title,
        "distance": _distance(shape, lines),
        "distance_name": shape.distance,
        "distance_meaning": DISTANCES[shape.distance],
        "figures": lines,
        "differences": shape.differences,
        "citation": shape.citation,
        "url": shape.url,
    }


def _distance(shape: Shape, lines: Sequence[dict[str, Any]]) -> float | None:
    if any(line["difference"] is None for line in lines):
        return None
    if shape.distance == ABSOLUTE:
        return abs(float(lines[0]["difference"]))
    return float(sum(abs(line["difference"]) / line["reference"] for line in lines) / len(lines))


def _histograms(pooled: Pooled) -> dict[str, dict[str, Any]]:
    """Distributions over recordings. `counts` has one item more than `edges`: below the first edge, between, above the last."""
    tallies = {
        "overlap_share": pooled.overlap_share,
        "backchannels_per_minute": pooled.backchannels,
        "interruptions_per_minute": pooled.interruptions,
        "speech_dominance": pooled.speech_dominance,
        "floor_dominance": pooled.floor_dominance,
        "words_per_second_channel_0": pooled.speech_rate[0],
        "words_per_second_channel_1": pooled.speech_rate[1],
    }
    return {
        name: {
            "n": tally.n,
            "absent": tally.absent,
            **{part: tally.quantile(q) for part, q in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75))},
            "edges": [round(float(edge), 6) for edge in tally.edges],
            "counts": _counts(tally),
        }
        for name, tally in tallies.items()
    }


def _counts(tally: Tally) -> list[int]:
    return [tally.below, *tally.counts.tolist(), tally.above]


def _over(amount: float, of: float) -> float | None:
    return float(amount / of) if of > 0 else None
