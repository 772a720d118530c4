"""DialogueSidon: two speakers separated and made anew by diffusion, from the three exported graphs in which it is published.

What it makes is not what was recorded, and its two voices do not add up to it. So they only say which voice is loud where, and the
recording's own sound is divided. The weights forbid commercial use and are refused unless `accept_licence` says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.diarize.carrier import fbank
from stages.error_text import short
from stages.separate.network.base import Run, Separator
from stages.separate.network.diffusion import Noise, sample
from stages.separate.network.named import NamedSeparate
from stages.separate.network.places import found
from stages.torch_graph import load_graph
from stages.torchscript import inference

Floats = NDArray[np.float32]

SIDON = "sarulab-speech/DialogueSidon"
FILES = ("metadata.json", "ssl_encoder.pt2", "diffusion_head.pt2", "vae_decoder.pt2")
RATE = 16000
PEAK = 0.9
PAD = 160
"""Zeros at both ends of what it hears, as it was trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueSidonSeparate(NamedSeparate):
    """Nakata et al., 2026 (arXiv 2604.09344). Graphs made by torch.export; name only those you trust."""

    backend: ClassVar[str] = "dialoguesidon"
    version: ClassVar[int] = 2

    model: str = SIDON
    """A hub name `owner/model`, or a local folder with `metadata.json`, `ssl_encoder.pt2`, `diffusion_head.pt2` and `vae_decoder.pt2`."""
    licence: str = "CC-BY-NC-4.0"
    """SPDX expression of the licence of the weights, for the rows."""
    window: float = 20.0
    """Seconds that the network hears at once, at most."""
    steps: int = 30
    """Of diffusion."""
    seed: int = 0
    """Of the noise that it starts from, the same in every window."""

    def __post_init__(self) -> None:
        NamedSeparate.__post_init__(self)
        if not 1 <= self.steps <= 1000 or self.seed < 0:
            raise UsageError(f"separate: steps {self.steps}, seed {self.seed}; wanted 1 to 1000 steps and a seed of 0 or more")

    def open(self, device: str) -> Separator:
        settings, *graphs = found(self.model, self.revision, FILES)
        facts = read_facts(settings)
        encoder, head, decoder = (load_graph(path, device, self.name) for path in graphs)
        return Separator(_Sidon(self, facts, encoder, head, decoder, device).run, RATE, facts.rate, adds_up=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What `metadata.json` says."""

    rate: int
    """Hz of what is made."""
    size: int
    """Numbers of one voice in one frame."""
    mean: Floats
    """[2 * size]; zeros where frames are not normed."""
    deviation: Floats
    noise: Noise


def read_facts(path: Path) -> Facts:
    """Raises `UsageError` when the file is of no such model, or of one whose noise is not known here."""
    try:
        data = json.loads(path.read_bytes())
        noise, size = data["ddpm_config"], int(data["latent_dim"])
        normed = bool(data["latent_norm_initialized"])
        mean = np.asarray(data["latent_norm_mean"] if normed else np.zeros(2 * size), np.float32)
        deviation = np.asarray(data["latent_norm_std"] if normed else np.ones(2 * size), np.float32)
        if noise["beta_schedule"] != "linear" or noise.get("rescale_betas_zero_snr") or noise.get("thresholding"):
            raise ValueError(f"noise of {noise}; wanted a linear schedule without rescaling or thresholds")
        if mean.shape != (2 * size,) or deviation.shape != (2 * size,) or not (deviation > 0).all():
            raise ValueError(f"means {mean.shape} and deviations {deviation.shape}; wanted {2 * size} of each, none of them 0")
        made = Noise(int(noise["num_train_timesteps"]), float(noise["beta_start"]), float(noise["beta_end"]), str(noise["prediction_type"]))
        return Facts(int(data["sample_rate"]), size, mean, deviation, made)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"separate.model: {path} does not describe a DialogueSidon: {short(error)}") from error


class _Sidon:
    """The three graphs, from audio to voices."""

    def __init__(self, stage: DialogueSidonSeparate, facts: Facts, encoder: Any, head: Any, decoder: Any, device: str) -> None:
        self.stage, self.facts, self.device = stage, facts, device
        self.encoder, self.head, self.decoder = encoder, head, decoder
        self.run: Run = self._voices

    def _voices(self, sound: Floats) -> Floats:
        """[batch, 2, m] of [batch, samples]; windows one by one, as the graphs were exported."""
        with inference(self.device, self.stage.precision):
            return np.stack([self._window(each) for each in sound])

    def _window(self, sound: Floats) -> Floats:
        import torch

        features, frames = _features(sound)
        mask = torch.ones((1, features.shape[1]), dtype=torch.int64, device=self.device)
        mask[:, frames // 2 :] = 0
        heard, first, second = self.encoder(torch.from_numpy(features).to(self.device), mask)
        mean, deviation = (torch.from_numpy(each).to(self.device) for each in (self.facts.mean, self.facts.deviation))
        known = torch.cat(((torch.cat((first, second), dim=-1).float() - mean) / deviation, heard.float()), dim=-1)
        start = np.random.default_rng(self.stage.seed).standard_normal((1, known.shape[1], 2 * self.facts.size)).astype(np.float32)

        def head(latents: Any, step: int) -> Any:
            return self.head(latents, torch.full((1,), step, dtype=torch.int64, device=self.device), known).float()

        made = sample(head, torch.from_numpy(start).to(self.device), self.facts.noise, self.stage.steps) * deviation + mean
        size = self.facts.size
        voices = [self.decoder(made[..., at : at + size].transpose(1, 2)).float().reshape(-1) for at in (0, size)]
        found: Floats = torch.stack(voices).cpu().numpy()
        wanted = round(len(sound) * self.facts.rate / RATE)
        return np.pad(found, ((0, 0), (0, max(0, wanted - found.shape[1]))))[:, :wanted]


def _features(sound: Floats) -> tuple[Floats, int]:
    """[1, pairs, 160] at 50 Hz: log mel bands in pairs of frames, each band of mean 0 and deviation 1 over time; and how many frames."""
    peak = max(float(np.abs(sound).max()), 1e-6)
    bank = fbank(np.pad(sound * np.float32(PEAK / peak), PAD))
    even = (bank - bank.mean(axis=0)) / np.sqrt(bank.var(axis=0, ddof=1) + 1e-5)
    pairs = -(-len(even) // 2)
    made = np.pad(even, ((0, 2 * pairs - len(even)), (0, 0))).reshape(1, pairs, -1)
    return np.asarray(made, np.float32), len(even)
