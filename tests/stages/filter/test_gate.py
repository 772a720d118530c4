"""The gate stage: what it reads, what it lets pass, and what it says of what it does not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.config import build_config
from pipeline.plan import make_plan
from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.errors import Reject, UsageError
from schemas.health import Health, Leak, Side
from schemas.plain import from_plain, to_plain
from schemas.quality import Gate, Quality, Score
from schemas.recording import Decoding, Recording
from schemas.span import Span
from schemas.stats import Stats
from schemas.tracks import Tracks, view_of
from schemas.transcript import Piece, Removed, Transcript, Word
from stages.filter.figures import figures_of
from stages.filter.gate import GateFilter
from stages.filter.names import meanings
from stages.stage import Stage
from stages.turns.stats import TurnTaking

RATE = 8000
LENGTH = 10 * RATE
ACTIVITY = Activity(channels=((Span(0, 20000),), (Span(16000, 40000),)), length=LENGTH, rate=RATE)
SIDES = (
    Side(speech_s=2.5, own_speech_s=2.5, level_dbfs=-20.0, noise_dbfs=-60.0, dc=0.0, zeros=0.0, clipping=0.0),
    Side(speech_s=3.0, own_speech_s=3.0, level_dbfs=-30.0, noise_dbfs=None, dc=0.0, zeros=0.0, clipping=0.01),
)
LEAKS = (Leak(source=0, into=1, evidence_s=2.0, level_db=-25.0), Leak(source=1, into=0, evidence_s=2.0, detectable_db=-50.0))
QUALITY = Quality(
    scores=(
        Score("dnsmos.ovrl", 3.1, "MOS", "m", 0),
        Score("dnsmos.ovrl", 2.6, "MOS", "m", 1),
        Score("dnsmos.ovrl", 1.0, "MOS", "m", 0, Span(0, 800)),
        Score("snr", 25.0, "dB", "m", None),
        Score("bandwidth", 3400.0, "Hz", "m", 1),
    ),
    length=LENGTH,
    rate=RATE,
)
WORDS = (Word(Span(0, 8000), "yes", "ctc", 0.9), Word(Span(9000, 18000), "no", "ctc", 0.5))
TRANSCRIPT = Transcript(
    pieces=(Piece(0, Span(0, 20000), WORDS),),
    length=LENGTH,
    rate=RATE,
    removed=(Removed(1, Span(0, 10), "thanks for watching", "known_phrase"),),
)
DECODING = Decoding(container="toy", encoding="PCM_16", decoder="toy", exact=True)
RECORDING = Recording(samples=np.ones((2, LENGTH), np.int16), rate=RATE, bits=16, decoding=DECODING)
VALUES: dict[type, Any] = {
    Activity: ACTIVITY,
    Health: Health(sides=SIDES, leaks=LEAKS),
    Quality: QUALITY,
    Stats: TurnTaking().load("cpu")(ACTIVITY),
    Transcript: TRANSCRIPT,
    Diarization: Diarization(length=LENGTH, rate=RATE, channel=0, confidence=0.97, similarity=0.4),
    Tracks: view_of(RECORDING, (0, 1), ("A", "B"), ("", ""), "as_recorded"),
}


def judge(keep: str, values: dict[type, Any] | None = None, **settings: Any) -> Gate:
    stage = GateFilter(keep=keep, **settings)
    given = values or VALUES
    passed = stage.load("cpu")(*[given[kind] for kind in (*stage.takes, *stage.may_take)])
    assert isinstance(passed, Gate)
    return passed


def rejected(keep: str, values: dict[type, Any] | None = None) -> Reject:
    with pytest.raises(Reject) as caught:
        judge(keep, values)
    assert caught.value.reason == "gated"
    return caught.value


def test_is_a_stage_that_reads_only_what_it_names() -> None:
    assert isinstance(GateFilter(), Stage)
    assert GateFilter().takes == ()
    assert GateFilter(keep="quality.snr > 1 or duration > 2").takes == (Activity, Quality)
    assert GateFilter(keep="health.level_dbfs > -30").takes == (Health,)
    assert GateFilter(keep="health.level_dbfs > -30").may_take == (Tracks,)
    assert GateFilter(keep="health.likeness.correlation < 0.5").may_take == ()
    assert GateFilter(keep="health.level_dbfs[0] > -30").takes == (Health, Tracks)
    assert GateFilter(keep="transcript.unworded < 3").takes == (Activity, Transcript)


def test_what_holds_passes_with_the_numbers_it_passed_on() -> None:
    keep = "quality.dnsmos.ovrl > 2.5 and health.leakage_db <= -25 and (stats.overlap_share >= 0.01 or duration > 99)"
    gate = judge(keep)
    assert gate.keep == keep
    assert [held.term for held in gate.terms] == [
        "quality.dnsmos.ovrl > 2.5",
        "health.leakage_db <= -25",
        "stats.overlap_share >= 0.01 or duration > 99",
    ]
    assert [(figure.name, figure.channels) for held in gate.terms for figure in held.figures] == [
        ("quality.dnsmos.ovrl", (3.1, 2.6)),
        ("health.leakage_db", (-50.0, -25.0)),
        ("stats.overlap_share", (4000 / LENGTH,)),
        ("duration", (10.0,)),
    ]
    assert from_plain(Gate, to_plain(gate)) == gate
    assert judge("").terms == ()


def test_what_fails_is_told_with_the_term_and_its_numbers() -> None:
    reject = rejected("duration > 5 and quality.dnsmos.ovrl >= 2.8 and duration > 20")
    assert reject.detail == "quality.dnsmos.ovrl >= 2.8 does not hold: quality.dnsmos.ovrl is 3.1 on channel 0, 2.6 on channel 1"
    assert reject.facts == {
        "term": "quality.dnsmos.ovrl >= 2.8",
        "unknown": False,
        "figures": {"quality.dnsmos.ovrl": (3.1, 2.6)},
        "failing": ["quality.dnsmos.ovrl >= 2.8", "duration > 20"],
    }


def test_what_is_not_known_does_not_pass() -> None:
    reject = rejected("quality.bandwidth > 3000")
    assert reject.detail == "quality.bandwidth > 3000 is unknown: quality.bandwidth is not known on channel 0, 3400 on channel 1"
    assert reject.facts["unknown"] is True
    assert reject.facts["figures"] == {"quality.bandwidth": (None, 3400.0)}
    assert judge("quality.bandwidth[1] > 3000")
    assert judge("quality.bandwidth ?? 4000 > 3000")
    assert judge("not known(quality.bandwidth) or quality.bandwidth > 3000")
    assert rejected("quality.music < 0.1").detail == "quality.music < 0.1 is unknown: quality.music is not known"


@pytest.mark.parametrize(
    "keep",
    [
        "quality.snr == 25",
        "quality.snr[1] == 25",
        "transcript.words[0] == 2 and transcript.words[1] == 0",
        "transcript.confidence[0] == 0.7 and not known(transcript.confidence[1])",
        "transcript.removed[0] == 0 and transcript.removed[1] == 1",
        "transcript.unworded[0] == 0 and transcript.unworded[1] == 3",
        "diarization.confidence == 0.97 and diarization.similarity == 0.4",
        "stats.channels.speech[0] == 2.5 and stats.channels.speech[1] == 3",
        "stats.overlap.seconds == 0.5 and stats.overlap.count == 1",
        "not known(health.likeness.correlation)",
        "health.sides.clipping[1] == 0.01 and health.clipping[0] == 0",
        "health.leaks.level_db[1] == -25 and not known(health.leaks.level_db[0])",
        "max(health.level_dbfs) - min(health.level_dbfs) == 10",
    ],
)
def test_names_stand_for_their_values(keep: str) -> None:
    assert judge(keep)


def test_sides_are_those_of_the_tracks() -> None:
    turned = view_of(RECORDING, (1, 0), ("A", "B"), ("", ""), "role:agent")
    swapped = {**VALUES, Tracks: turned}
    assert judge("health.level_dbfs[0] == -20 and health.leakage_db[1] == -25")
    assert judge("health.level_dbfs[0] == -30 and health.leakage_db[0] == -25", swapped)
    assert judge("health.level_dbfs < stats.channels.speech_share - 19", swapped).terms[0].figures[0].channels == (-30, -20)
    assert rejected("health.level_dbfs > -25", swapped).facts["figures"] == {"health.level_dbfs": (-30, -20)}
    untold = {**VALUES, Tracks: None}
    assert rejected("health.level_dbfs > -25", untold).facts["figures"] == {"health.level_dbfs": (-20, -30)}


def test_a_mixture_has_one_side() -> None:
    mono = {**VALUES, Health: Health(sides=SIDES[:1])}
    assert judge("health.level_dbfs == -20 and health.level_dbfs[1] == -20 and not known(health.leakage_db)", mono)


def test_every_name_can_be_asked_for() -> None:
    figures = figures_of(VALUES)
    for name, meaning in meanings().items():
        found = figures(name)
        assert found.shape in ((1, 1), (1, 2))
        assert meaning.channels or found.shape == (1, 1), name
        GateFilter(keep=f"{name} > 1{f' or {name}[1] < 3' if meaning.channels else ''}")


@pytest.mark.parametrize(
    ("keep", "wanted"),
    [
        ("quality.dnsmos.ovr > 2", "filter: keep: quality.dnsmos.ovr: no such number; did you mean 'quality.dnsmos.ovrl'"),
        ("health.snr > 2", "did you mean 'quality.snr'"),
        ("overlap_share > 2", "did you mean 'stats.overlap_share'"),
        ("zzz > 2", "names begin with diarization, duration, health, quality, stats, transcript"),
        ("stats.overlap_share[0] > 2", "one number of the recording"),
        ("stats.constants.barge_in > 2", "no such number"),
        ("quality.snr", "wanted a comparison"),
    ],
)
def test_a_wrong_name_is_refused_when_the_config_is_read(keep: str, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        build_config({"chain": ["decode", "tracks", "filter"], "filter": {"keep": keep}}, "c.yaml")


def test_scores_of_other_packages_are_named_in_the_config() -> None:
    with pytest.raises(UsageError, match="no such number"):
        GateFilter(keep="quality.utmos > 3")
    odd = replace(QUALITY, scores=(*QUALITY.scores, Score("utmos", 3.5, "MOS", "m", None)))
    assert judge("quality.utmos > 3", {**VALUES, Quality: odd}, scores=("utmos",))


def test_a_chain_that_does_not_give_what_is_asked_is_refused() -> None:
    config = build_config({"chain": ["decode", "tracks", "vad", "filter"], "filter": {"keep": "quality.snr > 3"}}, "c.yaml")
    with pytest.raises(UsageError, match="filter takes Quality"):
        make_plan(config.chain)


def test_only_the_gate_is_computed_anew_when_its_terms_change() -> None:
    def addresses(keep: str) -> list[str]:
        data = {"chain": ["decode", "tracks", "vad", "stats", "filter"], "filter": {"keep": keep}}
        return [step.address for step in make_plan(build_config(data, "c").chain).steps]

    one, other = addresses("stats.overlap_share > 0.1"), addresses("stats.overlap_share > 0.2")
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]


def test_a_score_that_is_no_number_breaks_the_law() -> None:
    from schemas.errors import LawError

    with pytest.raises(LawError, match="leave an unknown score out"):
        Quality(scores=(Score("snr", math.nan, "dB", "m"),), length=1, rate=1)
