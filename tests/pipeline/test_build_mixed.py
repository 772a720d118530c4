"""Mono and two-channel recordings in one folder, with RTTM files beside the mono ones, into one data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.pipeline.calling import ENERGY, WITHOUT_WORDS, Cli, rejects, rows
from tests.pipeline.talks import RATE, decoded, talk, write_call

CHAIN = ("-c", "podcast_mono", *WITHOUT_WORDS, "--set", "diarize.backend=rttm", "--set", "diarize.mix=[dual_mono]")
RESIDUAL = ("--set", "separate.residual=true")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def turns() -> list[tuple[int, float, float]]:
    """Speaker, start and end in seconds of the bursts of `talk`, with an overlap in the second and third."""
    return [(0, 0.25, 0.75), (1, 1.0, 1.9), (0, 1.75, 2.25)]


def rttm(name: str, marks: list[tuple[int, float, float]]) -> str:
    return "".join(f"SPEAKER {name} 1 {a} {b - a:.3f} <NA> <NA> {('ann', 'bob', 'cy')[who]} 0.9 <NA>\n" for who, a, b in marks)


def mixed(seed: int, bits: int = 16, rate: int = RATE) -> NDArray[Any]:
    """[1, n]: both sides of a talk in one channel."""
    both = talk(seed, rate=rate, bits=bits)
    top = 1 << (bits - 1)
    mono: NDArray[Any] = np.clip(both.astype(np.int64).sum(axis=0, keepdims=True), -top, top - 1).astype(both.dtype)
    return mono


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """One true two-channel call, mono ones of 16 and 24 bits, a dual-mono one, and four that are no two-party recordings."""
    src = tmp_path / "src"
    write_call(src / "stereo.wav", talk(1))
    write_call(src / "mono.wav", mixed(2))
    write_call(src / "deep/wide.wav", mixed(3, bits=24, rate=44100), 44100)
    write_call(src / "twice.wav", np.tile(mixed(4), (2, 1)))
    for name in ("alone", "crowd", "unmarked", "torn"):
        write_call(src / f"{name}.wav", mixed(5))
    for name in ("mono", "deep/wide", "twice"):
        (src / f"{name}.rttm").write_text(rttm(name.rpartition("/")[2], turns()))
    (src / "alone.rttm").write_text(rttm("alone", turns()[:1]))
    (src / "crowd.rttm").write_text(rttm("crowd", [*turns(), (2, 2.5, 2.8)]))
    (src / "torn.rttm").write_text(rttm("torn", turns())[:-30])
    return src


def build(cli: Cli, calls: Path, out: Path, *more: str, workers: int = 0) -> dict[str, Any]:
    return cli.json("build", calls, out, "--local", "--workers", str(workers), "-q", *ENERGY, *CHAIN, *more)


def published(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".duologue" not in path.parts]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_one_chain_takes_mono_and_two_channels(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = build(cli, calls, out, *RESIDUAL)
    assert summary["balance"] == {"inputs": 8, "results": 4, "rejects": 4, "errors": 0, "pending": 0}
    assert {(r["id"], r["stage"], r["reason"]) for r in rejects(out)} == {
        ("alone", "diarize", "one_speaker"),
        ("crowd", "diarize", "too_many_speakers"),
        ("torn", "diarize", "bad_rttm"),
        ("unmarked", "diarize", "bad_rttm"),
    }
    found = {row["id"]: row for row in rows(out)}
    stereo = found.pop("stereo")
    assert np.array_equal(decoded(stereo["audio"]["bytes"]), talk(1))
    assert (stereo["residual"], stereo["others"], stereo["crossfade"]) == (None, [], 0.0)
    assert {origin["kind"] for origin in stereo["origins"]} == {"original"}
    assert [speaker["recorded_channel"] for speaker in stereo["speakers"]] == [0, 1]
    truth = {"mono": mixed(2), "twice": mixed(4), "deep/wide": mixed(3, bits=24, rate=44100)}
    assert sorted(found) == sorted(truth)
    for id, row in found.items():
        samples, rest = decoded(row["audio"]["bytes"]), decoded(row["residual"]["bytes"])
        assert (samples.dtype, samples.shape[1]) == (truth[id].dtype, truth[id].shape[1])
        overlap = np.zeros(samples.shape[1], bool)
        for origin in row["origins"]:
            at = slice(round(origin["start"] * row["rate"]), round(origin["end"] * row["rate"]))
            if origin["kind"] == "original":
                assert np.array_equal(samples[origin["channel"], at], truth[id][0, at])
                assert origin["confidence"] == pytest.approx(0.9)
            overlap[at] |= origin["kind"] == "routed"
        everything = samples.astype(np.int64).sum(axis=0) + rest[0]
        assert np.array_equal(everything[~overlap], truth[id][0, ~overlap])
        assert overlap.sum() == pytest.approx(0.15 * row["rate"], abs=1)
        assert [(s["name"], s["recorded_channel"], s["chosen"]) for s in row["speakers"]] == [
            ("ann", None, "first_to_speak"),
            ("bob", None, "first_to_speak"),
        ]
        assert {turn["speaker"] for turn in row["turns"]} == {"ann", "bob"}
        assert all(turn["confidence"] == pytest.approx(0.9) for turn in row["turns"])
        assert row["crossfade"] == pytest.approx(0.005, abs=1 / row["rate"])


def test_the_number_of_workers_changes_no_byte(cli: Cli, calls: Path, tmp_path: Path) -> None:
    tone = ("--set", "separate.floor=room_tone")
    for workers in (0, 1, 2):
        build(cli, calls, tmp_path / str(workers), *RESIDUAL, *tone, workers=workers)
    one = published(tmp_path / "1")
    assert {"manifest.json", "report.html", "rejects.parquet"} < set(one)
    assert published(tmp_path / "2") == one
    assert published(tmp_path / "0") == one


def test_stored_tracks_are_read_back_and_only_what_changed_is_computed(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(cli, calls, out)
    (folder,) = (out / ".duologue/work").glob("separate-*")
    heads = {path.name.rsplit("-", 1)[0]: path.read_bytes()[:4] for path in folder.glob("*.tracks")}
    assert heads == {"mono": b"fLaC", "twice": b"fLaC", "deep-wide": b"fLaC", "stereo": b'{"ch'}
    first = {row["id"]: row for row in rows(out)}
    for stage in ("vad", "turns", "stats"):
        for place in (out / ".duologue/work").glob(f"{stage}-*"):
            for path in place.iterdir():
                path.unlink()
    (out / "manifest.json").unlink()
    again = build(cli, calls, out)
    assert again["computed"] == 3 * 4
    assert {row["id"]: row for row in rows(out)} == first
    other = build(cli, calls, out, "--set", "separate.crossfade=0.02")
    assert other["computed"] == 4 * 4


@pytest.mark.parametrize("residual", [False, True])
def test_datasets_opens_rows_with_and_without_a_residual(
    cli: Cli, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, residual: bool
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    build(cli, calls, out, *(RESIDUAL if residual else ()))
    loaded = datasets.load_dataset("parquet", data_files=str(out / "data/*.parquet"), split="train", cache_dir=str(tmp_path / "cache"))
    assert {type(loaded.features[name]) for name in ("audio", "residual")} == {datasets.Audio}
    plain = loaded.cast_column("audio", datasets.Audio(decode=False)).cast_column("residual", datasets.Audio(decode=False))
    held = {row["id"]: row["residual"] for row in plain}
    assert held["stereo"] is None
    assert (held["mono"] is not None) == residual
    if residual:
        samples = decoded(held["mono"]["bytes"])
        assert samples.shape == (1, 3 * RATE)
        assert samples.any()


def test_a_manifest_says_where_turns_lie(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "audio/x.wav", mixed(2))
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks/first.rttm").write_text(rttm("any", turns()))
    line = {"id": "one", "uri": "audio/x.wav", "rttm": "marks/first.rttm", "licence": "CC0-1.0"}
    (tmp_path / "calls.jsonl").write_text(json.dumps(line) + "\n" + json.dumps({**line, "id": "two", "rttm": "../x.rttm"}) + "\n")
    summary = build(cli, tmp_path / "calls.jsonl", tmp_path / "out")
    assert summary["balance"]["results"] == 1
    assert rejects(tmp_path / "out")[0]["reason"] == "bad_rttm"


def test_the_two_channel_chain_says_which_config_takes_mono(cli: Cli, calls: Path, tmp_path: Path) -> None:
    cli.build(calls, tmp_path / "out")
    details = {r["id"]: r["detail"] for r in rejects(tmp_path / "out") if r["reason"] == "not_two_channel"}
    assert "-c podcast_mono" in details["mono"]


def test_audio_of_the_source_is_not_touched(cli: Cli, calls: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in calls.rglob("*") if path.is_file()}
    build(cli, calls, tmp_path / "out")
    assert {path: path.read_bytes() for path in calls.rglob("*") if path.is_file()} == before
    assert soundfile.info(str(calls / "mono.wav")).channels == 1
