"""The numbers that a gate asks for, out of the values of one dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from schemas.activity import Activity
from schemas.errors import LawError
from schemas.health import Health, swapped
from schemas.quality import Quality
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.filter.evaluate import Figures, Floats
from stages.filter.names import LEAKAGE, Meaning, meaning
from stages.score.signal import leakage_bound
from stages.transcribe.unworded import unworded

Values = Mapping[type, Any]
"""The values of one dialogue by their types."""
Known = tuple[float | None, ...]
"""One number, or one for each channel; None where it is not known."""


def figures_of(values: Values, more: tuple[str, ...] = ()) -> Figures:
    """A function from a name to its numbers [1, 1] or [1, 2], NaN where they are not known; channels are those of the tracks where
    there are any."""
    if Health in values and values.get(Tracks) is not None and values[Tracks].order == (1, 0):
        values = {**values, Health: swapped(values[Health])}

    def figures(name: str) -> Floats:
        return np.array([[np.nan if value is None else float(value) for value in known(name, values, more)]])

    return figures


def known(name: str, values: Values, more: tuple[str, ...] = ()) -> Known:
    """The number of a name, or its two; raises `LawError` for a name that has no meaning."""
    found = meaning(name, more)
    if found is None:
        raise LawError(f"gate: {name} has no meaning")
    value = values[found.kind]
    if isinstance(value, Quality):
        return _score(value, found.path[0])
    if isinstance(value, Transcript):
        return tuple(_said(value, found.path[0], channel, values) for channel in (0, 1))
    if isinstance(value, Activity):
        return (value.length / value.rate,)
    return _leaks(value, found) if found.path[0] in (LEAKAGE, "leaks") else _field(value, found.path)


def _score(quality: Quality, name: str) -> Known:
    """Of the channels where there is any of a channel, else of the recording; regions do not count."""
    whole = {score.channel: score.value for score in quality.scores if score.name == name and score.span is None}
    return (whole.get(0), whole.get(1)) if {0, 1} & set(whole) else (whole.get(None),)


def _field(value: Any, path: tuple[str, ...]) -> Known:
    if not path or value is None:
        return (value,)
    inner = getattr(value, path[0])
    if isinstance(inner, tuple):
        return tuple(_field(each, path[1:])[0] for each in inner)
    return _field(inner, path[1:])


def _leaks(health: Health, found: Meaning) -> Known:
    """Of the leak into each channel; a recording without two channels has none."""
    into = {leak.into: leakage_bound(leak) if found.path[0] == LEAKAGE else getattr(leak, found.path[1]) for leak in health.leaks}
    return into.get(0), into.get(1)


def _said(transcript: Transcript, what: str, channel: int, values: Values) -> float | None:
    words = transcript.words(channel)
    if what == "words":
        return len(words)
    if what == "removed":
        return sum(removed.channel == channel for removed in transcript.removed)
    if what == "unworded":
        return unworded(transcript, values[Activity])[channel] / transcript.rate
    sure = [word.confidence for word in words if word.confidence is not None]
    return sum(sure) / len(sure) if sure else None
