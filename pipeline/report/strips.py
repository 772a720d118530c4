"""The first minute of a row line by line, wide enough to read every word where it was said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report.axes import Axis, clock_label
from pipeline.report.charts import frame
from pipeline.report.marks import draw, mark_of, tip
from pipeline.report.said import Said
from pipeline.report.timelines import overlap
from pipeline.report.totals import Sample
from pipeline.report.words import number, plainly
from schemas.row import RowEvent

SHOWN = 60.0
"""Seconds of a row that are drawn so."""
LINE = 10.0
"""Seconds of each line."""
WIDTH, LEFT, RIGHT = 960, 74, 16
ROWS, ROW, LETTER = 3, 11, 5.4
"""Rows of words that make room for each other, the height of one, and about how wide a letter is."""
MARKS, LANE, MIDDLE, SCALE = 12, 18, 18, 24
HEIGHT = 2 * (ROWS * ROW + 4 + MARKS + LANE) + MIDDLE + SCALE
LANES = (ROWS * ROW + 4 + MARKS, ROWS * ROW + 4 + MARKS + LANE + MIDDLE)
"""Where the lanes of both channels begin in a line, from its top."""


@dataclass(frozen=True, slots=True)
class Label:
    """A word to be written."""

    channel: int
    start: float
    end: float
    text: str
    tip: str
    style: str


def strips(sample: Sample, index: int, said: Said) -> Markup | None:
    """All lines as one drawing, with the hatching of timeline `index`; None for a row without words and events."""
    if not said.words and not said.events:
        return None
    end = min(SHOWN, sample.duration)
    labels = _labels(said, end)
    lines = max(1, math.ceil(end / LINE - 1e-9))
    both = overlap(*sample.speech)
    parts = []
    for place in range(lines):
        window = (place * LINE, min((place + 1) * LINE, end))
        axis = Axis(window[0], window[0] + LINE, LEFT, WIDTH - RIGHT)
        parts.append(_line(axis, window, place * HEIGHT, sample, said, labels))
        parts += [_hatched(axis, span, index, place * HEIGHT) for span in _inside(both, window)]
    return frame(WIDTH, lines * HEIGHT, f"Words and events of {plainly(sample.id)}", spoken(labels), Markup("").join(parts))


def spoken(labels: Sequence[Label]) -> str:
    """The words in order of time, with who says them and from when."""
    parts: list[str] = []
    last = -1
    for label in labels:
        if label.channel != last:
            parts.append(f"{clock_label(label.start)} channel {label.channel}:")
            last = label.channel
        parts.append(plainly(label.text))
    return " ".join(parts) or "No words."


def _labels(said: Said, end: float) -> list[Label]:
    found = []
    for word in said.words:
        if word.start < end:
            sure = "" if word.confidence is None else f", confidence {number(word.confidence, 2)}"
            when = f"{number(word.start, 2)} to {number(word.end, 2)} s"
            found.append(Label(word.channel, word.start, word.end, word.text, f"{plainly(word.text)}: {when}, {word.method}{sure}", "said"))
    told = {(label.channel, label.start, label.end) for label in found}
    for event in said.events:
        # A backchannel tells of words that stand there already, unless all it has was recovered.
        mine = event.channel is not None and event.recovered and event.text and event.start < end
        if mine and not any(c == event.channel and a < event.end and b > event.start for c, a, b in told):
            found.append(Label(event.channel or 0, event.start, event.end, event.text or "", tip(event), "recovered"))
    return sorted(found, key=lambda label: (label.start, label.end, label.channel))


Window = tuple[float, float]
"""Start and end of a line, in seconds."""


def _line(axis: Axis, window: Window, top: float, sample: Sample, said: Said, labels: Sequence[Label]) -> Markup:
    parts = [_scale(axis, window, top)]
    for channel, at in enumerate(LANES):
        mine = [label for label in labels if label.channel == channel and _meets(label, window)]
        speech = _inside(sample.speech[channel], window)
        parts += [_lane(axis, channel, speech, window[1], top + at), _boxes(axis, mine, window, top + at)]
        parts.append(_texts(axis, [label for label in mine if label.start >= window[0]], channel, top + at))
    parts += [_event(axis, event, window, top) for event in said.events if _meets(event, window)]
    return Markup("").join(parts)


def _meets(each: Label | RowEvent, window: Window) -> bool:
    return window[0] <= each.start < window[1] or each.start < window[0] < each.end


def _inside(spans: Sequence[Window], window: Window) -> list[Window]:
    return [(max(a, window[0]), min(b, window[1])) for a, b in spans if a < window[1] and b > window[0]]


def _hatched(axis: Axis, span: Window, index: int, top: float) -> Markup:
    x, y = axis.at(span[0]), top + LANES[0] + LANE
    return Markup('<rect class="overlap" x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill="url(#both-{})"/>').format(
        x, y, max(axis.at(span[1]) - x, 0.6), MIDDLE, index
    )


def _scale(axis: Axis, window: Window, top: float) -> Markup:
    parts = []
    bottom = top + HEIGHT - SCALE
    for second in range(math.ceil(window[0]), math.floor(window[1]) + 1):
        x = axis.at(float(second))
        parts.append(Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(x, x, top + LANES[0] - MARKS, bottom))
        parts.append(Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x, bottom + 12, clock_label(second)))
    return Markup("").join(parts)


def _lane(axis: Axis, channel: int, speech: Sequence[tuple[float, float]], end: float, y: float) -> Markup:
    name = Markup('<text class="name" x="{}" y="{}" text-anchor="end">channel {}</text>').format(LEFT - 8, y + LANE / 2 + 4, channel)
    ground = Markup('<rect class="lane" x="{}" y="{}" width="{:.1f}" height="{}"/>').format(LEFT, y, axis.at(end) - LEFT, LANE)
    bars = [
        Markup('<rect class="bar side{} heard" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            channel, axis.at(a), y, max(axis.at(b) - axis.at(a), 0.6), LANE
        )
        for a, b in speech
    ]
    return Markup("").join([name, ground, *bars])


def _boxes(axis: Axis, labels: Sequence[Label], window: Window, y: float) -> Markup:
    parts = []
    for label in labels:
        x, stop = axis.at(max(label.start, window[0])) + 0.5, axis.at(min(label.end, window[1]))
        parts.append(
            Markup('<rect class="bar side{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>').format(
                label.channel, x, y + 4, max(stop - x - 0.5, 1), LANE - 8, label.tip
            )
        )
    return Markup("").join(parts)


def _texts(axis: Axis, labels: Sequence[Label], channel: int, y: float) -> Markup:
    """Words beside the lane, each in the first row that is free where it begins, or in the one that is free soonest."""
    free = [float(LEFT)] * ROWS
    parts = []
    for label in labels:
        x = axis.at(label.start)
        row = next((at for at in range(ROWS) if free[at] <= x), min(range(ROWS), key=free.__getitem__))
        text = plainly(label.text)
        free[row] = max(x, free[row]) + LETTER * len(text) + 4
        at = y - MARKS - 3 - row * ROW if channel == 0 else y + LANE + MARKS + 9 + row * ROW
        # A word that begins near the end of a line ends with it.
        last = free[row] > WIDTH
        place = Markup(' x="{:.1f}" text-anchor="end"').format(WIDTH - 2) if last else Markup(' x="{:.1f}"').format(x)
        parts.append(Markup('<text class="{}"{} y="{:.1f}">{}<title>{}</title></text>').format(label.style, place, at, text, label.tip))
    return Markup("").join(parts)


def _event(axis: Axis, event: RowEvent, window: Window, top: float) -> Markup:
    mark = mark_of(event)
    if mark is None:
        return Markup("")
    if mark == "floor":
        at = event.end if (event.offset or 0) >= 0 else event.start
        if not window[0] <= at < window[1]:
            return Markup("")
        x, middle = axis.at(at), top + LANES[0] + LANE + MIDDLE / 2
        offset = Markup('<text class="offset" x="{:.1f}" y="{:.1f}">{}</text>').format(x + 4, middle + 4, number(event.offset or 0.0, 2))
        return draw(mark, x, middle, tip(event)) + offset
    y = top + (LANES[0] - MARKS / 2 if event.channel == 0 else LANES[1] + LANE + MARKS / 2)
    x, stop = axis.at(max(event.start, window[0])), axis.at(min(event.end, window[1]))
    line = Markup('<path class="event {} extent" d="M{:.1f} {:.1f}H{:.1f}"/>').format(mark, x, y, stop)
    return line + draw(mark, x + 4, y, tip(event)) if event.start >= window[0] else line
