"""Units of HuBERT: the nearest of a set of k-means centres to one layer's output, 50 times a second."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.codes import MAX_BINS, Codes, frames_of
from schemas.errors import UsageError
from schemas.source import Source
from schemas.tracks import Tracks
from stages.local_files import file_sha256
from stages.stage import Weights, speed
from stages.tokenize.audio import even_windows
from stages.tokenize.codec import tokenizer
from stages.tokenize.pretrained import check_model, inference, named_weights, pretrained

HUBERT = "facebook/hubert-base-ls960"
RATE = 16_000
"""Hz."""
HOP = 320
"""Samples of one unit: 20 ms."""
SEEN = 400
"""Samples that one unit's convolutions see: `EDGE` more than the hop on each side."""
EDGE = (SEEN - HOP) // 2
BLOCK = 1500
"""Units of which the sound is made ready at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubertTokenize:
    """One codebook of HuBERT units, as GSLM, dGSLM and SpeechGPT read them; runs of the same unit are kept.

    HuBERT hears a whole window at once, both ways, so its units are those of a window by definition: the recording is cut into steps of
    `window - 2 * context` seconds, and each step's units come from the window around it. At the ends, where there is nothing around,
    windows move inwards; a recording shorter than a window is one window. Units carry no voice and cannot be decoded here.
    """

    name: ClassVar[str] = "tokenize"
    backend: ClassVar[str] = "hubert"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks)
    gives: ClassVar[type] = Codes

    centres: str
    """A file with the k-means centres [units, width], float: `.npy`, or `.safetensors` with one tensor. Pickles are not read."""
    model: str = HUBERT
    """A hub name `owner/model`, or a local folder with `config.json` and `model.safetensors`."""
    revision: str = "main"
    """Branch, tag or commit on the hub. Of no meaning for a folder."""
    licence: str = "Apache-2.0"
    """SPDX expression of the licence of the model and of the centres, for the rows; the default is the default model's."""
    layer: int = 6
    """Transformer layer whose output is compared, counted from 1; GSLM takes 6, dGSLM 12 and SpeechGPT 11."""
    normalise: bool = False
    """Take the mean out of each window and bring it to unit variance, as the large models were trained."""
    window: float = 20.0
    """Seconds that HuBERT hears at once."""
    context: float = 2.0
    """Seconds at both ends of a window whose units come from its neighbours."""
    batch: int = speed(4)
    """Windows of two channels at a time."""

    def __post_init__(self) -> None:
        check_model(self.model, HUBERT, self.revision, self.licence)
        if Path(self.centres).suffix not in (".npy", ".safetensors"):
            raise UsageError(f"tokenize.centres: {self.centres}: wanted a file that ends in .npy or .safetensors; save pickles anew as one")
        if not 0 <= self.context < self.window <= 300 or not 2 * units_of(self.context) < units_of(self.window):
            raise UsageError(
                f"tokenize: window {self.window} s must be at least one unit (20 ms) longer than twice the context ({self.context} s), "
                "and at most 300 s"
            )
        if self.layer < 1 or self.batch < 1:
            raise UsageError(f"tokenize: layer {self.layer} and batch {self.batch} must be 1 or more")

    def weights(self) -> tuple[Weights, ...]:
        found = Path(self.centres).expanduser()
        if not found.is_file():
            raise UsageError(f"tokenize.centres: {found}: there is no such file")
        return (
            named_weights(self.model, self.revision, self.licence),
            Weights(found.name, "local file", file_sha256(found), self.licence),
        )

    def load(self, device: str) -> Callable[[Source, Tracks], Codes]:
        """The units as a pure function; raises `UsageError` when a model cannot be had or does not fit."""
        return tokenizer(self.codec(device), 0.0)

    def codec(self, device: str) -> HubertUnits:
        """The units themselves."""
        return HubertUnits(self, device)


class HubertUnits:
    """HuBERT and its centres, loaded on a device."""

    name = "hubert"
    rate, hop = RATE, HOP
    keeps_waveform = False
    speaks = False

    def __init__(self, stage: HubertTokenize, device: str) -> None:
        import torch

        self.model, weights = pretrained("HubertModel", stage.model, stage.revision)
        config, self.stage, self.device = self.model.config, stage, device
        if tuple(config.conv_stride) != (5, 2, 2, 2, 2, 2, 2) or tuple(config.conv_kernel) != (10, 3, 3, 3, 3, 2, 2):
            raise UsageError(f"tokenize.model: {stage.model} does not hear 20 ms at 16 kHz, as HuBERT does")
        if stage.layer > config.num_hidden_layers:
            raise UsageError(f"tokenize.layer: {stage.layer}; {stage.model} has {config.num_hidden_layers}")
        centres = read_centres(stage.centres)
        if centres.shape[1] != config.hidden_size:
            raise UsageError(f"tokenize.centres: width {centres.shape[1]}; {stage.model} gives {config.hidden_size}")
        self.bins = len(centres)
        self.sha256 = hashlib.sha256(f"{weights} {file_sha256(Path(stage.centres).expanduser())}".encode()).hexdigest()
        # Layers far above the wanted one would only cost time; what follows the last layer of some models must not follow the wanted one.
        self.model.encoder.layers = self.model.encoder.layers[: stage.layer + 1]
        self.model.to(device)
        self.centres = torch.from_numpy(centres).to(device)

    def encode(self, tracks: Tracks) -> NDArray[np.int16]:
        import torch

        frames = frames_of(tracks.length, tracks.rate, RATE, HOP)
        sound, found = _Stretches(even_windows(tracks, RATE, HOP, BLOCK * HOP)), []
        places = pieces(frames, units_of(self.stage.window), units_of(self.stage.context))
        with inference():
            for at in range(0, len(places), self.stage.batch):
                some = places[at : at + self.stage.batch]
                heard = np.concatenate([sound.between(p.start * HOP - EDGE, p.end * HOP + EDGE) for p in some])
                units = self._units(torch.from_numpy(heard).to(self.device))
                found += [units[2 * i : 2 * i + 2, p.first - p.start : p.after - p.start] for i, p in enumerate(some)]
            made = torch.cat(found, dim=1).cpu().numpy()
        return np.ascontiguousarray(made[:, None], np.int16)

    def _units(self, heard: Any) -> Any:
        """The unit of each frame [b, frames] of windows [b, HOP * frames + 2 EDGE]."""
        import torch

        if self.stage.normalise:
            heard = (heard - heard.mean(dim=1, keepdim=True)) / (heard.var(dim=1, unbiased=False, keepdim=True) + 1e-7).sqrt()
        states = self.model(heard, output_hidden_states=True).hidden_states[self.stage.layer]
        squares = (self.centres**2).sum(dim=1) - 2 * states.float() @ self.centres.T
        return squares.argmin(dim=-1).to(torch.int16)

    def encode_fully(self, tracks: Tracks) -> NDArray[np.int16] | None:
        return None

    def decode(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        raise UsageError("tokenize: hubert: units carry no voice, so there is nothing to listen to")


class _Stretches:
    """Stretches of a stream of blocks [2, n], asked for in order of their starts; zeros before the stream and after it."""

    def __init__(self, blocks: Iterator[NDArray[np.float32]]) -> None:
        self.blocks = blocks
        self.held: NDArray[np.float32] = np.zeros((2, EDGE), np.float32)
        self.start = -EDGE

    def between(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples `[start, end)`."""
        self.held, self.start = self.held[:, start - self.start :], start
        while self.held.shape[1] < end - start:
            block = next(self.blocks, None)
            if block is None:
                return np.pad(self.held, ((0, 0), (0, end - start - self.held.shape[1])))
            self.held = np.concatenate((self.held, block), axis=1)
        return self.held[:, : end - start]


@dataclass(frozen=True, slots=True)
class Piece:
    """A window of frames `[start, end)`, of which `[first, after)` are taken."""

    start: int
    end: int
    first: int
    after: int


def units_of(seconds: float) -> int:
    """Units in some seconds, rounded."""
    return round(seconds * RATE / HOP)


def pieces(frames: int, window: int, context: int) -> list[Piece]:
    """Windows whose taken parts tile `frames` frames, all of the same size unless one is enough."""
    if frames <= window:
        return [Piece(0, frames, 0, frames)]
    found, at = [], 0
    while at < frames:
        start = min(max(0, at - context), frames - window)
        after = frames if start + window == frames else start + window - context
        found.append(Piece(start, start + window, at, after))
        at = after
    return found


def read_centres(path: str) -> NDArray[np.float32]:
    """Centres [units, width] of a `.npy` or `.safetensors` file; raises `UsageError` when it holds anything else."""
    place = Path(path).expanduser()
    try:
        if place.suffix == ".npy":
            found = np.load(place, allow_pickle=False)
        else:
            from safetensors.numpy import load_file

            tensors = load_file(place)
            found = next(iter(tensors.values())) if len(tensors) == 1 else np.zeros(0)
    except Exception as error:
        raise UsageError(f"tokenize.centres: {place} cannot be read: {' '.join(str(error).split())}") from error
    if found.ndim != 2 or not 1 < len(found) <= MAX_BINS or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise UsageError(f"tokenize.centres: {place}: {found.dtype} of shape {found.shape}; wanted finite floats [2 or more, width]")
    return np.asarray(found, np.float32)
