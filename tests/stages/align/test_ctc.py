"""Alignment with CTC models: a tiny one with random weights in a folder, windows, and a made-up one whose letters are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.errors import UsageError
from schemas.transcript import Transcript
from stages.align import ctc_model
from stages.align.ctc import CtcAlign, word_frames, written
from stages.align.ctc_model import CtcModel
from stages.stage import Stage
from stages.torch_audio import ensure_torchaudio
from tests.stages.align.speech import piece, tracks, transcript

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]


def toy_model(folder: Path) -> Path:
    """A wav2vec2 CTC model with random weights and the vocabulary of the English ones."""
    ensure_torchaudio()
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    (folder / "letters.json").write_text(json.dumps({letter: i for i, letter in enumerate(LETTERS)}))
    torch.manual_seed(0)
    small = Wav2Vec2Config(
        vocab_size=len(LETTERS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
    )
    Wav2Vec2ForCTC(small).save_pretrained(folder)
    Wav2Vec2CTCTokenizer(str(folder / "letters.json")).save_pretrained(folder)  # type: ignore[no-untyped-call]
    Wav2Vec2FeatureExtractor().save_pretrained(folder)  # type: ignore[no-untyped-call]
    return folder


def test_a_model_in_a_folder_aligns_every_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = CtcAlign(model=str(toy_model(tmp_path)), licence="MIT")
    assert isinstance(stage, Stage)
    (weights,) = stage.weights()
    assert (weights.revision, weights.licence, len(weights.sha256)) == ("local folder", "MIT", 64)
    align = stage.load("cpu")
    x = np.random.default_rng(0).standard_normal(8 * 8000) * 0.1
    both = tracks(x, rate=8000)
    pieces = [
        piece(["It's", "$5,", "Zoë", "—", "你好", "there."], 0, 8000, 30000),
        piece(["far"] * 40, 0, 30500, 31000),
        piece(["x"], 1, 100, 103),
    ]
    before = transcript(both, pieces)
    found: Transcript = align(both, before)
    assert [tuple(w.text for w in p.words) for p in found.pieces] == [tuple(w.text for w in p.words) for p in before.pieces]
    assert [{w.method for w in p.words} for p in found.pieces] == [{"ctc"}, {"ctc"}, {"spread"}]
    sure = [word.confidence for word in found.pieces[1].words]
    assert [each is None for each in sure] == [False, False, False, True, False, False]
    assert all(0 <= each <= 1 for each in sure if each is not None)
    assert align(both, before) == found
    # In windows a network of local sight gives the same frames as in one.
    model = ctc_model.load_ctc(str(tmp_path), "main", "cpu")
    whole = model.log_probs(np.zeros(16000 * 5, np.float32))
    monkeypatch.setattr(ctc_model, "WINDOW", 1.0)
    assert model.log_probs(np.zeros(16000 * 5, np.float32)).shape == whole.shape


def letters_model() -> CtcModel:
    vocabulary = {letter: i for i, letter in enumerate(LETTERS)}

    def forward(x: np.ndarray) -> Any:
        return np.zeros((len(x) // 320, len(LETTERS)), np.float32)

    return CtcModel(forward, vocabulary, 0, 4, 320, 640)


def test_labels_of_words() -> None:
    model = letters_model()
    assert written("Don’t", model, True) == model.labels("DON'T")
    assert written("$5", model, True) == model.labels("FIVEDOLLARS")
    assert written("Zoë", model, False) == model.labels("ZO")
    assert written("42", model, False) == []
    assert written("—", model, False) is None
    assert written("—", model, True) is None


def test_words_lie_where_their_letters_are_and_an_unknown_one_between() -> None:
    model = letters_model()
    heard = [0, 0, *model.labels("GO"), 0, 4, *model.labels("QQ"), 4, 0, *model.labels("HOME"), 0]
    log_probs = np.full((len(heard), len(LETTERS)), np.log(0.1 / len(LETTERS)), np.float32)
    log_probs[np.arange(len(heard)), heard] = np.log(0.9)
    found = word_frames(log_probs, [model.labels("go"), None, [], model.labels("home")], model)
    assert found is not None
    frames, sure = found
    assert frames[0] == (2, 4)
    assert frames[1] is None
    assert frames[2] is not None
    assert 4 <= frames[2][0] < frames[2][1] <= 10
    assert frames[3] == (10, 14)
    assert sure[0] == pytest.approx(0.9, abs=1e-3)
    assert word_frames(log_probs[:3], [model.labels("longer")], model) is None


def test_wrong_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"align\.model: 'no/such/folder' is no folder"):
        CtcAlign(model="no/such/folder")
    with pytest.raises(UsageError, match=r"has no CTC bundle 'NO_SUCH'; it has .*WAV2VEC2_ASR_BASE_960H"):
        CtcAlign(model="torchaudio:NO_SUCH").load("cpu")
    with pytest.raises(UsageError, match="cannot be loaded as a CTC model"):
        CtcAlign(model=str(tmp_path)).load("cpu")
