"""What happens between two speakers, event by event, with the constants that defined it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.span import Span
from schemas.stats import TurnTakingConstants

KINDS: dict[str, tuple[str, ...]] = {
    "ipu": (),
    "pause": (),
    "gap": (),
    "silence": ("start", "end", "whole"),
    "overlap": ("turn_final", "mid_turn", "simultaneous_start"),
    "floor_change": (),
    "backchannel": (),
    "interruption": ("successful", "failed"),
    "filler": (),
    "laughter": (),
}
"""Every kind of event, with the details it may have. `silence` is what lies before the first IPU and after the last."""

BOTH = ("gap", "silence", "overlap")
"""Kinds that belong to no single channel."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `channel` is whose it is: absent for gaps, overlaps, silence and a pause of both speakers, the newcomer's for a change of
    the floor."""

    kind: str
    span: Span
    channel: int | None = None
    detail: str | None = None
    offset: int | None = None
    """Floor transfer offset in samples, of `floor_change` alone; negative in overlap."""
    text: str | None = None
    """What was said, where it is known and short."""
    recovered: bool = False
    """The text is from a small closed list, heard where the recogniser wrote nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Laws: sorted by start, end, kind and channel; inside `[0, length)`; kinds and details are those of `KINDS`, and a kind that has
    details always has one; a channel is named exactly where the kind belongs to one (a pause may be of both speakers), an offset exactly
    for a change of the floor."""

    events: tuple[Event, ...]
    constants: TurnTakingConstants
    length: int
    """Samples per channel."""
    rate: int
    """Hz."""

    def __post_init__(self) -> None:
        order = [(e.span.start, e.span.end, e.kind, -1 if e.channel is None else e.channel) for e in self.events]
        if order != sorted(order):
            raise LawError("Events: not sorted by start, end, kind and channel")
        for event in self.events:
            if event.kind not in KINDS:
                raise LawError(f"Events: {event.kind!r} is no kind of event")
            if event.detail not in (KINDS[event.kind] or (None,)):
                raise LawError(f"Events: {event.kind} has no detail {event.detail!r}")
            if event.channel not in ((None,) if event.kind in BOTH else (0, 1, None) if event.kind == "pause" else (0, 1)):
                raise LawError(f"Events: {event.kind} of channel {event.channel}")
            if (event.offset is None) != (event.kind != "floor_change"):
                raise LawError(f"Events: {event.kind} with offset {event.offset}")
            if event.span.end > self.length:
                raise LawError(f"Events: {event.kind} at {event.span} ends beyond the recording's {self.length} samples")
