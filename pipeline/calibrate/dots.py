"""Points in a plane as inline SVG, each with what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report.axes import Axis, plain_label
from pipeline.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, frame

RADIUS = 3.5
WIDTH = 430


@dataclass(frozen=True, slots=True)
class Dot:
    """One point, and its name for those who point at it."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """What is drawn in: the values at the ends of both axes, and what the axes are called."""

    title: str
    across: tuple[float, float]
    up: tuple[float, float]
    x_name: str
    y_name: str
    x_label: Callable[[float], str] = plain_label
    y_label: Callable[[float], str] = plain_label
    level: float | None = None
    """A line across at this height."""


def dots(points: Sequence[Dot], plane: Plane, caption: str) -> Markup:
    """The drawing; points lie inside the plane."""
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    across, up = Axis(*plane.across, LEFT, right), Axis(*plane.up, floor, TOP)
    parts = []
    for y, text in up.ticks(plane.y_label, 4):
        parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, right, y, y))
        parts.append(Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(LEFT - 6, y + 4, text))
    for x, text in across.ticks(plane.x_label):
        parts.append(Markup('<line class="tick" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(x, x, floor, floor + 4))
        parts.append(Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x, floor + 17, text))
    if plane.level is not None:
        y = up.at(plane.level)
        parts.append(Markup('<line class="mark zero" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, right, y, y))
    for dot in points:
        parts.append(
            Markup('<circle class="bar side0" cx="{:.1f}" cy="{:.1f}" r="{}"><title>{}</title></circle>').format(
                across.at(dot.x), up.at(dot.y), RADIUS, dot.tip
            )
        )
    parts.append(Markup('<text class="name" x="{}" y="{}">{}</text>').format(LEFT, TOP - 10, plane.y_name))
    parts.append(
        Markup('<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>').format((LEFT + right) / 2, HEIGHT - 8, plane.x_name)
    )
    return frame(WIDTH, HEIGHT, plane.title, caption, Markup("").join(parts))
