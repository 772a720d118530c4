"""Cleaned stretches on their way to a row: stored, read again and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_config, ready_made
from stages.clean.crosstalk import CrosstalkClean
from tests.pipeline.calling import Cli, rows
from tests.pipeline.talks import decoded, write_call
from tests.stages.clean.talk import call, silent

CLEANED = ("--set", "chain=[decode, tracks, health, clean, vad, turns, stats]", "--set", "health.reject=[]")


def test_no_ready_made_chain_cleans() -> None:
    assert not [name for name in ready_made() if "clean" in [stage.name for stage in load_config(name).chain]]


@pytest.mark.parametrize("first", ["as_recorded", "random:3"])
def test_rows_say_which_stretches_were_cleaned(capsys: pytest.CaptureFixture[str], tmp_path: Path, first: str) -> None:
    made = call(20, db=-16, delay=0.08, seed=1)
    leaky, free = made.tracks(24), silent(made).tracks()
    write_call(tmp_path / "src/leaky.wav", np.array(leaky.samples))
    write_call(tmp_path / "src/free.wav", np.array(free.samples))
    Cli(capsys).build(tmp_path / "src", tmp_path / "out", *CLEANED, "--set", f"tracks.first={first}")
    found = {Path(row["source"]["uris"][0]).stem: row for row in rows(tmp_path / "out")}
    assert set(found) == {"leaky", "free"}
    assert {origin["kind"] for origin in found["free"]["origins"]} == {"original"}
    order = [speaker["recorded_channel"] for speaker in found["free"]["speakers"]]
    assert np.array_equal(decoded(found["free"]["audio"]["bytes"]), free.samples[order])
    row = found["leaky"]
    order = [speaker["recorded_channel"] for speaker in row["speakers"]]
    wanted = CrosstalkClean().load("cpu")(leaky)
    assert np.array_equal(decoded(row["audio"]["bytes"]), wanted.samples[order])
    named = {(order[o["channel"]], round(o["start"] * 8000), round(o["end"] * 8000), o["kind"]) for o in row["origins"]}
    assert named == {(o.channel, o.span.start, o.span.end, o.kind) for o in wanted.origins}
    assert "cleaned" in {kind for *_, kind in named}
    assert [step["weights"] for step in row["provenance"] if step["stage"] == "clean"] == [[]]
