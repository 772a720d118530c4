"""A moshi-finetune folder: its manifest against what is there, whatever is missing; and no reader takes what is not its corpus."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.sources import SourceSettings, list_sources
from stages.sources.layouts import layout
from stages.sources.moshi import READER
from tests.shared import SHARED, needs_shared
from tests.stages.sources import test_candor, test_primock57, test_seamless, test_spokenwoz
from tests.stages.sources.corpora import check, jsoned, put, read, reasons, source, transcribed, tree_of, wav, words

NAMES = ("a", "b", "c")
OURS = ("spokenwoz", "primock57", "candor", "seamless", "moshi")


def aligned(*said: str) -> bytes:
    return jsoned({"alignments": [[word, [1.0 + at, 1.5 + at], "SPEAKER_MAIN"] for at, word in enumerate(said)]})


def manifest(*paths: str, duration: float = 0.1) -> bytes:
    return b"".join(jsoned({"path": path, "duration": duration}) + b"\n" for path in paths)


def prepared() -> dict[str, bytes]:
    files = {"train.jsonl": manifest(*(f"data_stereo/{name}.wav" for name in NAMES)), "README.md": b"about"}
    for name in NAMES:
        files[f"data_stereo/{name}.wav"] = wav(seed=ord(name))
        files[f"data_stereo/{name}.json"] = aligned("hello", name)
    return files


def test_a_prepared_folder(tmp_path: Path) -> None:
    put(tmp_path, {f"set/{path}": data for path, data in prepared().items()})
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("set",)
    corpus = READER.read(tree, "set")
    check(corpus, tree.files)
    assert (corpus.rejects, corpus.problems, corpus.listed) == ([], [], 3)
    first = source(corpus, "set/data_stereo/a")
    assert (first.roles, first.licence, first.corpus) == (("moshi", "user"), None, None)
    assert json.loads(first.extra) == {"split": "train"}
    found = transcribed(first)
    assert (words(found, 0), words(found, 1)) == (["hello", "a"], [])


@given(kept=st.sets(st.sampled_from(sorted(prepared()))))
def test_whatever_is_missing_is_accounted_for(kept: set[str]) -> None:
    files = prepared()
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        roots = READER.recognise(tree)
        pairs = [name for name in NAMES if {f"data_stereo/{name}.wav", f"data_stereo/{name}.json"} <= kept]
        assert roots == (("",) if pairs and "train.jsonl" in kept else ())
        if not roots:
            return
        corpus = READER.read(tree, "")
    check(corpus, kept)
    here = {f"data_stereo/{name}" for name in NAMES if f"data_stereo/{name}.wav" in kept}
    assert {draft.source.id for draft in corpus.drafts} == here
    assert reasons(corpus) == {f"data_stereo/{name}": "no_audio" for name in NAMES if f"data_stereo/{name}" not in here}
    assert corpus.listed == 3


def test_the_list_and_the_folder_differ(tmp_path: Path) -> None:
    files = prepared() | {
        "data_stereo/extra.wav": wav(seed=7),
        "data_stereo/lonely.json": aligned("nobody"),
        "data_stereo/settings.json": b"{}",
        "eval.jsonl": manifest("data_stereo/a.wav") + manifest("data_stereo/b.wav", "gone.wav") + b"not json\n",
    }
    files["train.jsonl"] = manifest("data_stereo/a.wav", "data_stereo/b.wav") + manifest("/elsewhere/data_stereo/c.wav", duration=2.5)
    corpus = read(READER, put(tmp_path, files))
    check(corpus, set(files) - {"data_stereo/settings.json"})
    assert reasons(corpus) == {"gone": "no_audio", "data_stereo/lonely": "no_audio"}
    told = "\n".join(corpus.problems)
    assert "data_stereo/c.wav (2.5 s in the manifest, 0.1 s by its header)" in told
    assert "eval.jsonl: 1 lines are no object" in told
    assert "2 files are listed twice: data_stereo/a.wav, data_stereo/b.wav." in told
    assert json.loads(source(corpus, "data_stereo/extra").extra) == {"listed": False}
    assert corpus.listed == 4


@pytest.mark.parametrize(("off", "told"), [(0.07, False), (-0.07, False), (0.09, True), (-0.09, True)])
def test_a_duration_may_be_off_by_a_frame(tmp_path: Path, off: float, told: bool) -> None:
    files = {"x.jsonl": manifest("a.wav", duration=0.1 + off), "a.wav": wav(), "a.json": aligned("hi")}
    assert bool(read(READER, put(tmp_path, files)).problems) is told


EVERY = {
    "spokenwoz": test_spokenwoz.official(),
    "primock57": test_primock57.repository(),
    "candor": test_candor.call(test_candor.IDS[0]),
    "seamless": test_seamless.unpacked(),
    "moshi": prepared(),
}


def test_each_reader_finds_its_own_corpus_in_a_mixed_delivery(tmp_path: Path) -> None:
    put(tmp_path, {f"in/{name}/{path}": data for name, files in EVERY.items() for path, data in files.items()} | {"call.wav": wav()})
    tree = tree_of(tmp_path)
    for name in OURS:
        reader = layout(name)
        assert (reader.name, reader.recognise(tree)) == (name, (f"in/{name}",))
        check(reader.read(tree, f"in/{name}"), [f"in/{name}/{path}" for path in EVERY[name]])


@pytest.mark.parametrize("name", OURS)
def test_the_listing_takes_the_corpus_and_leaves_the_rest_to_names(tmp_path: Path, name: str) -> None:
    put(tmp_path, {f"in/{path}": data for path, data in EVERY[name].items()} | {"other/call.wav": wav()})
    listing = list_sources(str(tmp_path), SourceSettings(layout=name))
    corpus = layout(name).read(tree_of(tmp_path), "in")
    assert {each.id for each in listing.sources} == {draft.source.id for draft in corpus.drafts} | {"other/call"}
    assert listing.rejects == ()


@needs_shared
def test_real_data_of_many_origins_holds_two_of_these_corpora() -> None:
    tree = tree_of(SHARED)
    found = {name: layout(name).recognise(tree) for name in OURS}
    assert found == {"spokenwoz": ("spokenwoz",), "primock57": ("primock57",), "candor": (), "seamless": (), "moshi": ()}


LOOKALIKES: dict[str, bytes] = {
    "calls/one.wav": wav(),
    "calls/one.json": jsoned([{"speaker": "A", "word": "hi", "start": 1, "end": 2}]),
    "audio/two.wav": wav(),
    "text/two.json": jsoned([{"speaker": "A", "word": "hi", "start": 1, "end": 2}]),
    "songs/MUL0001.wav": wav(),
    "songs/SNG0001.json": jsoned({"title": "x"}),
    "clinic/day1_consultation01_doctor.wav": wav(channels=1),
    "clinic/day1_consultation01_patient.wav": wav(channels=1),
    f"{test_candor.IDS[0]}/call.mp3": b"x",
    f"{test_candor.IDS[0]}/metadata.json": b"{}",
    f"processed/{test_candor.IDS[0]}.mp3": b"x",
    "short/V0_S1_I2_P3.wav": wav(channels=1),
    "short/V0_S1_I2_P4.wav": wav(channels=1),
    "manifest.jsonl": manifest("calls/one.wav"),
    "nemo/train.jsonl": jsoned({"audio_filepath": "../calls/one.wav", "duration": 0.1, "text": "hi"}),
    "nemo/n.wav": wav(),
    "nemo/n.json": aligned("hi"),
    "data.json": jsoned({"MUL0001": test_spokenwoz.dialogue(1)}),
}


@pytest.mark.parametrize("name", OURS)
def test_a_plain_folder_is_no_corpus(tmp_path: Path, name: str) -> None:
    assert layout(name).recognise(tree_of(put(tmp_path, LOOKALIKES))) == ()
