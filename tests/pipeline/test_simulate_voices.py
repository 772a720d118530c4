"""Dialogues from packaged voices: nothing is given, nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import simulate_voices
from pipeline.place import LocalPlace
from pipeline.simulate import run_simulate
from schemas.plain import from_plain
from schemas.truth import Truth
from stages.acoustics.levels import Signal

TEXTS = ("Good morning, how can I help you today?", "I would like to book a room for two nights, please.", "Mhm.", "Right.")


def centroid(samples: Signal, rate: int) -> float:
    """Hz at the middle of the spectrum's energy."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[np.searchsorted(np.cumsum(power), power.sum() / 2)])


def test_packaged_voices_are_spoken_once_and_talk_to_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hibari")
    monkeypatch.setattr(simulate_voices, "texts", lambda: TEXTS)
    out = tmp_path / "made"
    summary = run_simulate(None, str(out), 0.01, 1, "fisher", ("minutes=0.6",))
    assert (summary["utterances"], summary["rejects"]) == (len(TEXTS) * len(simulate_voices.VOICES), {})
    spoken = sorted((out / "utterances").rglob("*.flac"))
    before = [path.stat().st_mtime_ns for path in spoken]
    simulate_voices.speak_all(LocalPlace(str(out)), "utterances")
    assert [path.stat().st_mtime_ns for path in spoken] == before
    known = from_plain(Truth, json.loads((out / "truth/sim-1-00000.json").read_text()))
    assert len(set(known.speakers)) == 2
    assert {placed.text for placed in known.placements} <= set(TEXTS)
    line = json.loads((out / "manifest.jsonl").read_text())
    assert (line["licence"], line["language"], line["consent"]) == ("Apache-2.0", "en-US", "synthetic")
    heights = [centroid(*soundfile.read(out / f"utterances/{voice}/001.flac", dtype="float32")) for voice in simulate_voices.VOICES]
    assert heights == sorted(heights, reverse=True)


def test_every_line_is_said_once_per_voice() -> None:
    said = simulate_voices.texts()
    assert len(set(said)) == len(said) > 60
    assert set(simulate_voices.BACKCHANNELS) <= set(said)
    assert not [text for text in said if text.startswith("+")]
