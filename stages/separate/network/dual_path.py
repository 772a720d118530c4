"""The dual-path recurrent network, as asteroid builds it, with its names of weights: a few layers that nothing else here needs.

Luo et al., 2020 (arXiv 1910.06379): frames are cut into chunks that overlap by half; a recurrent layer runs along each chunk, another
across them, and this is repeated. asteroid itself pins old releases of what pyannote.audio needs, so the two cannot be installed together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from schemas.errors import UsageError

SETTINGS = frozenset(
    {
        *("n_repeats", "bn_chan", "hid_size", "chunk_size", "hop_size", "norm_type", "mask_act", "rnn_type", "bidirectional"),
        *("num_layers", "dropout", "mulcat", "use_mulcat"),
    }
)


def masker(settings: Mapping[str, Any], channels: int, filters: int, outputs: int) -> Any:
    """A module from features [batch, channels, frames] to masks [batch, outputs, filters, frames].

    Raises `UsageError` for settings that were never in use by a published model of this kind.
    """
    unknown = set(settings) - SETTINGS
    fixed = {"norm_type": "gLN", "rnn_type": "LSTM", "bidirectional": True, "use_mulcat": False, "mulcat": False}
    other = {key: settings[key] for key, value in fixed.items() if settings.get(key, value) != value}
    if unknown or other or settings.get("mask_act", "relu") not in ("relu", "sigmoid"):
        raise UsageError(f"separate.model: a dual-path network with {dict(settings)} is not one that is known here")
    return _masker()(dict(settings), channels, filters, outputs)


# Classes are made when first wanted, because torch is not imported before.


@cache
def _norm() -> Any:
    import torch
    from torch import nn

    class GlobalNorm(nn.Module):
        """Over all features and frames of one item, then scaled feature by feature."""

        def __init__(self, channels: int) -> None:
            super().__init__()
            self.gamma = nn.Parameter(torch.ones(channels))
            self.beta = nn.Parameter(torch.zeros(channels))

        def forward(self, x: Any) -> Any:
            axes = list(range(1, x.dim()))
            mean = x.mean(dim=axes, keepdim=True)
            even = (x - mean) / ((x - mean).square().mean(dim=axes, keepdim=True) + 1e-8).sqrt()
            return (even.transpose(1, -1) * self.gamma + self.beta).transpose(1, -1)

    return GlobalNorm


@cache
def _block() -> Any:
    from torch import nn

    normed = _norm()

    class Recurrent(nn.Module):
        """An LSTM both ways."""

        def __init__(self, channels: int, hidden: int, layers: int) -> None:
            super().__init__()
            self.rnn = nn.LSTM(channels, hidden, num_layers=layers, batch_first=True, bidirectional=True)

        def forward(self, x: Any) -> Any:
            return self.rnn(x)[0]

    class Block(nn.Module):
        """Along chunks, then across them, each added to what came in."""

        def __init__(self, channels: int, hidden: int, layers: int) -> None:
            super().__init__()
            self.intra_RNN, self.inter_RNN = Recurrent(channels, hidden, layers), Recurrent(channels, hidden, layers)
            self.intra_linear, self.inter_linear = nn.Linear(2 * hidden, channels), nn.Linear(2 * hidden, channels)
            self.intra_norm, self.inter_norm = normed(channels), normed(channels)

        def forward(self, x: Any) -> Any:
            batch, channels, size, chunks = x.shape
            along = x.permute(0, 3, 2, 1).reshape(batch * chunks, size, channels)
            made = self.intra_linear(self.intra_RNN(along)).reshape(batch, chunks, size, channels)
            x = x + self.intra_norm(made.permute(0, 3, 2, 1))
            across = x.permute(0, 2, 3, 1).reshape(batch * size, chunks, channels)
            made = self.inter_linear(self.inter_RNN(across)).reshape(batch, size, chunks, channels)
            return x + self.inter_norm(made.permute(0, 3, 1, 2))

    return Block


@cache
def _masker() -> Any:
    import torch
    from torch import nn
    from torch.nn import functional

    normed, block = _norm(), _block()

    class Masker(nn.Module):
        """Features to masks."""

        def __init__(self, settings: dict[str, Any], channels: int, filters: int, outputs: int) -> None:
            super().__init__()
            inner, hidden, repeats = settings["bn_chan"], settings["hid_size"], settings["n_repeats"]
            self.size, self.outputs = settings["chunk_size"], outputs
            self.hop = settings.get("hop_size") or self.size // 2
            self.act = torch.sigmoid if settings.get("mask_act") == "sigmoid" else torch.relu
            self.bottleneck = nn.Sequential(normed(channels), nn.Conv1d(channels, inner, 1))
            self.net = nn.Sequential(*(block(inner, hidden, settings.get("num_layers", 1)) for _ in range(repeats)))
            self.first_out = nn.Sequential(nn.PReLU(), nn.Conv2d(inner, outputs * inner, 1))
            self.net_out = nn.Sequential(nn.Conv1d(inner, inner, 1), nn.Tanh())
            self.net_gate = nn.Sequential(nn.Conv1d(inner, inner, 1), nn.Sigmoid())
            self.mask_net = nn.Conv1d(inner, filters, 1, bias=False)

        def forward(self, features: Any) -> Any:
            batch, frames = features.shape[0], features.shape[2]
            x = self.bottleneck(features)
            cut = {"kernel_size": (self.size, 1), "padding": (self.size, 0), "stride": (self.hop, 1)}
            x = functional.unfold(x[..., None], **cut)
            x = self.first_out(self.net(x.reshape(batch, -1, self.size, x.shape[-1])))
            x = x.reshape(batch * self.outputs, -1, x.shape[-1])
            x = functional.fold(x, (frames, 1), **cut).reshape(batch * self.outputs, -1, frames)
            masks = self.act(self.mask_net(self.net_out(x) * self.net_gate(x)))
            return masks.reshape(batch, self.outputs, -1, frames)

    return Masker
