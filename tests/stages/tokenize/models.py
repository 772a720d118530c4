"""Small codecs of real shape with random weights, saved as the transformers library saves them, and sound to put through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from schemas.tracks import Tracks
from stages.torch_audio import ensure_torchaudio
from tests.stages.two_channels import tracks_of

TINY: dict[str, Any] = {
    "hidden_size": 32,
    "num_filters": 4,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "codebook_dim": 16,
    "vector_quantization_hidden_dimension": 16,
    "num_quantizers": 8,
    "upsample_groups": 32,
}
"""Mimi with its own strides, rates, attention window and 2048 entries, but few channels."""


def sound(seconds: float, rate: int, seed: int, scale: float = 0.3) -> Tracks:
    """Two channels of noise bands whose level and colour change a few times a second, int16."""
    draw = np.random.default_rng(seed)
    length = max(1, round(seconds * rate))
    steps = np.arange(length) / rate
    samples = np.zeros((2, length))
    for channel in (0, 1):
        noise = draw.standard_normal(length)
        slow = np.interp(steps, np.arange(0, seconds + 1, 0.17), draw.random(len(np.arange(0, seconds + 1, 0.17))))
        pitch = (
            np.cumsum(np.interp(steps, np.arange(0, seconds + 1, 0.31), draw.uniform(80, 900, len(np.arange(0, seconds + 1, 0.31))))) / rate
        )
        samples[channel] = slow * (0.3 * noise + np.sin(2 * np.pi * pitch)) * scale
    return tracks_of(np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16), rate)


def mimi_folder(folder: Path, seed: int = 0, **config: Any) -> Path:
    """A folder with a random Mimi of the given shape (the real one by default), whose codebooks lie where its latents do."""
    ensure_torchaudio()
    import torch
    from transformers import MimiConfig, MimiModel

    torch.manual_seed(seed)
    model: Any = MimiModel(MimiConfig(**config))
    model.eval()
    with torch.no_grad():
        for layer in model.encoder.encoder_transformer.layers:
            # As large as what it is added to, as in a trained network; it starts at 0.01, which would hide attention's share.
            layer.self_attn_layer_scale.scale.fill_(1.0)
            layer.mlp_layer_scale.scale.fill_(1.0)
        heard = torch.from_numpy(sound(8, 24_000, seed).samples.astype(np.float32) / 32768)[:, None]
        latents = model.encoder(heard).latents
        for quantizer in (model.quantizer.semantic_residual_vector_quantizer, model.quantizer.acoustic_residual_vector_quantizer):
            _fill(quantizer, latents, torch)
    model.save_pretrained(folder)
    return folder


def _fill(quantizer: Any, latents: Any, torch: Any) -> None:
    """Entries drawn around what is left at each level."""
    left = latents if quantizer.input_proj is None else quantizer.input_proj(latents)
    left = left.transpose(1, 2).reshape(-1, left.shape[1])
    for layer in quantizer.layers:
        book = layer.codebook
        entries = left.mean(0) + 0.7 * left.std(0) * torch.randn(book.embed_sum.shape)
        book.embed_sum.copy_(entries)
        book._embed = None
        left = left - layer.decode(layer.encode(left.T[None])).squeeze(0).T


def encodec_folder(folder: Path, seed: int = 0, **config: Any) -> Path:
    """A folder with a random EnCodec, with its own strides and rates, few channels by default."""
    ensure_torchaudio()
    import torch
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(seed)
    shape = {"num_filters": 4, "hidden_size": 16, "codebook_size": 1024, "codebook_dim": 16} | config
    model: Any = EncodecModel(EncodecConfig(**shape))
    model.eval()
    with torch.no_grad():
        heard = torch.from_numpy(sound(4, 24_000, seed).samples.astype(np.float32) / 32768)[:, None]
        left = model.encoder(heard).transpose(1, 2).reshape(-1, shape["hidden_size"])
        for layer in model.quantizer.layers:
            layer.codebook.embed.copy_(left.mean(0) + 0.7 * left.std(0) * torch.randn(layer.codebook.embed.shape))
            left = left - layer.decode(layer.encode(left.T[None])).squeeze(0).T
    model.save_pretrained(folder)
    return folder


def hubert_folder(folder: Path, seed: int = 0) -> Path:
    """A folder with a random HuBERT, with its own strides and rates, few channels."""
    ensure_torchaudio()
    import torch
    from transformers import HubertConfig, HubertModel

    torch.manual_seed(seed)
    config = HubertConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    HubertModel(config).save_pretrained(folder)
    return folder
