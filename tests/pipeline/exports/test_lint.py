"""Each thing that silently ruins training is found where it was put, and nothing is found where there is nothing."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.exports.lint.checks import examine
from pipeline.exports.lint.run import lines, run_lint
from pipeline.exports.lint.subject import CHECKS, Said, Sound, Subject
from schemas.errors import UsageError
from schemas.row import RowWord
from tests.pipeline.exports import sets


def found(path: Path, **more: Any) -> dict[str, int]:
    told = run_lint(str(path), **more)
    assert told["ok"] is not any(each["severity"] == "error" for each in told["findings"])
    return {each["check"]: each["count"] for each in told["findings"]}


@pytest.fixture(scope="module")
def moshi(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lint") / "moshi"
    sets.run(made, folder, "moshi", main=(0, 1))
    return folder


@pytest.fixture
def bare(moshi: Path, tmp_path: Path) -> Path:
    """The Moshi folder as another tool would have made it: without our manifest and checksums."""
    folder = tmp_path / "bare"
    shutil.copytree(moshi, folder, ignore=shutil.ignore_patterns(".duologue", "export.json", "SHA256SUMS"))
    return folder


def first(folder: Path) -> Path:
    return folder / str(sets.lines(folder / "train.jsonl")[0]["path"])


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def edit_line(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    told = sets.lines(folder / "train.jsonl")
    change(told[0])
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))


def sidecar(folder: Path) -> Path:
    return first(folder).with_suffix(".json")


def errors(counts: dict[str, int]) -> dict[str, int]:
    return {check: count for check, count in counts.items() if CHECKS[check][0] == "error"}


def test_what_we_write_is_clean(made: Path, moshi: Path, bare: Path, model: str, tmp_path: Path) -> None:
    for format in ("tokens", "jmoshi", "personaplex"):
        sets.run(made, tmp_path / format, format, tokenizer=model)
    sets.run(made, tmp_path / "hf", "hf")
    for path in (
        made,
        moshi,
        bare,
        bare / "train.jsonl",
        tmp_path / "hf",
        *(tmp_path / name for name in ("tokens", "jmoshi", "personaplex")),
    ):
        assert errors(found(path, most_dropped=1.0)) == {}, path
    assert run_lint(str(moshi))["items"] == 6
    assert run_lint(str(made))["items"] == 4


def test_unsorted_words(bare: Path) -> None:
    edit(sidecar(bare), lambda data: data["alignments"].reverse())
    assert "words_unsorted" in found(bare)


def test_words_without_length_or_text_or_time(bare: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["alignments"][0][1] = [0.1, 0.1]
        data["alignments"][1][0] = "  "
        data["alignments"].append(["late", [1e6, 1e6 + 1], "SPEAKER_MAIN"])
        data["alignments"].append(["never", [float("nan"), 2.0], "SPEAKER_MAIN"])

    edit(sidecar(bare), change)
    told = errors(found(bare))
    assert told == {"word_empty": 1, "word_blank": 1, "word_outside": 1, "word_not_finite": 1}


def test_a_wrong_duration(bare: Path) -> None:
    edit_line(bare, lambda line: line.update(duration=line["duration"] + 0.5))
    assert errors(found(bare)) == {"duration": 1}


def rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    samples, rate = soundfile.read(path, always_2d=True)
    soundfile.write(path, change(samples), rate, "PCM_16")


def test_a_silent_main_channel(bare: Path) -> None:
    rewrite(first(bare), lambda samples: samples * np.array([0.0, 1.0]))
    assert errors(found(bare)) == {"main_silent": 1}


def test_a_main_channel_of_noise_alone(bare: Path) -> None:
    noise = np.random.default_rng(0)
    rewrite(first(bare), lambda samples: np.stack([noise.normal(0, 0.02, len(samples)), samples[:, 1] * 0.05], axis=1))
    assert errors(found(bare)) == {"main_silent": 1}


def test_a_silent_other_channel_is_a_warning(bare: Path) -> None:
    edit(sidecar(bare), lambda data: data.update(alignments=[each for each in data["alignments"] if each[2] == "SPEAKER_MAIN"]))
    rewrite(first(bare), lambda samples: samples * np.array([1.0, 0.0]))
    told = found(bare)
    assert errors(told) == {}
    assert told["other_silent"] == 1


def test_channels_the_wrong_way_round(bare: Path) -> None:
    rewrite(first(bare), lambda samples: samples[:, ::-1])
    assert errors(found(bare)) == {"channel_order": 1}


def test_channels_the_wrong_way_round_with_the_main_speakers_words_alone(bare: Path) -> None:
    edit(sidecar(bare), lambda data: data.update(alignments=[each for each in data["alignments"] if each[2] == "SPEAKER_MAIN"]))
    rewrite(first(bare), lambda samples: samples[:, ::-1])
    assert errors(found(bare)) == {"channel_order": 1}


def test_crosstalk_is_no_wrong_order(bare: Path) -> None:
    rewrite(first(bare), lambda samples: samples @ np.array([[1.0, 0.3], [0.3, 1.0]]))
    assert errors(found(bare)) == {}


def test_one_channel(bare: Path) -> None:
    rewrite(first(bare), lambda samples: samples[:, 0])
    assert errors(found(bare)) == {"not_stereo": 1}


def test_no_words_of_the_main_speaker(bare: Path) -> None:
    edit(sidecar(bare), lambda data: data.update(alignments=[[t, s, "SPEAKER_00"] for t, s, _ in data["alignments"]]))
    assert "no_main_words" in found(bare)


def test_conditions_in_some_items_alone(bare: Path) -> None:
    edit(sidecar(bare), lambda data: data.update(text_conditions={"mood": "calm"}))
    assert errors(found(bare)) == {"text_conditions": 1}


def test_files_that_are_gone_or_damaged_or_named_twice(bare: Path) -> None:
    told = sets.lines(bare / "train.jsonl")
    (bare / told[0]["path"]).unlink()
    (bare / told[1]["path"]).write_bytes(b"RIFF")
    sidecar_of_third = (bare / told[2]["path"]).with_suffix(".json")
    sidecar_of_third.write_text('{"alignments": [["x"]]}')
    with (bare / "train.jsonl").open("a") as file:
        file.write(json.dumps(told[3]) + "\n" + '{"path": "x.wav"}\n')
    assert errors(found(bare)) == {"missing": 1, "unreadable": 3, "named_twice": 1}


def test_dropped_tokens_are_found_with_the_tokenizer(bare: Path, model: str) -> None:
    told = run_lint(str(bare), model, 0.0)
    assert 0 < told["token_drop_rate"] < 0.5
    assert [each["check"] for each in told["findings"]] == ["tokens_dropped"]
    assert found(bare, tokenizer=model, most_dropped=0.9) == {}
    assert "words_collide" in found(crowded(bare))


def crowded(bare: Path) -> Path:
    edit(sidecar(bare), lambda data: data["alignments"].insert(0, ["a", [0.0, 0.03], "SPEAKER_MAIN"]))
    edit(sidecar(bare), lambda data: data["alignments"].insert(1, ["b", [0.03, 0.06], "SPEAKER_MAIN"]))
    return bare


def test_an_export_that_was_changed_or_never_finished(moshi: Path, tmp_path: Path) -> None:
    shutil.copytree(moshi, tmp_path / "a")
    edit(sidecar(tmp_path / "a"), lambda data: data["alignments"][0].__setitem__(0, "other"))
    first(tmp_path / "a").unlink()
    assert errors(found(tmp_path / "a")) == {"changed": 1, "missing": 2}
    (tmp_path / "a" / "export.json").unlink()
    assert "unfinished" in found(tmp_path / "a")


def table(folder: Path, name: str, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> None:
    kind = pa.list_(pa.list_(pa.int32()))
    rows = {"dialogue_id": [name], "A": [a.tolist()], "B": [b.tolist()]}
    schema = pa.schema([("dialogue_id", pa.string()), ("A", kind), ("B", kind)])
    pq.write_table(pa.Table.from_pydict(rows, schema=schema), folder / f"{name}.parquet")


def side(text: list[int], seed: int = 0) -> np.ndarray[Any, Any]:
    codes = np.random.default_rng(seed).integers(0, 2048, (8, len(text)))
    return np.concatenate([np.array(text)[None], codes])


FINE = [3, 0, 70, 71, 3, 3, 0, 72, 3, 3] * 4


@pytest.mark.parametrize(
    ("a", "b", "check"),
    [
        (side(FINE), side(FINE, 1), None),
        (side([3, 3, 70, 71, 3, 3]), side(FINE[:6], 1), "text_epad"),
        (side([-1, *FINE[1:]]), side(FINE, 1), "text_range"),
        (side(FINE), side(FINE, 1) * 2, "codes_range"),
        (side(FINE), side(FINE, 1)[:, :-1], "codes_shape"),
        (side(FINE)[:-1], side(FINE, 1), "codes_shape"),
        (side(FINE), np.concatenate([np.array(FINE)[None], np.ones((8, len(FINE)), dtype=int)]), "codes_constant"),
    ],
)
def test_what_is_wrong_with_tables_of_codes(tmp_path: Path, a: Any, b: Any, check: str | None) -> None:
    table(tmp_path, "x", a, b)
    told = errors(found(tmp_path))
    assert (check in told) if check else told == {}


def test_a_text_row_of_padding_alone_is_a_warning(tmp_path: Path) -> None:
    table(tmp_path, "x", side([3] * 40), side(FINE, 1))
    assert found(tmp_path / "x.parquet") == {"text_empty": 1}


def test_sets_are_checked_row_by_row(tmp_path: Path) -> None:
    good = sets.talk("good")
    assert good.codes is not None
    longer = dataclasses.replace(sets.talk("longer"), duration=13.0)
    late = dataclasses.replace(sets.talk("late"), words=(RowWord(0, 11.0, 12.5, "late", None, "given"),))
    short = dataclasses.replace(sets.talk("short"), codes=sets.codes_for(np.random.default_rng(0), 6.0))
    swapped = dataclasses.replace(good, id="swapped", words=tuple(dataclasses.replace(w, channel=1 - w.channel) for w in good.words))
    folder = sets.publish(tmp_path / "set", [good, longer, late, short, swapped])
    assert errors(found(folder)) == {"duration": 1, "word_outside": 1, "codes_length": 1, "channel_order": 1}
    assert errors(found(folder / "data" / "train-00001-of-00002.parquet")) == {"codes_length": 1, "channel_order": 1}


def test_an_export_that_is_not_read_item_by_item_is_not_called_fit(made: Path, tmp_path: Path) -> None:
    sets.run(made, tmp_path / "a", "chat")
    told = run_lint(str(tmp_path / "a"))
    assert told["ok"]
    assert lines(told)[-1] == "all files are those that were written; what is in them is not examined for chat"


def test_an_export_whose_list_is_empty_is_not_called_fit(moshi: Path, made: Path, model: str, tmp_path: Path) -> None:
    shutil.copytree(moshi, tmp_path / "a")
    (tmp_path / "a" / "train.jsonl").write_text("")
    assert errors(found(tmp_path / "a")) == {"empty": 1, "changed": 1}
    sets.run(made, tmp_path / "b", "tokens", tokenizer=model)
    (tmp_path / "b" / "train.jsonl").write_text('{"file": "x"}\n[1]\n{')
    assert errors(found(tmp_path / "b")) == {"changed": 1, "unreadable": 3}


def test_what_is_nothing_known_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    for path in (tmp_path, tmp_path / "x.txt", tmp_path / "absent"):
        with pytest.raises(UsageError):
            run_lint(str(path))


def test_the_text_tells_each_finding_with_places_and_a_verdict(bare: Path) -> None:
    assert lines(run_lint(str(bare)))[-1] == "fit for training"
    edit_line(bare, lambda line: line.update(duration=1.0))
    told = lines(run_lint(str(bare)))
    assert told[1].startswith("error: duration (1): ")
    assert "1 s in the manifest, 11 s of audio" in told[2]
    assert told[-1] == "not fit for training"


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.floats(0, 9), st.floats(0.05, 0.9)), min_size=5, max_size=30), st.floats(-40, 0))
def test_order_is_judged_by_level_whatever_the_gain(spans: list[tuple[int, float, float]], gain: float) -> None:
    power = np.full((2, 1000), 1e-9)
    for channel, start, length in spans:
        power[channel, int(start * 100) : int((start + length) * 100)] = 0.05 * 10 ** (gain / 10)
    words = sorted((Said(channel, start, start + length, "x") for channel, start, length in spans), key=lambda word: word.start)
    sound = Sound(2, 8000, 80000, power)
    right = Subject("right", 10.0, words, sound=sound)
    examine(right, 1.0)
    assert "channel_order" not in [finding.check for finding in right.found]
    turned = Subject("turned", 10.0, words, sound=dataclasses.replace(sound, power=power[::-1]))
    examine(turned, 1.0)
    quiet = [w for w in words if power[1 - w.channel, int(w.start * 100) : int(w.end * 100)].max(initial=0) < 1e-8]
    if len(quiet) > len(words) / 2 + 1:
        assert "channel_order" in [finding.check for finding in turned.found]
