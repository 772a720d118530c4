"""SentencePiece models from files: ids of theirs, places in our text, and the paddings kept free."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.row import RowWord
from stages.text_stream.frames import text_stream
from stages.text_stream.pieces import EPAD, PAD, SentencePieces
from stages.text_stream.utterances import joiner, utterances

TEXT = ["the quick brown fox jumps over the lazy dog", "well uh hello there my friend how are you today"] * 4


def trained(path: Path, **more: Any) -> str:
    sink = io.BytesIO()
    settings = {"vocab_size": 340, "hard_vocab_limit": False, "byte_fallback": True, "unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": 3}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=sink, minloglevel=2, **{**settings, **more})
    path.write_bytes(sink.getvalue())
    return str(path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return trained(tmp_path_factory.mktemp("pieces") / "toy.model")


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30))
def test_ids_are_the_models_and_places_lie_in_the_text(model: str, text: str) -> None:
    pieces = SentencePieces(model)(text)
    assert [piece.id for piece in pieces] == sentencepiece.SentencePieceProcessor(model_file=model).encode(text)
    places = [piece.at for piece in pieces]
    assert places == sorted(places)
    assert all(0 <= at < max(1, len(text)) for at in places)


def test_each_word_begins_where_its_first_piece_says(model: str) -> None:
    pieces = SentencePieces(model)("wörld fox 世 dog")
    starts = [piece.at for piece in pieces]
    assert {0, 5, 9, 11} <= set(starts)


def test_text_that_the_model_does_not_know_is_counted(tmp_path: Path) -> None:
    pieces = SentencePieces(trained(tmp_path / "small.model", byte_fallback=False, vocab_size=60))
    stream = text_stream([RowWord(0, 0.0, 1.0, "世界", None, "given")], 0, 20, "drop", pieces)
    assert stream.unknown == 1
    assert EPAD in stream.tokens


def test_a_model_that_writes_text_with_the_id_of_padding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"piece {PAD} is .* uses this id as PAD"):
        SentencePieces(trained(tmp_path / "bare.model", pad_id=-1, byte_fallback=False, vocab_size=60))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.model").write_bytes(b"not a model")
    for name in ("x.model", "absent.model"):
        with pytest.raises(UsageError, match="not a SentencePiece model"):
            SentencePieces(str(tmp_path / name))


@pytest.mark.parametrize(("tag", "between"), [("ja", ""), ("zh-TW", ""), ("en-US", " "), (None, " "), ("th_TH", "")])
def test_what_stands_between_words(tag: str | None, between: str) -> None:
    assert joiner(tag) == between


def test_utterances_end_at_gaps_and_hold_every_word_once() -> None:
    words = [RowWord(0, a, b, t, None, "given") for a, b, t in ((0.0, 0.4, "a"), (0.6, 1.0, "b"), (1.5, 2.0, "c"), (2.4, 2.6, "d"))]
    found = utterances([*words, RowWord(1, 0.0, 9.0, "z", None, "given")], 0)
    assert [(each.start, each.end, each.text) for each in found] == [(0.0, 1.0, "a b"), (1.5, 2.6, "c d")]
    assert [word for each in found for word in each.words] == words
