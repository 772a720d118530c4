"""Networks whose answer is known: the energy in three bands, as TorchScript and as ONNX written byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tests.stages.diarize.sound import TONES

TAPS = 255
"""Of filters heard at every 8th sample, 160 of which make a frame: 80 ms, as long as Sortformer's."""
GAIN, FLOOR = 4.0, 1e-4
"""Activity is sigmoid(GAIN * ln(power / FLOOR))."""


def filters() -> NDArray[np.float32]:
    """Windowed sinc band passes of 400 Hz around each tone, [bands, 1, taps]."""
    n = np.arange(TAPS) - TAPS // 2
    low = 2 * 200 / 16000 * np.sinc(2 * 200 / 16000 * n) * np.hamming(TAPS)
    return np.stack([2 * low * np.cos(2 * np.pi * tone / 16000 * n) for tone in TONES])[:, None].astype(np.float32)


class Bands(nn.Module):
    """Activities [batch, frames, 3]; with `by_arrival` in the order in which the bands are heard in each window, as Sortformer's are."""

    def __init__(self, by_arrival: bool, logits: bool = False) -> None:
        super().__init__()
        self.register_buffer("filters", torch.from_numpy(filters()))
        self.by_arrival = by_arrival
        self.logits = logits

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        heard = nn.functional.conv1d(audio[:, None], self.filters, padding=127, stride=8)  # type: ignore[arg-type]
        power = nn.functional.avg_pool1d(heard.float() * heard.float(), 160, 160)
        level = 4.0 * torch.log(power / 1e-4 + 1e-8)
        active = level.transpose(1, 2)
        if self.by_arrival:
            frames = active.shape[1]
            numbers = torch.arange(frames, device=active.device)[None, :, None].expand_as(active)
            first = torch.where(active > 0.0, numbers, torch.full_like(numbers, frames)).amin(1)
            order = torch.argsort(first, dim=1, stable=True)
            active = active.gather(2, order[:, None, :].expand_as(active))
        return active if self.logits else torch.sigmoid(active)


def save_torchscript(path: Path, by_arrival: bool = True, logits: bool = False) -> Path:
    script: Any = torch.jit.script(Bands(by_arrival, logits).eval())
    script.save(str(path))
    return path


def save_exported(path: Path, batch: int) -> Path:
    """The bands in their own order by torch.export, for ten seconds and a fixed batch."""
    torch.export.save(torch.export.export(Bands(False).eval(), (torch.zeros(batch, 160000),)), path)
    return path


def save_onnx(path: Path, batch: int | None = None) -> Path:
    """The same bands in their own order, with a free batch unless one is given."""
    graph = b"".join(
        (
            _node("Unsqueeze", ["audio", "axis"], "one"),
            _node("Conv", ["one", "filters"], "heard", pads=[127, 127], strides=[8]),
            _node("Mul", ["heard", "heard"], "square"),
            _node("AveragePool", ["square"], "power", kernel_shape=[160], strides=[160]),
            _node("Div", ["power", "floor"], "over"),
            _node("Add", ["over", "tiny"], "least"),
            _node("Log", ["least"], "log"),
            _node("Mul", ["log", "gain"], "level"),
            _node("Sigmoid", ["level"], "active"),
            _node("Transpose", ["active"], "activity", perm=[0, 2, 1]),
            _text(2, "bands"),
            _tensor("filters", filters(), 1),
            _tensor("axis", np.array([1], np.int64), 7),
            _tensor("floor", np.array([FLOOR], np.float32), 1),
            _tensor("tiny", np.array([1e-8], np.float32), 1),
            _tensor("gain", np.array([GAIN], np.float32), 1),
            _value(11, "audio", [batch or "batch", "samples"]),
            _value(12, "activity", [batch or "batch", "frames", len(TONES)]),
        )
    )
    path.write_bytes(_number(1, 8) + _message(8, _text(1, "") + _number(2, 17)) + _message(7, graph))
    return path


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes((*made, value))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _node(kind: str, taken: list[str], given: str, **integers: list[int]) -> bytes:
    lists = (_text(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7) for name, values in integers.items())
    names = b"".join(_text(1, name) for name in taken)
    return _message(1, names + _text(2, given) + _text(4, kind) + b"".join(_message(5, each) for each in lists))


def _tensor(name: str, values: NDArray[Any], kind: int) -> bytes:
    return _message(
        5, b"".join(_number(1, size) for size in values.shape) + _number(2, kind) + _text(8, name) + _message(9, values.tobytes())
    )


def _value(field: int, name: str, shape: list[int | str]) -> bytes:
    sizes = b"".join(_message(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    return _message(field, _text(1, name) + _message(2, _message(1, _number(1, 1) + _message(2, sizes))))
