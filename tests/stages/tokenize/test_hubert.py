"""HuBERT units: windows that tile, centres from plain files, and the network's own layer."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.source import Source
from stages.tokenize.hubert import EDGE, HOP, HubertTokenize, HubertUnits, pieces, read_centres
from tests.stages.tokenize.models import sound
from tests.stages.two_channels import tracks_of


def stage_of(folder: Path, centres: Path, **fields: Any) -> HubertTokenize:
    return HubertTokenize(**{"model": str(folder), "centres": str(centres), "layer": 2, "window": 4.0, "context": 0.5, **fields})


@pytest.fixture(scope="module")
def units(tiny_hubert: Path, centres: Path) -> HubertUnits:
    return stage_of(tiny_hubert, centres).codec("cpu")


@given(st.integers(1, 3000), st.integers(1, 400), st.integers(0, 199))
def test_windows_tile_with_context_on_both_sides(frames: int, window: int, context: int) -> None:
    context = min(context, (window - 1) // 2)
    found = pieces(frames, window, context)
    assert [p.first for p in found] == [0, *(p.after for p in found[:-1])]
    assert found[-1].after == frames
    for piece in found:
        assert 0 <= piece.start <= piece.first < piece.after <= piece.end <= frames
        assert piece.end - piece.start == min(window, frames)
        assert piece.first - piece.start >= context or piece.start == 0
        assert piece.end - piece.after >= context or piece.end == frames


def test_units_are_the_nearest_centres_of_the_whole_networks_layer(tiny_hubert: Path, centres: Path, units: HubertUnits) -> None:
    import torch
    from transformers import HubertModel

    made = sound(3.0, 16_000, 1)
    heard = np.pad(made.samples.astype(np.float32) / 32768, ((0, 0), (EDGE, EDGE)))
    with torch.inference_mode():
        model: Any = HubertModel.from_pretrained(tiny_hubert)
        states = model(torch.from_numpy(heard), output_hidden_states=True).hidden_states[2].numpy()
    distance = ((states[:, :, None] - np.load(centres)) ** 2).sum(-1)
    found = units.encode(made)
    assert found.shape == (2, 1, 150)
    assert len(np.unique(found)) > 10
    assert (found[:, 0] == distance.argmin(-1)).mean() > 0.99


@pytest.mark.parametrize("seconds", [0.005, 0.3, 4.0, 4.01, 13.337])
@pytest.mark.parametrize("batch", [1, 3])
def test_batches_do_not_matter(tiny_hubert: Path, centres: Path, units: HubertUnits, seconds: float, batch: int) -> None:
    made = sound(seconds, 8000, 2)
    again = stage_of(tiny_hubert, centres, batch=batch).codec("cpu").encode(made)
    assert again.shape == (2, 1, -(-made.length * 16_000 // (8000 * HOP)))
    np.testing.assert_array_equal(again, units.encode(made))
    np.testing.assert_array_equal(units.encode(tracks_of(made.samples[::-1], 8000)), again[::-1])


def test_the_stage_names_both_files_and_makes_no_check(tiny_hubert: Path, centres: Path) -> None:
    stage = stage_of(tiny_hubert, centres, normalise=True)
    codes = stage.load("cpu")(Source(id="x", uris=("x.wav",)), sound(1, 8000, 3))
    assert (codes.codec, codes.codec_rate, codes.hop, codes.bins, codes.fidelity) == ("hubert", 16_000, HOP, 50, None)
    assert [len(weights.sha256) for weights in stage.weights()] == [64, 64]
    with pytest.raises(UsageError, match="no voice"):
        stage.codec("cpu").decode(codes.samples)


def test_centres_come_from_safetensors_too(tmp_path: Path, centres: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"centres": np.load(centres)}, tmp_path / "c.safetensors")
    np.testing.assert_array_equal(read_centres(str(tmp_path / "c.safetensors")), np.load(centres))


def test_no_pickle_is_read(tmp_path: Path, tiny_hubert: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.npy or \.safetensors"):
        stage_of(tiny_hubert, tmp_path / "km.pkl")
    hidden = tmp_path / "km.npy"
    hidden.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(UsageError, match="cannot be read"):
        read_centres(str(hidden))
    np.save(hidden, np.zeros((3, 3, 3)))
    with pytest.raises(UsageError, match="shape"):
        read_centres(str(hidden))
    np.save(hidden, np.zeros((5, 7), np.float32))
    with pytest.raises(UsageError, match="width 7"):
        stage_of(tiny_hubert, hidden).load("cpu")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"window": 1.0}, "window"),
        ({"window": 0.001, "context": 0.0}, "at least one unit"),
        ({"window": 0.03, "context": 0.014}, "at least one unit"),
        ({"window": float("nan")}, "window"),
        ({"window": float("inf")}, "window"),
        ({"layer": 0}, "layer"),
        ({"batch": 0}, "batch"),
        ({"context": -1.0}, "context"),
    ],
)
def test_wrong_settings_are_named(tiny_hubert: Path, centres: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        stage_of(tiny_hubert, centres, **wrong)


def test_a_layer_that_is_not_there_is_named(tiny_hubert: Path, centres: Path) -> None:
    with pytest.raises(UsageError, match=r"layer: 4; .* has 3"):
        stage_of(tiny_hubert, centres, layer=4).load("cpu")
