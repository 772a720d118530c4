"""PixIT's network, small and with random weights, in a checkpoint as pyannote.audio saves one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import UsageError
from stages.diarize.carrier import CHECKPOINT_FILE, carried
from stages.separate.network.dual_path import masker
from stages.separate.network.pixit import PixItSeparate, read_checkpoint
from tests.stages.separate.network.files import DUAL, FILTERS, Code, pixit
from tests.stages.separate.network.networks import random_state


def test_the_masker_is_asteroids() -> None:
    """Numbers that asteroid 0.7.0's `DPRNN` gives with the same weights, recorded once."""
    settings = {**DUAL, "bn_chan": 6, "hid_size": 5, "chunk_size": 10, "mask_act": "sigmoid"}
    made = random_state(masker(settings, 7, 4, 3))
    features = torch.sin(torch.arange(2 * 7 * 33).reshape(2, 7, 33).float() * 0.37)
    with torch.inference_mode():
        masks = made(features)
    assert masks.shape == (2, 3, 4, 33)
    recorded = [0.517308, 0.519503, 0.521387, 0.533053, 0.531841, 0.530048, 0.524914, 0.526609, 0.527408]
    assert np.allclose(masks[1, :, 2, ::11].reshape(-1), recorded, atol=2e-6)
    assert float(masks.double().sum()) == pytest.approx(404.724178, abs=1e-3)


@pytest.mark.parametrize(("wavlm", "outputs"), [(True, 3), (False, 2)])
def test_a_checkpoint_becomes_the_network_that_it_is_of(tmp_path: Path, wavlm: bool, outputs: int) -> None:
    stage = PixItSeparate(model=str(pixit(tmp_path, wavlm, outputs)))
    network = stage.open("cpu")
    assert (network.rate, network.lengths) == (16000, (80000,))
    sound = np.asarray(np.random.default_rng(0).standard_normal((2, 80000)) * 0.05, np.float32)
    made = network.run(sound)
    assert made.shape == (2, outputs, 80000)
    assert np.isfinite(made).all()
    assert np.abs(made).max() > 0
    assert np.array_equal(made, network.run(sound))
    assert (stage.weights()[0].licence, stage.weights()[0].revision) == ("MIT", "local folder")


def test_wavlm_is_heard(tmp_path: Path) -> None:
    """With other weights in WavLM alone, the voices are others."""
    sound = np.asarray(np.random.default_rng(0).standard_normal((1, 80000)) * 0.05, np.float32)
    path = pixit(tmp_path) / "pytorch_model.bin"
    one = PixItSeparate(model=str(tmp_path)).open("cpu").run(sound)
    data = torch.load(path, weights_only=False)
    key = "wavlm.encoder.layers.1.feed_forward.output_dense.weight"
    data["state_dict"][key] = data["state_dict"][key] * 2 + 1
    torch.save(data, path)
    assert np.abs(PixItSeparate(model=str(tmp_path)).open("cpu").run(sound) - one).max() > 1e-6


def test_weights_by_their_old_names_are_read(tmp_path: Path) -> None:
    path = pixit(tmp_path) / "pytorch_model.bin"
    sound = np.asarray(np.random.default_rng(0).standard_normal((1, 80000)) * 0.05, np.float32)
    one = PixItSeparate(model=str(tmp_path)).open("cpu").run(sound)
    data = torch.load(path, weights_only=False)
    ending = ".parametrizations.weight.original"
    old = {f"{ending}0": ".weight_g", f"{ending}1": ".weight_v"}
    data["state_dict"] = {
        key[: -len(ending) - 1] + old[key[-len(ending) - 1 :]] if ending in key else key: v for key, v in data["state_dict"].items()
    }
    torch.save(data, path)
    assert any(key.endswith("weight_g") for key in data["state_dict"])
    assert np.array_equal(PixItSeparate(model=str(tmp_path)).open("cpu").run(sound), one)


def test_half_precision_is_near(tmp_path: Path) -> None:
    model = str(pixit(tmp_path))
    sound = np.asarray(np.random.default_rng(0).standard_normal((1, 80000)) * 0.05, np.float32)
    exact, near = (PixItSeparate(model=model, precision=each).open("cpu").run(sound) for each in ("float32", "bfloat16"))
    assert 0 < np.abs(exact - near).max() < 0.3 * np.abs(exact).max()


def test_a_published_checkpoint_is_read_without_running_code(tmp_path: Path) -> None:
    """segmentation-3.0's own, as it lies in an installed package: of the same format, and no separator."""
    with pytest.raises(UsageError, match=r"is a PyanNet of pyannote\.audio, and a ToTaToNet is wanted"):
        read_checkpoint(carried(CHECKPOINT_FILE))
    torch.save({"state_dict": {}, "hyper_parameters": Code(tmp_path / "ran")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"no checkpoint of pyannote\.audio that can be read"):
        PixItSeparate(model=str(tmp_path)).open("cpu")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dprnn": {**DUAL, "norm_type": "cLN"}}, "dual-path network"),
        ({"dprnn": {**DUAL, "hid_size": 7}}, "does not fit"),
        ({"dprnn": {"n_repeats": 2}}, "does not describe"),
        ({"encoder_decoder": {**FILTERS, "fb_name": "stft"}}, "free filters"),
        ({"sample_rate": 8000}, "free filters at 16000 Hz"),
        ({"kind": "PyanNet"}, "ToTaToNet is wanted"),
    ],
)
def test_other_checkpoints_are_told(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PixItSeparate(model=str(pixit(tmp_path, wavlm=False, **changed))).open("cpu")
