"""Layouts of other models: unit streams, VALL-E, CSM and PersonaPlex, on rows small enough to be checked by eye."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from pipeline.exports.csm import frames
from pipeline.exports.personaplex import SILENCE, TONE
from pipeline.exports.tokens_dataset import Windows
from schemas.errors import UsageError
from schemas.row import Row, RowCodes, RowSource
from stages.text_stream.pieces import PAD, SentencePieces
from tests.pipeline.exports import sets
from tests.pipeline.exports.sets import word


def small() -> Row:
    """Two seconds of units at 50 Hz, and three turns of A, B and A."""
    first: Any = (5,) * 20 + (7,) * 30 + (1,) * 20 + (2,) * 30
    second: Any = (9,) * 40 + (8,) * 20 + (3,) * 40
    codes = RowCodes("hubert", "cd" * 32, 16000, 320, 500, 1, 100, 0.0, first, second, (), None)
    words = (word(0, 0.0, 0.6, "hi"), word(1, 0.8, 1.2, "yes"), word(0, 1.4, 2.0, "bye"))
    return dataclasses.replace(sets.talk("small/one", 2.0, 16000, codec=None), codes=codes, words=words)


A = " ".join(["5"] * 20 + ["7"] * 30 + ["1"] * 20 + ["2"] * 30)
B = " ".join(["9"] * 40 + ["8"] * 20 + ["3"] * 40)


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sets.publish(tmp_path_factory.mktemp("units") / "set", [small(), sets.talk("other", 4.0)], 1)


def test_dgslm_is_one_line_of_both_sides(units: Path, tmp_path: Path) -> None:
    told = sets.run(units, tmp_path / "out", "dgslm")
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    assert line["unitA"] == A
    assert line["unitB"] == B
    assert line["audio"].endswith(".wav")
    assert list(told["left_out"]) == ["8 codebooks of mimi at 12.5 Hz; wanted units at 50 Hz, of hubert"]


def test_gslm_has_every_unit_and_collapsed_ones(units: Path, tmp_path: Path) -> None:
    sets.run(units, tmp_path / "out", "gslm")
    (about,) = sets.lines(tmp_path / "out" / "ids.jsonl")
    stem = about["file"]
    assert read(tmp_path / "out", "train.km") == f"{stem}-0|{A}\n{stem}-1|{B}\n"
    assert read(tmp_path / "out", "train.dedup.km") == f"{stem}-0|5 7 1 2\n{stem}-1|9 8 3\n"


def test_speechgpt_has_turns_of_a_human_and_an_assistant(units: Path, tmp_path: Path) -> None:
    sets.run(units, tmp_path / "out", "speechgpt", main=(1,))
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    assert [(turn["role"], turn["units"], turn["text"]) for turn in line["turns"]] == [
        ("human", "<sosp><5><7><eosp>", "hi"),
        ("assistant", "<sosp><8><eosp>", "yes"),
        ("human", "<sosp><2><eosp>", "bye"),
    ]


def test_valle_pairs_each_utterance_with_another_of_its_speaker(tmp_path: Path) -> None:
    words = (word(0, 0.0, 2.0, "one"), word(0, 3.0, 7.0, "two"), word(0, 8.0, 8.5, "three"), word(1, 1.0, 2.5, "alone"))
    row = dataclasses.replace(sets.talk("v", 9.0, codec="encodec"), words=words)
    assert row.codes is not None
    told = sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "valle")
    lines = sets.lines(tmp_path / "out" / "train.jsonl")
    assert [(line["text"], line["prompt_text"], line["speaker"]) for line in lines] == [
        ("one", "two", "anna"),
        ("two", "one", "anna"),
        ("three", "two", "anna"),
    ]
    tensors = load_file(tmp_path / "out" / lines[0]["file"])
    codes = np.array(row.codes.channel_0).reshape(8, -1)
    assert np.array_equal(tensors[lines[0]["key"]], codes[:, 0:150])
    assert np.array_equal(tensors[f"{lines[0]['key']}.prompt"], codes[:, 225:450]), "three seconds of the longest other utterance"
    assert np.array_equal(tensors[f"{lines[1]['key']}.prompt"], codes[:, 0:150])
    (reason,) = told["lost"]
    assert told["lost"][reason] == {"words": 1}
    assert (told["written"]["words"], told["came"]["words"]) == (3, 4)


def llama(path: Path, *special: str) -> str:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["[", "]", "0", "1", "hi", "there", "?", *special]
    tokenizer = Tokenizer(WordLevel({name: i + 100 for i, name in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(path))
    return str(path)


def test_csm_frames_are_text_then_audio_then_an_end(tmp_path: Path) -> None:
    row = dataclasses.replace(sets.talk("c", 2.0, codebooks=32), words=(word(1, 0.4, 0.8, "hi"), word(0, 1.0, 1.2, "there")))
    assert row.codes is not None
    tokenizer = llama(tmp_path / "tokenizer.json", "<|begin_of_text|>", "<|end_of_text|>")
    told = sets.run(sets.publish(tmp_path / "set", [row, sets.talk("few", 2.0)], 1), tmp_path / "out", "csm", tokenizer=tokenizer)
    lines = sets.lines(tmp_path / "out" / "train.jsonl")
    assert [(line["speaker"], line["text"], line["order"]) for line in lines] == [(1, "hi", 0), (0, "there", 1)]
    tensors = load_file(tmp_path / "out" / lines[0]["file"])
    tokens, mask = tensors[lines[0]["key"]], tensors[f"{lines[0]['key']}.mask"]
    assert tokens.shape == mask.shape == (6 + 5 + 1, 33)
    assert tokens[:6, 32].tolist() == [107, 100, 103, 101, 104, 108]
    assert np.array_equal(tokens[6:11, :32].T, np.array(row.codes.channel_1).reshape(32, -1)[:, 5:10])
    assert not tokens[11].any()
    assert mask[:, 32].tolist() == [1] * 6 + [0] * 6
    assert (mask[:, :32] == (np.arange(12) >= 6)[:, None]).all()
    assert told["left_out"].keys() == {"8 codebooks of mimi at 12.5 Hz; wanted 32 at 12.5 Hz, of mimi"}


def test_csm_keeps_to_the_models_context(tmp_path: Path) -> None:
    words = (*(word(0, 0.5 * i, 0.5 * i + 0.5, "hi") for i in range(340)), word(1, 1.0, 1.4, "hi"))
    row = dataclasses.replace(sets.talk("long", 170.0, codebooks=32), words=words)
    tokenizer = llama(tmp_path / "tokenizer.json", "<|begin_of_text|>", "<|end_of_text|>")
    told = sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "csm", tokenizer=tokenizer)
    assert told["lost"] == {"the utterance has more than 2048 frames": {"words": 340}}
    assert (told["written"]["words"], told["items"]) == (1, 1)
    assert frames([1], np.zeros((32, 3), dtype=np.int16))[0].shape == (5, 33)


def test_csm_wants_llamas_tokenizer(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--tokenizer PATH"):
        sets.run(made, tmp_path / "a", "csm")
    with pytest.raises(UsageError, match=r"has no token <\|begin_of_text\|>"):
        sets.run(made, tmp_path / "a", "csm", tokenizer=llama(tmp_path / "bare.json"))
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(UsageError, match=r"not a tokenizer\.json"):
        sets.run(made, tmp_path / "a", "csm", tokenizer=str(tmp_path / "no.json"))


def test_personaplex_sets_voice_and_role_before_the_dialogue(tmp_path: Path, model: str) -> None:
    source = RowSource("calls", (), "CC-BY-4.0", None, "en", json.dumps({"role_prompt": "you know\nthe weather"}))
    rows = [sets.talk("told", 6.0, source=source), sets.talk("role", 6.0)]
    sets.run(sets.publish(tmp_path / "set", rows, 1), tmp_path / "persona", "personaplex", tokenizer=model)
    sets.run(tmp_path / "set", tmp_path / "plain", "tokens", tokenizer=model)
    prompts = ["<system> you know the weather <system>", "<system> You are the agent in this conversation. <system>"]
    lines = zip(sets.lines(tmp_path / "persona" / "train.jsonl"), sets.lines(tmp_path / "plain" / "train.jsonl"), prompts, strict=True)
    for line, plain, prompt in lines:
        found, body = (load_file(tmp_path / folder / each["file"])[each["key"]] for folder, each in (("persona", line), ("plain", plain)))
        text = [piece.id for piece in SentencePieces(model)(prompt)]
        assert np.array_equal(found[:, line["prefix"] :], body)
        voice = line["prefix"] - len(text) - 12
        assert 1 <= voice <= 125
        assert found[0, : line["prefix"]].tolist() == [PAD] * (voice + 6) + text + [PAD] * 6
        assert (found[1:9, voice : line["prefix"]] == np.array(SILENCE)[:, None]).all()
        assert (found[9:17, : line["prefix"]] == np.array(TONE)[:, None]).all()
        spans = [body[1:9, at : at + voice] for at in range(body.shape[1])]
        assert any(np.array_equal(found[1:9, :voice], span) for span in spans), "the voice prompt is the speaker's own"
    assert len(Windows(tmp_path / "persona", frames=1000)) == 2


def test_a_side_without_words_has_no_voice_prompt_and_is_counted(tmp_path: Path, model: str) -> None:
    row = sets.talk("half", 6.0)
    rows = [row, dataclasses.replace(row, id="mute", words=tuple(each for each in row.words if each.channel == 1))]
    told = sets.run(sets.publish(tmp_path / "set", rows, 1), tmp_path / "out", "personaplex", tokenizer=model)
    assert told["sums"]["without_voice_prompt"] == 1


@pytest.mark.parametrize(
    ("format", "codec", "codebooks", "reason"),
    [
        ("csm", "mimi", 32, "no words; add transcribe to the chain"),
        ("valle", "encodec", 8, "no words; add transcribe to the chain"),
        ("speechgpt", "hubert", 1, "neither words nor turns"),
    ],
)
def test_a_row_of_which_nothing_is_written_is_not_counted_as_written(
    tmp_path: Path, format: str, codec: str, codebooks: int, reason: str
) -> None:
    full = sets.talk("full", 30.0, codec=codec, codebooks=codebooks)
    mute = dataclasses.replace(full, id="mute", words=(), turns=())
    tokenizer = llama(tmp_path / "tokenizer.json", "<|begin_of_text|>", "<|end_of_text|>") if format == "csm" else None
    told = sets.run(sets.publish(tmp_path / "set", [full, mute], 1), tmp_path / "out", format, tokenizer=tokenizer)
    assert (told["written"]["rows"], {name: each["rows"] for name, each in told["left_out"].items()}) == (1, {reason: 1})
    assert told["written"]["words"] == len(full.words)
    with pytest.raises(UsageError, match=f"nothing was exported to {format}: 1 rows: {reason}"):
        sets.run(sets.publish(tmp_path / "none", [mute], 1), tmp_path / "nothing", format, tokenizer=tokenizer)


def test_a_row_all_of_whose_utterances_are_lost_is_left_out(tmp_path: Path) -> None:
    alone = dataclasses.replace(sets.talk("alone", 4.0, codec="encodec"), words=(word(0, 0.0, 0.5, "x"),))
    with pytest.raises(UsageError, match="1 rows: the speaker says nothing else of a second or more"):
        sets.run(sets.publish(tmp_path / "set", [alone], 1), tmp_path / "out", "valle")
