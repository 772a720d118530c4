"""Real telephone calls with their words, exported and checked; SpokenWOZ as J-Moshi's owner ships it, in the very form that we write."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import soundfile

from pipeline.exports.lint.run import run_lint
from schemas.row import Row, RowWord
from tests.pipeline.exports import sets
from tests.shared import SHARED, needs_shared

CALLS = ("MUL1423", "SNG0072", "SNG0480")


def call(name: str) -> Row:
    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="int16")
    told = json.loads((SHARED / "spokenwoz" / f"{name}.json").read_text(encoding="utf-8-sig"))
    words = [RowWord("AB".index(w["speaker"]), w["start"], w["end"], w["word"], None, "given") for w in told if w["start"] < w["end"]]
    row = sets.talk(name, 1.0, rate, codec=None)
    return dataclasses.replace(
        row,
        duration=len(samples) / rate,
        words=tuple(sorted(words, key=lambda w: (w.start, w.end, w.channel))),
        audio=dataclasses.replace(row.audio, bytes=sets.flac(samples.T, rate)),
    )


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "set"
    return sets.publish(folder, [call(name) for name in CALLS], 1)


@needs_shared
def test_real_calls_are_clean_and_turned_ones_are_found(calls: Path, tmp_path: Path) -> None:
    sets.run(calls, tmp_path / "moshi", "moshi", main=(0, 1))
    told = run_lint(str(tmp_path / "moshi"))
    assert told["ok"], told["findings"]
    assert told["items"] == 6
    for line in sets.lines(tmp_path / "moshi" / "train.jsonl"):
        path = tmp_path / "moshi" / line["path"]
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples[:, ::-1], rate)
    turned = run_lint(str(tmp_path / "moshi" / "train.jsonl"))
    assert {each["check"]: each["count"] for each in turned["findings"] if each["severity"] == "error"} == {"channel_order": 6}


@needs_shared
def test_words_have_the_form_of_j_moshis_own(calls: Path, tmp_path: Path, model: str) -> None:
    from pipeline.exports.item import read_items
    from pipeline.exports.jmoshi import word_list
    from pipeline.place import LocalPlace

    for item in read_items(LocalPlace(str(calls)), "data/train-00000-of-00001.parquet"):
        theirs = json.loads((SHARED / "spokenwoz" / f"{item.id}.json").read_text(encoding="utf-8-sig"))
        wanted = [word for word in theirs if word["start"] < word["end"]]
        assert sorted(word_list(item), key=str) == sorted(wanted, key=str)
