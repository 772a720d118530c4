"""Drawings of a calibration: how the scores spread over calls and channels, and what the confidence was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from pipeline.calibrate.dots import Dot, Plane, dots
from pipeline.report.axes import percent_label, plain_label
from pipeline.report.charts import Look, histogram
from pipeline.report.figures import Figure, describe
from pipeline.report.tally import Tally
from pipeline.report.words import number, plainly, share

FEWEST = 3
"""Values below which a distribution is not drawn."""
MOST_DER = 2.0
"""Largest error rate drawn: false alarms and confusion together can go beyond all of the speech."""


def distributions(variants: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Spread of DER over mixtures, and of speech kept and SI-SDR over channels; two chains back to back."""
    return [
        _distribution(variants, "der", "DER by mixture", "diarization error rate, no collar (%)", "mixtures", MOST_DER),
        _distribution(variants, "speech_kept", "Speech kept by channel", "speech in the right channel (%)", "channels", 1.0),
        _distribution(variants, "si_sdr_db", "SI-SDR by channel", "whole-call SI-SDR (dB)", "channels", None),
    ]


def _distribution(variants: Sequence[Mapping[str, Any]], name: str, title: str, axis: str, of: str, most: float | None) -> Figure:
    """One distribution; `most` is the largest value that the axis may reach, None for levels in dB."""
    levels = most is None
    tallies = []
    for variant in variants:
        edges = np.linspace(-100, 100, 401) if most is None else np.linspace(0, most, round(200 * most) + 1)
        tally = Tally(edges) if most is None else Tally(edges, (1, 2, 4, 10, 20))
        tally.add(np.array(_values(variant, name, of == "channels"), np.float64))
        tallies.append(tally)
    names = [plainly(variant["name"]) for variant in variants] if len(variants) > 1 else []
    value, unit = (number, "dB") if levels else (share, "")
    described = [describe(tally, (of[:-1], of), value, unit) for tally in tallies]
    captions = tuple(f"{name}: {text}" for name, text in zip(names, described, strict=True)) if names else tuple(described)
    look = Look(title=title, axis=axis, of=of, label=plain_label if levels else percent_label)
    enough = max(tally.n for tally in tallies) >= FEWEST
    svg = histogram(tallies, names, look, ". ".join(captions)) if enough else None
    return Figure(title, svg, captions)


def _values(variant: Mapping[str, Any], name: str, per_channel: bool) -> list[float]:
    scored = [call for call in variant["calls"] if call["outcome"] == "scored"]
    holders = [channel for call in scored for channel in call["channels"]] if per_channel else scored
    return [float("nan") if each[name] is None else each[name] for each in holders]


def scatter(variants: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """For the first chain, each mixture's DER over the confidence that was given; none when too few have one."""
    calls = [call for call in variants[0]["calls"] if call["confidence"] is not None and call["der"] is not None]
    if len(calls) < FEWEST:
        return []
    title = "Confidence and error"
    rank = variants[0]["overall"]["rank_correlation"]["der"]
    words = "no rank correlation with so few" if rank is None else f"rank correlation of 1 − confidence with DER {number(rank, 2)}"
    caption = f"{len(calls)} mixtures; {words}"
    return [Figure(title, _points(calls, title, caption), (caption,))]


def _points(calls: Sequence[Mapping[str, Any]], title: str, caption: str) -> Markup:
    points = [
        Dot(call["confidence"], call["der"], f"{plainly(call['id'])}: {share(call['confidence'])}, {share(call['der'])}") for call in calls
    ]
    plane = Plane(
        title=title,
        across=(min(0.95, *(call["confidence"] for call in calls)), 1.0),
        up=(0.0, max(0.02, *(call["der"] for call in calls))),
        x_name="confidence (%)",
        y_name="DER, no collar (%)",
        x_label=percent_label,
        y_label=percent_label,
    )
    return dots(points, plane, caption)
