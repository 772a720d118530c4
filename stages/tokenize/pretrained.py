"""Models of the transformers library from a folder, the hub's own cache or the hub: safetensors alone, and no token but HF_TOKEN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from stages.error_text import short
from stages.hub import check_named, is_folder, token
from stages.local_files import file_sha256
from stages.stage import Weights
from stages.torch_audio import ensure_torchaudio

FILE = "model.safetensors"
CONFIG = "config.json"


def check_model(model: str, example: str, revision: str, licence: str) -> None:
    """Raises `UsageError` when `model` can be neither a folder nor a hub name, or when something is left empty."""
    check_named("tokenize", model, example)
    if not revision.strip() or not licence.strip():
        raise UsageError("tokenize: revision and licence must not be empty")


def named_weights(model: str, revision: str, licence: str) -> Weights:
    """A folder by the SHA-256 of its weights and config, a hub model by its revision alone, which names its files on the hub.

    A file is read again only when its size or time of change is another. Raises `UsageError` for a folder without weights.
    """
    if not is_folder(model):
        return Weights(model, revision, "", licence)
    return Weights(model, f"local folder, config {file_sha256(_inside(model, CONFIG))[:12]}", file_sha256(_inside(model, FILE)), licence)


def _inside(model: str, name: str) -> Path:
    path = Path(model).expanduser() / name
    if not path.is_file():
        raise UsageError(f"tokenize.model: {path.parent} holds no {name}; wanted a model as the transformers library saves it")
    return path


def pretrained(names: str, model: str, revision: str) -> tuple[Any, str]:
    """The model of the transformers class `names`, and the SHA-256 of its weights.

    From the hub it is fetched once into the hub's own cache; what the cache holds is used without asking the hub again. Raises
    `UsageError` when it cannot be had or is no such model.
    """
    ensure_torchaudio()
    try:
        import transformers
        from huggingface_hub import try_to_load_from_cache
    except ImportError as error:
        raise UsageError("tokenize: the library transformers is not installed: pip install 'transformers>=5.23'") from error
    cls = getattr(transformers, names)
    if is_folder(model):
        _inside(model, CONFIG)
        return _from(cls, str(Path(model).expanduser()), {}, model), file_sha256(_inside(model, FILE))
    held = try_to_load_from_cache(model, FILE, revision=revision)
    how = {"revision": revision, "local_files_only": isinstance(held, str), "token": token()}
    loaded = _from(cls, model, how, f"{model} at revision {revision}")
    found = try_to_load_from_cache(model, FILE, revision=revision)
    if not isinstance(found, str):
        # Weights in several files, or converted elsewhere on the hub: nothing would tell later which ones made the codes.
        raise UsageError(
            f"tokenize.model: {model} at revision {revision} has no {FILE}: "
            "save it as one file into a folder, and name that in tokenize.model"
        )
    return loaded, file_sha256(Path(found))


@contextmanager
def inference() -> Iterator[None]:
    """No gradients, and on a GPU no TF32, by which cuDNN would round what convolutions read to 10 bits and so change codes."""
    import torch

    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def _from(cls: Any, where: str, how: dict[str, Any], what: str) -> Any:
    from safetensors import SafetensorError
    from transformers.utils import logging

    said: Any = logging
    was, bar = said.get_verbosity(), said.is_progress_bar_enabled()
    said.set_verbosity_error()
    said.disable_progress_bar()
    try:
        loaded, report = cls.from_pretrained(where, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True, **how)
    except OSError as error:
        aside = ": load it once while online, or name a local copy of its folder in tokenize.model" if how else ""
        raise UsageError(f"tokenize.model: {what} cannot be had ({short(error)}){aside}") from error
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise UsageError(f"tokenize.model: {what} cannot be loaded as {cls.__name__}: {short(error)}") from error
    finally:
        said.set_verbosity(was)
        if bar:
            said.enable_progress_bar()
    absent = sorted(str(key) for key in report["missing_keys"])
    other = sorted(str(key[0]) for key in report["mismatched_keys"])
    if absent or other:
        raise UsageError(
            f"tokenize.model: {what} is no {cls.__name__}: {len(absent)} of its weights are missing and {len(other)} are of another shape, "
            f"such as {(absent + other)[0]}"
        )
    return loaded.eval()
