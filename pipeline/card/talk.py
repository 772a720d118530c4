"""How the people of a set talk, as a section of its card: beside the references, drawn, and in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.card.text import table
from pipeline.report.figures import Figure
from pipeline.report.talk import overlap_kinds
from pipeline.report.view import LABELS, Gathered
from pipeline.report.words import hours, number, several, share, with_unit
from schemas.shapes import ABSOLUTE, SHAPES
from stages.audit.shape import compared, shape_of


def talk(gathered: Gathered, plots: Mapping[str, Figure]) -> list[str]:
    """Lines about turn-taking, with the plots among them."""
    taking = gathered.taking
    lines = ["## How people talk in it", ""]
    if not taking.rows:
        return [*lines, "Turn-taking was not measured.", "", *_plots(plots)]
    shape, fisher = shape_of(taking), compared(taking, SHAPES[0])
    rows = []
    for each in fisher["figures"]:
        own, reference, name = each["corpus"], each["reference"], each["name"]
        change = f"{'+' if own >= reference else ''}{number(100 * (own / reference - 1), 0)} %"
        mean = with_unit(shape["mean_seconds"][name], "s", 2)
        rows.append([LABELS[name], number(own), number(reference), change, number(shape["per_minute"][name]), mean])
    head = ["Measure", "This set (s/min)", "Fisher (s/min)", "Difference", "Count per min", "Mean length"]
    lines += [
        f"Turn-taking of {several(taking.rows, 'row', 'rows')} together ({hours(taking.seconds)}); seconds and counts are added up before "
        "they are divided.",
        "",
        *table(head, rows, range(1, 6)),
        *_plots(plots),
        *table(["Figure", "This set", "Reference"], _figures(gathered, shape), (1,)),
        "What the references count otherwise:",
        "",
    ]
    for each in (compared(taking, shape) for shape in SHAPES):
        unit = " s" if each["distance_name"] == ABSOLUTE else ""
        known = "" if each["distance"] is None else f" ({each['distance_name']} of this set: {number(each['distance'], 2)}{unit})"
        lines.append(f"- **{each['title']}**{known}: [{each['citation']}]({each['url']}). {each['differences']}")
    return [*lines, ""]


def _figures(gathered: Gathered, shape: Mapping[str, Any]) -> list[list[str]]:
    taking, candor = gathered.taking, compared(gathered.taking, SHAPES[1])["figures"][0]
    rates = shape["per_minute"]
    fto, middle = shape["fto"], taking.speech_dominance.quantile(0.5)
    rows = [
        ["Median floor transfer offset", with_unit(fto["median"], "s", 2) or "–", f"CANDOR: {with_unit(candor['reference'], 's', 2)}"],
        ["Transfers from 0 to 0.2 s", share(fto["within_200ms"]) or "–", ""],
        ["Changes of the floor per minute", number(rates["floor_transfers"], 2), ""],
        ["Backchannels per minute", number(rates["backchannels"], 2), ""],
        ["Interruptions per minute", number(rates["interruptions"], 2), ""],
        ["The more talkative side's share of speech, median row", share(middle) or "–", "50 % where both speak as much"],
    ]
    for side in shape["sides"]:
        if side["words_per_second"] is not None:
            rows.append([f"Words per second of speech, channel {side['channel']}", number(side["words_per_second"], 2), ""])
    kinds = ", ".join(f"{each['name'].lower()} {each['per_minute']}" for each in overlap_kinds(taking))
    return [*rows, ["Overlaps per minute", number(rates["overlap"], 2), kinds]]


def _plots(plots: Mapping[str, Figure]) -> list[str]:
    """The wide ones first, the others in pairs, each with its numbers below."""
    lines, narrow = [], []
    for name, figure in plots.items():
        said = "; ".join(figure.captions)
        image, words = f"![{figure.title}: {said}]({name})", f"{said}. {figure.note}".strip()
        if figure.wide:
            lines += [image, "", f"*{figure.title}.* {words}", ""]
        else:
            narrow.append((figure.title, image, words))
    for start in range(0, len(narrow), 2):
        titles, images, captions = zip(*narrow[start : start + 2], strict=True)
        lines += table(titles, [images, captions])
    return lines
