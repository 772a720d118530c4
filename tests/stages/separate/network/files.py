"""Files of published networks as their libraries save them: small random weights in the real architectures, toys in exported graphs."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from stages.diarize.carrier import import_pyannote
from stages.separate.network.dual_path import masker
from stages.torch_audio import ensure_torchaudio
from tests.stages.separate.network.networks import random_state


class Code:
    """Runs something when a pickle of it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def convtasnet(sources: int = 2, **changed: Any) -> Any:
    ensure_torchaudio()
    from torchaudio.models import ConvTasNet

    sizes = {"enc_kernel_size": 16, "enc_num_feats": 12, "msk_num_feats": 8, "msk_num_hidden_feats": 10, "msk_num_layers": 2}
    return random_state(ConvTasNet(sources, **{**sizes, "msk_num_stacks": 2, "msk_activate": "relu", **changed}))


def saved(model: Any, path: Path) -> Path:
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state} if path.suffix == ".ckpt" else state, path)
    return path


SEPFORMER_YAML = """
# Model: inference for source separation with SepFormer
sample_rate: 8000
num_spks: 2
N_encoder_out: 16

Encoder: !new:speechbrain.lobes.models.dual_path.Encoder
  kernel_size: 16
  out_channels: !ref <N_encoder_out>

SBtfintra: !new:speechbrain.lobes.models.dual_path.SBTransformerBlock
  num_layers: 1
  d_model: 16
  nhead: 2
  d_ffn: 24
  dropout: 0
  use_positional_encoding: true
  norm_before: true

SBtfinter: !new:speechbrain.lobes.models.dual_path.SBTransformerBlock
  num_layers: 2
  d_model: 16
  nhead: 2
  d_ffn: 24
  dropout: 0
  use_positional_encoding: true
  norm_before: true

MaskNet: !new:speechbrain.lobes.models.dual_path.Dual_Path_Model
  num_spks: !ref <num_spks>
  in_channels: !ref <N_encoder_out>
  out_channels: 16
  num_layers: 2
  K: 50
  intra_model: !ref <SBtfintra>
  inter_model: !ref <SBtfinter>
  norm: ln
  linear_layer_after_inter_intra: false
  skip_around_intra: true

Decoder: !new:speechbrain.lobes.models.dual_path.Decoder
  in_channels: 16
  out_channels: 1
  kernel_size: 16
  stride: 8
  bias: false

modules:
  encoder: !ref <Encoder>
  decoder: !ref <Decoder>
  masknet: !ref <MaskNet>

pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
  loadables:
    encoder: !ref <Encoder>
    masknet: !ref <MaskNet>
    decoder: !ref <Decoder>
"""


def sepformer_modules() -> tuple[Any, Any, Any]:
    ensure_torchaudio()
    from speechbrain.lobes.models import dual_path

    block = {"d_model": 16, "nhead": 2, "d_ffn": 24, "dropout": 0, "use_positional_encoding": True, "norm_before": True}
    intra, inter = (dual_path.SBTransformerBlock(num_layers=layers, **block) for layers in (1, 2))
    shape = {"in_channels": 16, "out_channels": 16, "num_layers": 2, "K": 50, "num_spks": 2}
    masks = dual_path.Dual_Path_Model(intra_model=intra, inter_model=inter, linear_layer_after_inter_intra=False, **shape)
    encoder = dual_path.Encoder(kernel_size=16, out_channels=16)
    decoder = dual_path.Decoder(in_channels=16, out_channels=1, kernel_size=16, stride=8, bias=False)
    return random_state(encoder), random_state(masks, 1), random_state(decoder, 2)


def sepformer(folder: Path) -> Path:
    """A folder as speechbrain publishes one."""
    # `make slow` runs these with the library beside the environment, not in it: see there.
    ensure_torchaudio()
    if find_spec("speechbrain") is None:
        pytest.skip("speechbrain is not installed")
    for name, module in zip(("encoder", "masknet", "decoder"), sepformer_modules(), strict=True):
        torch.save(module.state_dict(), folder / f"{name}.ckpt")
    (folder / "hyperparams.yaml").write_text(SEPFORMER_YAML)
    return folder


DUAL = {"n_repeats": 2, "bn_chan": 8, "hid_size": 6, "chunk_size": 20, "norm_type": "gLN", "mask_act": "relu", "rnn_type": "LSTM"}
FILTERS = {"fb_name": "free", "kernel_size": 32, "n_filters": 12, "stride": 16}


def pixit(folder: Path, wavlm: bool = True, outputs: int = 3, kind: str = "ToTaToNet", **changed: Any) -> Path:
    """Everything that a published one holds, the head for diarization included."""
    import_pyannote()
    from asteroid_filterbanks import make_enc_dec
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from torch.torch_version import TorchVersion
    from transformers import WavLMConfig, WavLMModel

    encoder, decoder = (random_state(each, k) for k, each in enumerate(make_enc_dec(sample_rate=16000, **FILTERS)))
    parts = {"encoder": encoder, "decoder": decoder, "masker": random_state(masker(DUAL, 12 + 16 * wavlm, 12, outputs), 2)}
    if wavlm:
        sizes: dict[str, Any] = {
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 20,
            "conv_dim": (8,) * 7,
        }
        large: dict[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
        parts["wavlm"] = random_state(
            WavLMModel(WavLMConfig(**sizes, **large, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4)), 3
        )
    state = {f"{name}.{key}": value for name, module in parts.items() for key, value in module.state_dict().items()}
    state |= {"linear.0.weight": torch.zeros(64, 12), "classifier.weight": torch.zeros(1, 64)}
    said = Specifications(problem=Problem.MULTI_LABEL_CLASSIFICATION, resolution=Resolution.FRAME, duration=5.0, classes=["a", "b", "c"])
    data = {
        "state_dict": state,
        "hyper_parameters": {
            "sample_rate": 16000,
            "num_channels": 1,
            "encoder_decoder": FILTERS,
            "dprnn": DUAL,
            "wavlm_frozen": True,
            **changed,
        },
        "pytorch-lightning_version": "2.2.0",
        "pyannote.audio": {
            "versions": {"torch": TorchVersion("2.2.0"), "pyannote.audio": "3.3.0"},
            "architecture": {"module": "pyannote.audio.models.separation.ToTaToNet", "class": kind},
            "specifications": said,
        },
    }
    folder.mkdir(exist_ok=True)
    torch.save(data, folder / "pytorch_model.bin")
    return folder


SIZE, WIDTH = 4, 6
NOISE = {"num_train_timesteps": 1000, "beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear", "prediction_type": "v_prediction"}
SIDON_FACTS: dict[str, Any] = {
    "sample_rate": 24000,
    "latent_dim": SIZE,
    "latent_norm_initialized": True,
    "latent_norm_mean": [0.1] * 2 * SIZE,
    "latent_norm_std": [2.0] * 2 * SIZE,
    "ddpm_config": NOISE,
}


class Encoder(nn.Module):
    """Features [1, frames, 160] and their mask to what is heard and to a first idea of each voice."""

    def __init__(self) -> None:
        super().__init__()
        self.hear, self.one, self.two = nn.Linear(160, WIDTH), nn.Linear(160, SIZE), nn.Linear(160, SIZE)

    def forward(self, features: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        heard = features * mask[..., None]
        return self.hear(heard), self.one(heard), self.two(heard)


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(4 * SIZE + WIDTH + 1, 8), nn.Linear(8, 2 * SIZE)

    def forward(self, latents: torch.Tensor, step: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        time = (step / 1000)[:, None, None].expand(-1, latents.shape[1], 1)
        made: torch.Tensor = self.outer(torch.tanh(self.inner(torch.cat((latents, known, time), dim=-1))))
        return made


class Decoder(nn.Module):
    """Latents [1, size, frames] to audio [1, 1, 480 * frames]."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose1d(SIZE, 1, 480, stride=480)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.up(latents))


def dialoguesidon(made: Path) -> Path:
    """Its three graphs, exported, and its facts."""
    frames = torch.export.Dim("frames", min=2, max=5000)
    graphs: list[tuple[str, nn.Module, tuple[torch.Tensor, ...], Any]] = [
        ("ssl_encoder", Encoder(), (torch.zeros(1, 50, 160), torch.ones(1, 50, dtype=torch.int64)), ({1: frames}, {1: frames})),
        (
            "diffusion_head",
            Head(),
            (torch.zeros(1, 50, 2 * SIZE), torch.zeros(1, dtype=torch.int64), torch.zeros(1, 50, 2 * SIZE + WIDTH)),
            ({1: frames}, None, {1: frames}),
        ),
        ("vae_decoder", Decoder(), (torch.zeros(1, SIZE, 50),), ({2: frames},)),
    ]
    for seed, (name, module, example, shapes) in enumerate(graphs):
        exported = torch.export.export(random_state(module, seed), example, dynamic_shapes=shapes)
        torch.export.save(exported, made / f"{name}.pt2")
    (made / "metadata.json").write_text(json.dumps(SIDON_FACTS))
    return made
