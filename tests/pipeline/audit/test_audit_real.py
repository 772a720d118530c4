"""The audit of real calls to which known things were done."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.shared import SHARED, needs_shared

pytestmark = needs_shared
WOZ = SHARED / "spokenwoz"
ASKED = ("--local", "--workers", "0", "-q", "--players", "2", "--set", "source.licence=CC-BY-NC-4.0", "--on", "2026-11-28")


def spoil(folder: Path) -> Path:
    """The three calls as they are, and copies of them with one thing wrong each; every copy lies in a folder named by what it has."""
    for name in ("MUL1423", "SNG0072", "SNG0480"):
        _put(folder / "as_they_are", name, name)
    _put(folder / "swapped_sides", "SNG0072", "SNG0072", _exchanged)
    _put(folder / "foreign_transcript", "MUL1423", "SNG0072")
    _put(folder / "shifted_transcript", "SNG0480", "SNG0480", lambda words: _moved(words, 8.0))
    _put(folder / "cut_off", "MUL1423", "MUL1423")
    audio = folder / "cut_off" / "MUL1423.wav"
    samples, rate = soundfile.read(str(audio), dtype="int16")
    soundfile.write(str(audio), samples[: 60 * rate], rate)
    (folder / "near_duplicate").mkdir()
    quieter = np.clip(samples[5 * rate :, ::-1].astype(np.float64) * 0.4, -32768, 32767).astype(np.int16)
    soundfile.write(str(folder / "near_duplicate" / "again.opus"), quieter, rate, format="OGG", subtype="OPUS")
    return folder


def _put(folder: Path, audio: str, transcript: str, change: Any = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(WOZ / f"{audio}.wav", folder / f"{audio}.wav")
    words = json.loads((WOZ / f"{transcript}.json").read_text(encoding="utf-8"))
    text = json.dumps(words if change is None else change(words))
    (folder / f"{audio}.json").write_text(text, encoding="utf-8")


def _exchanged(words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    other = {"A": "B", "B": "A"}
    return [{**word, "speaker": other[word["speaker"]]} for word in words]


def _moved(words: list[dict[str, Any]], by: float) -> list[dict[str, Any]]:
    return [{**word, "start": word["start"] + by, "end": word["end"] + by} for word in words]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Findings by name, by the folder and name of each recording."""
    from click.testing import CliRunner

    from pipeline.cli import cli

    root = tmp_path_factory.mktemp("real")
    ended = CliRunner().invoke(cli, ["audit", str(spoil(root / "calls")), "-o", str(root / "audit"), *ASKED])
    assert ended.exit_code == 1, ended.output
    contents = json.loads((root / "audit" / "audit.json").read_text(encoding="utf-8"))
    return {each["id"]: {finding["name"]: finding for finding in each["findings"]} for each in contents["recordings"]}


def test_calls_as_they_are_have_nothing_that_rejects_them(told: dict[str, dict[str, Any]]) -> None:
    for id, findings in told.items():
        if id.startswith("as_they_are"):
            assert {f["severity"] for f in findings.values()} <= {"note", "flag"}, (id, findings)
            assert not {"speech_without_words", "words_without_speech", "separated", "gated_silence"} & set(findings), (id, findings)


@pytest.mark.parametrize("name", ["swapped_sides", "foreign_transcript", "shifted_transcript", "cut_off"])
def test_what_was_done_to_a_copy_is_found_in_it_and_nowhere_else(told: dict[str, dict[str, Any]], name: str) -> None:
    assert {id.split("/")[0] for id, findings in told.items() if name in findings} == {name}


def test_a_transcript_is_told_by_how_much_it_is_moved(told: dict[str, dict[str, Any]]) -> None:
    (found,) = (f["shifted_transcript"] for f in told.values() if "shifted_transcript" in f)
    assert found["value"] == pytest.approx(-8.0, abs=0.5)


def test_copies_are_found_whatever_was_done_to_them(told: dict[str, dict[str, Any]]) -> None:
    copies = {id: names & {"duplicate", "near_duplicate", "duplicate_side"} for id, names in ((i, set(f)) for i, f in told.items())}
    assert copies["near_duplicate/again"] == {"near_duplicate"}
    assert {id for id, names in copies.items() if "duplicate" in names} == {
        "foreign_transcript/MUL1423",
        "shifted_transcript/SNG0480",
        "swapped_sides/SNG0072",
    }
    assert copies["cut_off/MUL1423"]


@pytest.mark.slow
def test_a_recogniser_tells_the_word_errors_of_each_side(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from pipeline.cli import cli

    _put(tmp_path / "calls", "SNG0480", "SNG0480")
    _put(tmp_path / "other", "MUL1423", "SNG0480")
    ended = CliRunner().invoke(cli, ["audit", str(tmp_path), "-o", str(tmp_path / "audit"), *ASKED, "--asr"])
    assert ended.exit_code == 1, ended.output
    contents = json.loads((tmp_path / "audit" / "audit.json").read_text(encoding="utf-8"))
    rates = {each["id"]: each["wer"] for each in contents["recordings"]}
    assert all(0.05 < rate < 0.35 for rate in rates["SNG0480"])
    assert all(rate > 0.7 for rate in rates["MUL1423"])
