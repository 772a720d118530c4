"""Lhotse manifests: Lhotse itself writes them, and loads the same samples."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lhotse import CutSet, MonoCut, MultiCut, Recording, RecordingSet, SupervisionSegment, SupervisionSet  # type: ignore[import-untyped]
from lhotse.audio import AudioSource  # type: ignore[import-untyped]
from lhotse.shar import SharWriter  # type: ignore[import-untyped]
from lhotse.supervision import AlignmentItem  # type: ignore[import-untyped]

from stages.decode.file import FileDecode
from tests.pipeline.exports import sets
from tests.stages.containers import talk, wav
from tests.stages.sources.test_sources_webdataset import by_id, listed, reading, reasons

RATE, FRAMES = 8000, 16000


def recording(id: str, sources: list[tuple[list[int], str]], kind: str = "file") -> Recording:
    made = [AudioSource(kind, channels, source) for channels, source in sources]
    return Recording(id, made, sampling_rate=RATE, num_samples=FRAMES, duration=FRAMES / RATE)


def said(id: str, number: int, start: float, channel: int, text: str, speaker: str | None = None) -> SupervisionSegment:
    alignment = {"word": [AlignmentItem(word, start + 0.1 * at, 0.1, 0.9) for at, word in enumerate(text.split())]}
    return SupervisionSegment(
        f"{id}-{number}", id, start, 0.4, channel=channel, text=text, language="en", speaker=speaker, gender="F", alignment=alignment
    )


def words(id: str) -> list[SupervisionSegment]:
    return [
        said(id, 0, 0.2, 0, "hello there", f"{id}-ann"),
        said(id, 1, 0.9, 1, "yes", f"{id}-bob"),
        said(id, 2, 1.5, 0, "so", f"{id}-ann"),
    ]


SAID = [("A", 0.2, 0.3, "hello"), ("A", 0.3, 0.4, "there"), ("B", 0.9, 1.0, "yes"), ("A", 1.5, 1.6, "so")]


def heard(source: Any) -> list[tuple[str, float, float, str]]:
    assert all(each.word for each in reading(source).said)
    return [(each.label, round(each.start, 6), round(each.end, 6), each.text) for each in reading(source).said]


def put(folder: Path, name: str, samples: np.ndarray[Any, Any]) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(wav(samples, RATE))
    return name


def corpus(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """A stereo recording and one of a file for each channel; paths as from the corpus's own folder."""
    stereo, left, right = talk(1, 2, FRAMES), talk(2, 1, FRAMES), talk(3, 1, FRAMES)
    recordings = [
        recording("reco1", [([0, 1], put(folder, "audio/one.wav", stereo))]),
        recording("reco2", [([1], put(folder, "audio/two-b.wav", right)), ([0], put(folder, "audio/two-a.wav", left))]),
    ]
    (folder / "manifests").mkdir()
    RecordingSet.from_recordings(recordings).to_file(folder / "manifests" / "toy_recordings_train.jsonl.gz")
    SupervisionSet.from_segments([*words("reco2"), *words("reco1")]).to_file(folder / "manifests" / "toy_supervisions_train.jsonl.gz")
    return {"reco1": stereo, "reco2": np.concatenate([left, right])}


def test_recordings_and_supervisions(tmp_path: Path) -> None:
    truth = corpus(tmp_path)
    delivery = listed(tmp_path, "auto")
    assert delivery.corpora == {"lhotse": ("manifests",)}
    assert delivery.listed == {"lhotse": 2}
    assert (delivery.listing.rejects, delivery.listing.problems) == ((), ())
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    for id, samples in truth.items():
        np.testing.assert_array_equal(decode(sources[id]).samples, samples)
        assert heard(sources[id]) == SAID
        assert sources[id].speakers == (f"{id}-ann", f"{id}-bob")
        assert sources[id].language == "en"
        assert json.loads(sources[id].extra) == {"sex": ["female", "female"], "split": "train"}
    assert sorted(account.what for account in delivery.files) == ["audio", "audio", "audio", "table", "transcript"]


def test_cuts_of_parts_come_together_in_their_recording(tmp_path: Path) -> None:
    samples = talk(4, 2, FRAMES)
    whole = recording("r", [([0, 1], put(tmp_path, "r.wav", samples))])
    cut = MultiCut("c", 0, 2.0, channel=[0, 1], recording=whole, supervisions=words("r"), custom={"licence": "CC0-1.0", "topic": "rain"})
    parts = [cut.truncate(offset=0, duration=1.35), cut.truncate(offset=0.85, duration=1.15)]
    assert [each.start for each in parts] == [0, 0.85]
    assert parts[1].supervisions[0].start == pytest.approx(0.05)
    CutSet.from_cuts(part.with_id(f"c{n}") for n, part in enumerate(parts)).to_file(tmp_path / "cuts.jsonl.gz")
    sources = by_id(listed(tmp_path, "lhotse"))
    assert sources.keys() == {"r"}
    assert heard(sources["r"]) == SAID
    assert sources["r"].licence == "CC0-1.0"
    assert json.loads(sources["r"].extra)["topic"] == "rain"
    lone = MonoCut("m", 0, 2.0, channel=1, recording=whole, supervisions=[said("r", 5, 0.5, 1, "mhm")])
    CutSet.from_cuts([lone]).to_file(tmp_path / "cuts.jsonl")
    (tmp_path / "cuts.jsonl.gz").unlink()
    source = by_id(listed(tmp_path, "lhotse"))["r"]
    assert [each.label for each in reading(source).said] == ["B"]
    np.testing.assert_array_equal(FileDecode().load("cpu")(source).samples, samples)


@pytest.mark.parametrize("name", ["lhotse", "shar"])
def test_exports_of_duologue_come_back(tmp_path: Path, name: str) -> None:
    rows = [sets.talk("call/0", 9.0), sets.talk("call/1", 8.0)]
    sets.run(sets.publish(tmp_path / "set", rows), tmp_path / "out", name)
    delivery = listed(tmp_path / "out", "auto")
    assert set(delivery.corpora) == {"lhotse"}
    decode = FileDecode().load("cpu")
    found = {json.loads(source.extra)["row_id"]: source for source in delivery.listing.sources}
    assert found.keys() == {row.id for row in rows}
    for row in rows:
        source = found[row.id]
        assert source.licence == "CC-BY-4.0"
        assert decode(source).samples.shape == (2, round(row.duration * row.rate))
        assert sorted((each.label, each.text) for each in reading(source).said) == sorted(("AB"[w.channel], w.text) for w in row.words)


def test_shar_of_cuts_that_share_a_recording(tmp_path: Path) -> None:
    samples = talk(5, 2, FRAMES)
    whole = recording("r", [([0, 1], str(tmp_path / put(tmp_path, "audio/r.wav", samples)))])
    cut = MultiCut("c", 0, 2.0, channel=[0, 1], recording=whole, supervisions=words("r"))
    parts = [cut.truncate(offset=at, duration=1.0, preserve_id=False).with_id(f"part{at}") for at in (0, 1)]
    (tmp_path / "shar").mkdir()
    with SharWriter(str(tmp_path / "shar"), fields={"recording": "flac"}, shard_size=10) as writer:
        for part in parts:
            writer.write(part)
    sources, decode = by_id(listed(tmp_path / "shar", "lhotse")), FileDecode().load("cpu")
    assert sources.keys() == {each.id for each in CutSet.from_shar(in_dir=tmp_path / "shar")} == {"part0", "part1"}
    for at in (0, 1):
        np.testing.assert_array_equal(decode(sources[f"part{at}"]).samples, samples[:, at * RATE : (at + 1) * RATE])
    assert [each.text for each in reading(sources["part0"]).said] == ["hello", "there", "yes"]
    # Lhotse keeps the times of words in the whole recording, of which a Shar no longer says where a part began
    later = [(each.label, round(each.start, 6), round(each.end, 6), each.text, each.word) for each in reading(sources["part1"]).said]
    assert later == [("B", -0.1, 0.3, "yes", False), ("A", 0.5, 0.9, "so", False)]


def test_moved_corpora_and_recordings_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path, "new/place/audio/a.wav", talk(1, 2, FRAMES))
    outside = tmp_path.parent / f"{tmp_path.name}-outside.wav"
    outside.write_bytes(wav(talk(2, 2, FRAMES), RATE))
    four = recording("four", [([0, 1], "q.wav"), ([2, 3], "q.wav")])
    made = [
        recording("a", [([0, 1], "/export/data/audio/a.wav")]),
        recording("outside", [([0, 1], str(outside))]),
        recording("gone", [([0], "gone.wav")]),
        recording("run", [([0], "touch here.wav")], "command"),
        recording("pipe", [([0], "sox a.wav |")]),
        recording("url", [([0, 1], "https://127.0.0.1:9/x.wav")], "url"),
        recording("slow", [([0, 1], "/export/data/audio/a.wav")]).perturb_speed(0.9),
        four,
    ]
    RecordingSet.from_recordings(made).to_file(tmp_path / "recordings.jsonl")
    with open(tmp_path / "recordings.jsonl", "a") as file:
        file.write(
            "{no json\n"
            + json.dumps({"id": "features"})
            + "\n"
            + json.dumps(made[0].to_dict() | {"sources": [{"type": "file", "channels": [0], "source": "new/place/audio/a.wav"}]})
            + "\n"
        )
    SupervisionSet.from_segments([said("nobody", 0, 0, 0, "hi")]).to_file(tmp_path / "supervisions.jsonl.gz")
    delivery = listed(tmp_path, "lhotse")
    assert {id: source.uris for id, source in by_id(delivery).items()} == {
        "a": ("new/place/audio/a.wav",),
        "outside": (str(outside),),
        "slow_sp0.9": ("new/place/audio/a.wav",),
        "url": ("https://127.0.0.1:9/x.wav",),
    }
    assert reasons(delivery) == {
        "gone": "no_audio",
        "run": "bad_manifest_line",
        "pipe": "bad_manifest_line",
        "four": "too_many_channels",
        "a": "duplicate_id",
    }
    told = " ".join(delivery.listing.problems)
    for what in ("nobody", "transforms", "line 9", "1 lines are no recording"):
        assert what in told
    assert not (tmp_path / "here.wav").exists()


@settings(max_examples=15)
@given(st.sets(st.sampled_from(["audio/one.wav", "audio/two-a.wav", "audio/two-b.wav", "manifests/toy_supervisions_train.jsonl.gz"])))
def test_whatever_is_deleted_every_recording_is_told_of(tmp_path_factory: Any, gone: set[str]) -> None:
    folder = tmp_path_factory.mktemp("l")
    corpus(folder)
    for name in gone:
        (folder / name).unlink()
    delivery = listed(folder, "lhotse")
    whole = {"reco1": "audio/one.wav" not in gone, "reco2": not gone & {"audio/two-a.wav", "audio/two-b.wav"}}
    assert {source.id for source in delivery.listing.sources} == {id for id, there in whole.items() if there}
    lone = len(gone & {"audio/two-a.wav", "audio/two-b.wav"}) == 1
    wanted = {"reco1": "no_audio", "reco2": "side_missing" if lone else "no_audio"}
    assert reasons(delivery) == {id: reason for id, reason in wanted.items() if not whole[id]}
    assert all((source.transcript is None) == ("manifests/toy_supervisions_train.jsonl.gz" in gone) for source in delivery.listing.sources)
    assert {account.path for account in delivery.files} == {str(path.relative_to(folder)) for path in folder.rglob("*.*")}


@pytest.mark.parametrize("spoil", [lambda data: data[:-40], lambda data: b"no gzip"], ids=["cut", "other"])
def test_a_damaged_manifest_is_told(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    corpus(tmp_path)
    path = tmp_path / "manifests" / "toy_supervisions_train.jsonl.gz"
    path.write_bytes(spoil(path.read_bytes()))
    delivery = listed(tmp_path, "lhotse")
    assert any("toy_supervisions_train.jsonl.gz" in problem for problem in delivery.listing.problems)
    assert len(delivery.listing.sources) == 2


def test_other_json_lines_make_no_lhotse(tmp_path: Path) -> None:
    put(tmp_path, "a.wav", talk(1))
    (tmp_path / "recordings.jsonl").write_text('{"path": "a.wav", "duration": 1}\n')
    (tmp_path / "cuts.jsonl.gz").write_bytes(gzip.compress(b'{"id": "x", "type": "PaddingCut"}\n'))
    delivery = listed(tmp_path, "auto")
    assert "lhotse" not in delivery.corpora
    assert by_id(delivery).keys() == {"a"}
