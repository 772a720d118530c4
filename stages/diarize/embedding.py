"""Voice embeddings of short stretches, from one pass of the network over the whole recording.

CAM++ works frame by frame up to its pooling layer. Its frames are computed once, in chunks with some context, and a stretch is embedded by
pooling the frames inside it. Such embeddings of half a second tell voices apart better than embedding each stretch alone, and cost one
pass. They are not the same as embeddings of stretches cut out, so the two are never compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.diarize.carrier import FRAME_SAMPLES, HOP_SAMPLES, MELS, fbank
from stages.diarize.ticks import Mask

CHUNK = 1000
"""Filter bank frames (10 ms) of one chunk."""
CONTEXT = 24
"""Frames of context on both sides of a chunk."""
WHOLE = CHUNK + 2 * CONTEXT
STRIDE = 2
"""Filter bank frames for one frame of the network."""
BLOCK = 6000
"""Filter bank frames made at a time for their mean."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pooling:
    """The network's last layers as plain arrays: statistics of frames to a unit vector."""

    linear: NDArray[np.float64]
    """[size, 2 * channels]"""
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @staticmethod
    def of(model: Any) -> Pooling:
        """Taken from a loaded CAM++."""
        dense = model.xvector.dense
        norm = dense.nonlinear.batchnorm
        linear, mean, variance = (
            value.detach().cpu().double().numpy() for value in (dense.linear.weight, norm.running_mean, norm.running_var)
        )
        return Pooling(linear.reshape(linear.shape[0], -1), mean, np.sqrt(variance + norm.eps))

    def embed(self, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Floats:
        """Unit vectors [n, size] of frame means and standard deviations [n, channels]."""
        raw = (np.concatenate((mean, deviation), axis=1) @ self.linear.T - self.mean) / self.scale
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)


def embed(model: Any, pooling: Pooling, audio: Floats, stretches: NDArray[np.int64], speech: Mask, batch: int, device: str) -> Floats:
    """Embeddings [stretches, size] of `stretches` [stretches, 2], in ticks (10 ms), ascending by start, none longer than a chunk.

    `audio` [n] is at 16 kHz; the filter bank's mean is taken over `speech` [ticks]. What is held in memory beside the result does not grow
    with the recording.
    """
    size = pooling.linear.shape[0]
    made: Floats = np.zeros((len(stretches), size), np.float32)
    frames = (len(audio) - FRAME_SAMPLES) // HOP_SAMPLES + 1 if len(audio) >= FRAME_SAMPLES else 0
    if not len(stretches) or not frames:
        return made
    held, held_from, done = np.zeros((0, 0), np.float32), 0, 0
    mean = speech_mean(audio, speech, frames)
    for first, dense in _dense(model, audio, mean, frames, batch, device):
        held = np.concatenate((held, dense)) if len(held) else dense
        upto = first + len(dense)
        last = upto * STRIDE >= frames
        ready = len(stretches) if last else int(np.searchsorted(_dense_end(stretches[:, 1]), upto, "right"))
        ready = max(ready, done)
        if ready > done:
            made[done:ready] = _pooled(pooling, held, stretches[done:ready], held_from)
            done = ready
        keep_from = upto if done == len(stretches) else min(upto, int(stretches[done, 0] // STRIDE))
        held, held_from = held[keep_from - held_from :], keep_from
    return made


def speech_mean(audio: Floats, speech: Mask, frames: int) -> Floats:
    """Mean filter bank [80] over the frames that begin in speech; over all frames where there is none."""
    use = speech[np.minimum(np.arange(frames), len(speech) - 1)]
    use = use if use.any() else np.ones(frames, bool)
    total = np.zeros(MELS, np.float64)
    for at in range(0, frames, BLOCK):
        part = _bank(audio, at, min(frames, at + BLOCK))
        total += part[use[at : at + BLOCK]].sum(axis=0, dtype=np.float64)
    return np.asarray(total / use.sum(), np.float32)


def _bank(audio: Floats, start: int, end: int) -> Floats:
    return fbank(audio[start * HOP_SAMPLES : (end - 1) * HOP_SAMPLES + FRAME_SAMPLES])


def _dense_end(ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    return -(-ticks // STRIDE)


def _pooled(pooling: Pooling, held: Floats, stretches: NDArray[np.int64], held_from: int) -> Floats:
    """Embeddings of stretches whose frames are in `held`, which starts at network frame `held_from`; each has two frames at least."""
    wide = held.astype(np.float64)
    zero = np.zeros((1, wide.shape[1]))
    sums, squares = (np.concatenate((zero, np.cumsum(each, axis=0))) for each in (wide, wide * wide))
    low = np.clip(stretches[:, 0] // STRIDE - held_from, 0, max(0, len(held) - 2))
    high = np.clip(np.maximum(_dense_end(stretches[:, 1]) - held_from, low + 2), 1, len(held))
    count = (high - low)[:, None].astype(np.float64)
    mean = (sums[high] - sums[low]) / count
    variance = (squares[high] - squares[low]) / count - mean * mean
    # The network pools with the unbiased deviation; a lone frame has none.
    return pooling.embed(mean, np.sqrt(np.maximum(variance * count / np.maximum(count - 1, 1), 1e-6)))


def _dense(model: Any, audio: Floats, mean: Floats, frames: int, batch: int, device: str) -> Iterator[tuple[int, Floats]]:
    """Network frames [m, channels] of consecutive chunks and the index of the first of them.

    All inputs have the same shape, the last one aligned to the end of the recording; only a recording shorter than that makes its own.
    """
    import torch

    # The layers are called one by one, so nothing converts what they are given.
    kind = next(model.parameters()).dtype
    starts = list(range(0, frames, CHUNK))
    for at in range(0, len(starts), batch):
        group = starts[at : at + batch]
        lefts = [max(0, min(start - CONTEXT, frames - WHOLE)) // STRIDE * STRIDE for start in group]
        banks = np.stack([_bank(audio, left, min(frames, left + WHOLE)) - mean for left in lefts])
        with torch.inference_mode():
            found = _before_pooling(model, torch.from_numpy(banks).to(device, kind)).float().cpu().numpy()
        for start, left, each in zip(group, lefts, found, strict=True):
            first = (start - left) // STRIDE
            yield start // STRIDE, each[first : first + -(-min(CHUNK, frames - start) // STRIDE)]


def _before_pooling(model: Any, banks: Any) -> Any:
    """[batch, frames, 80] to [batch, frames / 2, channels]."""
    found = model.head(banks.permute(0, 2, 1))
    for name, layer in model.xvector.named_children():
        if name == "stats":
            break
        found = layer(found)
    return found.permute(0, 2, 1)
