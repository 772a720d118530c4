"""Conv-TasNet of torchaudio, small and with random weights, from files; and its bundle, which cannot be had here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import UsageError
from stages.local_files import file_sha256
from stages.separate.network.convtasnet import ConvTasNetSeparate
from stages.torch_audio import ensure_torchaudio
from tests.stages.separate.network.files import Code, convtasnet, saved
from tests.stages.separate.network.networks import random_state


@pytest.mark.parametrize(("name", "sources", "activation"), [("a.pt", 2, "relu"), ("b.safetensors", 3, "sigmoid"), ("c.ckpt", 2, "relu")])
def test_a_state_dict_becomes_the_network_that_it_is_of(tmp_path: Path, name: str, sources: int, activation: str) -> None:
    model = convtasnet(sources, msk_activate=activation)
    stage = ConvTasNetSeparate(model=str(saved(model, tmp_path / name)), rate=8000, layers=2, activation=activation)
    sound = np.asarray(np.random.default_rng(0).standard_normal((3, 4001)) * 0.05, np.float32)
    with torch.inference_mode():
        wanted = model(torch.from_numpy(sound)[:, None]).numpy()
    network = stage.open("cpu")
    assert (network.rate, network.adds_up) == (8000, True)
    assert np.allclose(network.run(sound), wanted, atol=1e-6)
    assert stage.weights()[0].sha256 == file_sha256(tmp_path / name)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_near(tmp_path: Path, precision: Any) -> None:
    path = str(saved(convtasnet(), tmp_path / "net.pt"))
    sound = np.asarray(np.random.default_rng(0).standard_normal((2, 4000)) * 0.05, np.float32)
    exact, near = (ConvTasNetSeparate(model=path, layers=2, precision=each).open("cpu").run(sound) for each in ("float32", precision))
    assert 0 < np.abs(exact - near).max() < 0.1 * np.abs(exact).max()


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    torch.save({"encoder.weight": Code(ran)}, tmp_path / "code.pt")
    with pytest.raises(UsageError, match="read without running code"):
        ConvTasNetSeparate(model=str(tmp_path / "code.pt")).open("cpu")
    assert not ran.exists()
    torch.save({"other": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(UsageError, match=r"no state dict of torchaudio's ConvTasNet"):
        ConvTasNetSeparate(model=str(tmp_path / "other.pt")).open("cpu")
    with pytest.raises(UsageError, match="in stacks of 3 layers"):
        ConvTasNetSeparate(model=str(saved(convtasnet(), tmp_path / "net.pt")), layers=3).open("cpu")
    with pytest.raises(UsageError, match="no such file"):
        ConvTasNetSeparate(model=str(tmp_path / "absent.pt"))
    with pytest.raises(UsageError, match="activation 'tanh'"):
        ConvTasNetSeparate(activation="tanh")


def test_the_bundle_is_named_and_told_when_it_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    stage = ConvTasNetSeparate()
    assert (stage.weights()[0].name, stage.weights()[0].licence) == ("torchaudio:CONVTASNET_BASE_LIBRI2MIX", "NOASSERTION")
    with pytest.raises(UsageError, match=r"cannot be had.*while online"):
        stage.open("cpu")
    for other in ("torchaudio:NONE", "torchaudio:WAV2VEC2_BASE"):
        with pytest.raises(UsageError, match="has no bundle"):
            ConvTasNetSeparate(model=other).open("cpu")


def test_the_bundle_is_read_from_torchs_own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_torchaudio()
    from torchaudio.models import conv_tasnet_base

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "torchaudio" / "models" / "conv_tasnet_base_libri2mix.pt"
    place.parent.mkdir(parents=True)
    model = random_state(conv_tasnet_base(2), size=0.05)
    torch.save(model.state_dict(), place)
    network = ConvTasNetSeparate().open("cpu")
    sound = np.asarray(np.random.default_rng(0).standard_normal((1, 800)) * 0.05, np.float32)
    with torch.inference_mode():
        wanted = model(torch.from_numpy(sound)[:, None]).numpy()
    assert network.rate == 8000
    assert np.allclose(network.run(sound), wanted, atol=1e-5 * np.abs(wanted).max())
