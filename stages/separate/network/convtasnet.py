"""Conv-TasNet, as torchaudio builds it: its own bundle, or a state dict of a person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from schemas.errors import UsageError
from stages.error_text import short
from stages.separate.network.base import NetworkSeparate, Separator
from stages.separate.network.places import check_file, file_weights, fill_module, read_state
from stages.stage import Weights
from stages.torch_audio import ensure_torchaudio
from stages.torchscript import in_torch

BUNDLE = "torchaudio:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTasNetSeparate(NetworkSeparate):
    """Luo and Mesgarani, 2019 (arXiv 1809.07454); for 8 kHz the bundle, which was trained on Libri2Mix.

    Of a state dict, all sizes are read from its tensors but the layers of a stack and the activation, which leave no trace in them.
    """

    backend: ClassVar[str] = "convtasnet"
    version: ClassVar[int] = 2

    model: str = f"{BUNDLE}CONVTASNET_BASE_LIBRI2MIX"
    """`torchaudio:<bundle>`, fetched once into torch's own cache, or a file with a state dict of torchaudio's `ConvTasNet`: `.safetensors`,
    or one that torch saved. The bundle's licence is not stated by those who publish it."""
    rate: int = 8000
    """Hz that a state dict was trained at; a bundle has its own."""
    layers: int = 8
    """Convolutions in a stack, each twice as far apart as the one before."""
    activation: str = "relu"
    """Of the masks: `relu` or `sigmoid`."""

    def __post_init__(self) -> None:
        NetworkSeparate.__post_init__(self)
        if not self.model.startswith(BUNDLE):
            check_file(self.model)
        if self.rate < 1000 or self.layers < 1 or self.activation not in ("relu", "sigmoid"):
            raise UsageError(
                f"separate: rate {self.rate}, layers {self.layers}, activation {self.activation!r}; wanted at least 1000 Hz and one layer, "
                "and 'relu' or 'sigmoid'"
            )

    def network_weights(self) -> tuple[Weights, ...]:
        if self.model.startswith(BUNDLE):
            return (Weights(self.model, "torchaudio", "", self.licence),)
        return (file_weights(self.model, self.licence),)

    def open(self, device: str) -> Separator:
        ensure_torchaudio()
        model, rate = _bundle(self.model.removeprefix(BUNDLE), device) if self.model.startswith(BUNDLE) else self._own(device)
        return Separator(in_torch(lambda sound: model(sound[:, None]), device, self.precision), rate)

    def _own(self, device: str) -> tuple[Any, int]:
        from torchaudio.models import ConvTasNet

        state = read_state(check_file(self.model))
        try:
            features, _, kernel = state["encoder.weight"].shape
            hidden, _, middle = state["mask_generator.conv_layers.0.conv_layers.3.weight"].shape
            blocks = {key.split(".")[2] for key in state if key.startswith("mask_generator.conv_layers.")}
            model = ConvTasNet(
                num_sources=state["mask_generator.output_conv.weight"].shape[0] // features,
                enc_kernel_size=kernel,
                enc_num_feats=features,
                msk_kernel_size=middle,
                msk_num_feats=state["mask_generator.input_conv.weight"].shape[0],
                msk_num_hidden_feats=hidden,
                msk_num_layers=self.layers,
                msk_num_stacks=len(blocks) // self.layers,
                msk_activate=self.activation,
            )
        except (KeyError, ValueError, AttributeError) as error:
            raise UsageError(f"separate.model: {self.model} is no state dict of torchaudio's ConvTasNet: {short(error)}") from error
        return fill_module(model, state, f"{self.model}, in stacks of {self.layers} layers,", device), self.rate


def _bundle(name: str, device: str) -> tuple[Any, int]:
    from torchaudio import models, pipelines

    bundle = getattr(pipelines, name, None)
    try:
        if not isinstance(bundle, pipelines.SourceSeparationBundle):
            raise UsageError(f"separate.model: torchaudio has no bundle {name!r} that separates speech; CONVTASNET_BASE_LIBRI2MIX is one")
        model = bundle.get_model()
    except OSError as error:
        raise UsageError(
            f"separate.model: the weights of {BUNDLE}{name} cannot be had ({short(error)}): load it once while online, or name a file"
        ) from error
    if not isinstance(model, models.ConvTasNet):
        raise UsageError(f"separate.model: the bundle {name} is a {type(model).__name__}, and a ConvTasNet is wanted")
    return model.eval().requires_grad_(False).to(device), int(bundle.sample_rate)
