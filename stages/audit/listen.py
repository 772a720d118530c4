"""Speech of each channel at half the cost: the network listens only where anything sounds at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.recording import Recording, Samples
from schemas.span import Span, Spans, union
from schemas.tracks import view_of
from stages.vad.energy import EnergyVad
from stages.vad.segment import RATE, segments
from stages.vad.silero import SileroVad, open_session, probabilities
from stages.vad.windows import at_rate, windows

SOUND = EnergyVad(enter=10.0, leave=6.0, floor_min=-75.0, floor_max=-45.0, min_speech=0.03)
"""Anything that might be speech."""
MARGIN = 0.3
"""Seconds of context that the network hears around each stretch of sound; stretches closer than twice this are one."""
SAVING = 0.8
"""Share of a channel above which it is heard whole."""

Listener = Callable[[Recording], Activity]


def listener(vad: SileroVad, device: str = "cpu") -> Listener:
    """`vad` as a function of a recording of one or two channels that skips what is silent; raises `UsageError` without its package.

    Speech in what is left out would have to be less than 5 dB above the noise floor. Where a stretch starts, the network knows no more
    of the sound before it than `MARGIN`.
    """
    session = open_session(device, vad.threads)
    rule = vad.rule

    def listen(recording: Recording) -> Activity:
        order = (0, 1) if recording.channels == 2 else (0, 0)
        sound = SOUND.load("cpu")(view_of(recording, order, ("A", "B"), ("", ""), "as_recorded")) if recording.channels == 2 else None
        found = []
        for channel in range(recording.channels):
            pieces = _whole(recording) if sound is None else _pieces(sound.channels[channel], recording)
            packed = _Packed(recording.samples[channel : channel + 1], recording.bits, recording.rate, pieces)
            (probs,), length = probabilities(session, packed.blocks(), 1)
            found.append(packed.unpacked(at_rate(segments(probs, length, rule), 1, 1, length)))
        return Activity(channels=tuple(found), length=recording.length, rate=recording.rate)

    return listen


def _whole(recording: Recording) -> Spans:
    return (Span(0, recording.length),)


def _pieces(sound: Spans, recording: Recording) -> Spans:
    """Sound with a margin, or the whole where little would be left out."""
    margin = round(MARGIN * recording.rate)
    grown = union(Span(max(0, span.start - margin), min(recording.length, span.end + margin)) for span in sound)
    return _whole(recording) if sum(map(len, grown)) > SAVING * recording.length else grown


class _Packed:
    """Pieces of one channel [1, n] one after the other at the network's rate, and the way back to the channel's own time."""

    def __init__(self, samples: Samples, bits: int, rate: int, pieces: Spans) -> None:
        self.samples, self.bits, self.rate, self.pieces = samples, bits, rate, pieces
        self.starts: list[int] = []
        """Of each piece, in samples of the packed sound."""
        self.length = 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The packed sound [1, m], block by block."""
        for piece in self.pieces:
            self.starts.append(self.length)
            for block in windows(self.samples[:, piece.start : piece.end], self.bits, self.rate, RATE):
                self.length += block.shape[1]
                yield block

    def unpacked(self, packed: Spans) -> Spans:
        """Spans of the packed sound in the channel's own time; one that runs across a seam becomes one in each piece."""
        ends = [*self.starts[1:], self.length]
        found = []
        at = 0
        for span in packed:
            while at < len(ends) and ends[at] <= span.start:
                at += 1
            for index in range(at, len(ends)):
                start, end = max(span.start, self.starts[index]), min(span.end, ends[index])
                if start >= end:
                    break
                found.append(self._own(index, start, end))
        return union(span for span in found if len(span))

    def _own(self, index: int, start: int, end: int) -> Span:
        piece = self.pieces[index]
        first = piece.start + round((start - self.starts[index]) * self.rate / RATE)
        last = piece.start + round((end - self.starts[index]) * self.rate / RATE)
        return Span(min(first, piece.end), min(last, piece.end))
