"""17 rows per dialogue, and the data set that reads them without duologue."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from pipeline.exports.tokens_dataset import ZERO, Batches, Windows
from schemas.row import Row
from stages.text_stream.frames import text_stream
from stages.text_stream.pieces import SentencePieces
from tests.pipeline.exports import sets


@pytest.fixture(scope="module")
def out(made: Path, model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokens") / "out"
    sets.run(made, folder, "tokens", main=(0, 1), tokenizer=model)
    return folder


def matrix(row: Row, main: int, model: str) -> np.ndarray[Any, Any]:
    assert row.codes is not None
    shape = (row.codes.codebooks, row.codes.frames)
    sides = [np.array(channel).reshape(shape) for channel in (row.codes.channel_0, row.codes.channel_1)]
    text = text_stream(row.words, main, row.codes.frames, "drop", SentencePieces(model)).tokens
    return np.concatenate([text[None], sides[main], sides[1 - main]])


def test_rows_are_text_and_the_codes_of_both_sides_undelayed(out: Path, rows: list[Row], model: str) -> None:
    known = {row.id: row for row in rows}
    lines = sets.lines(out / "train.jsonl")
    assert len(lines) == 6
    for line in lines:
        found = load_file(out / line["file"])[line["key"]]
        assert found.dtype == np.int16
        assert np.array_equal(found, matrix(known[line["id"]], line["main"], model))


def test_codes_that_begin_before_the_row_move_its_words(tmp_path: Path, model: str) -> None:
    row = sets.talk("late")
    assert row.codes is not None
    row = dataclasses.replace(row, codes=dataclasses.replace(row.codes, lead=0.04))
    sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "tokens", tokenizer=model)
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    found = load_file(tmp_path / "out" / line["file"])[line["key"]][0]
    moved = [dataclasses.replace(word, start=word.start + 0.04, end=word.end + 0.04) for word in row.words]
    assert np.array_equal(found, text_stream(moved, 0, 150, "drop", SentencePieces(model)).tokens)
    assert not np.array_equal(found, text_stream(row.words, 0, 150, "drop", SentencePieces(model)).tokens)


def test_windows_tile_every_dialogue(out: Path) -> None:
    for frames in (7, 50, 400):
        windows = Windows(out, frames=frames)
        whole = [load_file(out / item["file"])[item["key"]] for item in windows.items]
        pieces = [windows[i].codes for i in range(len(windows))]
        assert {tuple(piece.shape) for piece in pieces} == {(1, 17, frames)}
        joined = torch.cat(pieces, dim=2)[0].numpy()
        at = 0
        for tensor in whole:
            length = -(-tensor.shape[1] // frames) * frames
            assert np.array_equal(joined[:, at : at + tensor.shape[1]], tensor)
            assert (joined[:, at + tensor.shape[1] : at + length] == ZERO).all()
            at += length
        assert at == joined.shape[1]


def test_one_epoch_over_all_ranks_holds_each_window_once_but_for_the_last_batch(out: Path) -> None:
    windows = Windows(out, frames=20)
    seen = [index for rank in (0, 1) for index in Batches(windows, 3, seed=5, rank=rank, world=2).order(0)]
    assert len(seen) == len(set(seen)) == len(windows) // 6 * 6
    assert Batches(windows, 3, seed=5).order(0) != Batches(windows, 3, seed=5).order(1)


def test_a_run_that_stops_anywhere_goes_on_exactly_there(out: Path) -> None:
    windows = Windows(out, frames=20)
    whole = [batch.codes for batch in Batches(windows, 4, seed=1, epochs=2)]
    assert len(whole) == 2 * (len(windows) // 4)
    for stop in range(len(whole) + 1):
        first, again = Batches(windows, 4, seed=1, epochs=2), Batches(windows, 4, seed=1, epochs=2)
        head = [batch.codes for batch in islice(first, stop)]
        again.load_state_dict(json.loads(json.dumps(first.state_dict())))
        tail = [batch.codes for batch in again]
        assert len(head) + len(tail) == len(whole)
        assert all(torch.equal(a, b) for a, b in zip([*head, *tail], whole, strict=True))


def test_another_order_is_not_resumed(out: Path) -> None:
    windows = Windows(out, frames=20)
    state = Batches(windows, 4, seed=1).state_dict()
    with pytest.raises(ValueError, match="seed was 1 and is 2"):
        Batches(windows, 4, seed=2).load_state_dict(state)
    with pytest.raises(ValueError, match="world was 1 and is 2"):
        Batches(windows, 4, seed=1, world=2).load_state_dict(state)
    with pytest.raises(ValueError, match="frames was 20 and is 21"):
        Batches(Windows(out, frames=21), 4, seed=1).load_state_dict({**state, "windows": len(Windows(out, frames=21))})
    with pytest.raises(ValueError, match="wanted at least one batch"):
        Batches(windows, 1000)


def test_the_data_set_beside_the_tokens_needs_nothing_of_ours(out: Path) -> None:
    tree = ast.parse((out / "dataset.py").read_text())
    needed = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    needed |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).split(".")[0] for name in needed} - set(sys.stdlib_module_names) == {"torch", "safetensors"}
    spec = importlib.util.spec_from_file_location("shipped_dataset", out / "dataset.py")
    assert spec is not None
    assert spec.loader is not None
    shipped = importlib.util.module_from_spec(spec)
    sys.modules["shipped_dataset"] = shipped
    spec.loader.exec_module(shipped)
    assert torch.equal(shipped.Windows(str(out), frames=30)[1].codes, Windows(out, frames=30)[1].codes)


def test_rows_without_fitting_codes_are_left_out_with_the_reason(tmp_path: Path, model: str) -> None:
    some = [sets.talk("a"), sets.talk("b", codec=None), sets.talk("c", codec="encodec"), sets.talk("d", codebooks=4)]
    told = sets.run(sets.publish(tmp_path / "set", some), tmp_path / "out", "tokens", tokenizer=model)
    assert {reason: tally["rows"] for reason, tally in told["left_out"].items()} == {
        "no codes; add tokenize to the chain": 1,
        "codes of encodec at 75 Hz; wanted 12.5 Hz": 1,
        "4 codebooks; wanted 8": 1,
    }
    assert told["written"]["rows"] == 1
