"""WebDataset shards: the webdataset package's own reader is the judge of what a sample is."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import webdataset  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.source import Source
from stages.decode.fetch import open_uri, resolve
from stages.decode.file import FileDecode
from stages.sources import SourceSettings
from stages.sources.delivery import Delivery, list_delivery
from stages.transcribe.formats.read import read_transcript
from stages.transcribe.formats.said import Reading
from tests.pipeline.exports import sets
from tests.stages.containers import talk, tar_of, wav


def listed(folder: Path, layout: str = "webdataset", **said: Any) -> Delivery:
    return list_delivery(str(folder), SourceSettings(layout=layout, **said), None)


def by_id(delivery: Delivery) -> dict[str, Source]:
    return {source.id: source for source in delivery.listing.sources}


def reading(source: Source) -> Reading:
    assert source.transcript is not None
    with open_uri(source.transcript, source.base) as file:
        return read_transcript(file.read(), resolve(source.transcript, source.base), (source.id,))


def reasons(delivery: Delivery) -> dict[str, str]:
    return {reject.id: reject.reason for reject in delivery.listing.rejects}


def test_shards_written_by_webdataset_come_back_exactly(tmp_path: Path) -> None:
    truth = {f"call/{n:03d}": talk(n) for n in range(7)}
    with webdataset.ShardWriter(str(tmp_path / "train-%06d.tar"), maxcount=3, verbose=0) as writer:
        for key, samples in truth.items():
            said = [{"channel": 1, "start": 0.0, "end": 0.1, "text": key}]
            about = {"language": "de", "license": "CC-BY-4.0", "segments": said, "topic": "weather", "take": 3}
            writer.write({"__key__": key, "flac": wav(samples, format="FLAC"), "json": about, "txt": "not timed"})
    (tmp_path / "train-000000.tar.index").write_text("offsets")
    (tmp_path / "train-000001.idx").write_text("offsets")
    delivery = listed(tmp_path, licence="CC0-1.0")
    assert delivery.listing.rejects == ()
    assert delivery.listing.problems == ()
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    assert sources.keys() == truth.keys()
    for key, samples in truth.items():
        source = sources[key]
        np.testing.assert_array_equal(decode(source).samples, samples)
        assert (source.language, source.licence) == ("de", "CC0-1.0")
        assert json.loads(source.extra) == {"split": "train", "take": 3, "text": "not timed", "topic": "weather"}
        assert [(each.label, each.text) for each in reading(source).said] == [("1", key)]
    assert {account.path: account.what for account in delivery.files} == {
        **{f"train-00000{n}.tar": "audio" for n in range(3)},
        "train-000000.tar.index": "list",
        "train-000001.idx": "list",
    }


def test_an_export_of_duologue_comes_back_with_its_words(tmp_path: Path) -> None:
    rows = [sets.talk("call/0", 9.0), sets.talk("call/1", 8.0, 24000, subtype="PCM_24")]
    set = sets.publish(tmp_path / "set", rows)
    sets.run(set, tmp_path / "out", "webdataset")
    sources, decode = by_id(listed(tmp_path / "out")), FileDecode().load("cpu")
    assert sources.keys() == {"call/0", "call/1"}
    for row in rows:
        source = sources[row.id]
        said = reading(source).said
        assert [(each.label, each.start, each.end, each.text, each.word) for each in said] == [
            ("AB"[word.channel], word.start, word.end, word.text, True) for word in row.words
        ]
        assert (source.licence, source.corpus, source.language) == ("CC-BY-4.0", "calls", "en-US")
        with open_uri(source.uris[0], source.base) as file:
            assert file.read() == row.audio.bytes
        assert decode(source).samples.shape == (2, round(row.duration * row.rate))


def test_sides_transcripts_and_links_of_samples(tmp_path: Path) -> None:
    left, right, stereo = talk(1, 1), talk(2, 1), talk(3)
    link = tarfile.TarInfo("link.wav")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members: list[tuple[str | tarfile.TarInfo, bytes]] = [
        ("./p.caller.wav", wav(right)),
        ("./p.agent.wav", wav(left)),
        ("./p.json", json.dumps({"speakers": ["Ann", "Bob"]}).encode()),
        ("q_A.wav", wav(left)),
        ("q_B.wav", wav(right)),
        ("q.TextGrid", b"x"),
        ("orphan.agent.wav", wav(left)),
        ("s.wav", wav(stereo)),
        ("s.txt", b"0.0 0.5 A: hello\n"),
        ("none.json", b"{}"),
        (link, b""),
        ("../../up.wav", wav(stereo)),
        ("/abs.wav", wav(stereo)),
        ("s.wav", wav(left)),
    ]
    (tmp_path / "x.tgz").write_bytes(gzip.compress(tar_of(*members)))
    delivery = listed(tmp_path)
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    assert {id: source.uris for id, source in sources.items()} == {
        "p": ("x.tgz::./p.agent.wav", "x.tgz::./p.caller.wav"),
        "q": ("x.tgz::q_A.wav", "x.tgz::q_B.wav"),
        "s": ("x.tgz::s.wav",),
    }
    assert (sources["p"].roles, sources["p"].speakers) == (("agent", "caller"), ("Ann", "Bob"))
    assert [sources[id].transcript for id in "pqs"] == [None, "x.tgz::q.TextGrid", "x.tgz::s.txt"]
    for id in "pq":
        np.testing.assert_array_equal(decode(sources[id]).samples, np.concatenate([left, right]))
    np.testing.assert_array_equal(decode(sources["s"]).samples, stereo)
    assert reasons(delivery) == {
        "orphan": "side_missing",
        "link.wav": "not_audio",
        "../../up.wav": "bad_name",
        "/abs.wav": "bad_name",
        "s.wav": "duplicate_id",
    }
    assert any("none" in problem for problem in delivery.listing.problems)


@settings(max_examples=25)
@given(st.sets(st.tuples(st.integers(0, 5), st.sampled_from(["agent.wav", "caller.wav", "json", "wav"]))))
def test_every_audio_member_is_in_one_source_or_one_reject(tmp_path_factory: Any, members: set[tuple[int, str]]) -> None:
    folder = tmp_path_factory.mktemp("w")
    names = [f"call{number}.{ending}" for number, ending in sorted(members)]
    (folder / "x.tar").write_bytes(tar_of(*((name, b"{}" if name.endswith("json") else wav(talk(1, 1, 100))) for name in names)))
    audio = sorted(f"x.tar::{name}" for name in names if name.endswith(".wav"))
    if not audio:
        return
    delivery = listed(folder)
    listing = delivery.listing
    taken = [uri for source in listing.sources for uri in source.uris] + [uri for reject in listing.rejects for uri in reject.uris]
    assert sorted(taken) == audio
    assert len(delivery.files) == 1


def test_damaged_shards_and_keys_that_stand_in_two(tmp_path: Path) -> None:
    one = tar_of(("0001.wav", wav(talk(1))), ("0002.wav", wav(talk(2))), format=tarfile.USTAR_FORMAT)
    (tmp_path / "a-000.tar").write_bytes(one)
    (tmp_path / "a-001.tar").write_bytes(one[: len(one) - 11500])
    (tmp_path / "a-002.tar").write_bytes(b"no tar")
    delivery = listed(tmp_path)
    ids = {source.id for source in delivery.listing.sources}
    assert ids == {f"a-00{shard}/000{n}.wav" for shard in (0, 1) for n in (1, 2)}
    assert reasons(delivery) == {"a-002.tar": "unreadable"}
    assert any("a-001.tar" in problem and "0002.wav" in problem for problem in delivery.listing.problems)
    assert str(tmp_path) not in "".join(reject.detail for reject in delivery.listing.rejects)


def test_listing_reads_headers_and_no_sound(tmp_path: Path) -> None:
    hole = 200_000_000
    info = tarfile.TarInfo("big.wav")
    info.size = hole
    with open(tmp_path / "x.tar", "wb") as file:
        file.write(info.tobuf())
        file.seek(-(-hole // 512) * 512, 1)
        file.write(tar_of(("small.wav", wav(talk(1)))))
    with open("/proc/self/io") as counters:
        before = int(counters.read().split("rchar: ")[1].split()[0])
    delivery = listed(tmp_path)
    with open("/proc/self/io") as counters:
        after = int(counters.read().split("rchar: ")[1].split()[0])
    assert by_id(delivery).keys() == {"big", "small"}
    assert after - before < 1_000_000


def test_a_folder_of_tars_without_sound_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar_of(("a.txt", b"text")))
    delivery = listed(tmp_path, "auto")
    assert delivery.corpora == {}
    assert [(account.path, account.what) for account in delivery.files] == [("x.tar", "other")]
