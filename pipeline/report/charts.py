"""Histograms as inline SVG: one distribution upwards, or two back to back on one axis. Nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from pipeline.report.axes import Axis, plain_label, whole_steps
from pipeline.report.tally import Counts, Floats, Tally, drawn, window
from pipeline.report.words import count

HEIGHT = 230
LEFT, RIGHT, TOP, BOTTOM = 52, 26, 26, 48
STRIP = 18
"""Pixels below a lower distribution for its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a histogram is called and how its axis is written."""

    title: str
    axis: str
    """Name and unit of the horizontal axis."""
    of: str
    """What is counted: `recordings`, `rows`."""
    label: Callable[[float], str] = plain_label
    width: int = 430
    whole: bool = False
    """Draw all edges, with a bar at each end for what lies beyond, rather than only where something is."""
    lines: tuple[tuple[float, str, str], ...] = ()
    """Marks across the plot: value, style (`own`, `reference` or `zero`) and name."""


def histogram(tallies: Sequence[Tally], names: Sequence[str], look: Look, description: str) -> Markup:
    """One or two distributions of equal edges; `names` says which is which. At least one value must be known."""
    bins = [_bins(tally, tuple(tallies), look.whole) for tally in tallies]
    edges = bins[0][0]
    right = look.width - RIGHT
    axis = Axis(float(edges[0]), float(edges[-1]), LEFT, right, tallies[0].logarithmic)
    bottom = HEIGHT - BOTTOM - (STRIP if len(bins) == 2 else 0)
    zero = (TOP + bottom) / 2 if len(bins) == 2 else bottom
    most = max(1, *(int(counts.max(initial=0)) for _, counts in bins))
    scale = (zero - TOP) / most
    parts = [_grid(most, scale, zero, right, len(bins) == 2)]
    for place, (_, counts) in enumerate(bins):
        parts.append(_bars(axis, edges, counts, zero, scale if place == 0 else -scale, place, look))
    parts += [_line(axis.at(value), bottom, style) for value, style, _ in look.lines if edges[0] <= value <= edges[-1]]
    parts.append(_names(names, look, bottom))
    parts.append(_ticks(axis, edges, look, bottom + (STRIP if len(bins) == 2 else 0)))
    middle = (LEFT + right) / 2
    parts.append(Markup('<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>').format(middle, HEIGHT - 8, look.axis))
    return frame(look.width, HEIGHT, look.title, description, Markup("").join(parts))


def frame(width: int, height: int, title: str, description: str, inner: Markup) -> Markup:
    """An SVG image with a name and a description for those who cannot see it."""
    opening = Markup('<svg role="img" viewBox="0 0 {} {}" width="{}" height="{}" aria-label="{}">').format(
        width, height, width, height, title
    )
    return opening + Markup("<title>{}</title><desc>{}</desc>").format(title, description) + inner + Markup("</svg>")


def _bins(tally: Tally, all_of_them: tuple[Tally, ...], whole: bool) -> tuple[Floats, Counts]:
    if not whole:
        return drawn(tally, *window(all_of_them))
    width = tally.edges[1] - tally.edges[0]
    edges = np.concatenate(([tally.edges[0] - width], tally.edges, [tally.edges[-1] + width]))
    return edges, np.concatenate(([tally.below], tally.counts, [tally.above]))


def _grid(most: int, scale: float, zero: float, right: float, mirrored: bool) -> Markup:
    parts = []
    for tick in whole_steps(most, 2 if mirrored else 4):
        for y in sorted({zero - tick * scale, zero + tick * scale if mirrored else zero - tick * scale}):
            parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, right, y, y))
            parts.append(Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(LEFT - 6, y + 4, count(tick)))
    return Markup("").join(parts)


def _bars(axis: Axis, edges: Floats, counts: Counts, zero: float, scale: float, place: int, look: Look) -> Markup:
    parts = []
    for left, right, amount in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True):
        if not amount:
            continue
        x, end, height = axis.at(left), axis.at(right), abs(amount * scale)
        top = zero - height if scale > 0 else zero
        beyond = look.whole and left in (edges[0], edges[-2])
        style = f"bar side{place}" + (" beyond" if beyond else "")
        tip = f"beyond the axis: {count(amount)}" if beyond else f"{look.label(left)} to {look.label(right)}: {count(amount)} {look.of}"
        parts.append(
            Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"><title>{}</title></rect>').format(
                style, x + 0.5, top, max(end - x - 1, 0.8), max(height, 0.6), tip
            )
        )
    return Markup("").join(parts)


def _line(x: float, bottom: float, style: str) -> Markup:
    return Markup('<line class="mark {}" x1="{:.2f}" x2="{:.2f}" y1="{}" y2="{:.1f}"/>').format(style, x, x, TOP - 4, bottom)


def _names(names: Sequence[str], look: Look, bottom: float) -> Markup:
    upper = Markup('<text class="name" x="{}" y="{}">{}</text>').format(LEFT, TOP - 10, f"{look.of}{', ' + names[0] if names else ''}")
    if len(names) < 2:
        return upper
    return upper + Markup('<text class="name" x="{}" y="{:.1f}">{}</text>').format(LEFT, bottom + 14, f"{look.of}, {names[1]}")


def _ticks(axis: Axis, edges: Floats, look: Look, y: float) -> Markup:
    ticks = axis.ticks(look.label, 6 if look.width < 600 else 12)
    if look.whole:
        ticks = [tick for tick in ticks if axis.at(float(edges[1])) < tick[0] < axis.at(float(edges[-2]))]
        beyond = (
            ((edges[0] + edges[1]) / 2, f"<{look.label(float(edges[1]))}"),
            ((edges[-2] + edges[-1]) / 2, f"≥{look.label(float(edges[-2]))}"),
        )
        ticks = [*((axis.at(float(at)), text) for at, text in beyond), *ticks]
    parts = []
    for x, text in ticks:
        parts.append(Markup('<line class="tick" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(x, x, y, y + 4))
        parts.append(Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(x, y + 17, text))
    return Markup("").join(parts)
