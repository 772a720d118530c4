"""Pieces of one channel at an enhancer's rate, and its change brought back to the channel's, at bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.recording import full_scale
from schemas.span import Span, Spans
from schemas.tracks import Tracks
from stages.restore.enhancer import Change, Enhancer, Floats
from stages.vad.windows import windows

Doubles = NDArray[np.float64]


def changes(tracks: Tracks, channel: int, spans: Spans, enhancer: Enhancer) -> Iterator[Doubles]:
    """The change of each span in turn, as blocks [m] at the tracks' own rate and in their integer units, as long as the span.

    A change that is a sample short or long, as rates that do not divide make it, is filled up with zeros or cut.
    """
    heard_at, given_at = enhancer.rates(tracks.rate)
    given = enhancer.change(_heard(tracks, channel, spans, heard_at), tracks.rate)
    scale = full_scale(tracks.bits)
    for span in spans:
        left = len(span)
        for block in _at_rate(_piece(given), given_at, tracks.rate):
            part = block[:left]
            left -= len(part)
            yield part * scale
        if left:
            yield np.zeros(left)


def _heard(tracks: Tracks, channel: int, spans: Spans, rate: int) -> Iterator[tuple[Floats, bool]]:
    for span in spans:
        samples = tracks.samples[channel : channel + 1, span.start : span.end]
        held: Floats | None = None
        for block in windows(samples, tracks.bits, tracks.rate, rate):
            if held is not None:
                yield held, False
            held = np.ascontiguousarray(block[0], np.float32)
        yield (np.zeros(0, np.float32) if held is None else held), True


def _piece(given: Iterator[Change]) -> Iterator[Change]:
    for block, last in given:
        yield block, last
        if last:
            return


def _at_rate(given: Iterator[Change], rate: int, wanted: int) -> Iterator[Doubles]:
    """Blocks of one piece, resampled by soxr with its state carried and its delay taken out."""
    if rate == wanted:
        for block, _ in given:
            yield block.astype(np.float64)
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
    for block, last in given:
        yield stream.resample_chunk(np.ascontiguousarray(block[:, None]), last=last)[:, 0].astype(np.float64)


class Reader:
    """The change of a channel over windows that are asked for in order."""

    def __init__(self, tracks: Tracks, channel: int, spans: Spans, enhancer: Enhancer) -> None:
        self.spans = spans
        self.blocks = changes(tracks, channel, spans, enhancer)
        self.block: Doubles = np.zeros(0)
        self.first = 0
        """Spans before this one are read."""
        self.done = 0
        """Samples of that span that are read."""

    def over(self, window: Span) -> Doubles:
        """[len(window)]: zero outside the spans."""
        out = np.zeros(len(window))
        while self.first < len(self.spans) and self.spans[self.first].start < window.end:
            span = self.spans[self.first]
            start, end = span.start + self.done, min(span.end, window.end)
            out[start - window.start : end - window.start] = self._next(end - start)
            self.done += end - start
            if end < span.end:
                break
            self.first, self.done = self.first + 1, 0
        return out

    def _next(self, count: int) -> Doubles:
        parts = [np.zeros(0)]
        while count:
            if not len(self.block):
                self.block = next(self.blocks)
                continue
            parts.append(self.block[:count])
            self.block = self.block[count:]
            count -= len(parts[-1])
        return np.concatenate(parts)
