"""TorchScript that a person names, and torch networks run the same on every call."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from schemas.errors import UsageError
from stages.torchscript import in_torch, inference, load_torchscript
from tests.stages.separate.network.files import Code
from tests.stages.separate.network.networks import Splitter, scripted

ASKERS = [("diarize", "end_to_end"), ("restore", "model"), ("separate", "torchscript")]


@pytest.mark.parametrize(("stage", "backend"), ASKERS)
def test_what_is_no_network_is_told_by_whose_setting_it_is_and_runs_nothing(
    tmp_path: Path, stage: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, ran = tmp_path / "net.pt", tmp_path / "ran"
    scripted(Splitter(8000), path)
    whole = path.read_bytes()
    torch.save({"taps": torch.zeros(3)}, path)
    state = path.read_bytes()
    torch.save(Code(ran), path)
    for body in (b"", b"text", whole[:-99], state, path.read_bytes()):
        path.write_bytes(body)
        with pytest.raises(UsageError, match=rf"^{stage}\.model: {re.escape(str(path))} is no TorchScript model: \S") as told:
            load_torchscript(path, "cpu", stage, backend)
        assert "\n" not in str(told.value)
    assert not ran.exists()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=rf"^{stage}: {backend} needs a package that is not installed: pip install torch$"):
        load_torchscript(path, "cpu", stage, backend)


def test_a_network_is_loaded_for_use_and_not_for_training(tmp_path: Path) -> None:
    dropping: Any = nn.Dropout(0.5)
    path = tmp_path / "net.pt"
    script: Any = torch.jit.script(dropping.train())
    script.save(str(path))
    model = load_torchscript(path, "cpu", "restore", "model")
    assert not model.training
    sound = np.ones((2, 400), np.float32)
    assert np.array_equal(in_torch(model, "cpu", "float32")(sound), sound)


@pytest.mark.parametrize("exact", [True, False])
def test_settings_hold_inside_and_are_as_before_outside(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cudnn: Any = torch.backends.cudnn
    # Importing pyannote.audio, as other tests do, turns it off for the whole process.
    monkeypatch.setattr(cudnn, "allow_tf32", True)

    def settings() -> tuple[bool, ...]:
        return (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32, torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))

    before = settings()
    with inference("cpu", "bfloat16", exact):
        assert settings() == ((False, True, False) if exact else before[:3]) + (True, True)
    with inference("cpu", "float32", exact):
        assert settings()[3:] == (True, False)
    assert settings() == before


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_whatever_the_number_format_float32_comes_out_and_the_same_each_time(precision: Any) -> None:
    torch.manual_seed(0)
    layer = nn.Conv1d(1, 2, 31, padding=15).eval()
    run = in_torch(lambda sound: layer(sound[:, None]), "cpu", precision)
    sound = np.random.default_rng(0).standard_normal((3, 800)).astype(np.float32)
    made = run(sound[:, ::-1])
    assert made.dtype == np.float32
    assert np.array_equal(made, run(np.ascontiguousarray(sound[:, ::-1])))
    with torch.no_grad():
        wanted = layer(torch.from_numpy(sound[:, ::-1].copy())[:, None]).numpy()
    off = float(np.abs(made - wanted).max() / np.abs(wanted).max())
    # 8 bits of precision in bfloat16, 11 in float16.
    assert off < {"float32": 1e-6, "float16": 2e-3, "bfloat16": 2e-2}[precision]
    assert (off > 1e-5) == (precision != "float32")
