"""A published pyannote.audio pipeline, such as community-1, from the model hub or a local copy."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from stages.diarize.annotation import by_pipeline
from stages.diarize.carrier import import_pyannote
from stages.diarize.mixture import MIX, check_mix
from stages.error_text import short
from stages.hub import TOKEN, check_named, is_folder, named_weights, token
from stages.stage import Weights, speed

COMMUNITY = "pyannote/speaker-diarization-community-1"
CONFIG = "config.yaml"
BROKEN = (ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError, pickle.UnpicklingError, yaml.YAMLError)
"""What loading raises for a config of another shape, a checkpoint that does not fit, or a class that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityDiarize:
    """Any speaker diarization that pyannote.audio can load; its checkpoints are pickles, so name only models you trust.

    From the hub the model is fetched once, into the hub's own cache; community-1 is gated, so its conditions must be accepted and a token
    stand in the environment variable HF_TOKEN, which is the only place one is taken from. Rejects as the backend `plain` does.
    """

    name: ClassVar[str] = "diarize"
    backend: ClassVar[str] = "community"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Health)
    gives: ClassVar[type] = Diarization

    model: str = COMMUNITY
    """A hub name `owner/model`, or a local folder that holds the model's `config.yaml`; a folder goes before a hub name spelt the same."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a branch moves, so name the commit to pin what is loaded. Of no meaning for a folder."""
    licence: str = "CC-BY-4.0"
    """SPDX expression of the model's licence, for the rows; the default is community-1's."""
    given_two: bool = True
    """Two speakers are given. When false the pipeline decides, and a recording in which it finds another number is rejected."""
    mix: tuple[str, ...] = MIX
    """Findings of channel health for which a two-channel recording is taken as one mixture."""
    batch: int = speed(8)
    """Windows at a time, for segmentation and for embeddings."""

    def __post_init__(self) -> None:
        check_mix(self.mix)
        check_named("diarize", self.model, COMMUNITY)
        if not self.revision.strip() or not self.licence.strip():
            raise UsageError("diarize: revision and licence must not be empty")
        if self.batch < 1:
            raise UsageError(f"diarize.batch: {self.batch} must be 1 or more")

    def weights(self) -> tuple[Weights, ...]:
        """One entry: a folder by the SHA-256 over its files, a hub model by its revision alone, which names its files on the hub."""
        return (named_weights(self.model, self.revision, self.licence),)

    def load(self, device: str) -> Callable[[Source, Recording, Health], Diarization]:
        """The pipeline as a pure function; raises `UsageError` when it cannot be had (gated, offline, absent) or loaded."""
        return by_pipeline(_pipeline(self, device), self.mix, 2 if self.given_two else None)


def _pipeline(stage: CommunityDiarize, device: str) -> Any:
    import_pyannote()
    import torch
    from pyannote.audio.pipelines import SpeakerDiarization

    pipeline = _local(stage.model) if is_folder(stage.model) else _from_hub(stage.model, stage.revision)
    if not isinstance(pipeline, SpeakerDiarization):
        raise UsageError(f"diarize.model: {stage.model} is a {type(pipeline).__name__}, and a SpeakerDiarization is wanted")
    pipeline.segmentation_batch_size = stage.batch
    pipeline.embedding_batch_size = stage.batch
    return pipeline.to(torch.device(device))


def _local(model: str) -> Any:
    from pyannote.audio import Pipeline

    folder = Path(model).expanduser()
    if not (folder / CONFIG).is_file():
        raise UsageError(f"diarize.model: {folder} holds no {CONFIG}; wanted a copy of a pyannote.audio pipeline such as {COMMUNITY}")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return Pipeline.from_pretrained(folder, token=False)
    except (OSError, *BROKEN) as error:
        raise UsageError(f"diarize.model: the pipeline in {folder} cannot be loaded: {short(error)}") from error


def _from_hub(model: str, revision: str) -> Any:
    from pyannote.audio import Pipeline

    sent = token()
    try:
        # pyannote.audio prints advice on standard output, which belongs to the command; the error says it.
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = Pipeline.from_pretrained(model, revision=revision, token=sent)
    except OSError as error:
        raise UsageError(_unreachable(model, revision, error, bool(sent))) from error
    except BROKEN as error:
        raise UsageError(f"diarize.model: {model} at revision {revision} cannot be loaded: {short(error)}") from error
    if loaded is None:
        raise UsageError(f"diarize.model: {model} at revision {revision} holds no pipeline")
    return loaded


def _unreachable(model: str, revision: str, error: OSError, has_token: bool) -> str:
    """One sentence: what is wrong, as far as the hub's client says it, and what to do."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    what = f"diarize.model: {model} at revision {revision} cannot be had from the model hub"
    aside = "or name a local copy of its folder in diarize.model, or use the backend pyannote, which needs no download"
    if isinstance(error, (GatedRepoError, RepositoryNotFoundError)):
        why = "it is gated" if isinstance(error, GatedRepoError) else "there is none of that name, or it is private"
        do = f"put a token of that account into {TOKEN}" if not has_token else f"see that the token in {TOKEN} belongs to that account"
        return f"{what} ({why}): accept its conditions on the hub and {do}, {aside}"
    if isinstance(error, RevisionNotFoundError):
        return f"{what} (no such revision): name another one in diarize.revision, {aside}"
    return f"{what} ({short(error)}): load it once while online, {aside}"
