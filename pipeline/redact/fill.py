"""Sound with stretches of it muted: nothing of them is left, and fades outside them keep their edges from clicking."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples, full_scale
from schemas.span import Span, Spans, union
from stages.separate.tone import RoomTone, background, seed_of

FADE = 0.01
"""Seconds outside each muted stretch over which the sound fades out before it and in after it."""
TONE_HZ = 1000.0
TONE_DBFS = -30.0
"""RMS, where 0 dBFS is a constant of full scale."""

Fill = Callable[[Span], NDArray[np.float64]]
"""What is put in place of a window, [n] in integer units."""


def fade_of(rate: int) -> int:
    """Samples of one fade."""
    return round(FADE * rate)


def muted_sound(samples: Samples, channel: int, muted: Spans, bits: int, rate: int, how: str, heard: Spans, id: str) -> Samples:
    """A copy of one channel's samples [n] in which `muted` is filled; the rest is equal, but for the fades around it.

    `heard` is where the channel holds speech, which is no background. The fill depends on nothing that is muted.
    """
    found: Samples = samples.copy()
    fade = fade_of(rate)
    wide = union((Span(max(0, s.start - fade), min(len(found), s.end + fade)) for s in muted), 0)
    for span in wide:
        found[span.start : span.end] = 0
    fill = _fill(found, channel, bits, rate, how, union([*heard, *wide]), id)
    low, high = -full_scale(bits), full_scale(bits) - 1
    for span in wide:
        weight = _weight(span, muted, fade)
        mixed = samples[span.start : span.end].astype(np.float64) * weight + fill(span) * (1 - weight)
        found[span.start : span.end] = np.clip(np.rint(mixed), low, high)
    return found


def _weight(window: Span, muted: Spans, fade: int) -> NDArray[np.float64]:
    """How much of the sound is left, [n]: 0 in what is muted, and rising to 1 over a fade outside it."""
    at = np.arange(window.start, window.end)
    weight = np.ones(len(window))
    for span in muted:
        if span.start < window.end + fade and window.start < span.end + fade:
            distance = np.maximum(np.maximum(span.start - at, at - (span.end - 1)), 0)
            weight = np.minimum(weight, distance / (fade + 1))
    return weight


def _fill(samples: Samples, channel: int, bits: int, rate: int, how: str, heard: Spans, id: str) -> Fill:
    if how == "tone":
        height = full_scale(bits) * math.sqrt(2) * 10 ** (TONE_DBFS / 20)
        return lambda span: np.sin(np.arange(span.start, span.end) * (2 * math.pi * TONE_HZ / rate)) * height
    found = background(samples, bits, rate, heard) if how == "noise" else None
    if found is None:
        return lambda span: np.zeros(len(span))
    tone = RoomTone(found, bits, seed_of(f"redact {id}"))
    return lambda span: tone(channel, span)
