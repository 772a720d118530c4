"""Hugging Face tables of audio: `datasets` writes them, and its own reader is the judge of what a row holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Audio, Dataset, load_dataset

from stages.decode.file import FileDecode
from stages.sources import SourceSettings
from stages.sources.delivery import list_delivery
from tests.stages.containers import talk, wav
from tests.stages.sources.test_sources_webdataset import by_id, listed, reading, reasons

CARD = "---\nlicense: cc-by-nc-4.0\nlanguage:\n- de\n---\n# Calls\n"


def dataset(count: int = 12) -> Dataset:
    # the Audio feature encodes through torchcodec; cast, it takes the bytes as they are
    rows = {
        "call_id": [f"call-{n}" for n in range(count)],
        "audio": [{"bytes": wav(talk(n)), "path": f"{n}.wav"} for n in range(count)],
        "turns": [
            [{"speaker": "ann" if n % 2 else "bob", "start": 0.0, "end": 0.2, "text": f"turn {n}"}] if n else [] for n in range(count)
        ],
        "speaker_a": ["ann"] * count,
        "speaker_b": ["bob"] * count,
        "region": ["north"] * count,
        "embedding": [[0.5] * 64] * count,
        "jurisdiction": ["DE"] * count,
        "split_no": list(range(count)),
    }
    return Dataset.from_dict(rows).cast_column("audio", Audio(decode=False))


def check(folder: Path, count: int = 12) -> None:
    delivery = list_delivery(str(folder), SourceSettings(layout="parquet"), None)
    assert delivery.listing.rejects == ()
    assert delivery.listing.problems == ()
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    assert sources.keys() == {f"call-{n}" for n in range(count)}
    for n in (0, 1, 7, count - 1):
        source = sources[f"call-{n}"]
        np.testing.assert_array_equal(decode(source).samples, talk(n))
        assert source.speakers == ("ann", "bob")
        extra = json.loads(source.extra)
        extra.pop("split", None)
        assert extra == {"region": "north", "split_no": n, "jurisdiction": "DE"}
        if n:
            assert [(said.label, said.text) for said in reading(source).said] == [("ann" if n % 2 else "bob", f"turn {n}")]
        else:
            assert source.transcript is None


def test_a_data_set_as_the_hub_lays_it_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    set = dataset()
    for shard in range(3):
        set.shard(3, shard).to_parquet(str(tmp_path / "data" / f"validation-{shard:05d}-of-00003.parquet"))
    (tmp_path / "README.md").write_text(CARD)
    assert b"Audio" in pq.read_schema(tmp_path / "data" / "validation-00000-of-00003.parquet").metadata[b"huggingface"]
    check(tmp_path)
    source = by_id(listed(tmp_path, "parquet"))["call-3"]
    assert (source.licence, source.language) == ("cc-by-nc-4.0", "de")
    assert json.loads(source.extra)["split"] == "dev"
    assert by_id(listed(tmp_path, "parquet", language="fr"))["call-3"].language == "fr"
    delivery = listed(tmp_path, "auto")
    assert delivery.corpora == {"parquet": ("",)}
    assert {account.path.rpartition("/")[2][:10]: account.what for account in delivery.files} == {
        "validation": "audio",
        "README.md": "document",
    }
    total = sum(source.bytes for source in delivery.listing.sources)
    assert total == pytest.approx(12 * len(wav(talk(0))), rel=0.01)
    loaded = load_dataset("parquet", data_files=str(tmp_path / "data/*.parquet"), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(loaded) == len(delivery.listing.sources)


def test_a_data_set_saved_to_disk(tmp_path: Path) -> None:
    dataset().save_to_disk(str(tmp_path / "set"), num_shards=2)
    check(tmp_path)
    assert {account.what for account in listed(tmp_path, "auto").files} == {"audio", "document"}


def test_two_columns_are_two_sides_and_paths_name_files(tmp_path: Path) -> None:
    left, right, beside = talk(1, 1), talk(2, 1), talk(3, 1)
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "beside.wav").write_bytes(wav(beside))
    rows: dict[str, list[Any]] = {
        "audio_caller": [
            {"bytes": wav(right), "path": "x"},
            {"bytes": None, "path": "/old/place/audio/beside.wav"},
            {"bytes": None, "path": "gone.wav"},
            None,
        ],
        "audio_agent": [{"bytes": wav(left), "path": "y"}] * 4,
        "id": [5, 6, 7, 8],
        "consent": [True, False, None, None],
    }
    pq.write_table(pa.table(rows), tmp_path / "calls.parquet")
    delivery = listed(tmp_path, "parquet")
    sources, decode = by_id(delivery), FileDecode().load("cpu")
    assert sources["5"].roles == ("agent", "caller")
    assert [sources[id].consent for id in "56"] == ["yes", "no"]
    np.testing.assert_array_equal(decode(sources["5"]).samples, np.concatenate([left, right]))
    assert sources["6"].uris == ("calls.parquet::row/1/audio_agent", "audio/beside.wav")
    np.testing.assert_array_equal(decode(sources["6"]).samples, np.concatenate([left, beside]))
    assert reasons(delivery) == {"7": "no_audio", "8": "no_audio"}
    assert {account.path: account.what for account in delivery.files} == {"audio/beside.wav": "audio", "calls.parquet": "audio"}


def test_ids_that_collide_and_rows_without_any(tmp_path: Path) -> None:
    def put(name: str, paths: list[str], **more: Any) -> None:
        pq.write_table(pa.table({"audio": [{"bytes": b"x", "path": path} for path in paths], **more}), tmp_path / name)

    put("a.parquet", ["p.wav", "q.wav"])
    put("b.parquet", ["p.wav", "r.wav"])
    put("c.parquet", ["same.wav", "same.wav"])
    put("d.parquet", ["x", "y"], id=["dup", "dup"])
    delivery = listed(tmp_path, "parquet")
    assert by_id(delivery).keys() == {"a/0", "q", "b/0", "r", "c/0", "c/1", "dup"}
    assert reasons(delivery) == {"dup": "duplicate_id"}


def test_damage_and_tables_that_hold_no_sound(tmp_path: Path) -> None:
    dataset(3).to_parquet(str(tmp_path / "a.parquet"))
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-30])
    pq.write_table(pa.table({"path": ["x.wav"], "id": [1]}), tmp_path / "c.parquet")
    delivery = listed(tmp_path, "auto")
    assert reasons(delivery) == {"b.parquet": "unreadable"}
    assert {account.path: account.what for account in delivery.files} == {"a.parquet": "audio", "b.parquet": "audio", "c.parquet": "other"}
    assert len(delivery.listing.sources) == 3
    (tmp_path / "a.parquet").unlink()
    assert listed(tmp_path, "auto").corpora == {}


@pytest.mark.parametrize("statistics", [True, False])
def test_listing_reads_no_sound_where_statistics_tell(tmp_path: Path, statistics: bool) -> None:
    sound = np.random.default_rng(0).bytes(4_000_000)
    pq.write_table(
        pa.table({"id": ["a", "b"], "audio": [{"bytes": sound, "path": None}] * 2}),
        tmp_path / "x.parquet",
        write_statistics=statistics,
        use_dictionary=False,
    )
    read = []
    for _ in range(2):
        read.append(int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0]))
        delivery = listed(tmp_path, "parquet") if len(read) == 1 else None
        assert delivery is None or len(delivery.listing.sources) == 2
    assert (read[1] - read[0] < 1_000_000) == statistics
