"""Codes in rows: clips hold their own frames, every row is checked, and shards need little more than the codes' own bits."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import codecs
from pipeline.coded import codes_of_row, row_codes
from pipeline.listen import find_row, own_samples
from pipeline.place import place_at
from schemas.codes import ChannelFidelity, Codes, Fidelity, frames_of, grid
from schemas.errors import LawError, UsageError
from schemas.row import row_schema
from schemas.row_codes import RowCodes
from schemas.span import Span
from tests.bench.codes import share_of_floor
from tests.pipeline.calling import ENERGY, Cli, rows
from tests.pipeline.talks import talk, write_call
from tests.schemas.test_codes import RATES, codes

CHECK = Fidelity(
    span=Span(8000, 88_000),
    channels=(ChannelFidelity(log_mel_db=3.5, stoi=0.8, si_sdr_db=None), ChannelFidelity(log_mel_db=None, stoi=None, si_sdr_db=-2.0)),
    mismatch=0.01,
)


@given(st.integers(1, 100_000), st.sampled_from([8000, 44_100]), st.booleans())
def test_codes_come_back_from_their_file(length: int, rate: int, checked: bool) -> None:
    made = dataclasses.replace(codes(length, rate), fidelity=CHECK if checked else None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "value" + codecs.extension(Codes))
        codecs.dump(made, path)
        data = path.read_bytes()
        again = codecs.load(Codes, path, lambda kind: None)
        np.testing.assert_array_equal(np.load(path), made.samples)
        codecs.dump(again, path)
        assert path.read_bytes() == data
    np.testing.assert_array_equal(again.samples, made.samples)
    plain = [f.name for f in dataclasses.fields(Codes) if f.name != "samples"]
    assert [getattr(again, name) for name in plain] == [getattr(made, name) for name in plain]


@given(st.sampled_from(RATES), st.integers(0, 30), st.integers(1, 40_000), st.integers(0, 7000))
def test_rows_hold_the_frames_of_their_stretch_and_give_them_back(rate: int, first: int, size: int, beside: int) -> None:
    start = first * grid(rate) + beside
    whole = codes(start + size + 5000, rate)
    row = row_codes(whole, Span(start, start + size))
    assert row is not None
    frame = start * 24_000 // (rate * 1920)
    assert row.lead == pytest.approx(start / rate - frame * 0.08)
    assert row.lead == 0 or beside % grid(rate)
    held = [np.reshape(channel, (row.codebooks, row.frames)) for channel in (row.channel_0, row.channel_1)]
    np.testing.assert_array_equal(held, whole.samples[:, :, frame : frame + row.frames])
    again = codes_of_row(dataclasses.asdict(row), size / rate, rate)
    np.testing.assert_array_equal(again.samples, held)
    assert again.frames == frames_of(again.length, rate, 24_000, 1920)


@given(st.integers(0, 60_000), st.integers(1, 60_000))
def test_rows_of_odd_rates_can_be_read_back(start: int, size: int) -> None:
    whole = codes(start + size, 8001)
    row = row_codes(whole, Span(start, start + size))
    assert row is not None
    assert codes_of_row(dataclasses.asdict(row), size / 8001, 8001).frames == row.frames


@given(st.sampled_from([8000, 11_025, 44_100, 8001, 44_056]), st.integers(0, 90_000), st.integers(1, 30_000))
def test_what_is_heard_is_the_row_and_as_long(rate: int, start: int, size: int) -> None:
    row = row_codes(codes(start + size, rate), Span(start, start + size))
    assert row is not None
    first = start * 24_000 // (rate * 1920)
    decoded = 1.0 + np.tile(np.arange(first * 1920, (first + row.frames) * 1920), (2, 1))
    heard = own_samples(decoded, {"codes": dataclasses.asdict(row), "duration": size / rate, "rate": rate}, 24_000)
    assert heard.shape == (2, -(-size * 24_000 // rate))
    assert heard[0, 0] - 1 == pytest.approx(start / rate * 24_000, abs=24_000 / rate + 1)
    assert (heard == 0).sum() <= 2 * (24_000 / rate + 1)


def test_a_check_belongs_to_the_row_that_holds_its_stretch() -> None:
    whole = dataclasses.replace(codes(160_000, 8000), fidelity=CHECK)
    inside, outside = row_codes(whole, Span(6400, 100_000)), row_codes(whole, Span(9600, 100_000))
    assert inside is not None
    assert [(f.channel, f.start, f.end, f.log_mel_db, f.stoi, f.si_sdr_db) for f in inside.fidelity] == [
        (0, 0.2, 10.2, 3.5, 0.8, None),
        (1, 0.2, 10.2, None, None, -2.0),
    ]
    assert inside.mismatch == 0.01
    assert outside is not None
    assert (outside.fidelity, outside.mismatch) == ((), None)
    assert row_codes(None, Span(0, 1)) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"frames": 12}, "channel_0 of 26 codes; wanted 2 codebooks of 12 frames"),
        ({"channel_1": (0,) * 25}, "channel_1 of 25"),
        ({"channel_0": (0,) * 25 + (2048,)}, "channel_0 from 0 to 2048; mimi has 2048"),
        ({"channel_1": (-1,) * 26}, "channel_1 from -1"),
    ],
)
def test_every_row_is_checked(changed: dict[str, Any], said: str) -> None:
    row = row_codes(codes(8000, 8000), Span(0, 8000))
    assert isinstance(row, RowCodes)
    with pytest.raises(LawError, match=said):
        dataclasses.replace(row, **changed)


def test_codes_have_leaf_columns_of_16_bits() -> None:
    kind = row_schema().field("codes").type
    assert kind.field("channel_0").type == kind.field("channel_1").type == pa.list_(pa.int16())
    features = json.loads((row_schema().metadata or {})[b"huggingface"])["info"]["features"]
    assert features["codes"]["channel_0"] == {"_type": "List", "feature": {"_type": "Value", "dtype": "int16"}}


@pytest.mark.parametrize(("rows", "minutes"), [(12, 1.0), (1, 11.0)])
def test_random_codes_take_hardly_more_than_their_11_bits(tmp_path: Path, rows: int, minutes: float) -> None:
    """A row group holds 32 MB of audio by default: over half an hour of calls at 8 kHz, and 11 minutes at 24 kHz."""
    assert 1.0 <= share_of_floor(tmp_path, rows, minutes) <= 1.10


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


CHAIN = ("--set", "chain=[decode, tracks, vad, turns, stats, tokenize]", "--set", "tokenize.backend=melrvq")


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_set_with_codes_can_be_listened_to(cli: Cli, tmp_path: Path, format: str) -> None:
    import soundfile

    write_call(tmp_path / "src" / "a.wav", talk(1, 9.3))
    write_call(tmp_path / "src" / "b.wav", talk(2, 2.0))
    out = tmp_path / "out"
    cli(
        "build",
        tmp_path / "src",
        out,
        "--local",
        "--workers",
        "0",
        "-q",
        *ENERGY,
        *CHAIN,
        "--set",
        "pack.clip_minutes=0.08",
        "--set",
        f"pack.format={format}",
    )
    told = cli.json("listen", out, "a#0001", "-o", tmp_path / "a.wav")
    sound, rate = soundfile.read(tmp_path / "a.wav", always_2d=True)
    row = find_row(place_at(str(out)), json_shards(out), "a#0001", ("duration", "codes", "clip"))
    assert (rate, sound.shape) == (24_000, (round(row["duration"] * 24_000), 2))
    assert round(row["clip"]["start"] * 8000) % 640 == 0
    assert (row["codes"]["codec"], row["codes"]["codebooks"], row["codes"]["lead"]) == ("melrvq-standin", 8, 0.0)
    assert told["frames"] == row["codes"]["frames"] == np.ceil(row["duration"] / 0.08)
    start = round(row["clip"]["start"] * 8000)
    heard = talk(1, 9.3)[:, start : start + round(row["duration"] * 8000)] / 32768
    for channel in (0, 1):
        power = [np.sqrt((x[: len(x) // 40 * 40].reshape(40, -1) ** 2).mean(1)) for x in (heard[channel], sound[:, channel])]
        assert np.corrcoef(power)[0, 1] > 0.9, "each channel is where it was"
    said = cli("listen", out, "a#0001", "-o", tmp_path / "nowhere" / "a.wav", code=1)
    assert said.count("\n") == 1, "one sentence, no trace"
    assert "nowhere" in said
    assert "it is in rows a#0000 to a#" in cli("listen", out, "a", code=2)
    assert "did you mean 'b'" in cli("listen", out, "bb", code=2)


def json_shards(out: Path) -> list[str]:
    return [shard["name"] for shard in json.loads((out / "manifest.json").read_text())["shards"]]


def test_codes_of_clips_make_up_the_recordings(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "src" / "a.wav", talk(3, 9.3))
    for name, minutes, share in (("whole", "1", "1.0"), ("cut", "0.05", "0.0")):
        cli(
            "build",
            tmp_path / "src",
            tmp_path / name,
            "--local",
            "--workers",
            "0",
            "-q",
            *ENERGY,
            *CHAIN,
            "--set",
            f"pack.clip_minutes={minutes}",
            "--set",
            f"tokenize.check={share}",
        )
    (whole,), cut = rows(tmp_path / "whole"), rows(tmp_path / "cut")
    assert len(cut) > 2
    for name in ("channel_0", "channel_1"):
        parts = [np.reshape(row["codes"][name], (8, row["codes"]["frames"])) for row in cut]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), np.reshape(whole["codes"][name], (8, -1)))
    assert len(whole["codes"]["fidelity"]) == 2
    page = (tmp_path / "whole" / "report.html").read_text()
    assert "Codec tokens" in page
    assert "is a stand-in" in page
    schema = pq.ParquetFile(next((tmp_path / "whole" / "data").glob("*.parquet"))).schema
    assert "codes.channel_0.list.element" in {schema.column(i).path for i in range(len(schema))}


def test_what_cannot_be_listened_to_is_said(cli: Cli, tmp_path: Path) -> None:
    assert "no finished data set" in cli("listen", tmp_path, "a", code=2)
    write_call(tmp_path / "src" / "a.wav", talk(3, 2.0))
    cli(
        "build",
        tmp_path / "src",
        tmp_path / "out",
        "--local",
        "--workers",
        "0",
        "-q",
        *ENERGY,
        "--set",
        "chain=[decode, tracks, vad, turns, stats]",
    )
    assert "has no codes; add tokenize" in cli("listen", tmp_path / "out", "a", code=2)
    (shard,) = (tmp_path / "out" / "data").glob("*.parquet")
    pq.write_table(pq.read_table(shard).drop(["codes"]), shard)
    assert "has no codes; add tokenize" in cli("listen", tmp_path / "out", "a", code=2), "a set of before there were codes"
    with pytest.raises(UsageError, match="no row 'zzz'"):
        find_row(place_at(str(tmp_path / "out")), json_shards(tmp_path / "out"), "zzz", ("codes",))
