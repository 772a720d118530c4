"""EnCodec at 24 kHz: 75 Hz frames, through transformers, in windows that carry their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.codes import Codes, frames_of
from schemas.errors import UsageError
from schemas.source import Source
from schemas.tracks import Tracks
from stages.stage import Weights, speed
from stages.tokenize.audio import as_windows
from stages.tokenize.codec import check_share, tokenizer
from stages.tokenize.pretrained import check_model, inference, named_weights, pretrained

ENCODEC = "facebook/encodec_24khz"
CPU_WINDOW = 150
"""Frames: 2 s."""
GPU_WINDOW = 4500
"""Frames: 60 s."""
LEAST_WINDOW = 16
"""Frames: before its start EnCodec hears the recording's first samples mirrored, and the first window must hold all of those."""
DECODED = 1500
"""Frames decoded at a time, after a fifth as many that only lead up to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodecTokenize:
    """Codes by EnCodec's causal 24 kHz model, frame for frame those of one pass over the whole recording padded with zeros to whole frames.

    Both channels go through the network together, one window after another; the convolutions' last inputs and the state of the LSTM are
    carried from window to window, so a window's size changes speed and memory alone.
    """

    name: ClassVar[str] = "tokenize"
    backend: ClassVar[str] = "encodec"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks)
    gives: ClassVar[type] = Codes

    model: str = ENCODEC
    """A hub name `owner/model`, or a local folder with `config.json` and `model.safetensors`."""
    revision: str = "main"
    """Branch, tag or commit on the hub. Of no meaning for a folder."""
    licence: str = "MIT"
    """SPDX expression of the model's licence, for the rows."""
    codebooks: int = 8
    """8 are 6 kbit/s, what VALL-E reads."""
    resample: Literal["soxr", "device"] = "soxr"
    """Where a rate other than 24 kHz is changed: by soxr on the CPU, or by torchaudio on the device that encodes."""
    check: float = 0.05
    """Share of recordings of which 10 seconds are decoded again and compared with the original."""
    window: int | None = speed(None)
    """Frames encoded at a time; 150 (2 s) on a CPU and 4500 (60 s) on a GPU when absent."""

    def __post_init__(self) -> None:
        check_model(self.model, ENCODEC, self.revision, self.licence)
        check_share(self.check)
        if not 1 <= self.codebooks <= 32:
            raise UsageError(f"tokenize.codebooks: {self.codebooks} must be from 1 to 32")
        if self.window is not None and self.window < LEAST_WINDOW:
            raise UsageError(f"tokenize.window: {self.window} must be {LEAST_WINDOW} frames or more")

    def weights(self) -> tuple[Weights, ...]:
        return (named_weights(self.model, self.revision, self.licence),)

    def load(self, device: str) -> Callable[[Source, Tracks], Codes]:
        """The codec as a pure function; raises `UsageError` when the model cannot be had, loaded or streamed."""
        return tokenizer(self.codec(device), self.check)

    def codec(self, device: str) -> EncodecCodec:
        """The codec itself, to encode and to decode."""
        return EncodecCodec(self, device)


class EncodecCodec:
    """EnCodec, loaded on a device."""

    name = "encodec"
    keeps_waveform = True
    speaks = True

    def __init__(self, stage: EncodecTokenize, device: str) -> None:
        self.model, self.sha256 = pretrained("EncodecModel", stage.model, stage.revision)
        config = self.model.config
        if config.audio_channels != 1 or not config.use_causal_conv or config.norm_type != "weight_norm" or config.normalize:
            raise UsageError(f"tokenize.model: {stage.model} is not a causal EnCodec of one channel, such as {ENCODEC}")
        most = len(self.model.quantizer.layers)
        if stage.codebooks > most:
            raise UsageError(f"tokenize.codebooks: {stage.codebooks}; {stage.model} has {most}")
        self.model.to(device)
        self.rate, self.hop, self.bins = int(config.sampling_rate), int(config.hop_length), int(config.codebook_size)
        self.window = stage.window or (CPU_WINDOW if device == "cpu" else GPU_WINDOW)
        self.codebooks, self.device, self.resample = stage.codebooks, device, stage.resample

    def encode(self, tracks: Tracks) -> NDArray[np.int16]:
        frames = frames_of(tracks.length, tracks.rate, self.rate, self.hop)
        size = min(self.window, frames) * self.hop
        return self.encode_windows(as_windows(tracks, self.rate, self.hop, size, self.device, self.resample))[:, :, :frames]

    def encode_fully(self, tracks: Tracks) -> NDArray[np.int16] | None:
        return None

    def encode_windows(self, blocks: Iterable[Any]) -> NDArray[np.int16]:
        """Codes [b, codebooks, frames] of consecutive windows [b, 1, n], n whole frames."""
        import torch

        stream, found = _Stream(), []
        with inference():
            for block in blocks:
                hidden = stream.through(self.model.encoder.layers, block)
                codes = []
                for layer in self.model.quantizer.layers[: self.codebooks]:
                    codes.append(layer.encode(hidden))
                    hidden = hidden - layer.decode(codes[-1])
                found.append(torch.stack(codes, dim=1).to(torch.int16))
            return np.asarray(torch.cat(found, dim=-1).cpu().numpy(), np.int16)

    def decode(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        import torch

        found = []
        with inference():
            for at in range(0, codes.shape[2], DECODED):
                start = max(0, at - DECODED // 5)
                part = torch.from_numpy(codes[:, :, start : at + DECODED].astype(np.int64)).to(self.device)
                audio = self.model.decoder(self.model.quantizer.decode(part.transpose(0, 1)))[:, 0, : part.shape[2] * self.hop]
                found.append(audio[:, (at - start) * self.hop :].float().cpu().numpy())
        return np.concatenate(found, axis=1)


class _Stream:
    """What the layers of EnCodec's encoder remember between windows; windows are whole frames, so no layer pads at its right."""

    def __init__(self) -> None:
        self.held: dict[Any, Any] = {}

    def through(self, layers: Any, hidden: Any) -> Any:
        for layer in layers:
            hidden = self._one(layer, hidden)
        return hidden

    def _one(self, layer: Any, hidden: Any) -> Any:
        kind = type(layer).__name__
        if kind == "EncodecConv1d":
            return self._convolved(layer, hidden)
        if kind == "EncodecResnetBlock":
            through = self.through(layer.block, hidden)
            return self._one(layer.shortcut, hidden) + through
        if kind == "EncodecLSTM":
            inward = hidden.permute(2, 0, 1)
            outward, self.held[layer] = layer.lstm(inward, self.held.get(layer))
            return (outward + inward).permute(1, 2, 0)
        return layer(hidden)

    def _convolved(self, layer: Any, hidden: Any) -> Any:
        import torch

        conv = layer.conv
        width = (conv.kernel_size[0] - 1) * conv.dilation[0] + 1 - conv.stride[0]
        before = self.held.get(layer)
        if before is None:
            before = layer._pad1d(hidden, (width, 0), mode=layer.pad_mode)[..., :width]
        joined = torch.cat((before, hidden), dim=-1)
        self.held[layer] = joined[..., joined.shape[-1] - width :]
        return conv(joined)
