"""SpokenWOZ: both layouts, whatever is missing; and the real calls of the shared data."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.sources.spokenwoz import READER
from stages.transcribe.formats.read import read_transcript
from stages.transcribe.formats.said import TranscriptError
from tests.shared import SHARED, needs_shared
from tests.stages.sources.corpora import check, jsoned, put, read, reasons, source, transcribed, tree_of, wav, words


def turn(tag: str, start: int, *said: str) -> dict[str, Any]:
    """A turn as `data.json` has it, half a second a word, in milliseconds."""
    timed = [
        {"Word": word, "BeginTime": start + 500 * at, "EndTime": start + 500 * at + 400, "ChannelId": int(tag == "system"), "WordIndex": at}
        for at, word in enumerate(said)
    ]
    return {"tag": tag, "text": " ".join(said), "words": timed, "dialog_act": {}, "span_info": [], "metadata": {}}


def dialogue(number: int) -> dict[str, Any]:
    return {"goal": {"train": {}}, "log": [turn("user", 1000, "hello", f"u{number}"), turn("system", 2500, "hi", f"s{number}")]}


def official() -> dict[str, bytes]:
    train = {f"MUL{number:04}": dialogue(number) for number in (1, 2, 5)} | {"SNG0003": dialogue(3)}
    return {
        **{f"audio_5700_train_dev/{id}.wav": wav(seed=at) for at, id in enumerate(train)},
        "text_5700_train_dev/data.json": jsoned(train),
        "text_5700_train_dev/valListFile.json": b"MUL0002\n",
        "text_5700_train_dev/ontology.json": b"{}",
        "text_5700_train_dev/README.md": b"about",
        "text_5700_train_dev/db/taxi_db.json": b"[]",
        "audio_5700_test/MUL0004.wav": wav(seed=9),
        "text_5700_test/data.json": jsoned({"MUL0004": dialogue(4)}),
        "text_5700_test/testListFile.json": b"MUL0004\n",
    }


def sample(folder: str = "", *, audio: str = "audio/", text: str = "text/") -> dict[str, bytes]:
    said = [
        {"speaker": "A", "word": "hi", "start": 1.0, "end": 1.4},
        {"speaker": "B", "word": "hello", "start": 1.5, "end": 1.9},
    ]
    ids = ("MUL1423", "SNG0072")
    return {
        f"{folder}README.md": b"about",
        **{f"{folder}{audio}{id}.wav": wav(seed=at) for at, id in enumerate(ids)},
        **{f"{folder}{text}{id}.json": jsoned(said) for id in ids},
    }


def test_as_distributed(tmp_path: Path) -> None:
    put(tmp_path, {f"bought/{path}": data for path, data in official().items()})
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("bought",)
    corpus = READER.read(tree, "bought")
    check(corpus, tree.files)
    assert corpus.rejects == []
    assert corpus.problems == []
    assert corpus.listed == 5
    assert {draft.source.id: json.loads(draft.source.extra) for draft in corpus.drafts} == {
        "MUL0001": {"split": "train"},
        "MUL0002": {"split": "dev"},
        "SNG0003": {"split": "train"},
        "MUL0004": {"split": "test"},
        "MUL0005": {"split": "train"},
    }
    first = source(corpus, "MUL0001")
    assert first.transcript == "bought/text_5700_train_dev/data.json::MUL0001"
    assert (first.licence, first.language, first.roles, first.corpus) == ("CC-BY-NC-4.0", "en", ("user", "system"), "SpokenWOZ")
    said = transcribed(first)
    assert (words(said, 0), words(said, 1)) == (["hello", "u1"], ["hi", "s1"])
    assert {what for path, what in corpus.claimed.items() if path.endswith("data.json")} == {"transcript"}
    assert corpus.claimed["bought/text_5700_train_dev/valListFile.json"] == "list"


def test_what_a_person_says_goes_first(tmp_path: Path) -> None:
    corpus = read(READER, put(tmp_path, sample()), licence="LicenseRef-Own", language="de", corpus="mine", consent="yes")
    assert {(s.licence, s.language, s.corpus, s.consent) for s in (draft.source for draft in corpus.drafts)} == {
        ("LicenseRef-Own", "de", "mine", "yes")
    }


def test_a_dialogue_of_the_table_is_read_by_its_tags_and_in_milliseconds() -> None:
    found = read_transcript(jsoned(dialogue(7)), "text_5700_test/data.json::MUL0007", ("MUL0007",))
    assert [(each.label, each.start, each.end, each.text) for each in found.said] == [
        ("user", 1.0, 1.4, "hello"),
        ("user", 1.5, 1.9, "u7"),
        ("system", 2.5, 2.9, "hi"),
        ("system", 3.0, 3.4, "s7"),
    ]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"tag": "user", "words": [{"Word": "x", "BeginTime": None, "EndTime": 1}]}, "BeginTime is None"),
        ({"tag": "user", "words": [{"BeginTime": 0, "EndTime": 1}]}, "wanted an object with Word"),
        ({"tag": "user", "words": [], "text": "lost words"}, "has text and no words"),
        ({"words": []}, "wanted a tag"),
    ],
)
def test_a_broken_turn_is_refused_with_its_place(broken: dict[str, Any], told: str) -> None:
    data = {"log": [turn("user", 0, "a"), broken]}
    with pytest.raises(TranscriptError, match=f"x.json, turn 2.*{told}"):
        read_transcript(jsoned(data), "x.json", ())


@pytest.mark.parametrize(("audio", "text"), [("audio/", "text/"), ("", "")])
def test_as_the_sample_has_it(tmp_path: Path, audio: str, text: str) -> None:
    put(tmp_path, sample("in/set/", audio=audio, text=text) | {"in/other.wav": wav()})
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("in/set",)
    corpus = READER.read(tree, "in/set")
    check(corpus, [path for path in tree.files if path != "in/other.wav"])
    assert corpus.listed is None
    found = transcribed(source(corpus, "SNG0072"))
    assert (words(found, 0), words(found, 1)) == (["hi"], ["hello"])


@given(kept=st.sets(st.sampled_from(sorted(official()))))
def test_whatever_is_missing_of_the_distribution_is_accounted_for(kept: set[str]) -> None:
    files = official()
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        assert READER.recognise(tree) == (("",) if kept else ())
        corpus = READER.read(tree, "")
    check(corpus, kept)
    audio = {Path(path).stem for path in kept if path.endswith(".wav")}
    assert {draft.source.id for draft in corpus.drafts} == audio
    named = {"MUL0001", "MUL0002", "SNG0003", "MUL0005"} if "text_5700_train_dev/data.json" in kept else set()
    named |= {"MUL0002"} if "text_5700_train_dev/valListFile.json" in kept else set()
    named |= {"MUL0004"} if {"text_5700_test/data.json", "text_5700_test/testListFile.json"} & kept else set()
    assert reasons(corpus) == dict.fromkeys(named - audio, "no_audio")


@given(kept=st.sets(st.sampled_from(sorted(sample()))))
def test_whatever_is_missing_of_the_sample_is_accounted_for(kept: set[str]) -> None:
    files = sample()
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        texts = {Path(path).stem for path in kept if path.endswith(".json")}
        assert READER.recognise(tree) == (("",) if texts else ())
        corpus = READER.read(tree, "")
    check(corpus, kept)
    audio = {Path(path).stem for path in kept if path.endswith(".wav")}
    assert {draft.source.id for draft in corpus.drafts} == audio
    assert reasons(corpus) == dict.fromkeys(texts - audio, "no_audio")


def test_an_id_in_both_parts_is_taken_once(tmp_path: Path) -> None:
    corpus = read(READER, put(tmp_path, official() | {"audio_5700_test/MUL0001.wav": wav(seed=5)}))
    assert reasons(corpus) == {"MUL0001": "duplicate_id"}
    assert "audio_5700_train_dev/MUL0001.wav" in corpus.rejects[0].detail
    check(corpus, tree_of(tmp_path).files)


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"MUL0001": {"log": [', b"\xff\xfe\x00"])
def test_a_table_that_is_not_whole_gives_no_transcript_and_is_told(tmp_path: Path, broken: bytes) -> None:
    path = "text_5700_train_dev/data.json"
    corpus = read(READER, put(tmp_path, official() | {path: broken}))
    assert source(corpus, "MUL0001").transcript is None
    assert source(corpus, "MUL0004").transcript is not None
    assert any(told.startswith(f"{path}: cannot be read") for told in corpus.problems)
    check(corpus, tree_of(tmp_path).files)


@needs_shared
@pytest.mark.parametrize("id", ["MUL1423", "SNG0072", "SNG0480"])
def test_the_words_of_a_real_call_land_on_the_channels_where_they_are_heard(id: str) -> None:
    import soundfile

    corpus = read(READER, SHARED / "spokenwoz")
    assert {draft.source.id for draft in corpus.drafts} == {"MUL1423", "SNG0072", "SNG0480"}
    assert (corpus.rejects, corpus.problems, corpus.claimed["README.md"]) == ([], [], "document")
    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{id}.wav", dtype="int16")
    found = transcribed(source(corpus, id), samples.T, rate)
    entries = json.loads((SHARED / "spokenwoz" / f"{id}.json").read_text())
    for channel, label in enumerate("AB"):
        assert words(found, channel) == [entry["word"] for entry in entries if entry["speaker"] == label]
    level = [[_level(samples, word.span, heard) for heard in (0, 1)] for said in (0, 1) for word in found.words(said)]
    own = [said for said in (0, 1) for _ in found.words(said)]
    right = np.mean([pair[said] > pair[1 - said] for pair, said in zip(level, own, strict=True)])
    assert right > 0.9


def _level(samples: Any, span: Any, channel: int) -> float:
    return float(np.square(samples[span.start : span.end, channel].astype(float)).mean())


@needs_shared
def test_a_real_call_says_the_same_as_a_dialogue_of_the_table() -> None:
    entries = json.loads((SHARED / "spokenwoz" / "MUL1423.json").read_text())
    log = [
        {
            "tag": {"A": "user", "B": "system"}[entry["speaker"]],
            "text": entry["word"],
            "words": [{"Word": entry["word"], "BeginTime": round(entry["start"] * 1000), "EndTime": round(entry["end"] * 1000)}],
        }
        for entry in entries
    ]
    found = read_transcript(jsoned({"goal": {}, "log": log}), "data.json::MUL1423", ())
    assert [(each.text, each.start, each.end) for each in found.said] == [(e["word"], e["start"], e["end"]) for e in entries]
