"""Separators in files of their own: every shape that exports have, and what is said of files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from schemas.errors import UsageError
from stages.local_files import file_sha256
from stages.separate.network.exported import voices_of
from stages.separate.network.onnx import OnnxSeparate
from stages.separate.network.torchscript import TorchScriptSeparate
from stages.stage import Weights
from tests.stages.diarize.toy_model import save_onnx
from tests.stages.separate.contract import dialogue, hears_who_is_who
from tests.stages.separate.mixtures import SOURCE
from tests.stages.separate.network.networks import Bank, LastAxis, OneEach, Splitter, onnx, scripted


@pytest.mark.parametrize("batch", [None, 1, 3])
@pytest.mark.parametrize("form", ["voices", "last", "each"])
def test_onnx_of_any_shape(tmp_path: Path, form: str, batch: int | None) -> None:
    path = onnx(tmp_path / "net.onnx", 16000, batch, 64000 if form == "last" else None, form)
    stage = OnnxSeparate(model=str(path), rate=16000, licence="Apache-2.0", batch=2)
    talk = dialogue(16000)
    hears_who_is_who(stage.load("cpu")(SOURCE, talk.sound, talk.diarization), talk)


@pytest.mark.parametrize("module", [Splitter, LastAxis, OneEach])
def test_torchscript_of_any_shape(tmp_path: Path, module: type[Bank]) -> None:
    stage = TorchScriptSeparate(model=str(scripted(module(8000), tmp_path / "net.pt")), rate=8000, licence="MIT")
    talk = dialogue(8000)
    hears_who_is_who(stage.load("cpu")(SOURCE, talk.sound, talk.diarization), talk)


def test_a_traced_network_of_one_length(tmp_path: Path) -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.split = Splitter(8000)

        def forward(self, sound: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.split(sound.view(-1, 40000))
            return made

    path = scripted(Fixed(), tmp_path / "net.pt")
    talk = dialogue(16000)
    stage = TorchScriptSeparate(model=str(path), rate=8000, licence="MIT", length=40000)
    hears_who_is_who(stage.load("cpu")(SOURCE, talk.sound, talk.diarization), talk)
    with pytest.raises(UsageError, match="does not run on audio"):
        TorchScriptSeparate(model=str(path), rate=8000, licence="MIT").open("cpu")


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_near(tmp_path: Path, precision: Any) -> None:
    path = scripted(Splitter(8000), tmp_path / "net.pt")
    sound = np.asarray(np.random.default_rng(0).standard_normal((2, 8000)) * 0.05, np.float32)
    exact, near = (
        TorchScriptSeparate(model=str(path), rate=8000, licence="MIT", precision=each).open("cpu").run(sound)
        for each in ("float32", precision)
    )
    assert near.dtype == np.float32
    assert 0 < np.abs(exact - near).max() < 0.02 * np.abs(exact).max()


def test_weights_are_the_file(tmp_path: Path) -> None:
    path = onnx(tmp_path / "net.onnx", 8000)
    stage = OnnxSeparate(model=str(path), rate=8000, licence="MIT")
    assert stage.weights()[0] == Weights("net.onnx", "local file", file_sha256(path), "MIT")


@pytest.mark.parametrize(
    ("shapes", "made"),
    [
        ([(2, 3, 50)], (2, 3, 50)),
        ([(2, 50, 2)], (2, 2, 50)),
        ([(2, 50), (2, 50)], (2, 2, 50)),
        ([(2, 1, 50), (2, 1, 50), (2, 1, 50)], (2, 3, 50)),
        ([(2, 50)], None),
        ([(2, 1, 50)], None),
        ([(2, 9, 50)], None),
        ([(1, 2, 50)], None),
        ([(2, 50), (2, 49)], None),
        ([], None),
    ],
)
def test_outputs_are_voices_or_nothing(shapes: list[tuple[int, ...]], made: tuple[int, ...] | None) -> None:
    outputs = [np.full(shape, k, np.float32) for k, shape in enumerate(shapes)]
    if made is None:
        with pytest.raises(UsageError, match=r"for 2 x 50 samples net gives .*; wanted \[batch, voices, samples\]"):
            voices_of(outputs, 2, 50, "net")
    else:
        found = voices_of(outputs, 2, 50, "net")
        assert found.shape == made
        assert len(shapes) == 1 or [float(found[0, k, 0]) for k in range(made[1])] == list(range(made[1]))


@pytest.mark.parametrize("stage", [OnnxSeparate, TorchScriptSeparate])
def test_files_that_are_no_separators_are_told(tmp_path: Path, stage: Any) -> None:
    junk = tmp_path / "net.bin"
    junk.write_bytes(b"not a network")
    with pytest.raises(UsageError, match=r"separate\.model: .*net\.bin is no (ONNX|TorchScript) model"):
        stage(model=str(junk), rate=8000, licence="MIT").open("cpu")
    with pytest.raises(UsageError, match=r"separate\.model: .*there is no such file"):
        stage(model=str(tmp_path / "absent"), rate=8000, licence="MIT")
    with pytest.raises(UsageError, match=r"separate\.licence.*NOASSERTION"):
        stage(model=str(junk), rate=8000)
    with pytest.raises(UsageError, match="rate 10 Hz"):
        stage(model=str(junk), rate=10, licence="MIT")


def test_networks_of_another_kind_are_told(tmp_path: Path) -> None:
    talks = save_onnx(tmp_path / "talks.onnx")
    stage = OnnxSeparate(model=str(talks), rate=16000, licence="MIT")
    with pytest.raises(UsageError, match=r"output_rate|wanted"):
        stage.load("cpu")(SOURCE, dialogue(8000).sound, dialogue(8000).diarization)

    class One(nn.Module):
        def forward(self, sound: torch.Tensor) -> torch.Tensor:
            return sound * 2

    with pytest.raises(UsageError, match=r"gives \[1, 8000\]; wanted"):
        TorchScriptSeparate(model=str(scripted(One(), tmp_path / "one.pt")), rate=8000, licence="MIT").open("cpu")
    with pytest.raises(UsageError, match=r"separate\.precision.*own number format"):
        OnnxSeparate(model=str(talks), rate=16000, licence="MIT", precision="float16")
