"""Networks for tests: perfect ones for the voices of `tests.stages.separate.contract`, and random ones of real architectures, in files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.stages.diarize.toy_model import _message, _node, _number, _tensor, _text, _value

SPLIT_HZ = 1750.0
"""Between the two voices of the contract."""
TAPS = 255


def lowpass(rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Windowed-sinc filter [TAPS] that passes the lower voice."""
    at = np.arange(TAPS) - TAPS // 2
    taps = 2 * SPLIT_HZ / rate * np.sinc(2 * SPLIT_HZ / rate * at) * np.hamming(TAPS)
    return np.asarray(taps / taps.sum(), np.float32)


class Bank(nn.Module):
    """Gives what lies below `SPLIT_HZ` and what lies above, each with a factor of its own; the louder comes first in every window, so that
    the order changes from window to window as a network's does."""

    def __init__(self, rate: int, factors: tuple[float, float] = (1.0, 1.0)) -> None:
        super().__init__()
        self.register_buffer("taps", torch.from_numpy(lowpass(rate)))
        self.register_buffer("factors", torch.tensor(factors))

    def split(self, sound: torch.Tensor) -> torch.Tensor:
        taps: torch.Tensor = self.taps  # type: ignore[assignment]
        factors: torch.Tensor = self.factors  # type: ignore[assignment]
        low = nn.functional.conv1d(sound[:, None], taps[None, None], padding=taps.shape[0] // 2)
        both = torch.cat((low, sound[:, None] - low), dim=1)
        louder = both.square().sum(dim=2, keepdim=True)
        turned = (louder[:, :1] < louder[:, 1:]).to(both.dtype)
        both = both * factors[None, :, None]
        return both * (1 - turned) + both.flip(1) * turned


class Splitter(Bank):
    """[batch, voices, samples]"""

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return self.split(sound)


class LastAxis(Bank):
    """[batch, samples, voices]"""

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return self.split(sound).transpose(1, 2)


class OneEach(Bank):
    """An output for each voice, and an axis for the channel at the input."""

    def forward(self, sound: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        made = self.split(sound[:, 0])
        return made[:, 0], made[:, 1]


class Remade(Bank):
    """At twice the rate and 3 ms late: its voices are about where they should be and add up to nothing that was heard."""

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return torch.roll(self.split(sound), [24], [2]).repeat_interleave(2, dim=2)


def scripted(module: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.script.* is deprecated", category=DeprecationWarning)
        torch.jit.script(module.eval()).save(str(path))  # type: ignore[no-untyped-call]
    return path


def onnx(path: Path, rate: int, batch: int | None = None, samples: int | None = None, form: str = "voices") -> Path:
    """The two bands, the lower one first: as [batch, 2, samples] (`voices`), [batch, samples, 2] (`last`), or in two outputs (`each`)."""
    size: list[int | str] = [batch or "batch", samples or "samples"]
    low = lowpass(rate)
    both = np.stack([low, (np.arange(TAPS) == TAPS // 2) - low])[:, None].astype(np.float32)
    parts = [
        _node("Unsqueeze", ["audio", "axis"], "one"),
        _node("Conv", ["one", "filters"], "voices", pads=[TAPS // 2, TAPS // 2]),
        _tensor("axis", np.array([1], np.int64), 7),
        _tensor("filters", both, 1),
        _value(11, "audio", size),
    ]
    if form == "last":
        parts += [_node("Transpose", ["voices"], "turned", perm=[0, 2, 1]), _value(12, "turned", [*size, 2])]
    elif form == "each":
        for index in (0, 1):
            parts += [
                _tensor(f"index{index}", np.array(index, np.int64), 7),
                _tensor(f"row{index}", np.array([1.0 - index, index], np.float32).reshape(1, 2, 1), 1),
                _node("Mul", ["voices", f"row{index}"], f"only{index}"),
                _node("ReduceSum", [f"only{index}", "axis"], f"spk{index}"),
                _value(12, f"spk{index}", [size[0], 1, size[1]]),
            ]
    else:
        parts.append(_value(12, "voices", [size[0], 2, size[1]]))
    path.write_bytes(_number(1, 8) + _message(8, _text(1, "") + _number(2, 17)) + _message(7, b"".join(parts) + _text(2, "split")))
    return path


def random_state(module: nn.Module, seed: int = 0, size: float = 0.2) -> nn.Module:
    """The same random weights wherever the module was made; what is not trained (positions, counters) is left alone."""
    draw = np.random.default_rng(seed)
    state = module.state_dict()
    for key in sorted(dict(module.named_parameters())):
        state[key] = torch.from_numpy(np.asarray(draw.standard_normal(tuple(state[key].shape)) * size, np.float32))
    module.load_state_dict(state)
    return module.eval()
