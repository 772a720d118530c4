"""What the segmentation network hears: speech, overlap, and which moments near each other belong to the same voice.

The network sees ten seconds at a time and names up to three voices in each window, by names that mean nothing in the next. Speech and
overlap are averaged over windows; of the names only this is kept: how likely two moments of one window are one voice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.diarize.ticks import PER_SECOND

RATE = 16000
WINDOW = 160000
FRAMES = 589
FRAME_STEP = 270
"""Samples from one frame to the next."""
FIRST_CENTRE = 495
"""Sample at the centre of the first frame's receptive field (991 samples)."""
VOICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)
"""Which of three voices each class of the powerset names (pyannote segmentation-3.0)."""
OVERLAPPED = slice(4, 7)
EDGE = 59
"""Frames over which a window's say grows from its edges inwards: it knows least there."""
LEAST_SAY = 0.2

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """The network's view of one recording."""

    speech: Floats
    """[ticks]: probability that somebody speaks."""
    overlap: Floats
    """[ticks]: probability that two do."""
    starts: NDArray[np.int64]
    """[windows]: first sample of each window at 16 kHz, ascending."""
    voices: NDArray[np.float16]
    """[windows, frames, 3]: activity of each window's own voices."""


def window_starts(length: int, hop: int) -> list[int]:
    """First samples of windows that cover `length` samples: every `hop`, the last one aligned to the end rather than padded."""
    last = max(0, length - WINDOW)
    starts = list(range(0, last + 1, hop))
    return starts if starts[-1] == last else [*starts, last]


def hear(model: Any, audio: Floats, ticks: int, hop: int, batch: int, device: str) -> Heard:
    """Run the network over `audio` [n] at 16 kHz in windows `hop` samples apart, `batch` at a time.

    On a device other than the CPU every batch has the same shape: the last is filled up and the filling dropped.
    """
    starts = window_starts(len(audio), hop)
    voices = np.zeros((len(starts), FRAMES, 3), np.float16)
    sums = np.zeros((2, ticks), np.float64)
    says = np.zeros(ticks, np.float64)
    say = _say()
    for first, classes in _batches(model, audio, starts, batch, device):
        for offset, each in enumerate(classes):
            voices[first + offset] = each @ VOICES
            at, frame = _ticks_and_frames(starts[first + offset], ticks)
            says[at] += say[frame]
            sums[0, at] += say[frame] * (1 - each[frame, 0])
            sums[1, at] += say[frame] * each[frame, OVERLAPPED].sum(axis=1)
    # The first and last half frame of a recording lie outside every window's frames: the nearest one speaks for them.
    speech, overlap = (sums / np.maximum(says, 1e-9)).astype(np.float32)[:, _nearest(says > 0)]
    return Heard(speech=speech, overlap=overlap, starts=np.array(starts, np.int64), voices=voices)


def same_voice(heard: Heard, first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds that one voice speaks at both moments of each pair, [pairs]; 0 where no window holds both.

    `first` and `second` are ticks, `first` ascending and at most a window apart from `second`. The probability is the chance that a voice
    drawn at one moment and one drawn at the other are the same of the window's own, averaged over windows, held inside 0.02 to 0.98.
    """
    say = _say()
    total, says = np.zeros(len(first)), np.zeros(len(first))
    for start, voices in zip(heard.starts.tolist(), heard.voices, strict=True):
        low = np.searchsorted(first, start * PER_SECOND / RATE)
        high = np.searchsorted(first, (start + WINDOW) * PER_SECOND / RATE)
        if low == high:
            continue
        left, right = _frames(first[low:high], start), _frames(second[low:high], start)
        inside = np.flatnonzero((left >= 0) & (right >= 0) & (left < FRAMES) & (right < FRAMES))
        left, right = left[inside], right[inside]
        weight = np.minimum(say[left], say[right])
        total[low + inside] += weight * (_shares(voices[left]) * _shares(voices[right])).sum(axis=1)
        says[low + inside] += weight
    odds = np.clip(np.divide(total, says, out=np.full_like(total, 0.5), where=says > 0), 0.02, 0.98)
    return np.asarray(np.log(odds / (1 - odds)))


def _shares(voices: NDArray[np.float16]) -> NDArray[np.float64]:
    wide = voices.astype(np.float64)
    return np.asarray(wide / np.maximum(wide.sum(axis=1, keepdims=True), 1e-3))


def _frames(ticks: NDArray[np.floating], start: int) -> NDArray[np.int64]:
    """The window's frame nearest to each tick."""
    return np.rint((ticks * RATE / PER_SECOND - start - FIRST_CENTRE) / FRAME_STEP).astype(np.int64)


def _ticks_and_frames(start: int, ticks: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ticks whose centres a window's frames cover, and the frame nearest to each."""
    at = np.arange(start * PER_SECOND // RATE, min(ticks, (start + WINDOW) * PER_SECOND // RATE + 1))
    frame = _frames(at + 0.5, start)
    inside = (frame >= 0) & (frame < FRAMES)
    return at[inside], frame[inside]


def _say() -> NDArray[np.float64]:
    """How much each frame of a window counts."""
    edge = np.minimum(np.arange(FRAMES), np.arange(FRAMES)[::-1])
    return LEAST_SAY + (1 - LEAST_SAY) * np.minimum(1.0, edge / EDGE)


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For every tick the nearest known one; itself when none is known, as in a recording of a few samples."""
    at = np.flatnonzero(known)
    if not len(at):
        return np.arange(len(known))
    ticks = np.arange(len(known))
    after = np.clip(np.searchsorted(at, ticks), 0, len(at) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(at[before] - ticks) <= np.abs(at[after] - ticks), at[before], at[after])


def _batches(model: Any, audio: Floats, starts: list[int], batch: int, device: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Index of the first window and class probabilities [windows, frames, 7] of each batch."""
    import torch

    for first in range(0, len(starts), batch):
        group = starts[first : first + batch]
        waves = np.zeros((batch if device != "cpu" else len(group), 1, WINDOW), np.float32)
        for index, start in enumerate(group):
            piece = audio[start : start + WINDOW]
            waves[index, 0, : len(piece)] = piece
        with torch.inference_mode():
            found = model(torch.from_numpy(waves).to(device)).float().exp()
        yield first, found[: len(group)].cpu().numpy()
