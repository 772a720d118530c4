"""Columns of the published row that tell what was said and what happened between the two speakers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowWord:
    """One word as written, in seconds."""

    channel: int
    start: float
    end: float
    text: str
    confidence: float | None
    method: str
    """Where its times come from: a key of `schemas.transcript.METHODS`."""


@dataclass(frozen=True, slots=True)
class RowRemoved:
    """Text that the recogniser gave and that was taken out as not said, in seconds."""

    channel: int
    start: float
    end: float
    text: str
    reason: str
    """A key of `schemas.transcript.REMOVALS`."""


@dataclass(frozen=True, slots=True)
class RowTranscript:
    """What is known of the words as a whole."""

    languages: tuple[RowLanguage, ...]
    removed: tuple[RowRemoved, ...]
    unworded: tuple[float, ...]
    """Seconds of each channel's speech that got no words."""


@dataclass(frozen=True, slots=True)
class RowLanguage:
    """The language of one channel."""

    channel: int
    tag: str
    how: str
    """`fixed` by the config, `claimed` by the source or `detected`."""
    probability: float | None
    detected: str | None
    """What was heard, where that was asked for as a check and differs from `tag`."""


@dataclass(frozen=True, slots=True)
class RowEvent:
    """One event between the two speakers, in seconds: see `schemas.events`."""

    kind: str
    channel: int | None
    start: float
    end: float
    detail: str | None
    offset: float | None
    """Floor transfer offset, of `floor_change` alone; negative in overlap."""
    text: str | None
    recovered: bool
