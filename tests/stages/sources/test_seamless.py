"""Seamless Interaction: one file a participant, in both layouts, whatever is missing."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stages.sources.seamless import READER
from tests.stages.sources.corpora import check, jsoned, put, read, reasons, source, transcribed, tree_of, wav, words

IDS = ("V00_S0809_I00000582", "V01_S0644_I00000125")
PEOPLE = ("P0299A", "P0947")


def said(*spoken: str) -> list[dict[str, object]]:
    timed = [{"word": word, "start": 1.0 + at, "end": 1.5 + at, "score": 0.9} for at, word in enumerate(spoken)]
    return [{"words": timed, "start": 1.0, "end": 0.5 + len(spoken), "transcript": " ".join(spoken)}]


def unpacked(kind: str = "improvised", split: str = "train") -> dict[str, bytes]:
    files = dict.fromkeys(("interactions.csv", "participants.csv", "relationships.csv"), b"a,b\n") | {"LICENSE": b"CC"}
    for id in IDS:
        for person in PEOPLE:
            stem = f"{kind}/{split}/0000/0005/{id}_{person}"
            heard = {"id": f"{id}_{person}", "metadata:transcript": said("I", "am", person), "metadata:vad": [{"start": 1.0, "end": 2.0}]}
            files[f"{stem}.json"] = jsoned(heard)
            files |= {f"{stem}.wav": wav(channels=1, seed=len(files)), f"{stem}.mp4": b"picture", f"{stem}.npz": b"movement"}
    return files


def bucket() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for id in IDS:
        for person in PEOPLE:
            base, name = "naturalistic/dev", f"{id}_{person}"
            files[f"{base}/audio/{name}.wav"] = wav(channels=1, seed=len(files))
            files[f"{base}/video/{name}.mp4"] = b"picture"
            files[f"{base}/metadata/transcript/{name}.jsonl"] = b"\n".join(jsoned(line) for line in said("I", "am", person)) + b"\n"
            files[f"{base}/metadata/vad/{name}.jsonl"] = jsoned({"start": 1.0, "end": 2.0})
            files[f"{base}/annotations/1P-IS/{name}.json"] = jsoned([])
            files[f"{base}/smplh/body_pose/{name}.npy"] = b"pose"
    return files


def test_as_its_tools_lay_it(tmp_path: Path) -> None:
    put(tmp_path, {f"in/{path}": data for path, data in unpacked().items()})
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("in",)
    corpus = READER.read(tree, "in")
    check(corpus, tree.files)
    assert (corpus.rejects, corpus.problems) == ([], [])
    first = source(corpus, IDS[0])
    assert first.uris == tuple(f"in/improvised/train/0000/0005/{IDS[0]}_{person}.wav" for person in PEOPLE)
    assert (first.speakers, first.licence) == (PEOPLE, "CC-BY-NC-4.0")
    assert json.loads(first.extra) == {"kind": "improvised", "session": "S0809", "split": "train", "vendor": "V00"}
    found = transcribed(first)
    assert [words(found, channel) for channel in (0, 1)] == [["I", "am", person] for person in PEOPLE]
    assert {word.confidence for word in found.words(0)} == {0.9}
    assert {corpus.claimed[f"in/{name}.csv"] for name in ("interactions", "participants", "relationships")} == {"table"}


def test_as_its_bucket_has_it(tmp_path: Path) -> None:
    corpus = read(READER, put(tmp_path, bucket()))
    check(corpus, bucket())
    assert (corpus.rejects, corpus.problems) == ([], [])
    found = transcribed(source(corpus, IDS[1]))
    assert [words(found, channel) for channel in (0, 1)] == [["I", "am", person] for person in PEOPLE]
    assert json.loads(source(corpus, IDS[1]).extra)["split"] == "dev"


@given(kept=st.sets(st.sampled_from(sorted(unpacked()))), laid=st.booleans(), data=st.data())
def test_whatever_is_missing_is_accounted_for(kept: set[str], laid: bool, data: st.DataObject) -> None:
    files = unpacked() if laid else bucket()
    if not laid:
        kept = data.draw(st.sets(st.sampled_from(sorted(files))))
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        heard = {path for path in kept if path.endswith(".wav")}
        texts = {path for path in kept if path.endswith((".json", ".jsonl")) and "/vad/" not in path and "/1P-IS/" not in path}
        assert READER.recognise(tree) == (("",) if heard | texts else ())
        corpus = READER.read(tree, "")
    check(corpus, kept)
    expected = {}
    for id in IDS:
        sides = sum(id in path for path in heard)
        if sides == 2:
            assert (source(corpus, id).transcript is not None) == (sum(id in path for path in texts) == 2)
        elif sides == 1:
            expected[id] = "side_missing"
        elif any(id in path for path in texts | {path for path in kept if path.endswith(".mp4")}):
            expected[id] = "no_audio"
    assert reasons(corpus) == expected


def test_a_third_participant_and_a_second_copy_are_turned_down(tmp_path: Path) -> None:
    third = f"improvised/train/0000/0005/{IDS[0]}_P0001.wav"
    copy = f"improvised/train/0000/0006/{IDS[1]}_{PEOPLE[0]}.wav"
    corpus = read(READER, put(tmp_path, unpacked() | {third: wav(channels=1), copy: wav(channels=1)}))
    assert reasons(corpus) == {IDS[0]: "too_many_channels", f"{IDS[1]}_{PEOPLE[0]}": "duplicate_id"}
    assert [draft.source.id for draft in corpus.drafts] == [IDS[1]]
    check(corpus, tree_of(tmp_path).files)
