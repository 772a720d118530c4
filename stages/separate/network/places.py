"""Where the files of a network are: a file, a folder, the hub's own cache or the hub. No token but HF_TOKEN is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from stages.error_text import short
from stages.hub import TOKEN, is_folder, token
from stages.local_files import file_sha256
from stages.stage import Weights


def check_file(model: str) -> Path:
    """The file that `model` names; raises `UsageError` when there is none."""
    path = Path(model).expanduser()
    if not model.strip() or not path.is_file():
        raise UsageError(f"separate.model: {model!r}: there is no such file")
    return path


def file_weights(model: str, licence: str) -> Weights:
    """A file by its SHA-256; raises `UsageError` when there is none."""
    path = check_file(model)
    return Weights(path.name, "local file", file_sha256(path), licence)


def found(model: str, revision: str, names: Sequence[str]) -> list[Path]:
    """Files of a model, from its folder or by hub name; what the hub's cache holds is used without asking the hub again.

    Raises `UsageError` when one cannot be had.
    """
    if is_folder(model):
        return [_inside(Path(model).expanduser(), name) for name in names]
    return [_from_hub(model, revision, name) for name in names]


def _inside(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise UsageError(f"separate.model: {folder} holds no {name}")
    return folder / name


def _from_hub(model: str, revision: str, name: str) -> Path:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    held = try_to_load_from_cache(model, name, revision=revision)
    if isinstance(held, str):
        return Path(held)
    try:
        return Path(hf_hub_download(model, name, revision=revision, token=token()))
    except OSError as error:
        raise UsageError(
            f"separate.model: {name} of {model} at revision {revision} cannot be had from the model hub ({short(error)}): load it once "
            f"while online, with a token in {TOKEN} if it is gated, or name a local copy of its folder in separate.model"
        ) from error


def read_state(path: Path) -> dict[str, Any]:
    """Tensors of a state dict: `.safetensors`, or what torch saved, of which nothing but tensors is read.

    Raises `UsageError` when the file is anything else.
    """
    import pickle

    import torch
    from safetensors import SafetensorError

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, LookupError, pickle.UnpicklingError, SafetensorError, EOFError) as error:
        raise UsageError(f"separate.model: {path} is no state dict that can be read without running code: {short(error)}") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UsageError(f"separate.model: {path} holds no state dict: wanted names of tensors and nothing else")
    return state


def fill_module(module: Any, state: dict[str, Any], what: str, device: str) -> Any:
    """A module with all of its weights from a state dict, in evaluation mode on `device`; raises `UsageError` unless they fit exactly."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise UsageError(f"separate.model: {what} does not fit the network that it is said to be: {short(error)}") from error
    return module.eval().requires_grad_(False).to(device)
