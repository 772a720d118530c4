"""Recordings whose talk goes unlike that of the rest of their corpus.

A statistic's robust z-score is 0.6745 (x - median) / MAD, with the median absolute deviation MAD of the corpus (Iglewicz and Hoaglin 1993,
"How to detect and handle outliers"); it equals the ordinary z-score for normal data and is not moved by the outliers themselves. They
advise 3.5 as a limit; statistics of turn-taking have long tails, so the limit here is 6 unless told otherwise. Where more than half of the
values are the same, the MAD is 0, and nothing is called an outlier by that statistic; where it is smaller than what anybody would hear,
that takes its place, or a very even corpus would be full of outliers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from schemas.audit import AuditFinding
from schemas.stats import Stats
from schemas.tally import Floats
from stages.audit.hours import Item

LEAST = 20
"""Recordings with a value, below which a statistic makes no outliers: the median and MAD of fewer say little."""
SHORTEST = 60.0
"""Seconds of a recording, below which its rates per minute say little; shorter ones are neither compared nor counted."""
LIMIT = 6.0
NORMAL = 0.6745
"""Third quartile of the standard normal distribution, which is its MAD."""

Statistic = Callable[[Stats], float | None]
STATISTICS: tuple[tuple[str, str, str, float, Statistic], ...] = (
    ("overlap", "overlap", "s/min", 0.3, lambda stats: stats.overlap.seconds_per_minute),
    ("pause", "pauses", "s/min", 0.5, lambda stats: stats.pause.seconds_per_minute),
    ("gap", "gaps", "s/min", 0.5, lambda stats: stats.gap.seconds_per_minute),
    ("ipu_mean", "mean length of a stretch of speech", "s", 0.1, lambda stats: stats.ipu.mean),
    ("fto_median", "median floor transfer offset", "s", 0.05, lambda stats: stats.transfers.median),
    ("backchannels", "backchannels", "1/min", 0.3, lambda stats: stats.backchannels_per_minute),
    ("interruptions", "interruptions", "1/min", 0.3, lambda stats: stats.interruptions_per_minute),
    ("speech_dominance", "the more talkative side's share of speech", "share", 0.02, lambda stats: stats.speech_dominance),
    ("speech_rate", "words per second of speech", "1/s", 0.1, lambda stats: stats.speech_rate),
)
"""Name, words, unit, the least deviation that counts as one, and where it is in the statistics of a recording."""


def outliers(items: Iterable[tuple[Any, ...]], limit: float = LIMIT) -> dict[str, list[AuditFinding]]:
    """Findings by id of the recordings that lie further than `limit` robust deviations from the median of their corpus.

    `items` are `Item`s, or plain tuples of the same order. The order of recordings does not matter. Nothing is found by a statistic that
    fewer than `LEAST` recordings of at least `SHORTEST` seconds have.
    """
    known = sorted(
        ((item.source.id, item.stats) for item in (Item(*each) for each in items) if item.stats is not None and item.seconds >= SHORTEST),
        key=lambda pair: pair[0],
    )
    found: dict[str, list[AuditFinding]] = {}
    for name, words, unit, least, of in STATISTICS:
        values = np.array([of(stats) for _, stats in known], np.float64)
        center, spread = robust(values)
        if not spread:
            continue
        spread = max(spread, least)
        scores = NORMAL * (values - center) / spread
        for index in np.flatnonzero(np.abs(scores) > limit):
            finding = _finding(name, words, unit, float(values[index]), center, spread, limit, int((~np.isnan(values)).sum()))
            found.setdefault(known[index][0], []).append(finding)
    return dict(sorted(found.items()))


def robust(values: Floats) -> tuple[float, float]:
    """Median and median absolute deviation of the known values; a deviation of 0 where there are too few of them."""
    known = values[~np.isnan(values)]
    if len(known) < LEAST:
        return 0.0, 0.0
    center = float(np.median(known))
    return center, float(np.median(np.abs(known - center)))


def _finding(name: str, words: str, unit: str, value: float, center: float, spread: float, limit: float, n: int) -> AuditFinding:
    score = NORMAL * (value - center) / spread
    edge = center + np.sign(score) * limit * spread / NORMAL
    facts = {"statistic": name, "median": center, "deviation": spread, "z": score, "recordings": n}
    return AuditFinding(
        name="outlier",
        detail=f"{words}: {value:.3g} {unit}, where the median of {n} recordings is {center:.3g} {unit} (robust z {score:+.1f})",
        value=value,
        unit=unit,
        limit=float(edge),
        facts=json.dumps(facts, sort_keys=True),
    )
