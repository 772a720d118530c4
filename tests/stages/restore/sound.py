"""Tracks with stretches of every kind, and small networks whose answer is known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from schemas.span import Span
from schemas.tracks import Origin, OriginKind, Tracks
from tests.stages.diarize.toy_model import _message, _node, _number, _tensor, _text, _value

TAPS = 65
KINDS: tuple[OriginKind, ...] = ("original", "routed", "silence", "room_tone", "separated", "cleaned", "redacted")
TOUCHABLE = ("original", "separated", "cleaned")


def tracks(samples: NDArray[Any], rate: int, origins: tuple[Origin, ...] | None = None) -> Tracks:
    """Samples [2, n] as they were recorded, or [n] beside silence; int32 is 24 bits."""
    if samples.ndim == 1:
        samples = np.stack([samples, np.zeros_like(samples)])
        whole = Span(0, samples.shape[1])
        origins = origins or (Origin(0, whole, "original"), Origin(1, whole, "silence"))
    whole = Span(0, samples.shape[1])
    return Tracks(
        samples=samples,
        rate=rate,
        bits=16 if samples.dtype == np.int16 else 24,
        speakers=("A", "B"),
        roles=("", ""),
        order=(0, 1),
        chosen="as_recorded",
        origins=origins or (Origin(0, whole, "original"), Origin(1, whole, "original")),
    )


@st.composite
def anything(draw: st.DrawFn, longest: int = 5000) -> Tracks:
    """Full-range noise of either depth at some rate, in stretches of every kind and length."""
    length = draw(st.integers(1, longest))
    dtype, top = draw(st.sampled_from([(np.int16, 1 << 15), (np.int32, 1 << 23)]))
    found = []
    for channel in (0, 1):
        cuts = sorted({0, length, *draw(st.lists(st.integers(0, length), max_size=8))})
        kinds = [draw(st.sampled_from(KINDS)) for _ in cuts]
        found += [
            Origin(channel, Span(start, end), kind, draw(st.sampled_from([None, 0.25, 1.0])))
            for (start, end), kind in zip(pairwise(cuts), kinds, strict=False)
        ]
    samples = np.random.default_rng(draw(st.integers(0, 9))).integers(-top, top, (2, length)).astype(dtype)
    return tracks(samples, draw(st.sampled_from([8000, 11025, 16000, 44100])), tuple(found))


def mask(made: Tracks, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """[2, n]: where the origin is one of those."""
    found = np.zeros(made.samples.shape, bool)
    for origin in made.origins:
        found[origin.channel, origin.span.start : origin.span.end] = origin.kind in kinds
    return found


def filters(seed: int = 0) -> NDArray[np.float32]:
    """[1, 1, TAPS]: an impulse, and random taps around it."""
    taps = np.random.default_rng(seed).normal(0, 0.05, TAPS) * np.hanning(TAPS)
    taps[TAPS // 2] += 0.5
    return taps[None, None].astype(np.float32)


class Scale(nn.Module):
    """What is heard, times a number."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        return audio * self.by


class Filter(nn.Module):
    """A random filter that sees 32 samples on both sides, squashed; takes [batch, 1, samples] when `deep`."""

    def __init__(self, deep: bool = False) -> None:
        super().__init__()
        self.register_buffer("taps", torch.from_numpy(filters()))
        self.deep = deep

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        if self.deep:
            assert audio.dim() == 3
            return torch.tanh(nn.functional.conv1d(audio, self.taps, padding=32))  # type: ignore[arg-type]
        assert audio.dim() == 2
        return torch.tanh(nn.functional.conv1d(audio[:, None], self.taps, padding=32)[:, 0])  # type: ignore[arg-type]


class Mirror(nn.Module):
    """Twice the rate, the band above filled with the mirror image of the one below."""

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        return torch.stack([2.0 * audio, torch.zeros_like(audio)], dim=2).flatten(1)


def script(path: Path, module: nn.Module) -> Path:
    made: Any = torch.jit.script(module.eval())
    made.save(str(path))
    return path


def onnx(path: Path, batch: int | None = None, samples: int | None = None, deep: bool = False) -> Path:
    """`Filter` as ONNX, with a free batch and any number of samples unless they are given."""
    size: list[int | str] = [batch or "batch", *([1] if deep else []), samples or "samples"]
    one = "audio" if deep else "one"
    graph = b"".join(
        (
            b"" if deep else _node("Unsqueeze", ["audio", "axis"], "one"),
            _node("Conv", [one, "taps"], "heard", pads=[TAPS // 2, TAPS // 2]),
            _node("Tanh", ["heard"], "made"),
            b"" if deep else _node("Squeeze", ["made", "axis"], "less"),
            _text(2, "filter"),
            _tensor("taps", filters(), 1),
            b"" if deep else _tensor("axis", np.array([1], np.int64), 7),
            _value(11, "audio", size),
            _value(12, "made" if deep else "less", size),
        )
    )
    path.write_bytes(_number(1, 8) + _message(8, _text(1, "") + _number(2, 17)) + _message(7, graph))
    return path
