"""CAM++ as a checkpoint that pyannote.audio loads by itself, and a folder laid out as community-1's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from stages.diarize.carrier import CHECKPOINT_FILE, carried, import_pyannote
from stages.diarize.plain import voice_model

import_pyannote()

import torch  # noqa: E402
from pyannote.audio.core.model import Model  # noqa: E402
from pyannote.audio.core.task import Problem, Resolution, Specifications  # noqa: E402

CONFIGS = {
    "VBxClustering": "    threshold: 0.6\n    Fa: 0.07\n    Fb: 0.8\n",
    "AgglomerativeClustering": "    method: centroid\n    min_cluster_size: 12\n    threshold: 0.7\n",
}


class CamModel(Model):  # type: ignore[misc]
    """What the checkpoint's architecture names."""

    dimension = 192

    def __init__(self, sample_rate: int = 16000, num_channels: int = 1, task: Any = None) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.voice = voice_model("cpu", "float32")

    def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        made: torch.Tensor = self.voice(waveforms, weights)
        return made


def community_folder(folder: Path, clustering: str = "VBxClustering") -> Path:
    """A pipeline with the files and the `$model/…` paths of community-1: the original segmentation checkpoint, CAM++ and a plain PLDA."""
    for name in ("segmentation", "embedding", "plda"):
        (folder / name).mkdir(parents=True)
    shutil.copy(carried(CHECKPOINT_FILE), folder / "segmentation" / "pytorch_model.bin")
    checkpoint = {
        "state_dict": CamModel().state_dict(),
        "hyper_parameters": {"sample_rate": 16000, "num_channels": 1},
        "pytorch-lightning_version": "2.5.0",
        "pyannote.audio": {
            "versions": {"pyannote.audio": "4.0.0"},
            "architecture": {"module": "tests.stages.diarize.cam_model", "class": "CamModel"},
            "specifications": Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0),
        },
    }
    torch.save(checkpoint, folder / "embedding" / "pytorch_model.bin")
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(192), mean2=np.zeros(128), lda=np.eye(192, 128))
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(2.0, 0.1, 128))
    (folder / "config.yaml").write_text(
        "dependencies:\n  pyannote.audio: 4.0.0\npipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n  params:\n"
        f"    clustering: {clustering}\n    segmentation: $model/segmentation\n    segmentation_batch_size: 32\n"
        "    embedding: $model/embedding\n    embedding_batch_size: 32\n    embedding_exclude_overlap: true\n    plda: $model/plda\n"
        f"params:\n  clustering:\n{CONFIGS[clustering]}  segmentation:\n    min_duration_off: 0.0\n"
    )
    return folder
