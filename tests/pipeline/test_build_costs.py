"""What a run tells of its time: the audio that was worked on counts, whichever stages the run computed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline.build import Summary, build
from pipeline.config import Crew, RunSettings
from pipeline.drive import Stop
from pipeline.pools import InProcess
from stages.filter.gate import GateFilter
from tests.pipeline.toy import chain, request

PASSES, FAILS = "stats.overlap_share >= 0", "stats.overlap_share >= 2"


def built(out: Path, keep: str, ids: tuple[str, ...] = ("call-0", "call-1"), run: RunSettings | None = None) -> Summary:
    asked = request(out, list(ids), lambda: (InProcess(), 1), run, seconds=9.0)
    config = dataclasses.replace(asked.config, chain=(*chain(seconds=9.0), GateFilter(keep=keep)))
    return build(dataclasses.replace(asked, config=config), Stop())


def stages(summary: Summary) -> list[str]:
    assert all(cost.rtf > 0 for cost in summary.costs)
    return [cost.stage for cost in summary.costs]


def test_a_gate_asked_anew_still_knows_how_long_its_recordings_are(tmp_path: Path) -> None:
    first = built(tmp_path, PASSES)
    assert stages(first) == ["decode", "tracks", "vad", "turns", "stats", "filter"]
    again = built(tmp_path, "")
    assert (again.computed, stages(again)) == (2, ["filter"])
    assert again.hours == first.hours == pytest.approx(18 / 3600)


def test_what_is_turned_down_counts_for_the_stages_before(tmp_path: Path) -> None:
    found = built(tmp_path, FAILS)
    assert found.balance.rejects == 2
    assert stages(found) == ["decode", "tracks", "vad", "turns", "stats"]
    assert found.hours == pytest.approx(18 / 3600)


def test_what_was_never_decoded_counts_nowhere(tmp_path: Path) -> None:
    found = built(tmp_path, PASSES, ("call-0", "reject-1"))
    assert found.balance.rejects == 1
    assert found.hours == pytest.approx(9 / 3600)


def test_crews_count_each_recording_once(tmp_path: Path) -> None:
    crews = (Crew(stages=("decode", "tracks", "vad", "turns", "stats")), Crew(stages=("filter",)))
    found = built(tmp_path, PASSES, run=RunSettings(crews=crews))
    assert stages(found) == ["decode", "tracks", "vad", "turns", "stats", "filter"]
    assert found.hours == pytest.approx(18 / 3600)
