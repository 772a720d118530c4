"""Graphs of torch.export: read as what they are, and without running what a pickle in them says."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import UsageError
from stages.diarize.exported import open_model
from stages.torch_graph import TENSORS_ONLY, load_graph
from tests.stages.diarize.toy_model import Bands, save_exported
from tests.stages.separate.network.files import Code

Members = dict[str, bytes]
WEIGHTS, CONSTANTS = "data/weights", "data/constants"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """Of a sound archive, by their names below its root."""
    with zipfile.ZipFile(save_exported(tmp_path_factory.mktemp("graphs") / "bands.pt2", 1)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def written(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(f"bands/{name}", body)
    return path


def saved(what: Any, zipped: bool) -> bytes:
    made = io.BytesIO()
    torch.save(what, made, _use_new_zipfile_serialization=zipped)
    return made.getvalue()


def weight(members: Members, body: bytes) -> Members:
    """A weight that says of itself that it is a pickle."""
    name = f"{WEIGHTS}/model_weights_config.json"
    config = json.loads(members[name])
    only = next(iter(config["config"].values()))
    only["use_pickle"] = True
    return {**members, name: json.dumps(config).encode(), f"{WEIGHTS}/{only['path_name']}": body}


def constant(members: Members, said: str, held: str, body: bytes) -> Members:
    name = f"{CONSTANTS}/model_constants_config.json"
    config = json.loads(members[name])
    config["config"]["x"] = {"path_name": said, "is_param": False, "use_pickle": True, "tensor_meta": None}
    return {**members, name: json.dumps(config).encode(), f"{CONSTANTS}/{held}": body}


WAYS: dict[str, Callable[[Members, Code], Members]] = {
    "a weight": lambda members, code: weight(members, saved(code, True)),
    "a weight of the old form": lambda members, code: weight(members, saved(code, False)),
    "all weights": lambda members, code: {**members, f"{WEIGHTS}/model.pt": saved({"w": code}, True)},
    "all weights of the old form": lambda members, code: {**members, f"{WEIGHTS}/model.pt": saved({"w": code}, False)},
    "all constants of the old form": lambda members, code: {**members, f"{CONSTANTS}/model.pt": saved({"c": code}, False)},
    "the example of the old form": lambda members, code: {**members, "data/sample_inputs/model.pt": saved((code,), False)},
    "an object": lambda members, code: constant(members, "opaque_obj_0", "opaque_obj_0", pickle.dumps(code)),
    "an object in capitals": lambda members, code: constant(members, "opaque_obj_0", "Opaque_Obj_0", pickle.dumps(code)),
    "an object of torch": lambda members, code: constant(members, "custom_obj_0", "custom_obj_0", saved(code, True)),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_pickle_runs_code(members: Members, tmp_path: Path, way: str) -> None:
    ran = tmp_path / "ran"
    path = written(tmp_path / "code.pt2", WAYS[way](members, Code(ran)))
    with pytest.raises(UsageError, match=r"^diarize\.model: .*code\.pt2 is no graph of torch\.export that can be read here: .*code"):
        load_graph(path, "cpu", "diarize")
    assert not ran.exists()
    pickle.loads(pickle.dumps(Code(ran)))
    assert ran.exists(), "the pickle runs where it is read"


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_of_a_tensor_is_read(members: Members, tmp_path: Path, zipped: bool) -> None:
    path = written(tmp_path / "tensor.pt2", weight(members, saved(torch.from_numpy(2 * filters()), zipped)))
    sound = torch.from_numpy(noise())
    with torch.inference_mode():
        given, wanted = load_graph(path, "cpu", "separate")(sound), Bands(False).eval()(2 * sound)
    assert torch.allclose(given, wanted, atol=1e-5)


def filters() -> np.ndarray[Any, np.dtype[np.float32]]:
    taps: torch.Tensor = Bands(False).filters  # type: ignore[assignment]
    return taps.numpy()


def noise() -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(np.random.default_rng(0).standard_normal((1, 160000)) * 0.02, np.float32)


def test_a_graph_does_what_its_module_does_and_leaves_torch_as_it_was(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "bands.pt2", members)
    for before in (None, "0"):
        monkeypatch.delenv(TENSORS_ONLY, raising=False)
        if before is not None:
            monkeypatch.setenv(TENSORS_ONLY, before)
        run = open_model(path, "cpu", "float32", 1, False)
        assert os.environ.get(TENSORS_ONLY) == before
    with torch.inference_mode():
        wanted = Bands(False).eval()(torch.from_numpy(noise())).numpy()
    assert np.allclose(run(noise()), wanted, atol=1e-6)


@pytest.mark.parametrize("lost", ["models/model.json", f"{WEIGHTS}/model_weights_config.json", f"{WEIGHTS}/weight_0", "archive_format"])
def test_a_graph_that_lacks_a_part_is_told(members: Members, tmp_path: Path, lost: str) -> None:
    path = written(tmp_path / "part.pt2", {name: body for name, body in members.items() if name != lost})
    with pytest.raises(UsageError, match=r"^separate\.model: .*part\.pt2 is no graph of torch\.export that can be read here: ."):
        load_graph(path, "cpu", "separate")
    path.write_bytes(b"junk")
    with pytest.raises(UsageError, match="is no graph of"):
        load_graph(path, "cpu", "separate")
