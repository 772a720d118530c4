"""SepFormer as speechbrain publishes it: a folder or a hub name with `hyperparams.yaml` and three checkpoints.

The YAML would run whatever code it names if speechbrain read it. Here only its numbers are read, and the modules that they describe are
built by name; the checkpoints are read as tensors alone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from schemas.errors import UsageError
from stages.error_text import short
from stages.separate.network.base import Separator
from stages.separate.network.named import NamedSeparate
from stages.separate.network.places import fill_module, found, read_state
from stages.torch_audio import ensure_torchaudio
from stages.torchscript import in_torch

SEPFORMER = "speechbrain/sepformer-wsj02mix"
FILES = ("hyperparams.yaml", "encoder.ckpt", "masknet.ckpt", "decoder.ckpt")
INSTALL = "pip install speechbrain"
KIND = "new:speechbrain.lobes.models.dual_path."

_REFERENCE = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class SepFormerSeparate(NamedSeparate):
    """Subakan et al., 2021 (arXiv 2010.13154); needs the package speechbrain (`pip install 'duologue[sepformer]'`).

    `speechbrain/sepformer-wsj02mix` hears 8 kHz, `-whamr16k` 16 kHz; the rate stands in the model's own settings.
    """

    backend: ClassVar[str] = "sepformer"
    version: ClassVar[int] = 2

    model: str = SEPFORMER
    """A hub name `owner/model`, or a local folder with `hyperparams.yaml`, `encoder.ckpt`, `masknet.ckpt` and `decoder.ckpt`."""
    licence: str = "Apache-2.0"
    """SPDX expression of the licence of the weights, for the rows; the default is that of speechbrain's own."""

    def open(self, device: str) -> Separator:
        ensure_torchaudio()
        try:
            from speechbrain.lobes.models import dual_path
        except ImportError as error:
            raise UsageError(f"separate: sepformer needs a package that is not installed ({error}): {INSTALL}") from error
        _forget_placeholders()
        settings, *checkpoints = found(self.model, self.revision, FILES)
        plan = read_plan(settings)
        modules = [
            fill_module(_built(dual_path, plan, name), read_state(path), str(path), device)
            for name, path in zip(("Encoder", "MaskNet", "Decoder"), checkpoints, strict=True)
        ]
        return Separator(in_torch(lambda sound: _separated(modules, sound), device, self.precision), plan.rate)


def _forget_placeholders() -> None:
    """speechbrain leaves modules in `sys.modules` that import themselves, or fail to, as soon as anything looks at them: tracers and
    test tools look at all of them."""
    for name, module in list(sys.modules.items()):
        if name.startswith("speechbrain.") and type(module).__name__ in ("DeprecatedModuleRedirect", "LazyModule"):
            del sys.modules[name]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a settings file says of the network."""

    rate: int
    modules: dict[str, dict[str, Any]]
    """Numbers of each named module; `kind` is its class."""


def read_plan(path: Path) -> Plan:
    """The modules and numbers of a `hyperparams.yaml`, as data; raises `UsageError` when it is of no SepFormer."""
    try:
        data = yaml.load(path.read_bytes(), _Plain)  # noqa: S506 - a SafeLoader, whose tags make mappings
        modules = {key: value for key, value in data.items() if isinstance(value, dict) and value.get("kind")}
        plan = {key: {name: _number(each, data, modules) for name, each in value.items()} for key, value in modules.items()}
        return Plan(int(data["sample_rate"]), plan)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"separate.model: {path} does not describe a SepFormer of speechbrain: {short(error)}") from error


class _Plain(yaml.SafeLoader):
    """Tags become data: `!new:` a mapping with its class as `kind`, any other its text."""


def _tagged(loader: _Plain, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        kind = suffix.removeprefix(KIND) if suffix.startswith(KIND) else ""
        return {**loader.construct_mapping(node, deep=True), "kind": kind}
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)  # type: ignore[arg-type]


_Plain.add_multi_constructor("!", _tagged)


def _number(value: Any, data: dict[str, Any], modules: dict[str, Any]) -> Any:
    """A reference to a number as that number; one to a module as its name between angle brackets."""
    reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if reference is None or reference[1] in modules else data[reference[1]]


MODULES: dict[str, tuple[str, frozenset[str]]] = {
    "Encoder": ("Encoder", frozenset({"kernel_size", "out_channels", "in_channels"})),
    "Decoder": ("Decoder", frozenset({"in_channels", "out_channels", "kernel_size", "stride", "bias"})),
    "MaskNet": (
        "Dual_Path_Model",
        frozenset(
            {
                *("num_spks", "in_channels", "out_channels", "num_layers", "K", "intra_model", "inter_model", "norm"),
                *("linear_layer_after_inter_intra", "skip_around_intra", "use_global_pos_enc", "max_length"),
            }
        ),
    ),
}
"""Class of each module that is built, and the settings that it may have."""
BLOCK = (
    "SBTransformerBlock",
    frozenset({"num_layers", "d_model", "nhead", "d_ffn", "dropout", "use_positional_encoding", "norm_before"}),
)


def _built(library: Any, plan: Plan, name: str) -> Any:
    return _module(library, plan, name, *MODULES[name])


def _module(library: Any, plan: Plan, name: str, kind: str, allowed: frozenset[str]) -> Any:
    settings = dict(plan.modules.get(name, {}))
    if settings.pop("kind", None) != kind or not settings.keys() <= allowed:
        raise UsageError(
            f"separate.model: hyperparams.yaml: {name} is no {kind} of speechbrain with settings {', '.join(sorted(allowed))}; only "
            "SepFormer models are read"
        )
    for each in ("intra_model", "inter_model"):
        if each in settings:
            reference = _REFERENCE.fullmatch(str(settings[each]))
            settings[each] = _module(library, plan, reference[1] if reference else "", *BLOCK)
    try:
        return getattr(library, kind)(**settings)
    except (TypeError, ValueError, AssertionError) as error:
        raise UsageError(f"separate.model: hyperparams.yaml: {name} cannot be built: {short(error)}") from error


def _separated(modules: list[Any], sound: Any) -> Any:
    """[batch, outputs, samples]"""
    import torch
    from torch.nn.functional import pad

    encoder, masks, decoder = modules
    heard = encoder(sound)
    made = torch.stack([decoder(heard * mask) for mask in masks(heard)], dim=1)
    missing = sound.shape[1] - made.shape[2]
    return pad(made, (0, missing)) if missing > 0 else made[..., : sound.shape[1]]
