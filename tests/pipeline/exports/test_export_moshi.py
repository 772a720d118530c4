"""moshi-finetune's files, read by its own audio reader and by its interleaver's rules run anew."""

from __future__ import annotations

import io
import json
import os
from bisect import bisect_left
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import sphn

from schemas.row import Row
from stages.text_stream.frames import text_stream
from stages.text_stream.pieces import SentencePieces
from tests.pipeline.exports import sets


@pytest.fixture(scope="module")
def out(made: Path, model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moshi") / "out"
    sets.run(made, folder, "moshi", main=(0, 1), tokenizer=model)
    return folder


def by_id(rows: list[Row]) -> dict[str, Row]:
    return {row.id: row for row in rows}


def samples(row: Row) -> np.ndarray[Any, Any]:
    found, _ = soundfile.read(io.BytesIO(row.audio.bytes), dtype="int32", always_2d=True)
    return np.asarray(found.T)


def test_left_is_the_main_speaker_and_durations_are_exact(out: Path, rows: list[Row]) -> None:
    lines = sets.lines(out / "train.jsonl")
    assert [(line["id"], line["main"]) for line in lines] == [(row.id, main) for row in rows[:3] for main in (0, 1)]
    for line in lines:
        found, rate = soundfile.read(out / line["path"], dtype="int32", always_2d=True)
        whole = samples(by_id(rows)[line["id"]])
        assert rate == by_id(rows)[line["id"]].rate
        assert np.array_equal(found.T, whole if line["main"] == 0 else whole[::-1])
        assert line["duration"] == len(found) / rate


def test_no_name_on_the_disk_is_made_of_an_id(out: Path) -> None:
    for line in sets.lines(out / "train.jsonl"):
        assert (out / line["path"]).resolve().is_relative_to(out.resolve())
        assert set(Path(line["path"]).name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_sphn_reads_every_window(out: Path) -> None:
    lines = sets.lines(out / "train.jsonl")
    seen: dict[str, list[tuple[float, float]]] = {}
    for window in sphn.dataset_jsonl(str(out / "train.jsonl"), duration_sec=4.0, sample_rate=24000, num_threads=1, pad_last_segment=True):
        path = str(Path(window["path"]).relative_to(out))
        assert window["data"].shape[0] == 2
        written, rate = soundfile.read(window["path"], always_2d=True)
        if rate == 24000:
            start, heard = round(window["start_time_sec"] * rate), window["data"]
            whole = min(heard.shape[1], len(written) - start, window["unpadded_len"])
            assert np.abs(heard[:, :whole] - written[start : start + whole].T).max() < 2**-16
        seen.setdefault(path, []).append((window["start_time_sec"], window["unpadded_len"] / 24000))
    assert list(seen) == [line["path"] for line in lines]
    for line in lines:
        windows = seen[line["path"]]
        assert [start for start, _ in windows] == np.arange(0, line["duration"], 4.0).tolist()
        assert sum(windows[-1]) == pytest.approx(line["duration"], abs=0.1), "the last window ends with the audio"


def window_rows(out: Path, line: dict[str, Any], seconds: float, tokenizer: SentencePieces) -> list[list[int]]:
    """The text row of each window by the trainer's rules: bisect on the sorted starts, keep the main speaker, then one token a frame."""
    data = json.loads((out / (os.path.splitext(line["path"])[0] + ".json")).read_text())
    starts = [start for _, (start, _), _ in data["alignments"]]
    found = []
    for begin in np.arange(0, line["duration"], seconds):
        chosen = data["alignments"][bisect_left(starts, begin) : bisect_left(starts, begin + seconds)]
        words = deque((text, start - begin) for text, (start, end), who in chosen if who == "SPEAKER_MAIN" and start < end)
        row: list[int] = []
        queue: list[int] = []
        for frame in range(int(seconds * 12.5)):
            while words and words[0][1] * 12.5 < frame + 1:
                queue = [piece.id for piece in tokenizer(words.popleft()[0].strip())]
            row.append(queue.pop(0) if queue else 3)
            if row[-1] != 3 and frame and row[frame - 1] == 3:
                row[frame - 1] = 0
        found.append(row)
    return found


def test_the_interleaver_finds_every_word_of_the_main_speaker_and_none_of_the_other(out: Path, rows: list[Row], model: str) -> None:
    tokenizer = SentencePieces(model)
    for line in sets.lines(out / "train.jsonl"):
        (row,) = window_rows(out, line, 20.0, tokenizer)
        words = by_id(rows)[line["id"]].words
        frames = -(-round(line["duration"] * 25) // 2)
        stream = text_stream(words, line["main"], 250, "drop", tokenizer)
        assert row == stream.tokens.tolist()
        assert any(token > 3 for token in row)
        assert line["token_drop_rate"] == text_stream(words, line["main"], frames, "drop", tokenizer).drop_rate


def test_words_begin_in_order_so_that_bisection_finds_those_of_a_window(out: Path, rows: list[Row]) -> None:
    for line in sets.lines(out / "train.jsonl"):
        data = json.loads((out / line["path"].replace(".wav", ".json")).read_text())
        starts = [start for _, (start, _), _ in data["alignments"]]
        assert starts == sorted(starts)
        assert len(starts) == len(by_id(rows)[line["id"]].words)
        assert "text_conditions" not in data
