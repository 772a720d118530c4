"""Mono calls whose overlaps are separated by what is learnt from the calls themselves, on their way to rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.calling import WITHOUT_WORDS, Cli, rows
from tests.pipeline.talks import decoded, write_call
from tests.pipeline.test_build_mixed import published
from tests.stages.separate.guided_talk import TURNS, talk

CHAIN = ("-c", "mono_calls", *WITHOUT_WORDS, "--set", "diarize.backend=rttm", "--set", "vad.backend=energy")
QUICK = ("--set", "separate.steps=20", "--set", "separate.width=16", "--set", "separate.least_confidence=0")
PITCHES = {"low_high": (105.0, 190.0), "high_low": (210.0, 120.0)}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    src = tmp_path_factory.mktemp("mono")
    for name, pitches in PITCHES.items():
        write_call(src / f"{name}.wav", talk(8000, pitches)[0][None])
        lines = (f"SPEAKER {name} 1 {a} {b - a:.3f} <NA> <NA> {'ab'[who]} <NA> <NA>\n" for who, a, b in TURNS)
        (src / f"{name}.rttm").write_text("".join(lines))
    return src


def build(cli: Cli, calls: Path, out: Path, *more: str) -> dict[str, Any]:
    return cli.json("build", calls, out, "-q", *CHAIN, *QUICK, *more)


def test_rows_hold_two_voices_in_their_overlaps_and_say_so(cli: Cli, calls: Path, tmp_path: Path) -> None:
    assert build(cli, calls, tmp_path / "out", "--local", "--workers", "0")["balance"]["results"] == 2
    for row in rows(tmp_path / "out"):
        mixture, _, diarization = talk(8000, PITCHES[row["id"]])
        samples = decoded(row["audio"]["bytes"]).astype(np.int64)
        apart = [o for o in row["origins"] if o["kind"] == "separated"]
        assert len(apart) == 2 * len(diarization.overlaps)
        assert all(0 < origin["confidence"] <= 1 for origin in apart)
        for origin in apart:
            at = slice(round(origin["start"] * 8000), round(origin["end"] * 8000))
            assert np.array_equal(samples[:, at].sum(axis=0), mixture[at])
            assert not np.array_equal(samples[0, at], samples[1, at])
        (stage,) = (s for s in row["provenance"] if s["stage"] == "separate")
        assert stage["weights"] == []


def test_the_number_of_processes_changes_no_byte(cli: Cli, calls: Path, tmp_path: Path) -> None:
    for workers in ("0", "2"):
        build(cli, calls, tmp_path / workers, "--local", "--workers", workers)
    assert published(tmp_path / "2") == published(tmp_path / "0")


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_ray_changes_no_byte(cli: Cli, calls: Path, tmp_path: Path) -> None:
    build(cli, calls, tmp_path / "local", "--local", "--workers", "0")
    command = [sys.executable, "-m", "pipeline.cli", "build", str(calls), str(tmp_path / "ray"), "-q", "--workers", "2", *CHAIN, *QUICK]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert ended.returncode == 0, ended.stderr
    assert published(tmp_path / "ray") == published(tmp_path / "local")


def test_a_call_whose_overlaps_are_not_sure_is_routed(cli: Cli, calls: Path, tmp_path: Path) -> None:
    build(cli, calls, tmp_path / "out", "--local", "--workers", "0", "--set", "separate.least_confidence=1")
    assert {origin["kind"] for row in rows(tmp_path / "out") for origin in row["origins"]} == {"original", "routed", "silence"}


def test_datasets_opens_it(cli: Cli, calls: Path, tmp_path: Path) -> None:
    import datasets

    build(cli, calls, tmp_path / "out", "--local", "--workers", "0")
    files = str(tmp_path / "out/data/*.parquet")
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert isinstance(loaded.features["audio"], datasets.Audio)
    assert {o["kind"] for row in loaded.remove_columns("audio") for o in row["origins"]} == {"original", "separated", "silence"}
