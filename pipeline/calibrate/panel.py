"""The part of the page about overlaps: a table by chain, drawings, and the worst ones to be seen and heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from pipeline.calibrate.dots import Dot, Plane, dots
from pipeline.calibrate.overlaps import Heard
from pipeline.calibrate.pictures import signals
from pipeline.calibrate.words import MOST_DB
from pipeline.calibrate.words_inside import DEFINED_BY, INSIDE_LABELS
from pipeline.report.axes import Axis, percent_label, plain_label
from pipeline.report.charts import Look, frame, histogram
from pipeline.report.figures import Figure, describe
from pipeline.report.tally import Tally
from pipeline.report.words import count, number, plainly, share, with_unit
from schemas.overlaps import SIGNALS, OverlapVoice

FEWEST = 3
"""Values below which nothing is drawn."""
NAMES = ("Mixture", "Made for channel 0", "Made for channel 1", "True channel 0", "True channel 1")
"""`SIGNALS` in words."""
WIDTH, TALL, AXIS = 720, 96, 20
"""Pixels of a picture, and of the axis below the last one."""


def text_inside(overlaps: Mapping[str, Any], name: str) -> str:
    """One figure with its unit; empty when it is not known."""
    unit, value = INSIDE_LABELS[name][1], overlaps[name]
    if name == "rank_correlation":
        return "" if value["gain"] is None else f"{number(value['gain'], 2)} (of {count(value['overlaps'])})"
    if name == "gain_worst":
        return "" if value is None else with_unit(value["value"], "dB")
    if value is None:
        return ""
    if name == "wer_change":
        return f"{'+' if value > 0 else ''}{number(100 * value)}\u00a0%"
    if unit == "share":
        return share(value)
    return count(value) if unit == "number" else with_unit(value, unit)


def view(variants: Sequence[Mapping[str, Any]], heard: Sequence[Sequence[Heard]] | None) -> dict[str, Any]:
    """The template's variables; `heard` are each chain's worst overlaps, None when none are to be on the page."""
    definitions = variants[0]["definitions"]
    panels = [
        {"name": variant["name"], "items": [_item(number, each) for number, each in enumerate(mine, 1)]}
        for variant, mine in zip(variants, heard or [], strict=False)
    ]
    return {
        "inside": [
            (label, definitions.get(_definition(name), ""), [text_inside(each["overall"]["overlaps"], name) for each in variants])
            for name, (label, _) in INSIDE_LABELS.items()
        ],
        "inside_figures": [_gains(variants), *_surenesses(variants)],
        "panels": panels,
        "wanted_excerpts": heard is not None,
        "excerpts": sum(len(panel["items"]) for panel in panels),
    }


def _definition(name: str) -> str:
    return DEFINED_BY.get(name, f"overlaps.{name}")


def _overlaps(variant: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(call["id"], each) for call in variant["calls"] if call["overlaps"] for each in call["overlaps"]["found"]]


def _gains(variants: Sequence[Mapping[str, Any]]) -> Figure:
    tallies = []
    for variant in variants:
        values = [voice["gain_db"] for _, each in _overlaps(variant) for voice in each["voices"]]
        tally = Tally(np.linspace(-MOST_DB, MOST_DB, 401))
        tally.add(np.array([np.nan if value is None else value for value in values], np.float64))
        tallies.append(tally)
    names = [plainly(variant["name"]) for variant in variants] if len(variants) > 1 else []
    described = [describe(tally, ("voice", "voices"), number, "dB") for tally in tallies]
    captions = tuple(f"{name}: {text}" for name, text in zip(names, described, strict=True)) if names else tuple(described)
    title = "Improvement by overlap and voice"
    look = Look(title=title, axis="SI-SDR improvement over routing (dB)", of="voices", lines=((0.0, "zero", "routing"),))
    svg = histogram(tallies, names, look, ". ".join(captions)) if max(tally.n for tally in tallies) >= FEWEST else None
    return Figure(title, svg, captions)


def _surenesses(variants: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """A drawing for each chain that kept anything; one that says so where none did."""
    kept = [each for each in variants if each["overall"]["overlaps"]["kept"]] or variants[:1]
    return [_sureness(each, len(variants) > 1) for each in kept]


def _sureness(variant: Mapping[str, Any], several: bool) -> Figure:
    """Improvement of each kept overlap over the confidence that it has."""
    told = [each for each in _overlaps(variant) if each[1]["confidence"] is not None and each[1]["kept_gain_db"] is not None]
    title = "Confidence and improvement" + (f", {plainly(variant['name'])}" if several else "")
    rank = variant["overall"]["overlaps"]["rank_correlation"]["gain"]
    words = "no rank correlation with so few or with one confidence for all" if rank is None else f"rank correlation {number(rank, 2)}"
    caption = f"{count(len(told))} separated overlaps with a confidence; {words}"
    if len(told) < FEWEST:
        return Figure(title, None, (caption,))
    gains = [each["kept_gain_db"] for _, each in told]
    points = [
        Dot(
            each["confidence"],
            each["kept_gain_db"],
            f"{plainly(id)}, {number(each['start'], 2)} to {number(each['end'], 2)} s: {share(each['confidence'])}, "
            f"{with_unit(each['kept_gain_db'], 'dB')}",
        )
        for id, each in told
    ]
    low, least, most = min(each["confidence"] for _, each in told), min(-1.0, *gains), max(1.0, *gains)
    plane = Plane(
        title=title,
        across=(max(0.0, min(0.9, low - 0.05)), 1.0),
        up=(least - 0.05 * (most - least), most + 0.05 * (most - least)),
        x_name="confidence of the separation (%)",
        y_name="SI-SDR improvement (dB)",
        x_label=percent_label,
        level=0.0,
    )
    return Figure(title, dots(points, plane, caption), (caption,))


def _item(place: int, heard: Heard) -> dict[str, Any]:
    overlap, excerpt = heard.overlap, heard.excerpt
    found, highest = signals(excerpt)
    where = f"overlap {place}, {number(overlap.start, 2)} to {number(overlap.end, 2)} s of {plainly(heard.source.id)}"
    tracks = []
    for at, (name, signal) in enumerate(zip(NAMES, found, strict=True)):
        last = at == len(SIGNALS) - 1
        label = f"Spectrogram, {name.lower()}, {where}"
        described = (
            f"0 to {plain_label(highest / 1000)} kHz from {number(excerpt.start, 2)} to {number(excerpt.end, 2)} s; lines mark the overlap"
        )
        picture = _picture(heard, signal.picture, label, described, last)
        tracks.append({"name": name, "sound": signal.sound, "label": f"{name}, {where}", "picture": picture})
    return {
        "place": place,
        "id": heard.source.id,
        "condition": heard.condition,
        "from": number(overlap.start, 2),
        "to": number(overlap.end, 2),
        "heard_from": number(excerpt.start, 2),
        "heard_to": number(excerpt.end, 2),
        "licence": heard.source.licence,
        "highest": plain_label(highest / 1000),
        "voices": [_voice(each) for each in overlap.voices],
        "tracks": tracks,
    }


def _voice(voice: OverlapVoice) -> list[str]:
    kinds = ", ".join(f"{each.kind.replace('_', ' ')} {number(each.seconds, 2)}\u00a0s" for each in voice.kinds)
    levels = (voice.gain_db, voice.si_sdr_db, voice.mix_si_sdr_db, voice.level_db)
    return [*(with_unit(level, "dB") for level in levels), kinds, share(voice.confidence)]


def _picture(heard: Heard, picture: str, label: str, described: str, with_axis: bool) -> Markup:
    """One spectrogram with the overlap marked, and the seconds of the recording below it."""
    excerpt, overlap = heard.excerpt, heard.overlap
    axis = Axis(excerpt.start, excerpt.end, 0, WIDTH)
    parts = [Markup('<image href="{}" width="{}" height="{}" preserveAspectRatio="none"/>').format(picture, WIDTH, TALL)]
    for edge in (overlap.start, overlap.end):
        if excerpt.start <= edge <= excerpt.end:
            for style in ("edge-ground", "edge"):
                parts.append(
                    Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="0" y2="{}"/>').format(style, axis.at(edge), axis.at(edge), TALL)
                )
    if with_axis:
        for x, text in axis.ticks(plain_label, 8):
            if 12 <= x <= WIDTH - 12:
                parts.append(Markup('<line class="tick" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(x, x, TALL, TALL + 4))
                parts.append(Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}\u00a0s</text>').format(x, TALL + 17, text))
    return frame(WIDTH, TALL + (AXIS if with_axis else 0), label, described, Markup("").join(parts))
