"""One pass over the recording gives the same embeddings as the network itself, however it is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stages.diarize.embedding as embedding
from stages.diarize.carrier import embedding_model, fbank
from stages.diarize.embedding import Pooling, embed, speech_mean

RATE = 16000


@pytest.fixture(scope="module")
def model() -> Any:
    return embedding_model("cpu")


def voice(seconds: float, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Noise with a wandering spectrum, float32 [n]."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    carrier = np.sin(2 * np.pi * np.cumsum(150 + 40 * np.sin(np.arange(n) / 5000)) / RATE)
    return (0.2 * np.sign(carrier) * (0.3 + np.abs(np.sin(np.arange(n) / 3000))) + rng.normal(0, 0.02, n)).astype(np.float32)


def run(model: Any, audio: Any, stretches: list[tuple[int, int]], batch: int = 2) -> Any:
    speech = np.ones(len(audio) // 160 + 1, bool)
    return embed(model, Pooling.of(model), audio, np.array(stretches, np.int64), speech, batch, "cpu")


def test_a_stretch_of_everything_is_what_the_network_says(model: Any) -> None:
    import torch

    audio = voice(4.0)
    bank = fbank(audio)
    with torch.inference_mode():
        whole = model(torch.from_numpy(bank - bank.mean(axis=0))[None])[0].numpy()
    (found,) = run(model, audio, [(0, len(bank))])
    np.testing.assert_allclose(found, whole / np.linalg.norm(whole), atol=1e-4)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_batches_and_neighbours_change_nothing(model: Any, batch: int) -> None:
    audio = voice(33.0)
    stretches = [(start, start + 100) for start in range(0, 3200, 37)]
    some = run(model, audio, stretches, batch)
    np.testing.assert_allclose(some, run(model, audio, stretches, 3), atol=1e-5)
    np.testing.assert_allclose(run(model, audio, stretches[40:41]), some[40:41], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(some, axis=1), 1.0, atol=1e-5)


def test_the_cut_into_chunks_moves_embeddings_little(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = voice(24.0)
    stretches = [(start, start + 100) for start in range(0, 2300, 50)]
    usual = run(model, audio, stretches)
    monkeypatch.setattr(embedding, "CHUNK", 600)
    monkeypatch.setattr(embedding, "WHOLE", 600 + 2 * embedding.CONTEXT)
    cosines = (usual * run(model, audio, stretches)).sum(axis=1)
    assert cosines.min() > 0.95


@pytest.mark.parametrize("samples", [1, 399, 400, 700, 3000])
def test_very_short_recordings(model: Any, samples: int) -> None:
    found = run(model, voice(1.0)[:samples], [(0, 2)])
    assert found.shape == (1, 192)
    assert np.isfinite(found).all()


def test_the_mean_is_taken_over_speech() -> None:
    audio = np.concatenate((np.zeros(RATE, np.float32), voice(1.0)))
    frames = len(fbank(audio))
    speech = np.arange(frames) >= 103
    np.testing.assert_allclose(speech_mean(audio, speech, frames), fbank(audio)[103:].mean(axis=0), rtol=1e-4)
