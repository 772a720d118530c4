"""A whole calibration of separators whose every overlap is known, under estimated and under true activity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.calibrate.overlaps import entry, pooled_overlaps
from schemas.calibration import MixScores, Scores
from schemas.errors import UsageError
from schemas.overlaps import Overlaps
from schemas.plain import from_plain, to_plain
from schemas.source import Source
from schemas.tracks import view_of
from stages.acoustics.condition import Condition
from stages.calibrate.measure import Calibrate, calibrate_stages
from stages.calibrate.told import true_diarization
from tests.stages.calibrate.oracle import MANY, SidesSeparate
from tests.stages.calibrate.parts import RATE, NonZero, Seconds, call, chain, recording, rttm, source

LEFT_OUT: tuple[Seconds, Seconds] = (MANY[0], ((6.0, 9.0), *MANY[1][1:]))
"""The first two overlaps given to the first speaker alone."""
CLEAN = (Condition("clean"),)


def mix_of(folder: Path, separate: Any, told: tuple[Seconds, ...] | None = MANY, **settings: Any) -> MixScores:
    """The one mixture of a call as `separate` takes it apart; `told` goes to the chain's diarization, None leaves that without."""
    samples = call(MANY)
    np.save(folder / "call.npy", samples)
    if told is not None:
        rttm(folder / "call.rttm", *told)
    stages = tuple(separate if stage.name == "separate" else stage for stage in chain())
    (stage,) = calibrate_stages(stages, None, CLEAN, **settings)
    found = stage.load("cpu")(source(folder), recording(samples))
    assert from_plain(type(found), to_plain(found)) == found, "the scores do not survive being stored"
    (mix,) = found.mixes
    return mix


def overlaps_of(mix: MixScores) -> Overlaps:
    assert mix.scores is not None, mix.refusal
    assert mix.scores.overlaps is not None
    return mix.scores.overlaps


def pooled(mix: MixScores) -> dict[str, Any]:
    assert mix.scores is not None
    return pooled_overlaps([(Source(id="call", uris=("call.wav",)), mix.scores)])


def separator(*spoiled: float, most: float = 1.0) -> SidesSeparate:
    return SidesSeparate(crossfade=0.0, margin=0.0, spoiled=spoiled, most=most)


def test_routing_gains_nothing_and_is_never_lost(tmp_path: Path) -> None:
    route = next(stage for stage in chain() if stage.name == "separate")
    mix = mix_of(tmp_path, route)
    found = pooled(mix)
    assert (found["count"], found["short"], found["kept"]) == (12, 0, 0)
    assert found["seconds"] == pytest.approx(11.3, abs=0.01)
    assert (found["separated"], found["lost"]) == (0.0, 0.0)
    assert found["routed"] == pytest.approx(1.0)
    assert (found["gain_db"], found["gain_overlap_median_db"]) == (0.0, 0.0)
    assert found["gain_worst"] == {"value": 0.0, "id": "call", "channel": 0, "seconds": found["seconds"]}
    assert found["kept_gain_db"] is None
    assert found["rank_correlation"] == {"overlaps": 0, "gain": None}


def test_the_true_sides_gain_all_there_is(tmp_path: Path) -> None:
    found = pooled(mix_of(tmp_path, separator(0.0)))
    assert found["kept"] == 12
    assert found["separated"] == pytest.approx(1.0)
    assert found["gain_db"] > 80
    assert found["kept_gain_db"] > 80
    assert (found["kept_worse"], found["kept_worse_voices"], found["confidence"]) == (0.0, 0.0, 1.0)


def test_a_confidence_that_knows_orders_overlaps_by_their_gain(tmp_path: Path) -> None:
    found = pooled(mix_of(tmp_path, separator(*(k / 12 for k in range(12)))))
    assert found["kept"] == 12
    assert found["rank_correlation"]["overlaps"] == 12
    assert found["rank_correlation"]["gain"] == pytest.approx(1.0, abs=0.05)
    # More than half of either voice is the other's in five of twelve overlaps, and at a half nothing is gained or lost.
    assert 5 / 12 <= found["kept_worse"] <= 6 / 12
    assert found["gain_db"] < 10


def test_what_is_routed_below_a_confidence_is_not_kept(tmp_path: Path) -> None:
    mix = mix_of(tmp_path, separator(*(k / 12 for k in range(12)), most=0.3))
    found = pooled(mix)
    assert found["kept"] == 4
    assert found["kept_worse"] == 0.0
    assert found["separated"] + found["routed"] == pytest.approx(1.0)
    kept = [each for each in overlaps_of(mix).found if each.kept_gain_db is not None]
    assert [each.start for each in kept] == [5.0, 9.0, 13.2, 17.0]
    assert all(voice.gain_db == 0.0 for each in overlaps_of(mix).found if each not in kept for voice in each.voices)


def test_overlaps_that_were_not_found_are_lost_with_estimated_activity_and_not_with_true(tmp_path: Path) -> None:
    estimated = mix_of(tmp_path, separator(0.0), LEFT_OUT)
    found = pooled(estimated)
    assert found["lost"] == pytest.approx(2.0 / found["seconds"], abs=0.01)
    assert [voice.gain_db is None for voice in overlaps_of(estimated).found[0].voices] == [False, True]
    assert found["kept"] == 10
    true = mix_of(tmp_path, separator(0.0), LEFT_OUT, activity="true")
    assert pooled(true)["lost"] == 0.0
    assert pooled(true)["kept"] == 12
    assert pooled(true)["gain_db"] > found["gain_db"] + 20
    assert true.scores is not None
    assert true.scores.der == pytest.approx(0.0, abs=1e-6)


def test_true_activity_needs_no_diarization_and_costs_none(tmp_path: Path) -> None:
    mix = mix_of(tmp_path, separator(0.0), None, activity="true")
    assert mix.scores is not None
    assert [cost.stage for cost in mix.scores.stages] == ["health", "separate", "vad", "turns", "stats"]
    with pytest.raises(UsageError, match="neither 'estimated' nor 'true'"):
        calibrate_stages(chain(), None, CLEAN, "known")  # type: ignore[arg-type]


@pytest.mark.parametrize("crossed", [False, True])
def test_the_true_diarization_begins_with_the_one_who_speaks_first(crossed: bool) -> None:
    samples = call(MANY)[::-1] if crossed else call(MANY)
    tracks = view_of(recording(samples), (0, 1), ("A", "B"), ("", ""), "as_recorded")
    activity = NonZero().load("cpu")(tracks)
    found = true_diarization(activity)
    assert found.speakers == (("B", "A") if crossed else ("A", "B"))
    assert (found.of(0), found.of(1)) == (activity.channels[::-1] if crossed else activity.channels)
    assert found.segments[0].span.start == RATE


def test_measuring_twice_gives_the_same(tmp_path: Path) -> None:
    how = separator(*(k / 12 for k in range(12)))
    first, again = (mix_of(tmp_path, how) for _ in range(2))
    assert first.excerpts == again.excerpts
    assert overlaps_of(first) == overlaps_of(again)


def test_json_of_a_mixture_names_every_overlap(tmp_path: Path) -> None:
    mix = mix_of(tmp_path, separator(0.1))
    assert mix.scores is not None
    found = entry(Source(id="call", uris=("call.wav",)), mix.scores)
    assert found is not None
    assert len(found["found"]) == found["count"] == 12
    assert [each["confidence"] for each in found["found"]] == [0.9] * 12
    assert set(found["found"][0]["voices"][0]) >= {"gain_db", "si_sdr_db", "mix_si_sdr_db", "level_db", "kinds", "confidence"}
    assert len(found["channels"]) == 2
    assert entry(Source(id="call", uris=("call.wav",)), _without(mix.scores)) is None


def _without(scores: Scores) -> Scores:
    return replace(scores, overlaps=None)


def test_activity_is_part_of_what_was_measured() -> None:
    (one,), (other,) = (calibrate_stages(chain(), None, CLEAN, activity) for activity in ("estimated", "true"))
    assert isinstance(one, Calibrate)
    assert one != other
