"""SepFormer of speechbrain, small and with random weights, from a folder as speechbrain publishes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import UsageError
from stages.local_files import folder_sha256
from stages.separate.network.places import found
from stages.separate.network.sepformer import SepFormerSeparate, read_plan
from tests.stages.separate.network.files import SEPFORMER_YAML, sepformer, sepformer_modules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sepformer(tmp_path)


def test_it_is_speechbrains_own_network(folder: Path) -> None:
    """Against encoder, masks and decoder called as its `SepformerSeparation.separate_batch` does."""
    encoder, masks, decoder = sepformer_modules()
    sound = np.asarray(np.random.default_rng(0).standard_normal((2, 4003)) * 0.05, np.float32)
    with torch.inference_mode():
        heard = encoder(torch.from_numpy(sound))
        wanted = torch.stack([decoder(heard * mask) for mask in masks(heard)], dim=1).numpy()
    stage = SepFormerSeparate(model=str(folder))
    network = stage.open("cpu")
    made = network.run(sound)
    assert network.rate == 8000
    assert made.shape == (2, 2, 4003)
    assert np.allclose(made[..., : wanted.shape[2]], wanted, atol=1e-6)
    assert stage.weights()[0].sha256 == folder_sha256(str(folder))
    assert stage.weights()[0].licence == "Apache-2.0"


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_near(folder: Path, precision: Any) -> None:
    sound = np.asarray(np.random.default_rng(0).standard_normal((1, 4000)) * 0.05, np.float32)
    exact, near = (SepFormerSeparate(model=str(folder), precision=each).open("cpu").run(sound) for each in ("float32", precision))
    assert 0 < np.abs(exact - near).max() < 0.2 * np.abs(exact).max()


def test_settings_run_no_code(folder: Path) -> None:
    """What speechbrain's own reader would run, this one reads as data."""
    ran = folder / "ran"
    settings = folder / "hyperparams.yaml"
    settings.write_text(f"run: !apply:pathlib.Path.touch [{ran}]\nother: !!python/object/apply:os.getcwd []\n" + SEPFORMER_YAML)
    with pytest.raises(UsageError, match="does not describe a SepFormer"):
        read_plan(settings)
    settings.write_text(f"run: !apply:pathlib.Path.touch [{ran}]\nname: !name:os.getcwd\n" + SEPFORMER_YAML)
    assert read_plan(settings).rate == 8000
    assert SepFormerSeparate(model=str(folder)).open("cpu").rate == 8000
    assert not ran.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dual_path.Dual_Path_Model", "dual_path.Dual_Path_Other", "MaskNet is no Dual_Path_Model"),
        ("dual_path.Dual_Path_Model", "resepformer.ResourceEfficientSeparator", "MaskNet is no Dual_Path_Model"),
        ("  K: 50", "  K: 50\n  extra: 3", "MaskNet is no Dual_Path_Model.*with settings"),
        ("  norm: ln", "  norm: !ref <absent>", "does not describe"),
        ("sample_rate: 8000", "rate: 8000", "does not describe"),
        ("intra_model: !ref <SBtfintra>", "intra_model: !ref <Decoder>", "Decoder is no SBTransformerBlock"),
        ("  nhead: 2\n  d_ffn: 24", "  nhead: 3\n  d_ffn: 24", "SBtfintra cannot be built"),
        ("  num_layers: 2\n  K", "  num_layers: 3\n  K", r"masknet\.ckpt does not fit"),
    ],
)
def test_other_settings_are_told(folder: Path, old: str, new: str, said: str) -> None:
    settings = folder / "hyperparams.yaml"
    assert old in SEPFORMER_YAML
    settings.write_text(SEPFORMER_YAML.replace(old, new))
    with pytest.raises(UsageError, match=said):
        SepFormerSeparate(model=str(folder)).open("cpu")


def test_where_it_cannot_be_had_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "masknet.ckpt").unlink()
    with pytest.raises(UsageError, match=r"holds no masknet\.ckpt"):
        SepFormerSeparate(model=str(folder)).open("cpu")
    with pytest.raises(UsageError, match="neither a folder"):
        SepFormerSeparate(model="nowhere at all")
    with pytest.raises(UsageError, match="revision"):
        SepFormerSeparate(revision=" ")
    assert SepFormerSeparate(revision="abc").weights()[0].revision == "abc"


def test_the_hubs_cache_is_used_without_asking_the_hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants
    from huggingface_hub import try_to_load_from_cache

    cache = tmp_path / "hub"
    commit = "0123456789abcdef0123456789abcdef01234567"
    place = cache / "models--owner--net" / "snapshots" / commit
    place.mkdir(parents=True)
    (place / "encoder.ckpt").write_bytes(b"x")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    assert try_to_load_from_cache("owner/net", "encoder.ckpt", revision=commit) == str(place / "encoder.ckpt")
    assert found("owner/net", commit, ("encoder.ckpt",)) == [place / "encoder.ckpt"]
