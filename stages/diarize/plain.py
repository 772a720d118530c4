"""pyannote.audio's own speaker diarization over the carried models, as its authors run it: the baseline to compare with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from stages.diarize.annotation import by_pipeline
from stages.diarize.carrier import (
    EMBEDDING,
    EMBEDDING_SIZE,
    HOP_SAMPLES,
    SEGMENTATION,
    embedding_model,
    fbank,
    import_pyannote,
    segmentation_model,
)
from stages.diarize.mixture import MIX, check_mix
from stages.precision import Precision
from stages.stage import Weights, speed

LEAST = 4000
"""Samples at 16 kHz from which an embedding is made: 0.25 s. Shorter stretches of one voice get none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainDiarize:
    """Sliding windows of segmentation, an embedding for each local speaker, agglomerative clustering; nothing of it knows of calls.

    Rejects `no_speech`, `one_speaker`, `unsure` (too little speech to tell) and, unless two speakers are given, `too_many_speakers`.
    """

    name: ClassVar[str] = "diarize"
    backend: ClassVar[str] = "plain"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Health)
    gives: ClassVar[type] = Diarization

    step: float = 0.1
    """Hop of the windows as a share of their 10 s."""
    threshold: float = 0.7
    """Distance between unit embeddings up to which clusters are one voice."""
    min_cluster_size: int = 12
    """Embeddings (1 to 20) below which a cluster is no voice of its own; a larger step wants fewer."""
    given_two: bool = True
    """Two speakers are given. When false the clustering decides, and a recording in which it finds another number is rejected."""
    mix: tuple[str, ...] = MIX
    """Findings of channel health for which a two-channel recording is taken as one mixture."""
    precision: Precision = "float32"
    """Number format inside the networks: `float32`, `float16` or `bfloat16`; the shorter ones pay on a GPU and change results a little."""
    batch: int = speed(8)
    """Windows segmented at a time."""

    def __post_init__(self) -> None:
        check_mix(self.mix)
        if not 0.01 <= self.step <= 1:
            raise UsageError(f"diarize.step: {self.step} is no share of a window; use 0.01 to 1")
        if not 0 <= self.threshold <= 2:
            raise UsageError(f"diarize.threshold: {self.threshold} is no distance between unit vectors; use 0 to 2")
        if not 1 <= self.min_cluster_size <= 20:
            raise UsageError(f"diarize.min_cluster_size: {self.min_cluster_size} is outside 1 to 20")
        if self.batch < 1:
            raise UsageError(f"diarize.batch: {self.batch} must be 1 or more")

    def weights(self) -> tuple[Weights, ...]:
        return (SEGMENTATION, EMBEDDING)

    def load(self, device: str) -> Callable[[Source, Recording, Health], Diarization]:
        """The pipeline as a pure function; raises `UsageError` when a package is missing or its weights are not the pinned ones."""
        return by_pipeline(_pipeline(self, device), self.mix, 2 if self.given_two else None)


def _pipeline(stage: PlainDiarize, device: str) -> Any:
    segmentation = segmentation_model(device, stage.precision)
    embedding = voice_model(device, stage.precision)
    import torch
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    class NoPlda(PLDA):  # type: ignore[misc]
        """Stands where the pipeline would fetch one from the hub for a clustering that is not used here."""

        def __init__(self) -> None:
            pass

    pipeline = SpeakerDiarization(
        segmentation=segmentation,
        segmentation_step=stage.step,
        segmentation_batch_size=stage.batch,
        embedding=embedding,
        embedding_exclude_overlap=True,
        embedding_batch_size=3,
        plda=NoPlda(),
        clustering="AgglomerativeClustering",
    )
    pipeline.instantiate(
        {
            "segmentation": {"min_duration_off": 0.0},
            "clustering": {"method": "centroid", "min_cluster_size": stage.min_cluster_size, "threshold": stage.threshold},
        }
    )
    return pipeline.to(torch.device(device))


def voice_model(device: str, precision: Precision) -> Any:
    """CAM++ as the kind of model that pyannote.audio takes embeddings from: waveforms [batch, 1, n] and weights [batch, frames] in,
    embeddings [batch, 192] out, which are not a number where a voice has too little to be known by."""
    network = embedding_model(device, precision)
    import_pyannote()
    import torch
    from pyannote.audio.core.model import Model

    class Voice(Model):  # type: ignore[misc]
        """Embeddings of the frames in which one voice is alone."""

        dimension = EMBEDDING_SIZE

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
            if waveforms.shape[-1] < LEAST:
                # This is how pyannote.audio learns the shortest stretch that it may ask for.
                raise ValueError(f"{waveforms.shape[-1]} samples are too few for an embedding")
            made = torch.full((len(waveforms), EMBEDDING_SIZE), torch.nan, device=waveforms.device)
            features, before = waveforms.new_zeros(0), None
            for row, waveform in enumerate(waveforms[:, 0]):
                if before is None or not torch.equal(waveform, before):
                    features, before = torch.from_numpy(fbank(waveform.cpu().numpy(), str(waveform.device))).to(waveform.device), waveform
                chosen = features if weights is None else features[_spread(weights[row], len(features)) > 0.5]
                if len(chosen) * HOP_SAMPLES >= LEAST - 2 * HOP_SAMPLES:
                    made[row] = self.network((chosen - chosen.mean(0))[None])[0]
            return made

    return Voice().eval().to(device)


def _spread(weights: Any, frames: int) -> Any:
    """Weights [m] over the same stretch as `frames` frames, by nearest neighbour."""
    import torch

    return torch.nn.functional.interpolate(weights[None, None].float(), size=frames, mode="nearest")[0, 0]
