"""Which stretches of tracks an enhancer touches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from schemas.span import Span, Spans, union
from schemas.tracks import Origin, Tracks


def touched(tracks: Tracks, kinds: Collection[str]) -> tuple[Spans, Spans]:
    """Of each channel, the stretches of those kinds; neighbours are one."""
    first, second = (union(o.span for o in tracks.origins if o.channel == channel and o.kind in kinds) for channel in (0, 1))
    return first, second


def relabelled(tracks: Tracks, kinds: Collection[str]) -> tuple[Origin, ...]:
    """The origins with stretches of those kinds as `restored`; how sure it is whose they are stays."""
    return tuple(replace(origin, kind="restored") if origin.kind in kinds else origin for origin in tracks.origins)


def pieces(runs: Spans, context: int, length: int) -> Spans:
    """What is heard of a channel of `length` samples: touched stretches with `context` samples on both sides, joined where those meet."""
    return union(Span(max(0, run.start - context), min(length, run.end + context)) for run in runs)
