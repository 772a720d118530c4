"""The first minutes of a row: who speaks when, where both do, and what happens between them."""

from __future__ import annotations

from markupsafe import Markup

from pipeline.report.axes import Axis, clock_label
from pipeline.report.charts import frame
from pipeline.report.marks import amounts, draw, mark_of, tip
from pipeline.report.said import Said
from pipeline.report.totals import Sample
from pipeline.report.words import lasting, plainly, several, share
from schemas.row import RowEvent

SHOWN = 120.0
"""Seconds of a row that are drawn."""
STEPS = (1, 2, 5, 10, 15, 30)
WIDTH, LEFT, RIGHT = 960, 86, 22
LANE, GAP, TOP, BOTTOM = 26, 10, 6, 40
MARKS = 11
"""Pixels above the upper lane and below the lower one for the marks of events, where there are any."""
TICK = 4
"""Pixels at the outer edge of a lane for the beginnings of words."""
Stretches = tuple[tuple[float, float], ...]


def timeline(sample: Sample, index: int, said: Said | None = None) -> tuple[Markup, str]:
    """The drawing and a sentence that says what it shows; `index` keeps names of patterns apart on one page."""
    end = min(SHOWN, sample.duration)
    said = said or Said()
    speech = tuple(clipped(spans, end) for spans in sample.speech)
    both = overlap(speech[0], speech[1])
    axis = Axis(0.0, end, LEFT, WIDTH - RIGHT)
    room = MARKS if said.events else 0
    top, height = TOP + room, TOP + 2 * LANE + GAP + BOTTOM + 2 * room
    parts = [_pattern(index), _scale(axis, end, height)]
    parts += [_lane(axis, spans, channel, top) for channel, spans in enumerate(speech)]
    for start, stop in both:
        parts.append(_box("overlap", axis, start, stop, top - 3, 2 * LANE + GAP + 6, f"url(#both-{index})"))
    parts += [_beginnings(axis, said, channel, end, top) for channel in (0, 1)]
    parts += [_event(axis, event, top) for event in said.events if event.start < end]
    sentence = describe(speech, both, end, sample.duration) + told(said, end)
    return frame(WIDTH, height, f"Speech of {plainly(sample.id)}", sentence, Markup("").join(parts)), sentence


def told(said: Said, end: float) -> str:
    """Words and events of the first `end` seconds in numbers, as sentences that follow another."""
    words = sum(word.start < end for word in said.words)
    found = amounts(event for event in said.events if event.start < end)
    first = f" {several(words, 'word', 'words')}" if words else ""
    second = f"{' with ' if first else ' '}{found}" if found else ""
    return f"{first}{second}." if first or second else ""


def _beginnings(axis: Axis, said: Said, channel: int, end: float, top: float) -> Markup:
    starts = [axis.at(word.start) for word in said.words if word.channel == channel and word.start < end]
    if not starts:
        return Markup("")
    y = top if channel == 0 else top + 2 * LANE + GAP - TICK
    path = "".join(f"M{x:.1f} {y}v{TICK}" for x in starts)
    return Markup('<path class="spoken" d="{}"/>').format(path)


def _event(axis: Axis, event: RowEvent, top: float) -> Markup:
    mark = mark_of(event)
    if mark is None:
        return Markup("")
    if mark == "floor":
        return draw(mark, axis.at(min(event.end, axis.high)), top + LANE + GAP / 2, tip(event))
    y = top - MARKS / 2 - 1 if event.channel == 0 else top + 2 * LANE + GAP + MARKS / 2 + 1
    return draw(mark, axis.at((event.start + min(event.end, axis.high)) / 2), y, tip(event))


def clipped(spans: Stretches, end: float) -> Stretches:
    """Only what lies before `end` seconds."""
    return tuple((start, min(stop, end)) for start, stop in spans if start < end)


def overlap(left: Stretches, right: Stretches) -> Stretches:
    """Stretches in both of two sorted, disjoint sequences."""
    found = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, stop = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < stop:
            found.append((start, stop))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def describe(speech: tuple[Stretches, ...], both: Stretches, end: float, duration: float) -> str:
    """What a timeline shows, in words."""
    parts = [
        f"channel {c} speaks {lasting(_sum(spans))} in {several(len(spans), 'stretch', 'stretches')}" for c, spans in enumerate(speech)
    ]
    shown = f"All {lasting(duration)}" if end == duration else f"The first {lasting(end)} of {lasting(duration)}"
    return f"{shown}: {parts[0]}, {parts[1]}; both at once {lasting(_sum(both))} ({share(_sum(both) / end)})."


def _sum(spans: Stretches) -> float:
    return sum(stop - start for start, stop in spans)


def _pattern(index: int) -> Markup:
    return Markup(
        '<defs><pattern id="both-{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="5" height="5" class="overlap-ground"/><rect width="2" height="5" class="overlap-stripe"/></pattern></defs>'
    ).format(index)


def _lane(axis: Axis, spans: Stretches, channel: int, top: float) -> Markup:
    y = top + channel * (LANE + GAP)
    ground = Markup('<rect class="lane" x="{}" y="{}" width="{:.1f}" height="{}"/>').format(LEFT, y, axis.last - axis.first, LANE)
    name = Markup('<text class="name" x="{}" y="{}" text-anchor="end">channel {}</text>').format(LEFT - 8, y + LANE / 2 + 4, channel)
    boxes = [_box(f"bar side{channel}", axis, start, stop, y + TICK, LANE - 2 * TICK) for start, stop in spans]
    return Markup("").join([ground, name, *boxes])


def _box(style: str, axis: Axis, start: float, stop: float, y: float, height: float, fill: str | None = None) -> Markup:
    x = axis.at(start)
    paint = Markup(' fill="{}"').format(fill) if fill else Markup("")
    return Markup('<rect class="{}" x="{:.2f}" y="{}" width="{:.2f}" height="{}"{}><title>{:.2f} to {:.2f} s</title></rect>').format(
        style, x, y, max(axis.at(stop) - x, 0.6), height, paint, start, stop
    )


def _scale(axis: Axis, end: float, height: float) -> Markup:
    parts = []
    step = next((s for s in STEPS if end / s <= 14), STEPS[-1])
    bottom = height - BOTTOM + 2
    for tick in range(0, int(end) + 1, step):
        x = axis.at(float(tick))
        parts.append(Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(x, x, TOP, bottom))
        parts.append(Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x, bottom + 14, clock_label(tick)))
    middle = (axis.first + axis.last) / 2
    parts.append(
        Markup('<text class="axis" x="{}" y="{}" text-anchor="middle">time from the start of the row (min:s)</text>').format(
            middle, height - 4
        )
    )
    return Markup("").join(parts)
