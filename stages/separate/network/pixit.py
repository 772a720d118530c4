"""PixIT: pyannote's separation of conversations, for up to three voices in five seconds.

Its published checkpoint is a pickle, of which tensors and four plain classes are read and no code is run. pyannote.audio's own class of the
network wants asteroid, which cannot be installed beside it, and fetches WavLM from the hub only to replace its weights; so the network is
put together here from transformers' WavLM, the filters of asteroid-filterbanks and a dual-path masker, with the names of the checkpoint.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from schemas.errors import UsageError
from stages.diarize.carrier import import_pyannote
from stages.error_text import short
from stages.separate.network.base import Separator
from stages.separate.network.dual_path import masker
from stages.separate.network.named import NamedSeparate
from stages.separate.network.places import fill_module, found
from stages.torchscript import in_torch

PIXIT = "pyannote/separation-ami-1.0"
FILE = "pytorch_model.bin"
RATE = 16000
SECONDS = 5
CLASS = "ToTaToNet"
WAVLM_STRIDES = (5, 2, 2, 2, 2, 2, 2)
WAVLM_HOP = 320
POSITION = "encoder.pos_conv_embed.conv."


@dataclass(frozen=True, slots=True, kw_only=True)
class PixItSeparate(NamedSeparate):
    """Kalda et al., 2024 (arXiv 2403.02288). The model is gated: accept its conditions on the hub and put a token into HF_TOKEN, or name a
    local copy.

    Who speaks when is the diarization's to say, so of what the network gives only the voices are taken.
    """

    backend: ClassVar[str] = "pixit"
    version: ClassVar[int] = 2

    model: str = PIXIT
    """A hub name `owner/model`, or a local folder that holds `pytorch_model.bin`."""
    licence: str = "MIT"
    """SPDX expression of the licence of the weights, for the rows."""
    window: float = 5.0
    """Seconds that the network hears at once: what it was trained on."""
    context: float = 1.25
    """Seconds before and after an overlap that are heard with it, and that tell whose voice is whose."""

    def open(self, device: str) -> Separator:
        import_pyannote()
        path = found(self.model, self.revision, (FILE,))[0]
        settings, state = read_checkpoint(path)
        network = fill_module(_network(settings, state, path), _renamed(state), str(path), device)
        run = in_torch(network, device, self.precision)
        return Separator(run, RATE, lengths=(round(self.window * RATE) // WAVLM_HOP * WAVLM_HOP,))


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and weights of a checkpoint of pyannote.audio, read without running code; raises `UsageError` when it is no separator's."""
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from torch.torch_version import TorchVersion

    try:
        with torch.serialization.safe_globals([Problem, Resolution, Specifications, TorchVersion]):
            data = torch.load(path, map_location="cpu", weights_only=True)
        kind = data["pyannote.audio"]["architecture"]["class"]
        settings, state = dict(data["hyper_parameters"]), dict(data["state_dict"])
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise UsageError(f"separate.model: {path} is no checkpoint of pyannote.audio that can be read: {short(error)}") from error
    if kind != CLASS:
        raise UsageError(f"separate.model: {path} is a {kind} of pyannote.audio, and a {CLASS} is wanted")
    return settings, state


def _renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of what is heard and divided, by the names that this torch has; the head that says who speaks when is left out."""
    old = {".conv.weight_g": ".conv.parametrizations.weight.original0", ".conv.weight_v": ".conv.parametrizations.weight.original1"}
    made = {}
    for key, value in state.items():
        if key.split(".")[0] in ("encoder", "decoder", "masker", "wavlm"):
            ending = next((each for each in old if key.endswith(each)), "")
            made[key.removesuffix(ending) + old.get(ending, "")] = value
    return made


def _network(settings: Mapping[str, Any], state: Mapping[str, Any], path: Path) -> Any:
    """The network without its weights; raises `UsageError` when settings and weights are of no such network."""
    import torch
    from asteroid_filterbanks import make_enc_dec
    from torch import nn
    from torch.nn.functional import pad

    try:
        filters, dual = settings["encoder_decoder"], settings["dprnn"]
        if filters["fb_name"] != "free" or settings.get("sample_rate", RATE) != RATE:
            raise UsageError(f"separate.model: {path}: wanted free filters at {RATE} Hz, got {dict(filters)} and {dict(settings)}")
        outputs = state["masker.first_out.1.weight"].shape[0] // dual["bn_chan"]
        wavlm = _wavlm(state)
        channels = filters["n_filters"] + (wavlm.config.hidden_size if wavlm is not None else 0)
        encoder, decoder = make_enc_dec(sample_rate=RATE, **filters)
        divider = masker(dual, channels, filters["n_filters"], outputs)
        scale = WAVLM_HOP // filters["stride"]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"separate.model: {path} does not describe a {CLASS}: {short(error)}") from error

    class Network(nn.Module):
        """[batch, samples] to [batch, outputs, samples]"""

        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder, self.masker = encoder, decoder, divider
            self.wavlm = wavlm

        def forward(self, sound: Any) -> Any:
            heard = self.encoder(sound[:, None])
            features = heard
            if self.wavlm is not None:
                known = self.wavlm(sound).last_hidden_state.transpose(1, 2).repeat_interleave(scale, dim=-1)
                features = torch.cat((heard, pad(known, (0, heard.shape[-1] - known.shape[-1]))), dim=1)
            made = self.decoder(self.masker(features) * heard[:, None])
            return pad(made, (0, sound.shape[-1] - made.shape[-1]))

    return Network()


def _wavlm(state: Mapping[str, Any]) -> Any:
    """WavLM without its weights, as large as those of the checkpoint; None when it has none."""
    own = {key.removeprefix("wavlm."): tuple(value.shape) for key, value in state.items() if key.startswith("wavlm.")}
    if not own:
        return None
    from transformers import WavLMConfig, WavLMModel

    convolutions = [own[f"feature_extractor.conv_layers.{i}.conv.weight"] for i in range(len(WAVLM_STRIDES))]
    each = "feature_extractor.conv_layers.1.layer_norm.weight" in own
    position = next(shape for key, shape in own.items() if key.startswith(POSITION) and len(shape) == 3 and shape[0] > 1)
    hidden = own["encoder.layer_norm.weight"][0]
    config = WavLMConfig(
        hidden_size=hidden,
        num_hidden_layers=len({key.split(".")[2] for key in own if key.startswith("encoder.layers.")}),
        num_attention_heads=own["encoder.layers.0.attention.gru_rel_pos_const"][1],
        intermediate_size=own["encoder.layers.0.feed_forward.intermediate_dense.weight"][0],
        conv_dim=tuple(shape[0] for shape in convolutions),
        conv_kernel=tuple(shape[2] for shape in convolutions),
        conv_stride=WAVLM_STRIDES,
        conv_bias="feature_extractor.conv_layers.0.conv.bias" in own,
        num_buckets=own["encoder.layers.0.attention.rel_attn_embed.weight"][0],
        num_conv_pos_embeddings=position[2],
        num_conv_pos_embedding_groups=hidden // position[1],
        # The large model norms every convolution and norms before its layers; the base model does neither.
        feat_extract_norm="layer" if each else "group",
        do_stable_layer_norm=each,
        apply_spec_augment=False,
    )
    return WavLMModel(config)
