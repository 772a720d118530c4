"""Mimi, the codec of Moshi: 12.5 Hz frames of 24 kHz audio, through transformers, in windows that carry their state."""

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

MIMI = "kyutai/mimi"
CPU_WINDOW = 20
"""Frames: 1.6 s, so that what one layer leaves for the next is still in the processor's cache."""
GPU_WINDOW = 750
"""Frames: 60 s of two channels, which is work enough for any one device."""
DECODED = 250
"""Frames decoded at a time, after as many again that only lead up to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MimiTokenize:
    """Codes by Mimi, frame for frame those of one pass over the whole recording.

    The recording is padded with zeros to whole frames, as the package `moshi` does before it encodes; transformers alone pads each layer,
    which gives a last frame that Moshi never saw. Both channels go through the network
    together, one window after another; its convolutions' last inputs and the last 250 positions of attention are carried from window to
    window, so a window's size changes speed and memory alone. (To recompute what a frame depends on would take 8 layers of 250 positions:
    80 s before each window.)

    From the hub the model is fetched once, into the hub's own cache.
    """

    name: ClassVar[str] = "tokenize"
    backend: ClassVar[str] = "mimi"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks)
    gives: ClassVar[type] = Codes

    model: str = MIMI
    """A hub name `owner/model`, or a local folder with `config.json` and `model.safetensors`."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a branch moves, so name the commit to pin what is loaded. Of no meaning for a folder."""
    licence: str = "CC-BY-4.0"
    """SPDX expression of the model's licence, for the rows; the default is kyutai/mimi's."""
    codebooks: int = 8
    """Moshi reads 8, CSM 32."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16 halves the work of a GPU and changes some codes; the share is measured where recordings are checked."""
    resample: Literal["soxr", "device"] = "soxr"
    """Where a rate other than 24 kHz is changed: by soxr on the CPU, or by torchaudio on the device that encodes."""
    check: float = 0.05
    """Share of recordings of which 10 seconds are decoded again and compared with the original."""
    window: int | None = speed(None)
    """Frames encoded at a time; 20 (1.6 s) on a CPU and 750 (60 s) on a GPU when absent."""

    def __post_init__(self) -> None:
        check_model(self.model, MIMI, self.revision, self.licence)
        check_share(self.check)
        if not 1 <= self.codebooks <= 32:
            raise UsageError(f"tokenize.codebooks: {self.codebooks} must be from 1 to 32")
        if self.window is not None and self.window < 1:
            raise UsageError(f"tokenize.window: {self.window} must be 1 frame or more")

    def weights(self) -> tuple[Weights, ...]:
        return (named_weights(self.model, self.revision, self.licence),)

    def load(self, device: str) -> Callable[[Source, Tracks], Codes]:
        """The codec as a pure function; raises `UsageError` when the model cannot be had or loaded."""
        return tokenizer(self.codec(device), self.check)

    def codec(self, device: str) -> MimiCodec:
        """The codec itself, to encode and to decode."""
        return MimiCodec(self, device)


class MimiCodec:
    """Mimi, loaded on a device."""

    name = "mimi"
    keeps_waveform = True
    speaks = True

    def __init__(self, stage: MimiTokenize, device: str) -> None:
        import torch

        self.model, self.sha256 = pretrained("MimiModel", stage.model, stage.revision)
        config = self.model.config
        self.rate, self.hop, self.bins = int(config.sampling_rate), int(config.frame_size), int(config.codebook_size)
        if stage.codebooks > config.num_quantizers or stage.codebooks < config.num_semantic_quantizers:
            raise UsageError(
                f"tokenize.codebooks: {stage.codebooks}; {stage.model} has from {config.num_semantic_quantizers} to {config.num_quantizers}"
            )
        self.model.to(device)
        self.full = self.model.encoder
        self.encoder, self.dtype = self.full, torch.float32
        if stage.precision == "bfloat16":
            import copy

            self.encoder, self.dtype = copy.deepcopy(self.full).to(torch.bfloat16), torch.bfloat16
        self.window = stage.window or (CPU_WINDOW if device == "cpu" else GPU_WINDOW)
        self.codebooks, self.device, self.resample = stage.codebooks, device, stage.resample
        with inference():
            self.padding = self.full(torch.zeros((1, 1, self.hop), device=device), use_streaming=True).padding_cache

    def encode(self, tracks: Tracks) -> NDArray[np.int16]:
        return self._encode(tracks, self.encoder, self.dtype)

    def encode_fully(self, tracks: Tracks) -> NDArray[np.int16] | None:
        import torch

        return None if self.encoder is self.full else self._encode(tracks, self.full, torch.float32)

    def _encode(self, tracks: Tracks, encoder: Any, dtype: Any) -> NDArray[np.int16]:
        frames = frames_of(tracks.length, tracks.rate, self.rate, self.hop)
        size = min(self.window, frames) * self.hop
        blocks = as_windows(tracks, self.rate, self.hop, size, self.device, self.resample)
        return self.encode_windows(blocks, encoder, dtype)[:, :, :frames]

    def encode_windows(self, blocks: Iterable[Any], encoder: Any, dtype: Any) -> NDArray[np.int16]:
        """Codes [b, codebooks, frames] of consecutive windows [b, 1, n], n whole frames; the host waits for the device once, at the end."""
        import torch

        cache, found = None, []
        like = self.padding
        # Widths as plain numbers: transformers keeps them as tensors, and to compare one would wait for the device.
        widths = [int(each) for each in like.per_layer_padding]
        padding = type(like)(len(widths), widths, like.per_layer_padding_mode, like.per_layer_in_channels)
        with inference():
            for block in blocks:
                made = encoder(block.to(dtype), past_key_values=cache, padding_cache=padding, use_streaming=True)
                cache, padding = made.past_key_values, made.padding_cache
                codes = self.model.quantizer.encode(made.latents.float(), self.codebooks)
                found.append(codes.transpose(0, 1).to(torch.int16))
            return np.asarray(torch.cat(found, dim=-1).cpu().numpy(), np.int16)

    def decode(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        import torch

        found = []
        with inference():
            for at in range(0, codes.shape[2], DECODED):
                start = max(0, at - DECODED)
                part = torch.from_numpy(codes[:, :, start : at + DECODED].astype(np.int64)).to(self.device)
                audio = self.model.decode(part).audio_values[:, 0, : part.shape[2] * self.hop]
                found.append(audio[:, (at - start) * self.hop :].float().cpu().numpy())
        return np.concatenate(found, axis=1)
