"""VAD and turn-taking on real two-channel calls, against their reference word times."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.span import Span, intersect, total, union
from stages.turns.channels import ChannelTurns
from stages.turns.stats import TurnTaking
from stages.vad.energy import EnergyVad
from stages.vad.silero import SileroVad
from tests.shared import SHARED, needs_shared
from tests.stages.turns.spokenwoz import NAMES, spokenwoz
from tests.stages.two_channels import tracks_of

pytestmark = needs_shared

LEAD, TAIL = 0.30, 0.20
"""Seconds of line noise that the references hold before and after nearly every utterance (measured: medians 0.32 and 0.22)."""


@pytest.mark.parametrize("stage", [SileroVad(), EnergyVad()], ids=lambda stage: stage.backend)
@pytest.mark.parametrize("name", NAMES)
def test_spokenwoz(stage: SileroVad | EnergyVad, name: str) -> None:
    heard = spokenwoz(name)
    made, rate = heard.tracks, heard.tracks.rate
    activity = heard.activity if stage.backend == "silero" else stage.load("cpu")(made)
    for utterances, found in zip(heard.utterances, activity.channels, strict=True):
        cores = union(Span(u.start + round(LEAD * rate), u.end - round(TAIL * rate)) for u in utterances if len(u) > 0.6 * rate)
        assert total(intersect(cores, found)) / total(cores) > 0.85, "recall of speech time"
        assert total(intersect(utterances, found)) / total(found) > 0.95, "precision of speech time"
        assert all(intersect((u,), found) for u in utterances), "every utterance is found"

    turns = ChannelTurns().load("cpu")(made, activity)
    stats = TurnTaking().load("cpu")(activity)
    assert stats.ipu.count == len(turns.turns)
    assert 25 < stats.ipu.seconds_per_minute < 65
    assert stats.overlap.seconds_per_minute < 5
    assert stats.transfers.median is not None
    assert 0 < stats.transfers.median < 1.5


def test_both_backends_hear_the_same_call_centre_call() -> None:
    import soundfile

    sides = [soundfile.read(SHARED / "aws_lca" / f"Auto_Repairs_40_UTC_{side}.wav", dtype="int16") for side in ("agent", "caller")]
    made = tracks_of(np.stack([samples for samples, _ in sides]), sides[0][1])
    heard: list[Activity] = [stage.load("cpu")(made) for stage in (SileroVad(), EnergyVad())]
    for left, right in zip(heard[0].channels, heard[1].channels, strict=True):
        assert total(intersect(left, right)) / total(left) > 0.9
