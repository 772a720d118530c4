"""A chain with events: every row, cut or whole, holds the events of its own stretch, as many as its statistics count."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.build import build
from pipeline.config import PackSettings
from pipeline.drive import Stop
from pipeline.pools import InProcess
from stages.events.turn_taking import TurnTakingEvents
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
