"""Each format's own consumer opens what was written and finds what the rows hold."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from schemas.row import Row, RowLanguage, RowTranscript
from stages.text_stream.frames import text_stream
from stages.text_stream.pieces import SentencePieces
from stages.torch_audio import ensure_torchaudio
from tests.pipeline.exports import sets


def audio(row: Row) -> np.ndarray[Any, Any]:
    found, _ = soundfile.read(io.BytesIO(row.audio.bytes), always_2d=True)
    return np.asarray(found.T)


def free(rows: list[Row]) -> dict[str, Row]:
    return {row.id: row for row in rows if row.source.licence == "CC-BY-4.0"}


def test_jmoshi_has_nine_rows_a_side_and_the_words_of_both(made: Path, rows: list[Row], model: str, tmp_path: Path) -> None:
    sets.run(made, tmp_path / "out", "jmoshi", tokenizer=model)
    names = {line["dialogue_id"]: line["id"] for line in sets.lines(tmp_path / "out" / "ids.jsonl")}
    found = pq.read_table(sorted((tmp_path / "out").glob("train-*-of-002.parquet"))).to_pylist()
    assert {names[each["dialogue_id"]] for each in found} == set(free(rows))
    for each in found:
        row = free(rows)[names[each["dialogue_id"]]]
        assert row.codes is not None
        for channel, side in enumerate("AB"):
            matrix = np.array(each[side])
            codes = np.array((row.codes.channel_0, row.codes.channel_1)[channel]).reshape(8, -1)
            text = text_stream(row.words, channel, row.codes.frames, "shift", SentencePieces(model)).tokens
            assert np.array_equal(matrix, np.concatenate([text[None], codes]))
        (path,) = (tmp_path / "out" / "text").rglob(f"{each['dialogue_id']}.json")
        told = [("AB".index(w["speaker"]), w["start"], w["end"], w["word"]) for w in json.loads(path.read_text())]
        assert told == [(w.channel, w.start, w.end, w.text) for w in row.words]


def test_labels_are_read_back_by_scorers_and_praat(made: Path, rows: list[Row], tmp_path: Path) -> None:
    meeteval, textgrid = pytest.importorskip("meeteval"), pytest.importorskip("praatio.textgrid")
    from pyannote.database.util import load_rttm, load_uem

    out = tmp_path / "out"
    sets.run(made, out, "labels")
    names = {line["file"]: (line["id"], line["speakers"]) for line in sets.lines(out / "ids.jsonl")}
    annotations, uem = load_rttm(out / "train.rttm"), load_uem(out / "train.uem")
    stm, seglst = meeteval.io.load(out / "train.stm"), meeteval.io.load(out / "train.seglst.json")
    words = {channel: meeteval.io.load(out / f"train.{channel}.ctm") for channel in (0, 1)}
    for file, (id, speakers) in names.items():
        row = free(rows)[id]
        spoken = sorted((round(s.start, 6), round(s.end, 6), speakers[s.channel]) for s in row.speech)
        tracks = annotations[file].itertracks(yield_label=True)
        assert sorted((round(s.start, 6), round(s.end, 6), label) for s, _, label in tracks) == spoken
        assert uem[file].extent().end == pytest.approx(row.duration, abs=1e-6)
        for channel, name in enumerate(speakers):
            mine = [word for word in row.words if word.channel == channel]
            text = " ".join(word.text for word in mine)
            assert [line.word for line in words[channel] if line.filename == file] == [word.text for word in mine]
            assert " ".join(line.transcript for line in stm if (line.filename, line.speaker_id) == (file, name)) == text
            assert " ".join(s["words"] for s in seglst if (s["session_id"], s["speaker"]) == (file, name)) == text
        grid = textgrid.openTextgrid(str(next((out / "TextGrid").rglob(f"{file}.TextGrid"))), includeEmptyIntervals=False)
        assert grid.maxTimestamp == pytest.approx(row.duration)
        for channel, name in enumerate(speakers):
            told = [(entry.start, entry.end, entry.label) for entry in grid.getTier(f"{name} words").entries]
            assert told == [(w.start, w.end, w.text) for w in row.words if w.channel == channel]
            (audacity,) = (out / "audacity").rglob(f"{file}.{channel}.{name}.txt")
            said = [line.split("\t")[2] for line in audacity.read_text().splitlines()]
            assert " ".join(said) == " ".join(w.text for w in row.words if w.channel == channel)


def test_lhotse_opens_files_and_shar_with_equal_audio(made: Path, rows: list[Row], tmp_path: Path) -> None:
    ensure_torchaudio()
    lhotse = pytest.importorskip("lhotse")
    for name in ("lhotse", "shar"):
        sets.run(made, tmp_path / name, name)
    files = lhotse.CutSet.from_file(tmp_path / "lhotse" / "cuts.train.jsonl.gz").with_recording_path_prefix(tmp_path / "lhotse")
    for cuts in (list(files), list(lhotse.CutSet.from_shar(in_dir=tmp_path / "shar" / "train"))):
        assert [cut.custom["row_id"] for cut in cuts] == list(free(rows))
        for cut, row in zip(cuts, free(rows).values(), strict=True):
            assert np.array_equal(cut.load_audio(), audio(row).astype(np.float32))
            told = [(s.channel, w.symbol, w.start) for s in cut.supervisions for w in s.alignment["word"]]
            assert sorted(told) == sorted((w.channel, w.text, w.start) for w in row.words)
            assert cut.duration == row.duration


def test_utterances_and_samples_have_the_language_of_their_side(tmp_path: Path) -> None:
    languages = (RowLanguage(0, "ja", "fixed", None, None), RowLanguage(1, "en", "fixed", None, None))
    row = dataclasses.replace(sets.talk("two", 6.0), transcript=RowTranscript(languages, (), (0.0, 0.0)))
    made = sets.publish(tmp_path / "set", [row], 1)
    for name, file in (("lhotse", "cuts.train.jsonl.gz"), ("shar", "train/cuts.000000.jsonl.gz"), ("nemo", "train/cuts.000000.jsonl.gz")):
        sets.run(made, tmp_path / name, name)
        (cut,) = (json.loads(line) for line in gzip.decompress((tmp_path / name / file).read_bytes()).splitlines())
        sides = {each["id"].split("-")[-2]: each["language"] for each in cut["supervisions"]}
        assert sides == {"0": "ja", "1": "en"}, name
    sets.run(made, tmp_path / "webdataset", "webdataset")
    with tarfile.open(tmp_path / "webdataset" / "train-00000.tar") as tar:
        (member,) = (each for each in tar.getmembers() if each.name.endswith(".json"))
        data = tar.extractfile(member)
        assert data is not None
        assert json.loads(data.read())["languages"] == ["ja", "en"]


def test_nemo_hears_the_user_and_speaks_the_agent(made: Path, rows: list[Row], tmp_path: Path) -> None:
    ensure_torchaudio()
    lhotse = pytest.importorskip("lhotse")
    sets.run(made, tmp_path / "nemo", "nemo", main=(1,))
    cuts = list(lhotse.CutSet.from_shar(in_dir=tmp_path / "nemo" / "train"))
    assert len(cuts) == len(free(rows))
    for cut, row in zip(cuts, free(rows).values(), strict=True):
        user, agent = cut.load_audio()[0], cut.load_target_audio()[0]
        assert (cut.sampling_rate, cut.target_audio.sampling_rate) == (16000, 22050)
        assert {s.speaker for s in cut.supervisions} == {"user", "agent"}
        assert [s.start for s in cut.supervisions] == sorted(s.start for s in cut.supervisions)
        for channel, heard, rate in ((0, user, 16000), (1, agent, 22050)):
            assert len(heard) == pytest.approx(row.duration * rate, abs=1)
            word = next(w for w in row.words if w.channel == channel)
            first, last = round(word.start * rate), round(word.end * rate)
            assert float(np.sqrt(np.mean(heard[first:last] ** 2))) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_webdataset_iterates_the_tars(made: Path, rows: list[Row], tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    sets.run(made, tmp_path / "out", "webdataset")
    tars = sorted(str(path) for path in (tmp_path / "out").glob("train-*.tar"))
    assert [Path(tar).name for tar in tars] == ["train-00000.tar", "train-00001.tar"]
    found = list(webdataset.WebDataset(tars, shardshuffle=False).decode())
    for sample, row in zip(found, free(rows).values(), strict=True):
        assert sample["json"]["id"] == row.id
        assert sample["flac"] == row.audio.bytes
        assert row.codes is not None
        assert np.array_equal(sample["codes.npy"][1].ravel(), row.codes.channel_1)
        assert len(sample["json"]["words"]) == len(row.words)
        assert "." not in sample["__key__"].rsplit("/", 1)[-1]


def test_datasets_loads_the_folder_for_the_hub(made: Path, rows: list[Row], tmp_path: Path) -> None:
    import datasets

    sets.run(made, tmp_path / "out", "hf")
    folder = str(tmp_path / "out")
    asis = datasets.Audio(decode=False)
    streamed = list(datasets.load_dataset(folder, split="train", streaming=True).cast_column("audio", asis))
    assert [row["id"] for row in streamed] == list(free(rows))
    loaded = datasets.load_dataset(folder, split="train", cache_dir=str(tmp_path / "cache")).cast_column("audio", asis)
    last = list(free(rows).values())[-1]
    assert loaded[-1]["audio"]["bytes"] == last.audio.bytes
    assert loaded[-1]["codes"]["channel_0"] == list(last.codes.channel_0 if last.codes is not None else ())
    assert isinstance(datasets.load_dataset(folder, split="train", streaming=True).features["audio"], datasets.Audio)
