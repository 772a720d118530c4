"""Events as marks on a timeline: each kind has a shape and a colour of its own, and a legend says which is which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from pipeline.report.charts import frame
from pipeline.report.words import number, plainly, several
from schemas.row import RowEvent

SHAPES: dict[str, Markup] = {
    "backchannel": Markup('<circle r="3.6"/>'),
    "interruption": Markup('<path d="M-4 -3.6L4 0L-4 3.6Z"/>'),
    "failed": Markup('<path d="M-4 -3.6L4 0L-4 3.6Z"/>'),
    "filler": Markup('<path d="M0 -4L3.4 0L0 4L-3.4 0Z"/>'),
    "laughter": Markup('<path d="M-3.6 0H3.6M0 -3.6V3.6M-2.6 -2.6L2.6 2.6M-2.6 2.6L2.6 -2.6"/>'),
    "floor": Markup('<path d="M0 -4V4"/>'),
}
NAMES = {
    "backchannel": ("backchannel", "backchannels"),
    "interruption": ("interruption", "interruptions"),
    "failed": ("failed interruption", "failed interruptions"),
    "filler": ("filler", "fillers"),
    "laughter": ("laughter", "laughs"),
    "floor": ("change of the floor", "changes of the floor"),
}
HEIGHT = 26


def mark_of(event: RowEvent) -> str | None:
    """The mark of an event; None where the blocks of speech already show it."""
    if event.kind == "interruption" and event.detail == "failed":
        return "failed"
    return "floor" if event.kind == "floor_change" else event.kind if event.kind in SHAPES else None


def draw(mark: str, x: float, y: float, tip: str = "") -> Markup:
    """One mark with its middle at a place; the tip shows when pointed at."""
    title = Markup("<title>{}</title>").format(tip) if tip else Markup("")
    return Markup('<g class="event {}" transform="translate({:.1f} {:.1f})">{}{}</g>').format(mark, x, y, title, SHAPES[mark])


def tip(event: RowEvent) -> str:
    """What an event is, when, and what was said."""
    mark = mark_of(event)
    name = NAMES[mark][0] if mark else event.kind
    if event.offset is not None:
        return f"{name} to channel {event.channel} at {number(event.end, 2)} s, offset {number(event.offset, 2)} s"
    said = f": {plainly(event.text)}" if event.text else ""
    heard = " (recovered)" if event.recovered else ""
    return f"{name} of channel {event.channel}, {number(event.start, 2)} to {number(event.end, 2)} s{said}{heard}"


def amounts(events: Iterable[RowEvent]) -> str:
    """`3 backchannels, 1 filler`; empty when no event has a mark."""
    found = Counter(mark for event in events if (mark := mark_of(event)))
    return ", ".join(several(found[mark], *NAMES[mark]) for mark in SHAPES if found[mark])


def legend(width: int = 960) -> Markup:
    """Every mark with its name."""
    parts: list[Markup] = []
    x = 12.0
    for mark, (name, _) in NAMES.items():
        parts.append(draw(mark, x, HEIGHT / 2))
        parts.append(Markup('<text x="{:.1f}" y="{}">{}</text>').format(x + 9, HEIGHT / 2 + 4, name))
        x += 30 + 6.4 * len(name)
    parts.append(Markup('<path class="spoken" d="M{:.1f} {}v6m4 -6v6m4 -6v6"/>').format(x, HEIGHT / 2 - 3))
    parts.append(Markup('<text x="{:.1f}" y="{}">words</text>').format(x + 16, HEIGHT / 2 + 4))
    names: Sequence[str] = [name for name, _ in NAMES.values()]
    return frame(
        width,
        HEIGHT,
        "Marks on the timelines",
        f"Marks of {', '.join(names)}, and small strokes where words begin.",
        Markup("").join(parts),
    )
