"""A file that the chain reads beside a recording is part of what the recording is."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from stages.calibrate.measure import Calibrate
from stages.diarize.rttm import RttmDiarize
from stages.sources import Listing, SourceSettings, list_sources, with_files
from stages.transcribe.whisper import WhisperTranscribe
from stages.turns.stats import TurnTaking
from stages.vad.energy import EnergyVad
from tests.stages.calibrate.parts import chain

LINE = "SPEAKER a 1 0.0 1.0 <NA> <NA> x <NA> <NA>\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.wav").write_bytes(b"sound")
        (tmp_path / f"{name}.rttm").write_text(LINE)
    return tmp_path


def keys(place: Path, *stages: Any) -> dict[str, str]:
    return {source.id: source.key for source in with_files(list_sources(str(place), SourceSettings()), stages).sources}


def test_a_changed_rttm_is_a_new_input_and_no_other_recording_is(folder: Path) -> None:
    before = keys(folder, RttmDiarize())
    assert keys(folder, RttmDiarize()) == before
    (folder / "a.rttm").write_text(LINE * 2)
    after = keys(folder, RttmDiarize())
    assert after["a"] != before["a"]
    assert after["b"] == before["b"]


def test_one_of_the_same_length_is_told_by_its_time_and_one_that_comes_later_too(folder: Path) -> None:
    found = [keys(folder, RttmDiarize())["a"]]
    os.utime(folder / "a.rttm", ns=(1, 1))
    found.append(keys(folder, RttmDiarize())["a"])
    (folder / "a.rttm").unlink()
    found.append(keys(folder, RttmDiarize())["a"])
    assert len(set(found)) == 3


def test_a_chain_that_reads_none_leaves_the_listing_as_it_is(folder: Path) -> None:
    listing: Listing = list_sources(str(folder), SourceSettings())
    assert with_files(listing, (EnergyVad(), TurnTaking())) is listing
    assert all(len(source.fingerprints) == 1 for source in listing.sources)


def test_a_manifest_names_the_file_and_a_refused_name_is_none(folder: Path) -> None:
    lines = [{"uri": "a.wav", "rttm": "b.rttm"}, {"uri": "b.wav", "rttm": "../b.rttm"}]
    (folder / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = with_files(list_sources(str(folder / "m.jsonl"), SourceSettings()), (RttmDiarize(),)).sources
    stat = (folder / "b.rttm").stat()
    assert first.fingerprints[1:] == (f"{stat.st_size}-{stat.st_mtime_ns}",)
    assert len(second.fingerprints) == 1


def test_a_chain_inside_a_stage_is_asked_too(folder: Path) -> None:
    stage = Calibrate(chain=chain(EnergyVad()), reference=EnergyVad(), stats=TurnTaking())
    assert keys(folder, stage) == keys(folder, RttmDiarize()) != keys(folder)


def test_so_is_the_transcript_that_calibration_compares_with(folder: Path) -> None:
    (folder / "a.json").write_text("[]")
    (folder / "m.jsonl").write_text(json.dumps({"uri": "a.wav", "rttm": "a.rttm", "transcript": "a.json"}))
    plain = Calibrate(chain=chain(EnergyVad()), reference=EnergyVad(), stats=TurnTaking())
    hears = dataclasses.replace(plain, transcribe=WhisperTranscribe())
    before = [keys(folder / "m.jsonl", stage) for stage in (plain, hears)]
    (folder / "a.json").write_text("[ ]")
    after = [keys(folder / "m.jsonl", stage) for stage in (plain, hears)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]
