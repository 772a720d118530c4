"""Models by a folder or by a name on the model hub: what every stage that loads one checks, records and sends."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from schemas.errors import UsageError
from stages.local_files import folder_sha256
from stages.stage import Weights

TOKEN = "HF_TOKEN"  # noqa: S105 - the name of a variable, not a token
"""The environment variable that a token is taken from, and the only place."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def token() -> str | Literal[False]:
    """The token to send to the hub; False sends none, not even one that the hub's client has stored."""
    return os.environ.get(TOKEN) or False


def is_folder(model: str) -> bool:
    """True for a folder that is there; it goes before a hub name spelt the same."""
    return bool(model.strip()) and Path(model).expanduser().is_dir()


def check_named(stage: str, model: str, example: str) -> None:
    """Raises `UsageError` when `model` is neither a folder that is there nor a hub name."""
    if not is_folder(model) and not _HUB_NAME.fullmatch(model):
        raise UsageError(f"{stage}.model: {model!r} is neither a folder that is there nor a hub name such as {example!r}")


def named_weights(model: str, revision: str, licence: str) -> Weights:
    """A folder by the SHA-256 over its files, a hub model by its revision alone, which names its files on the hub."""
    if is_folder(model):
        return Weights(model, "local folder", folder_sha256(model), licence)
    return Weights(model, revision, "", licence)
