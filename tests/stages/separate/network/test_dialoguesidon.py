"""DialogueSidon: its three graphs, with toys inside, exported and laid out as they are published; its sampler; its licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.rights.ledger import findings
from stages.rights.policy import policy_of
from stages.separate.network.dialoguesidon import DialogueSidonSeparate, _features, read_facts
from stages.separate.network.diffusion import KINDS, Noise, sample
from tests.stages.separate.contract import adds_up, dialogue
from tests.stages.separate.mixtures import SOURCE
from tests.stages.separate.network.files import NOISE, SIDON_FACTS, SIZE, Code, Decoder, Encoder, Head, dialoguesidon
from tests.stages.separate.network.networks import random_state


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dialoguesidon(tmp_path_factory.mktemp("sidon"))


def stage(folder: Path, **settings: Any) -> DialogueSidonSeparate:
    return DialogueSidonSeparate(model=str(folder), accept_licence="CC-BY-NC-4.0", steps=4, window=6.0, context=1.5, **settings)


def test_it_is_refused_unless_its_licence_is_accepted(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"separate\.accept_licence.*CC-BY-NC-4\.0.*forbids commercial use"):
        DialogueSidonSeparate(model=str(folder))
    with pytest.raises(UsageError, match=r"separate\.accept_licence"):
        DialogueSidonSeparate()
    assert stage(folder).weights()[0].licence == "CC-BY-NC-4.0"


def test_a_policy_may_refuse_it_all_the_same(folder: Path) -> None:
    import datetime

    from stages.rights.recorded import rights_of

    today = datetime.date(2026, 11, 28)
    for data, refused in (({"deny_weights": ["NC"]}, True), ({"commercial": True}, True), ({}, False)):
        found = findings(rights_of(SOURCE), stage(folder).weights(), policy_of(data, "policy.yaml", today))
        assert ("weights_refused" in {each.name for each in found}) == refused


def test_it_hears_sixteen_and_gives_twenty_four_kilohertz(folder: Path) -> None:
    network = stage(folder).open("cpu")
    assert (network.rate, network.given, network.adds_up) == (16000, 24000, False)
    sound = np.asarray(np.random.default_rng(0).standard_normal((2, 16000)) * 0.05, np.float32)
    made = network.run(sound)
    assert made.shape == (2, 2, 24000)
    assert np.array_equal(made, network.run(sound))
    assert np.allclose(made[:1], network.run(sound[:1] * 3), atol=1e-3), "the level of what it hears is evened out"
    assert np.abs(made - stage(folder, seed=1).open("cpu").run(sound)).max() > 1e-4


def test_it_computes_what_the_modules_do(folder: Path) -> None:
    """The published recipe, step by step, with the modules themselves."""
    sound = np.asarray(np.random.default_rng(1).standard_normal((1, 8000)) * 0.05, np.float32)
    encoder, head, decoder = (random_state(each, seed) for seed, each in enumerate((Encoder(), Head(), Decoder())))
    features, frames = _features(sound[0])
    with torch.inference_mode():
        mask = torch.ones(1, features.shape[1], dtype=torch.int64)
        mask[:, frames // 2 :] = 0
        heard, one, two = encoder(torch.from_numpy(features), mask)
        known = torch.cat([(torch.cat([one, two], -1) - 0.1) / 2.0, heard], -1)
        start = torch.from_numpy(np.random.default_rng(0).standard_normal((1, features.shape[1], 2 * SIZE)).astype(np.float32))
        made = sample(lambda x, t: head(x, torch.tensor([t]), known), start, read_facts(folder / "metadata.json").noise, 4) * 2.0 + 0.1
        wanted = [decoder(made[..., at : at + SIZE].transpose(1, 2)).numpy().reshape(-1) for at in (0, SIZE)]
    found = stage(folder).open("cpu").run(sound)[0]
    assert found.shape == (2, 12000)
    least = min(12000, len(wanted[0]))
    assert np.allclose(found[:, :least], np.stack(wanted)[:, :least], atol=1e-5)


def test_features_are_pairs_of_even_bands() -> None:
    for samples in (8000, 8160):
        features, frames = _features(np.asarray(np.random.default_rng(0).standard_normal(samples) * 0.1, np.float32))
        assert frames == (samples + 320 - 400) // 160 + 1
        assert features.shape == (1, -(-frames // 2), 160)
        whole = features.reshape(-1, 80)[:frames]
        assert np.allclose(whole.mean(axis=0), 0, atol=1e-3)
        assert np.allclose(whole.std(axis=0, ddof=1), 1, atol=1e-2)


def test_what_it_divides_adds_up(folder: Path) -> None:
    talk = dialogue(8000)
    adds_up(stage(folder, least_confidence=0.0).load("cpu")(SOURCE, talk.sound, talk.diarization), talk)


def test_other_files_are_told(folder: Path, tmp_path: Path) -> None:
    import zipfile

    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    graph = tmp_path / "ssl_encoder.pt2"
    held = {}
    with zipfile.ZipFile(folder / "ssl_encoder.pt2") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    ran = tmp_path / "ran"
    torch.save({"weight": Code(ran)}, tmp_path / "code.pt")
    root = next(iter(held)).split("/")[0]
    for name, body in (
        (f"{root}/data/weights/model.pt", (tmp_path / "code.pt").read_bytes()),
        (f"{root}/data/constants/custom_obj_0", b"x"),
    ):
        with zipfile.ZipFile(graph, "w") as archive:
            for each, data in {**held, name: body}.items():
                archive.writestr(each, data)
        with pytest.raises(UsageError, match=r"ssl_encoder\.pt2 is no graph"):
            stage(tmp_path).open("cpu")
    assert not ran.exists()
    graph.write_bytes(b"junk")
    with pytest.raises(UsageError, match=r"ssl_encoder\.pt2 is no graph"):
        stage(tmp_path).open("cpu")
    graph.unlink()
    with pytest.raises(UsageError, match=r"holds no ssl_encoder\.pt2"):
        stage(tmp_path).open("cpu")


@pytest.mark.parametrize(
    "changed",
    [
        {"latent_dim": 5},
        {"latent_norm_std": [0.0] * 2 * SIZE},
        {"ddpm_config": {**NOISE, "beta_schedule": "scaled_linear"}},
        {"ddpm_config": {**NOISE, "prediction_type": "other"}},
        {"ddpm_config": {**NOISE, "beta_end": 2.0}},
        {"ddpm_config": {}},
        {"sample_rate": None},
    ],
)
def test_other_facts_are_told(tmp_path: Path, changed: dict[str, Any]) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps({**SIDON_FACTS, **changed}))
    with pytest.raises(UsageError, match=r"separate\.model"):
        read_facts(tmp_path / "metadata.json")


@pytest.mark.parametrize("predicts", KINDS)
@pytest.mark.parametrize("steps", [1, 2, 25])
def test_the_sampler_finds_what_a_perfect_model_knows(predicts: str, steps: int) -> None:
    """A model that knows the clean signal says the same of it from any noise, and the sampler ends exactly there."""
    noise = Noise(1000, 1e-4, 0.02, predicts)
    clean = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 20, 3)))
    levels: NDArray[np.float64] = noise.levels()

    def model(x: Any, step: int) -> Any:
        alpha, sigma = float(np.sqrt(levels[step])), float(np.sqrt(1 - levels[step]))
        grain = (x - alpha * clean) / sigma
        return {"sample": clean, "epsilon": grain, "v_prediction": alpha * grain - sigma * clean}[predicts]

    start = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 20, 3)))
    assert torch.allclose(sample(model, start, noise, steps), clean, atol=1e-9 if predicts != "epsilon" else 1e-7)


def test_the_sampler_is_of_second_order() -> None:
    """Of a Gaussian of deviation 2 the exact path is known: the error falls with the square of the steps."""
    noise = Noise(1000, 1e-4, 0.02, "sample")
    levels = noise.levels()

    def model(x: Any, step: int) -> Any:
        alpha, power = float(np.sqrt(levels[step])), float(1 - levels[step])
        return 4 * alpha * x / (4 * alpha**2 + power)

    start = torch.ones(1, 1, 1, dtype=torch.float64)
    wide = float(np.sqrt(4 * levels[-1] + 1 - levels[-1]))
    errors = [abs(float(sample(model, start, noise, steps)) - 2 / wide) for steps in (50, 100, 200)]
    assert errors[0] < 0.005
    assert min(errors[0] / errors[1], errors[1] / errors[2]) > 3
