"""A chain with events: every row, cut or whole, holds the events of its own stretch, as many as its statistics count."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq
import pytest

from pipeline.build import build
from pipeline.config import PackSettings
from pipeline.drive import Stop
from pipeline.pools import InProcess
from schemas.activity import Activity
from schemas.events import Events
from schemas.tracks import Tracks
from stages.events.turn_taking import TurnTakingEvents
from stages.stage import Weights
from stages.transcribe.none import NoTranscribe
from tests.pipeline.toy import chain, request


def test_rows_hold_the_events_that_their_statistics_count(tmp_path: Path) -> None:
    asked = request(tmp_path / "out", ["call-0", "call-1"], lambda: (InProcess(), 1), seconds=9.0)
    # Statistics come before the words here, and know of none; events come after them.
    stages = (*chain(seconds=9.0), NoTranscribe(), TurnTakingEvents(barge_in=0.1))
    config = dataclasses.replace(asked.config, chain=stages, pack=PackSettings(clip_minutes=0.1))
    build(dataclasses.replace(asked, config=config), Stop())
    rows = pq.read_table(tmp_path / "out" / "data").to_pylist()
    assert len(rows) == 4
    for row in rows:
        counts = Counter(event["kind"] for event in row["events"])
        for kind in ("ipu", "pause", "gap", "overlap"):
            assert counts[kind] == row["stats"][kind]["count"]
        assert counts["floor_change"] == row["stats"]["transfers"]["n"]
        assert all(0 <= event["start"] <= event["end"] <= row["duration"] for event in row["events"])
        assert counts["silence"] > 0
        assert row["event_constants"]["barge_in"] == 0.1
        assert "uh-huh" in row["event_constants"]["backchannel_words"]
        assert row["stats"]["channels"][0]["words"] is None
        assert row["provenance"][-1]["stage"] == "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEvents:
    """Events by a backend of another package that listens, so that those of a row's own stretch cannot be found anew when rows are cut."""

    name: ClassVar[str] = "events"
    backend: ClassVar[str] = "heard"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks, Activity)
    gives: ClassVar[type] = Events

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks, Activity], Events]:
        found = TurnTakingEvents().load(device)
        return lambda tracks, activity: found(activity, None)


@pytest.mark.parametrize(("minutes", "count"), [(1.0, 1), (0.1, 2)])
def test_events_that_cannot_be_found_anew_are_absent_from_cut_rows(tmp_path: Path, minutes: float, count: int) -> None:
    asked = request(tmp_path / "out", ["call-0"], lambda: (InProcess(), 1), seconds=9.0)
    config = dataclasses.replace(asked.config, chain=(*chain(seconds=9.0), HeardEvents()), pack=PackSettings(clip_minutes=minutes))
    build(dataclasses.replace(asked, config=config), Stop())
    rows = pq.read_table(tmp_path / "out" / "data").to_pylist()
    assert len(rows) == count
    assert [bool(row["events"]) for row in rows] == [row["event_constants"] is not None for row in rows] == [count == 1] * count
    assert all(row["stats"] is not None for row in rows)
